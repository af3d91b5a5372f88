"""What `check`, `test` and `streams` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from synchub.render.clean import clean, cut
from synchub.render.words import bullets, count, hanging, indented, table, value
from synchub.spec.answers import CheckReport, MappingTestResult, StreamReport, TestsReport

MOST_SAMPLES = 3


def check(report: CheckReport) -> RenderableType:
    """Problems first, then every connection."""
    parts: list[RenderableType] = []
    if report.problems:
        parts += [
            Text(f"{count(len(report.problems), 'problem')} in the configuration", style="bad"),
            *bullets(report.problems),
        ]
    else:
        parts.append(Text.assemble(("✓ ", "good"), clean(str(report.file)), " and its mappings are right."))
    for connection in report.connections:
        name = Text.assemble((clean(connection.system), "name"), (f" {clean(connection.connector)}", "quiet"))
        sign = Text("✓", style="good") if connection.ok else Text("✗", style="bad")
        body: list[RenderableType] = [name]
        body += [Text(clean(told)) for told in (connection.happened, connection.next_step) if told]
        parts.append(hanging(sign, Group(*body)))
    return Group(*parts, *(Text(clean(note), style="quiet") for note in report.notes))


def tests(report: TestsReport) -> RenderableType:
    """What failed, with both values; then the count."""
    parts = [_failed(result) for result in report.results if not result.ok]
    passed = len(report.results) - report.failed
    if not report.results:
        parts.append(Text("No [[tests]] in any mapping."))
    elif report.failed:
        parts.append(Text(f"{count(report.failed, 'test')} failed, {passed:,} passed.", style="bad"))
    else:
        parts.append(Text(f"{count(passed, 'test')} passed.", style="good"))
    return Group(*parts)


def _failed(result: MappingTestResult) -> RenderableType:
    name = f"{clean(result.mapping)} test {result.number} ({clean(result.direction)})"
    parts: list[RenderableType] = [Text.assemble(("✗ ", "bad"), (name, "bold"))]
    if result.problem:
        parts.append(indented(Text(clean(result.problem), style="bad")))
    if result.differences:
        made = table("field", "expected", "got")
        for one in result.differences:
            made.add_row(Text(clean(one.field)), value(one.expected, "create"), value(one.got, "delete"))
        parts.append(indented(made))
    return Group(*parts)


def streams(reports: Sequence[StreamReport]) -> RenderableType:
    """One stream with all its fields; of several only what tells them apart."""
    if not reports:
        return Text("Nothing is offered.")
    if len(reports) == 1:
        return _stream(reports[0])
    made = table("system", "stream", "key", "fields", "reads", "writes", numbers=("fields",))
    for report in reports:
        made.add_row(
            Text(clean(report.system), style="name"),
            Text(clean(report.stream)),
            Text(clean(", ".join(report.key))),
            Text(str(len(report.fields))),
            Text("" if report.write_only else "changes" if report.incremental else "in full"),
            Text(clean(", ".join(report.writes)) or "read only", style="quiet"),
        )
    return made


def _stream(report: StreamReport) -> RenderableType:
    reading = [
        f"found by: {', '.join(report.matching_keys)}" if report.matching_keys else "",
        f"changed at: {report.updated_at}" if report.updated_at else "tells no time of change",
        "reads what changed" if report.incremental else "always reads in full",
        "tells deletions" if report.sees_deletes else "",
    ]
    facts = [
        f"key: {', '.join(report.key)}",
        *(["can only be written"] if report.write_only else reading),
        f"takes {', '.join(report.writes)}" if report.writes else "read only",
    ]
    made = table("field", "type", "", "samples")
    for field in report.fields:
        samples = ", ".join(cut(clean(sample), 30) for sample in field.samples[:MOST_SAMPLES])
        marks = [mark for mark, on in (("required", field.required), ("read only", not field.writable)) if on]
        options = f" ({', '.join(field.options[:8])})" if field.options else ""
        made.add_row(
            Text.assemble(clean(field.name), (f"  {clean(field.summary)}" if field.summary else "", "quiet")),
            Text(clean(field.type + options)),
            Text(", ".join(marks), style="quiet"),
            Text(samples),
        )
    return Group(
        Text.assemble((clean(report.system), "name"), f"/{clean(report.stream)}"),
        indented(Text(clean("; ".join(fact for fact in facts if fact)), style="quiet")),
        "",
        indented(made),
    )
