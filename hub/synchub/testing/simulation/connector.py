"""The door of a simulated system, with everything that goes wrong at such doors, as connectors tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from synchub.api import Cursor, Key, Operation, Page, Result, Row, Stream
from synchub.errors import AuthenticationError, ConfigurationError, RecordRejected, RetryLater
from synchub.mapping.native import native_text
from synchub.testing.memory import KEY, Kept
from synchub.testing.memory_connector import MemoryConnector
from synchub.testing.simulation.steps import Fault
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import TOKEN

TROUBLES = (
    "refused",
    "reset",
    "timeout",
    "unauthorised",
    "forbidden",
    "limited",
    "limited 30",
    "broken",
    "unavailable",
)
"""What can happen to any call before it takes effect."""
PAGES = ("truncated", "repeated", "shifted", "stale")
WRITES = ("lost", "half", "later", "lost later", "some later", "some rejected", "conflict")


def trouble(kind: str, system: str) -> Exception:
    """What connectors raise when a call fails so."""
    match kind:
        case "unauthorised":
            return AuthenticationError(f"{system} refused the credentials {TOKEN} (401).", next_step="Renew them.")
        case "forbidden":
            return ConfigurationError(f"{system} does not allow this (403).", next_step="Grant it.")
        case "limited":
            return RetryLater(f"{system} is asked too often (429).")
        case "limited 30":
            return RetryLater(f"{system} is asked too often (429).", after=30)
        case "broken":
            return ValueError(f"{system} answered what its connector does not understand: {TOKEN}")
    return RetryLater(f"{system} does not answer to {TOKEN}: {kind}.", not_done="Nothing was done there.")


class SimulatedConnector(MemoryConnector):
    """Reads and writes one SimulatedSystem."""

    system: SimulatedSystem

    def streams(self) -> Sequence[Stream]:
        self._call("streams")
        return super().streams()

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        expired = self.system.strikes("cursor")
        since = cursor["change"] if cursor is not None and self.system.incremental and not expired else None
        whole = True
        for page, kept in self._pages(since):
            fault = self._call("read", PAGES)
            kind = fault.kind if fault else ""
            told: list[Row] = [*page.rows]  # type: ignore[misc]  # never Arrow here
            if kind == "truncated":
                self._told(told[: len(told) // 2], kept)
                yield replace(page, rows=told[: len(told) // 2], complete=False, cursor=None, deleted=(), merged={})
                raise trouble("reset", self.system.name)
            if kind == "shifted":  # rows moved up while it was read: what slipped away is not missed by who counts
                told, whole = told[1:], False
                self.system.slipped = self.system.slipped or since is not None
            self._told(told, kept)
            if kind == "repeated":
                yield replace(page, complete=False)
            self.system.read_whole = page.complete and whole
            yield replace(page, rows=told, complete=page.complete and whole)
        self.system.read_to_the_end = True

    def _pages(self, since: int | None) -> Iterator[tuple[Page, dict[str, Kept]]]:
        """Pages of what is there when each is asked for, in the order in which it was changed."""
        system = self.system
        stale, system.stale = system.stale, {}
        reached = system.found
        after = since or 0
        columns = tuple(field.name for field in system.stream.fields)
        gone = {name: number for name, number in system.gone.items() if name not in system.kept}
        while True:
            names = sorted((kept.number, name) for name, kept in system.kept.items() if after < kept.number)
            if since is not None:
                late = {(system.kept[name].number, name) for name in stale if name in system.kept}
                names = sorted({one for one in names if one[0] <= reached} | (late if after == since else set()))
            names = names if since is not None else [one for one in names if one[0] <= system.changes]
            page = names[: system.page_size]
            last = len(names) <= system.page_size
            kept = {name: stale.get(name, system.kept[name]) for _, name in page}
            told = tuple(name for name, number in gone.items() if since is not None and since < number <= reached)
            after = max([after, *(number for number, _ in page)])
            cursor = reached if last else after if since is not None else None
            yield (
                Page(
                    [system.row(name, one) for name, one in self._ordered(kept)],
                    columns,
                    cursor={"change": cursor} if system.incremental and cursor is not None else None,
                    complete=last and since is None,
                    deleted=told if last and system.sees_deletes else (),
                    merged=self._merged(since, reached) if last else {},
                ),
                {name: one for name, one in kept.items() if name not in stale},
            )
            if last:
                return

    def _ordered(self, kept: dict[str, Kept]) -> list[tuple[str, Kept]]:
        return [(name, kept[name]) for name in self.system.order(list(kept))]

    def _merged(self, since: int | None, reached: int) -> dict[str, str]:
        system = self.system
        return {
            name: into
            for name, into in system.merged.items()
            if system.tells_merges and into in system.kept and (since or 0) < system.gone[name] <= reached
        }

    def _told(self, rows: Sequence[Row], kept: dict[str, Kept]) -> None:
        names = [str(row[KEY]) for row in rows]
        told = {name: kept[name] for name in names if name in kept}
        self.system.read |= told
        self.system.told_ours |= {(name, field) for name, field in self.system.ours if name in told}
        self.system.show(told)
        self.system.log(f"{self.system.name} told {', '.join(names) or 'nothing'}")

    def _call(self, call: str, own: Sequence[str] = ()) -> Fault | None:
        """What goes wrong with this call, if it is something that only such calls know; else it is raised."""
        fault = self.system.strikes(call)
        if fault is not None and fault.kind not in own:
            raise trouble(fault.kind, self.system.name)
        return fault

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        self.system.write_begins()
        told: Sequence[Result | None] = [None] * len(operations)
        try:
            told = results = self._written(operations)
        finally:
            for operation, result in zip(operations, told, strict=True):
                self.system.sent(operation, result)
        return results

    def _written(self, operations: Sequence[Operation]) -> Sequence[Result]:
        fault = self._call("write", WRITES)
        kind = fault.kind if fault else ""
        if kind == "lost":
            self._all(operations)
            raise trouble("timeout", self.system.name)
        if kind == "half":
            self._all(operations[: (len(operations) + 1) // 2])
            raise trouble("reset", self.system.name)
        if kind == "later":
            return [Result("retry", one.remote_id, reason=f"busy with {TOKEN}", retry_after=30) for one in operations]
        if kind == "lost later":
            self._all(operations)
            return [Result("retry", one.remote_id, reason="no answer") for one in operations]
        if kind == "conflict":
            return [Result("conflict", one.remote_id, reason="it is being changed (409)") for one in operations]
        if kind in ("some later", "some rejected"):
            return self._some(kind.removeprefix("some "), operations)
        return self._all(operations)

    def _some(self, status: Any, operations: Sequence[Operation]) -> list[Result]:
        status = "retry" if status == "later" else status
        return [
            Result(status, one.remote_id, reason=f"{status} from {TOKEN}") if place % 2 == 0 else self._perform(one)
            for place, one in enumerate(operations)
        ]

    def _all(self, operations: Sequence[Operation]) -> list[Result]:
        return [self._perform(operation) for operation in operations]

    def _perform(self, operation: Operation) -> Result:
        try:
            result = self.system.perform(operation)
        except RecordRejected as refused:
            result = Result("rejected", operation.remote_id, reason=refused.happened)
        if result.stored is not None and result.remote_id in self.system.kept:
            self.system.show({result.remote_id: self.system.kept[result.remote_id]})
        values = ", ".join(f"{name}={value!r}" for name, value in operation.values.items())
        self.system.log(f"{self.system.name} {operation.kind} {result.remote_id} ({values}): {result.status}")
        return result


class SearchingConnector(SimulatedConnector):
    """The same, of a system whose records can be looked up."""

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        before, self.system.read_to_the_end = self.system.read_to_the_end, False
        self._call("lookup")
        self.system.read_to_the_end = before  # one that fails right after the read counts as part of it
        system, wanted = self.system, {(key.field, key.value) for key in keys}
        rows = {name: system.row(name) for name in system.kept}
        by_key = {name for name in rows if (KEY, name) in wanted}
        found = {name for name, kept in system.kept.items() if kept.number <= system.found}
        for name in found - by_key:
            if any((field, native_text(value)) in wanted for field, value in rows[name].items()):
                by_key.add(name)
        system.show({name: system.kept[name] for name in by_key})
        return [row for name, row in rows.items() if name in by_key]


def connector_of(system: SimulatedSystem) -> SimulatedConnector:
    """The connector that shows what the system can do, and no more."""
    return SearchingConnector(system) if system.can_lookup else SimulatedConnector(system)
