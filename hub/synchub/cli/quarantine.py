"""`synchub quarantine`"""

from __future__ import annotations

import click

from synchub.cli.output import confirm, json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub quarantine list
  synchub quarantine retry --all
"""


@click.group("quarantine", epilog=EPILOG)
def command() -> None:
    """Look at rows that were set aside; retry or discard them."""


@command.command("list", epilog="Example: synchub quarantine list")
@json_option
@click.pass_obj
def list_(session: Session) -> None:
    """What is set aside, grouped by cause."""
    with session.open_hub() as hub:
        groups = hub.quarantine.list()

    from synchub.render import waiting

    show(session, lambda: waiting.quarantine(groups), causes=groups)


@command.command("show", epilog="Example: synchub quarantine show 31")
@click.argument("item", metavar="ID")
@json_option
@click.pass_obj
def show_(session: Session, item: str) -> None:
    """One row as it was read, and why it was set aside."""
    with session.open_hub() as hub:
        row = hub.quarantine.show(item)

    from synchub.render import waiting

    show(session, lambda: waiting.quarantined(row), row=row)


@command.command("retry", epilog="Example: synchub quarantine retry --all")
@click.argument("items", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All that is set aside.")
@json_option
@click.pass_obj
def retry(session: Session, items: tuple[str, ...], everything: bool) -> None:
    """Try rows again, from their raw form, with the next run."""
    _one_way(items, everything)
    with session.open_hub() as hub:
        done = hub.quarantine.retry(items)

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)


@command.command("discard", epilog='Example: synchub quarantine discard 31 --reason "a test row"')
@click.argument("items", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All that is set aside.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who ask later.")
@json_option
@click.pass_obj
def discard(session: Session, items: tuple[str, ...], everything: bool, reason: str) -> None:
    """Give rows up for good."""
    _one_way(items, everything)
    confirm(session, "Discard everything that is set aside?" if everything else f"Discard {len(items)} for good?")
    with session.open_hub() as hub:
        done = hub.quarantine.discard(items, reason=reason)

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)


def _one_way(items: tuple[str, ...], everything: bool) -> None:
    if bool(items) == everything:
        raise click.UsageError("Name the rows by their ids, or say --all.")
