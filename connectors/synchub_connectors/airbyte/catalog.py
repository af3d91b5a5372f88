"""What a manifest offers as streams, and how one of them is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synchub.api import Stream
from synchub_connectors.programs.schemas import fields_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream. `said` is what the catalog says of it; `whole`: all of it is read every time."""

    said: Mapping[str, Any]
    whole: bool

    @property
    def key(self) -> tuple[str, ...]:
        """Paths of one name or several, as native fields: dots lead into nested ones."""
        return _paths(self.said.get("source_defined_primary_key"))

    @property
    def stream(self) -> Stream:
        fields = fields_of(self.said.get("json_schema"))
        times = {field.name for field in fields if field.type in ("datetime", "date")}
        (cursor, *_) = (*_paths([self.said.get("default_cursor_field")]), "")
        return Stream(
            str(self.said["name"]),
            fields,
            key=self.key,
            updated_at=cursor if cursor in times else None,
            incremental=not self.whole,
        )


def entries(streams: Sequence[Mapping[str, Any]], *, full: Iterable[str]) -> dict[str, Entry]:
    """The streams of a catalog by name; those in `full` are read whole although they need not be."""
    whole = set(full)
    return {
        str(said["name"]): Entry(
            said, said["name"] in whole or "incremental" not in (said.get("supported_sync_modes") or ())
        )
        for said in streams
    }


def chosen(entry: Entry) -> dict[str, Any]:
    """The catalog by which one stream is read, and no other."""
    mode = "full_refresh" if entry.whole else "incremental"
    return {"streams": [{"stream": entry.said, "sync_mode": mode, "destination_sync_mode": "append"}]}


def _paths(said: Any) -> tuple[str, ...]:
    paths = said if isinstance(said, list) else []
    return tuple(".".join(map(str, path)) for path in paths if isinstance(path, list) and path)
