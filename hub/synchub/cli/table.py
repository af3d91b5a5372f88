"""The commands, by name: where each is defined, and what `--help` says of it. Imports none of them."""

from __future__ import annotations

import copy
import importlib
from typing import Any, NamedTuple

import click


class Entry(NamedTuple):
    """A command: the module that defines it (as `command`), and one line for the list."""

    module: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "init": Entry("synchub.cli.init", "Begin a hub: write a commented hub.toml and its folders."),
    "demo": Entry("synchub.cli.demo", "See a whole two-way sync on bundled data."),
    "check": Entry("synchub.cli.check", "Lint the configuration, then test every connection."),
    "test": Entry("synchub.cli.test", "Run the [[tests]] in the mappings, without network."),
    "streams": Entry("synchub.cli.streams", "Show what a system offers: fields, types, samples."),
    "plan": Entry("synchub.cli.plan", "Show field by field what would change; change nothing."),
    "sync": Entry("synchub.cli.sync", "Plan, and bring every system into agreement."),
    "serve": Entry("synchub.cli.serve", "Run every sync on its schedule until stopped."),
    "status": Entry("synchub.cli.status", "Show systems, cursors and what waits."),
    "runs": Entry("synchub.cli.runs", "List past runs, or show what one changed."),
    "why": Entry("synchub.cli.why", "Explain a record: who said what, and which rule decided."),
    "review": Entry("synchub.cli.review", "Answer questions that only a person can answer."),
    "quarantine": Entry("synchub.cli.quarantine", "Look at rows that were set aside; retry or discard them."),
    "set": Entry("synchub.cli.set", "Decide a field's value yourself."),
    "merge": Entry("synchub.cli.merge", "Join two records by hand."),
    "split": Entry("synchub.cli.split", "Part a record by hand."),
    "undo": Entry("synchub.cli.undo", "Write back what a run overwrote."),
    "store": Entry("synchub.cli.store", "Upgrade, back up or check the store."),
    "export": Entry("synchub.cli.export", "Write what the hub knows as tables for other programs."),
    "secret": Entry("synchub.cli.secret", "Keep secrets in the system's keyring."),
    "plugin": Entry(
        "synchub.cli.plugin", "Show what is loaded and what it offers; begin a connector, check its quality."
    ),
    "x": Entry("synchub.cli.x", "Commands that plugins bring."),
}


class Table(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module: Any = importlib.import_module(COMMANDS[cmd_name].module)
        return _with_globals(module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}.{_meant(args[0])}")
        return super().resolve_command(ctx, args)


def _with_globals(command: click.Command) -> click.Command:
    """The same, with the flags that people put behind a command the second time: `synchub undo 42 --yes`."""
    made = copy.copy(command)
    if isinstance(made, click.Group):
        made.commands = {name: _with_globals(inner) for name, inner in made.commands.items()}
    else:
        made.params = [
            *made.params,
            _flag("--debug", "debug", True),
            _flag("--yes", "yes", True),
            _flag("--no-color", "color", False),
        ]
    return made


def _flag(option: str, attribute: str, meaning: bool) -> click.Option:
    def note(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
        if given:
            setattr(ctx.obj, attribute, meaning)

    return click.Option([option], is_flag=True, expose_value=False, hidden=True, callback=note)


def _meant(name: str) -> str:
    import difflib  # only a slip of the finger needs it

    close = difflib.get_close_matches(name, COMMANDS, 1)
    return f" Did you mean {close[0]}?" if close else ""
