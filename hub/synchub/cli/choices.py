"""The options that `plan` and `sync` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from synchub.spec.options import RunOptions

Command = TypeVar("Command", bound=Callable[..., Any])
KINDS = ("creates", "updates", "deletes")


def allowed(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """`deletes=120` by kind."""
    limits: dict[str, int] = {}
    for text in given:
        kind, _, amount = text.partition("=")
        if kind not in KINDS or not (amount.isascii() and amount.isdigit()):
            raise click.BadParameter(f"{text!r} is not KIND=COUNT; write deletes=120 (or creates, updates).")
        limits[kind] = int(amount)
    return limits


def run_options(command: Command) -> Command:
    """--full, --recompute, --system, --record and --allow."""
    options = (
        click.option("--full", is_flag=True, help="Read everything, whatever the cursors say."),
        click.option("--recompute", is_flag=True, help="Apply changed rules to everything said before."),
        click.option("--system", "systems", multiple=True, metavar="NAME", help="Only this system; repeatable."),
        click.option("--record", metavar="KEY", help="Only this record: try one person first."),
        click.option(
            "--allow",
            callback=allowed,
            multiple=True,
            metavar="KIND=COUNT",
            help="Raise a limit of the guard, this once: deletes=120.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def made(*, systems: tuple[str, ...], **more: Any) -> RunOptions:
    """The options as the engine takes them."""
    from synchub.spec.options import RunOptions

    return RunOptions(systems=systems, **more)
