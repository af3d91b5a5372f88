"""Every hook that a plugin may implement. All are optional; each returns a list and never yields.

A plugin is a module (or package) that is named by an entry point of the group `synchub.v1`, or that lies in
the folder plugins/ of a hub. Its hooks are functions marked with `synchub.api.hookimpl`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pluggy

from synchub.api import ConnectorInfo, Frame, Rates, Rule, Transform

if TYPE_CHECKING:
    import click

    from synchub.spec.reports import Notice, RunReport

hookspec = pluggy.HookspecMarker("synchub")


@hookspec
def synchub_connectors() -> list[ConnectorInfo]:  # type: ignore[empty-body]
    """The connectors that this plugin brings. Importing the plugin must not import them."""


@hookspec
def synchub_frames() -> list[Frame]:  # type: ignore[empty-body]
    """Functions that return whole tables. They are the streams of one connector, which has the plugin's name."""


@hookspec
def synchub_transforms() -> list[Transform]:  # type: ignore[empty-body]
    """Named steps for `transform = [...]` in mappings."""


@hookspec
def synchub_rules() -> list[Rule]:  # type: ignore[empty-body]
    """Named rules for `[entities.NAME.rules]`."""


@hookspec
def synchub_rates() -> list[tuple[str, Callable[[], Rates]]]:  # type: ignore[empty-body]
    """Sources of exchange rates: a name, and what makes one."""


@hookspec
def synchub_run_started(run: RunReport) -> None:
    """A run has begun. What is raised here is logged and stops nothing."""


@hookspec
def synchub_run_ended(report: RunReport) -> None:
    """A run has ended, in whatever state. What is raised here is logged and changes nothing."""


@hookspec
def synchub_notice(notice: Notice) -> None:
    """`synchub serve` tells people that something failed, or is well again. What is raised here is logged."""


@hookspec
def synchub_commands() -> list[click.Command]:  # type: ignore[empty-body]
    """Commands for `synchub x NAME`."""


HOOKS: dict[str, Any] = {
    name: value for name, value in globals().items() if name.startswith("synchub_") and callable(value)
}
"""Hook name to its specification."""

OBSERVERS = ("synchub_run_started", "synchub_run_ended", "synchub_notice")
"""Hooks that are told something; all others are asked once, at loading, and return a list."""
