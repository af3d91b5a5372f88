"""Errors as people read them: what happened, what was not done, what to do next. And as `--json` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from synchub.errors import ConfigurationError, SynchubError

if TYPE_CHECKING:
    from synchub.cli.session import Session

INTERRUPTED = 130
MOST_PROBLEMS = 100


def expected(error: SynchubError, session: Session) -> int:
    """Tell an error that was raised on purpose. Returns its exit code."""
    from synchub.render.clean import clean

    redact = session.redactor.redact
    problems = error.problems if isinstance(error, ConfigurationError) else ()
    _line("Error: ", clean(redact(error.happened)), session, style="red")
    for problem in problems[:MOST_PROBLEMS]:
        _line("  ", clean(redact(problem)), session)
    if len(problems) > MOST_PROBLEMS:
        _line("  ", f"… and {len(problems) - MOST_PROBLEMS} more", session)
    _line("Not done: ", clean(redact(error.not_done)), session, style="yellow")
    _line("Next: ", clean(redact(error.next_step)), session, style="cyan")
    if session.debug:
        click.echo(redact(_trace(error)), err=True)
    _as_json(error, session, problems=problems, not_done=error.not_done, next_step=error.next_step)
    return error.exit_code


def bug(error: Exception, session: Session) -> int:
    """Tell an error that nobody expected. Returns 1."""
    from synchub.render.clean import clean

    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _line("Error: ", clean(session.redactor.redact(text)), session, style="red")
    if session.debug:
        click.echo(session.redactor.redact(_trace(error)), err=True)
        _line("Next: ", "This is a bug in synchub; the lines above show where. Please report them.", session)
    else:
        told = "This is a bug in synchub. Run it again with --debug to see where."
        _line("Next: ", told, session, style="cyan")
    _as_json(error, session)
    return 1


def interrupted(stop: BaseException, session: Session) -> int:
    """Tell that somebody pressed Ctrl-C, and what was under way if that is known. Returns 130."""
    for note in getattr(stop.__cause__ or stop, "__notes__", ()):
        _line("", note, session)
    click.echo("Interrupted. It is safe to run it again.", err=True)
    return INTERRUPTED


def _line(label: str, text: str, session: Session, *, style: str | None = None) -> None:
    if text:
        start = click.style(label, fg=style, bold=True) if style else label
        click.echo(f"{start}{text}", err=True, color=session.color)


def _trace(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()


def _as_json(error: Exception, session: Session, **more: object) -> None:
    """With --json, a program that reads stdout gets the error there too."""
    if not session.json:
        return
    from synchub.render.jsonable import document

    happened = error.happened if isinstance(error, SynchubError) else str(error)
    told = {"kind": type(error).__name__, "happened": happened, **more}
    click.echo(session.redactor.redact(document(session.command, error=told)))
