"""Decisions that were taken, and what was done with the store or with plugins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from synchub.render.clean import clean
from synchub.render.waiting import details
from synchub.render.words import bullets, indented
from synchub.spec.answers import ExportReport, Outcome, StoreReport


class OfferLike(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...


class PluginLike(Protocol):
    """What is shown of a plugin; `synchub.plugins.LoadedPlugin` is one."""

    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> object: ...
    @property
    def offers(self) -> Sequence[OfferLike]: ...
    @property
    def problems(self) -> Sequence[str]: ...
    @property
    def deprecated(self) -> Sequence[object]: ...
    @property
    def left_out(self) -> Sequence[str]: ...


def outcome(report: Outcome) -> RenderableType:
    """A decision: what happened, and how to go on or back."""
    parts: list[RenderableType] = [Text.assemble(("✓ ", "good"), clean(report.happened))]
    if report.details:
        parts.append(indented(details(report.details)))
    parts += bullets(report.notes, "quiet")
    if report.next_step:
        parts.append(Text(clean(report.next_step), style="quiet"))
    return Group(*parts)


def store(report: StoreReport) -> RenderableType:
    """What was done with the store."""
    sign = ("✗ ", "bad") if report.problems else ("✓ ", "good")
    parts: list[RenderableType] = [Text.assemble(sign, clean(report.happened), (f"  {clean(report.store)}", "quiet"))]
    if report.backup:
        parts.append(indented(Text(f"backup: {clean(str(report.backup))}")))
    return Group(*parts, *bullets(report.problems, "bad", "✗"), *bullets(report.notes, "quiet"))


def export(report: ExportReport) -> RenderableType:
    """Where everything was written to, and how much of what."""
    listed = [f"{clean(name)}: {rows:,} rows" for name, rows in report.tables.items()]
    return Group(Text.assemble(("✓ ", "good"), f"Exported to {clean(report.target)}."), *bullets(listed, "quiet"))


class EnvironmentLike(Protocol):
    """A program with an environment of its own; `synchub.plugins.environments.Environment` is one."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...


def plugins(loaded: Iterable[PluginLike], apart: Iterable[EnvironmentLike] = ()) -> RenderableType:
    """Every plugin, where it comes from, what it offers, and what is wrong with it; then programs that are installed apart."""
    parts: list[RenderableType] = []
    for plugin in loaded:
        parts.append(Text.assemble((clean(plugin.name), "name"), (f"  {clean(str(plugin.origin))}", "quiet")))
        kinds: dict[str, list[str]] = {}
        for offer in plugin.offers:
            kinds.setdefault(offer.kind, []).append(clean(offer.name))
        parts += [indented(Text.assemble((f"{kind}: ", "quiet"), ", ".join(names))) for kind, names in kinds.items()]
        if plugin.left_out:
            parts.append(
                indented(Text(f"not loaded, as it has an environment of its own: {clean(', '.join(plugin.left_out))}"))
            )
        parts += bullets(plugin.problems, "bad", "✗")
        parts += bullets(map(str, plugin.deprecated), "quiet", "!")
    for each in apart:
        parts.append(
            Text.assemble((clean(each.name), "name"), (f"  plugins/.venvs, version {clean(each.version)}", "quiet"))
        )
    return Group(*parts) if parts else Text("No plugin is installed.")
