"""What every command does with its report: people get it drawn, programs get it as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from synchub.cli.session import Session
from synchub.errors import ConfigurationError, SynchubError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synchub.spec.options import Progress

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """`--json`, noted in the session so that errors know of it too."""

    def note(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
        session = ctx.find_object(Session)
        if session is not None:
            session.json = asked
            session.command = ctx.command_path.removeprefix("synchub ")

    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=note,
        is_eager=True,
        help="Print JSON, for programs.",
    )(command)


def show(session: Session, draw: Callable[[], RenderableType], **content: object) -> None:
    """Print a report: with --json its `content` by name, else what `draw` makes of it."""
    if session.json:
        from synchub.render.jsonable import document

        click.echo(session.redactor.redact(document(session.command, **content)), file=session.out)
        return
    print_out(session, draw())


def print_out(session: Session, drawn: RenderableType) -> None:
    """Print for people: as wide as the terminal, in colours if it has them; elsewhere plain."""
    from synchub.render.screen import console, text

    out = session.out or sys.stdout
    if out.isatty():
        console(out, color=session.color).print(drawn)
    else:
        click.echo(text(drawn), file=out, nl=False)


@contextmanager
def progress(session: Session) -> Iterator[Progress]:
    """Progress on stderr, unless --quiet."""
    if session.verbosity < 0:
        from synchub.spec.options import Silent

        yield Silent()
        return
    from synchub.render.progress import progress_on

    with progress_on(sys.stderr, color=session.color) as shown:
        yield shown


def confirm(session: Session, question: str) -> None:
    """Go on only if somebody says yes. Raises a SynchubError otherwise."""
    if session.yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"This needs an answer, and nobody is there to give it: {question}",
            not_done="Nothing was changed.",
            next_step="Run it in a terminal, or with --yes.",
        )
    if not click.confirm(question, err=True):
        raise SynchubError("You said no.", not_done="Nothing was changed.")
