"""A record explained to somebody who has to answer for it: what is held, from whom, since when, and why."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from synchub.model import HUB
from synchub.render.clean import clean, shown
from synchub.render.words import bullets, hanging, indented, moment, rule_in_words, table, value
from synchub.spec.reports import ClaimLine, Explanation, FieldExplanation, HeldLine, LinkLine

LONGEST = 400
"""Characters of a value that are shown here, where values are what is asked for."""

LINK_STATES = {
    "live": "linked",
    "tombstoned": "gone from there",
    "outside": "linked, not written while it is outside the member's filter",
}


def explanation(report: Explanation) -> RenderableType:
    """A record whole: where it stands, then field by field, then what is open."""
    since = f", known since {moment(report.known_since)}" if report.known_since else ""
    parts: list[RenderableType] = [
        Text(clean(report.label), style="head"),
        Text(f"{clean(report.entity)} {clean(report.hub_id)}{since}", style="quiet"),
        "",
        Text("Where it stands", style="name"),
        _links(report.links) if report.links else indented(Text("Nowhere any more: no system holds this record.")),
        "",
        Text("What is held, and why", style="name"),
    ]
    for field in report.fields:
        parts += _field(field)
    if report.questions:
        parts += ["", Text("Open questions", style="wait"), *bullets(report.questions)]
    return Group(*parts, *bullets(report.notes, "quiet"))


def _links(links: tuple[LinkLine, ...]) -> RenderableType:
    made = table("link", "state", "since", "how it came")
    for link in links:
        made.add_row(
            Text(clean(link.name)),
            Text(LINK_STATES[link.state], style="" if link.state == "live" else "wait"),
            Text(moment(link.since) if link.since else ""),
            Text(clean(link.by), style="quiet"),
        )
    return indented(made)


def _field(field: FieldExplanation) -> Iterator[RenderableType]:
    yield indented(Text.assemble((clean(field.field), "bold"), ": ", value(shown(field.value, limit=LONGEST))))
    for line in _sentences(field):
        yield indented(hanging(Text("·", style="quiet"), line))


def _sentences(field: FieldExplanation) -> Iterator[Text]:
    if field.winner:
        reason = f" ({clean(field.winner.reason)})" if field.winner.reason else ""
        yield Text.assemble(_said(field.winner), _weak(field.winner), f"{reason}.")
    for claim in field.counted:
        yield Text.assemble("Counted in: ", _said(claim, quoting=True), _weak(claim), ".")
    if field.rule:
        yield Text(f"Rule {clean(field.rule)}: {rule_in_words(field.rule)}.", style="quiet")
    for claim in field.losers:
        reason = f": {clean(claim.reason)}" if claim.reason else ""
        yield Text.assemble("Not followed: ", _said(claim, quoting=True), _weak(claim), f"{reason}.")
    for claim in field.history:
        reason = f"; {clean(claim.reason)}" if claim.reason else ""
        yield Text.assemble(("Earlier: ", "quiet"), _said(claim, quoting=True), f"{reason}.")
    for held in field.held:
        yield _held(held)
    if field.note:
        yield Text(clean(field.note))


def _said(claim: ClaimLine, *, quoting: bool = False) -> Text:
    """Who said it and when: "shop said so on 2024-05-01 10:23 UTC (run 12)"."""
    said = _quoted(claim.value) if quoting else Text("so")
    when = f" on {moment(claim.at)}" if claim.at else " at a time it does not tell"
    run = f" (run {clean(claim.run)})" if claim.run else ""
    if claim.system == HUB:
        return Text.assemble("a person decided ", said, when, run)
    where = f"/{clean(claim.stream)}" if claim.stream else ""
    return Text.assemble((clean(claim.system), "bold"), where, " said ", said, when, run)


def _weak(claim: ClaimLine) -> str:
    return "; it counts only where nobody else has a value" if claim.weak else ""


def _held(held: HeldLine) -> Text:
    note = f": {clean(held.note)}" if held.note else ""
    native = f" in its field {clean(held.native)}" if held.native else ""
    return Text.assemble((clean(held.system), "bold"), " holds ", _quoted(held.value), f"{native}{note}.")


def _quoted(text: str | None) -> Text:
    made = shown(text, limit=LONGEST)
    return Text("nothing" if text is None else "a blank") if made.empty else Text(f"“{made.text}”")
