"""What every job is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Database


@dataclass(frozen=True, slots=True)
class Bench:
    """What a job works with: an empty folder, a server, how many rows, and whether its peers are asked too."""

    folder: Path
    server: Database
    rows: int
    store: str
    peers: bool

    def shared(self, name: str, write: Callable[[Path, int], None]) -> Path:
        """A file of so many rows, made once."""
        path = self.folder.parent / name
        if not path.exists():
            write(path, self.rows)
        return path

    @property
    def hub_store(self) -> str:
        return "sqlite:///hub.db" if self.store == "sqlite" else self.server.url(self.server.database())
