"""`synchub check` and `synchub test`: everything that is wrong, at once, before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from synchub.api import Connector, ConnectorInfo, Stream
from synchub.config.document import Document, read_document
from synchub.config.load import lint
from synchub.config.mappings import Loaded, Shelf
from synchub.errors import ConfigurationError, SynchubError
from synchub.mapping import built_in_transforms, compile_mapping, run_tests
from synchub.plugins import loader
from synchub.plugins.deprecations import Deprecation
from synchub.plugins.guarded import guarded
from synchub.plugins.offers import Plugins
from synchub.redact import Redactor
from synchub.run.opening import CHECKS, Opened, config_model, open_at
from synchub.run.rates import EuropeanCentralBank
from synchub.run.streams import wrong_key
from synchub.spec.answers import CheckReport, ConnectionCheck, MappingTestResult, TestsReport
from synchub.spec.job import Member

OPERATIONS = {"archive": "archive", "propagate": "delete"}
"""What `on_delete` asks a system to do."""


def check_file(
    file: Path,
    *,
    environ: Mapping[str, str],
    redactor: Redactor,
    offline: bool,
    deprecations: Sequence[Deprecation] | None = None,
) -> CheckReport:
    """Check a hub that may be too wrong to be opened. Offline nothing is looked up, not even variables."""
    plugins = loader.load(file.parent, config=file, deprecations=deprecations)
    report = _linted(file, plugins, None if offline else environ, redactor)
    if offline:
        return report
    try:
        hub = open_at(file, environ=environ, redactor=redactor, deprecations=deprecations)
    except ConfigurationError as error:
        problems = report.problems or error.problems or (str(error),)
        return replace(report, problems=problems, notes=(*report.notes, "Connections are tested once this is mended."))
    try:
        return _connected(hub, report)
    finally:
        hub.close()


def check(hub: Opened, *, offline: bool) -> CheckReport:
    """Check a hub that could be opened: what nothing uses yet may still be wrong."""
    report = _linted(hub.configuration.file, hub.plugins, None if offline else hub.environ, hub.redactor)
    return report if offline else _connected(hub, report)


def _linted(file: Path, plugins: Plugins, environ: Mapping[str, str] | None, redactor: Redactor) -> CheckReport:
    problems = lint(
        file,
        connectors=_catalogue(plugins),
        config_model=lambda name: config_model(plugins, name),
        transforms={**plugins.transforms, **built_in_transforms()},
        rules=list(plugins.rules),
        environ=environ,
        checks=CHECKS,
    )
    return CheckReport(
        file, tuple(map(str, problems)), notes=tuple(map(redactor.redact, (*plugins.problems, *plugins.outdated)))
    )


def _catalogue(plugins: Plugins) -> dict[str, ConnectorInfo]:
    return {name: offered.info for name, offered in plugins.connectors.items()}


def _connected(hub: Opened, report: CheckReport) -> CheckReport:
    """The report with every connection tried, side by side, and every mapping held against its stream."""
    hub.reach_store()  # if it can't be opened, that is told once and not of every system
    made = [_made(hub, system) for system in hub.configuration.systems]
    tried = list(hub.seams.executor.map(lambda one: _tried(hub, *one), made))
    streams = {connection.system: found for connection, found in tried if connection.ok}
    unfit = [hub.redactor.redact(problem) for problem in _unfit(hub, streams)]
    return replace(
        report, problems=(*report.problems, *unfit), connections=tuple(connection for connection, _ in tried)
    )


def _made(hub: Opened, system: str) -> tuple[str, Connector | SynchubError]:
    try:
        return system, hub.connector(system)
    except SynchubError as error:  # the others are tried all the same
        return system, error


def _tried(hub: Opened, system: str, connector: Connector | SynchubError) -> tuple[ConnectionCheck, Sequence[Stream]]:
    try:
        if isinstance(connector, SynchubError):
            raise connector
        with guarded(system):
            connector.check()
            found = connector.streams()
    except SynchubError as error:
        problems = error.problems if isinstance(error, ConfigurationError) else ()
        return _failed(hub, system, " ".join((error.happened, *problems)), error.next_step), ()
    name = hub.configuration.systems[system].connector
    listed = f"{len(found)} streams" if len(found) != 1 else f"1 stream, {found[0].name}"
    return ConnectionCheck(system, name, True, f"reached: {listed}"), found


def _failed(hub: Opened, system: str, happened: str, next_step: str) -> ConnectionCheck:
    name = hub.configuration.systems[system].connector
    return ConnectionCheck(system, name, False, hub.redactor.redact(happened), hub.redactor.redact(next_step))


def _unfit(hub: Opened, streams: Mapping[str, Sequence[Stream]]) -> Iterator[str]:
    """What the members ask of their streams and these don't have, by file and line."""
    document, _ = read_document(hub.configuration.file)
    shelf = Shelf(hub.configuration.folder, _catalogue(hub.plugins))
    told: set[str] = set()
    for sync in hub.configuration.syncs.values():
        for member in sync.members:
            if document is None or member.system not in streams:
                continue
            loaded = shelf.get(member.mapping_name, hub.configuration.systems[member.system].connector)
            for problem in _member_problems(document, loaded, sync.name, member, streams[member.system]):
                if problem not in told:
                    told.add(problem)
                    yield problem


