"""The connector of a system in memory: the same door that every other connector uses, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from synchub.api import Connector, Cursor, Host, Key, Operation, Page, Result, Row, Stream
from synchub.errors import RecordRejected, RetryLater
from synchub.mapping.native import native_text
from synchub.testing.memory import MemorySystem


class Nothing(BaseModel):
    """A system in memory has no settings."""


class MemoryConnector(Connector):
    """Reads and writes one MemorySystem."""

    Config = Nothing

    def __init__(self, config: MemorySystem, host: Host | None = None) -> None:
        self.system = config

    def check(self) -> None:
        return

    def streams(self) -> Sequence[Stream]:
        return [self.system.stream]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        system = self.system
        since = cursor["change"] if cursor is not None and system.incremental else None
        reached = {"change": system.changes} if system.incremental else None
        stale, system.stale = system.stale, {}
        names = [name for name, kept in system.kept.items() if since is None or kept.number > since or name in stale]
        names = [name for name in names if system.shown(name)]
        gone = [
            name
            for name, number in system.gone.items()
            if since is not None and number > since and name not in system.kept
        ]
        pages = list(_parted(system.order(names), system.page_size)) or [[]]
        for number, page in enumerate(pages, start=1):
            system.interrupt("read")
            last = number == len(pages)
            yield Page(
                [system.row(name, stale.get(name)) for name in page if name in system.kept],
                tuple(field.name for field in system.stream.fields),
                cursor=reached,
                complete=last and since is None,
                deleted=tuple(gone) if last and system.sees_deletes else (),
            )

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        return [self._perform(operation) for operation in operations]

    def _perform(self, operation: Operation) -> Result:
        self.system.interrupt("write")
        try:
            result = self.system.perform(operation)
        except RecordRejected as refused:
            result = Result("rejected", operation.remote_id, reason=refused.happened)
        except RetryLater as busy:
            result = Result("retry", operation.remote_id, reason=busy.happened)
        self.system.interrupt("written")
        return result


class LookingConnector(MemoryConnector):
    """The same, of a system whose records can be looked up."""

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        wanted = {(key.field, key.value) for key in keys}
        rows = [self.system.row(name) for name in self.system.kept if self.system.shown(name)]
        return [row for row in rows if any((name, native_text(value)) in wanted for name, value in row.items())]


def connector_of(system: MemorySystem) -> MemoryConnector:
    """The connector that shows what the system can do, and no more."""
    return LookingConnector(system) if system.can_lookup else MemoryConnector(system)


def _parted(names: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
