"""`synchub review`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub review list
  synchub review resolve 12 same --reason "asked her on the phone"
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


@command.command("resolve", epilog='Example: synchub review resolve 12 same --reason "asked her"')
@click.argument("item", metavar="ID")
@click.argument("answer")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who ask later.")
@json_option
@click.pass_obj
def resolve(session: Session, item: str, answer: str, reason: str) -> None:
    """Answer a question. The next run acts on it."""
    with session.open_hub() as hub:
        done = hub.review.resolve(item, answer, reason=reason)

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)