def _member_problems(
    document: Document, loaded: Loaded | None, sync: str, member: Member, offered: Sequence[Stream]
) -> Iterator[str]:
    path = ("syncs", sync, "members", member.name)
    stream = next((one for one in offered if one.name == member.stream), None)
    if stream is None:
        listed = ", ".join(sorted(one.name for one in offered)) or "none"
        message = f"{member.system} has no stream '{member.stream}'"
        yield str(document.problem((*path, "stream"), message, f"it has: {listed}", part="value"))
        return
    if member.direction != "in" and not stream.writes:
        message = f"{member.system}/{stream.name} can only be read"
        yield str(document.problem((*path, "direction"), message, 'write direction = "in"', part="value"))
    if member.direction != "out" and stream.write_only:
        message = f"{member.system}/{stream.name} can only be written"
        yield str(document.problem((*path, "direction"), message, 'write direction = "out"', part="value"))
    wanted = OPERATIONS.get(member.on_delete)
    if member.direction != "in" and stream.writes and wanted and wanted not in stream.writes:
        able = ", ".join(sorted(stream.writes))
        message = f"{member.system}/{stream.name} can't {wanted} records"
        yield str(document.problem((*path, "on_delete"), message, f"it takes: {able}", part="value"))
    if wrong_key(stream, member) and loaded is not None and loaded.source is not None:
        fix = "name them by the same key, here or in the system's own settings"
        yield str(loaded.source.problem(("key",), wrong_key(stream, member).rstrip("."), fix, part="value"))
    if loaded is not None and loaded.source is not None and stream.fields:
        for place, native in _unknown(member, stream):
            message = f"{member.system}/{stream.name} has no field '{native}'"
            fix = f"it has: {_listed([each.name for each in stream.fields])}"
            yield str(loaded.source.problem(place, message, fix, part="value"))


def _unknown(member: Member, stream: Stream) -> Iterator[tuple[tuple[str, ...], str]]:
    """Native fields that a mapping names and the stream does not have, each with its place in the mapping."""
    have = {field.name for field in stream.fields}
    mapping = member.mapping
    named: list[tuple[tuple[str, ...], str]] = [(("key",), key) for key in mapping.keys]
    named += [(("updated_at",), mapping.updated_at)] if mapping.updated_at else []
    named += [(("fields", name), native) for name in mapping.fields for native in mapping.field(name).natives]
    for place, native in named:
        if native not in have and native.split(".")[0] not in have:
            yield place, native


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")


def run_mapping_tests(hub: Opened) -> TestsReport:
    """Run the [[tests]] of every mapping in mappings/, and of connectors' own mappings that a sync uses."""
    shelf = Shelf(hub.configuration.folder, _catalogue(hub.plugins))
    names = dict.fromkeys(shelf.own_names(), "")
    for sync in hub.configuration.syncs.values():
        for member in sync.members:
            names.setdefault(member.mapping_name, hub.configuration.systems[member.system].connector)
    return TestsReport(
        tuple(result for name, connector in names.items() for result in _results(hub, name, shelf.get(name, connector)))
    )


def _results(hub: Opened, name: str, loaded: Loaded | None) -> Sequence[MappingTestResult]:
    """The results of one mapping. One that is wrong itself fails once, whether it has tests or not."""
    entity = hub.configuration.entities.get(loaded.mapping.entity) if loaded and loaded.mapping else None
    if loaded is None or loaded.mapping is None or loaded.problems or entity is None:
        return [MappingTestResult(name, 1, "in", problem="The mapping itself is wrong: see `synchub check --offline`.")]
    bank = EuropeanCentralBank()  # bundled: a plugin's rates may need the network
    try:
        compiled = compile_mapping(
            loaded.mapping, entity, hub.configuration.settings, transforms=hub.transforms, rate=bank.rate
        )
    except ConfigurationError as error:
        return [MappingTestResult(name, 1, "in", problem="; ".join(error.problems) or error.happened)]
    return run_tests(name, compiled, loaded.mapping)
