"""`synchub review`"""

from __future__ import annotations

import click

from synchub.cli.output import confirm, json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub review list
  synchub review resolve 12 same --reason "asked her on the phone"
"""
RESOLVING = """\b
Examples:
  synchub review resolve 12 same --reason "asked her"
  synchub review resolve --all delete yes --system shop
"""


@click.group("review", epilog=EPILOG)
def command() -> None:
    """Answer questions that only a person can answer: ambiguous matches, conflicts, held-back deletes."""


@command.command("list", epilog="Example: synchub review list")
@json_option
@click.pass_obj
def list_(session: Session) -> None:
    """All open questions."""
    with session.open_hub() as hub:
        items = hub.review.list()

    from synchub.render import waiting

    show(session, lambda: waiting.reviews(items), questions=items)


@command.command("show", epilog="Example: synchub review show 12")
@click.argument("item", metavar="ID")
@json_option
@click.pass_obj
def show_(session: Session, item: str) -> None:
    """One question, with all there is to decide it by and the answers it takes."""
    with session.open_hub() as hub:
        question = hub.review.show(item)

    from synchub.render import waiting

    show(session, lambda: waiting.review(question), question=question)


@command.command("resolve", epilog=RESOLVING)
@click.argument("items", nargs=-1, metavar="[ID]...")
@click.argument("answer")
@click.option("--all", "kind", metavar="KIND", help="Every open question of this kind, as `review list` names it.")
@click.option("--system", default="", metavar="NAME", help="With --all: only those about this system.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who ask later.")
@json_option
@click.pass_obj
def resolve(session: Session, items: tuple[str, ...], answer: str, kind: str | None, system: str, reason: str) -> None:
    """Answer a question, or many of one kind alike. The next run acts on it."""
    if bool(items) == bool(kind) or (system and not kind):
        raise click.UsageError("Name the questions by their ids, or say --all KIND.")
    if kind:
        confirm(session, f"Answer every open question about {kind} with {answer}?")
    with session.open_hub() as hub:
        if kind:
            done = hub.review.resolve_all(kind, answer, system=system, reason=reason)
        else:
            for item in items[1:]:
                hub.review.show(item)  # before the first is answered: one wrong id answers none
            done = [hub.review.resolve(item, answer, reason=reason) for item in items][-1]

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)
