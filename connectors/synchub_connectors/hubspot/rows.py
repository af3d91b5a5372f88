"""Objects as HubSpot tells them, turned into rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synchub.api import Field, Row, Stream
from synchub_connectors.hubspot.kinds import CONTACT, KEY, MERGED, Kind
from synchub_connectors.hubspot.values import read, readers


@dataclass(frozen=True)
class Shape:
    """How the objects of one stream become rows: of `fields`, the ones asked for."""

    kind: Kind
    fields: tuple[str, ...]
    readers: Mapping[str, Callable[[str], Any]]

    @property
    def properties(self) -> list[str]:
        """The properties to ask HubSpot for."""
        return [name for name in (*self.fields, MERGED) if name != CONTACT]

    @property
    def linked(self) -> bool:
        return CONTACT in self.fields

    @cached_property
    def _special(self) -> list[str]:
        """The fields that are not simply text."""
        return [name for name in self.fields if name in self.readers]

    def values(self, told: Mapping[str, Any], names: Iterable[str]) -> Row:
        """Some properties of one object."""
        properties = told.get("properties") or {}
        return {name: read(properties[name], self.readers.get(name)) for name in names if name in properties}

    def row(self, told: Mapping[str, Any], links: Mapping[str, Sequence[str]] | None = None) -> Row:
        """One object as a row. `links` are the contacts of objects that were not told with their own."""
        value = (told.get("properties") or {}).get
        row: dict[str, Any] = {name: None if (text := value(name)) == "" else text for name in self.fields}
        for name in self._special:
            row[name] = read(row[name], self.readers[name])
        row[KEY] = str(told["id"])
        if self.linked:
            contacts = _contacts(told) if links is None else links.get(row[KEY], ())
            row[CONTACT] = next(iter(contacts), None)
        return row


def shape(kind: Kind, stream: Stream, wanted: Iterable[str]) -> Shape:
    """The shape for the fields wanted, if there are such; none wanted means all. Key and time come always."""
    known: dict[str, Field] = {field.name: field for field in stream.fields}
    chosen = list(wanted) or list(known)
    names = tuple(name for name in dict.fromkeys((KEY, kind.updated_at, *chosen)) if name in known)
    types = {name: known[name].type for name in names}
    return Shape(kind, names, readers(types, kind.html))


def merged(objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The ids that were merged away: each with the id that it lives on under."""
    heirs = {}
    for told in objects:
        gone = (told.get("properties") or {}).get(MERGED) or ""
        heirs.update({loser: str(told["id"]) for loser in gone.split(";") if loser and loser != told["id"]})
    return heirs


def _contacts(told: Mapping[str, Any]) -> list[str]:
    links = (told.get("associations") or {}).get("contacts", {}).get("results", ())
    return list(dict.fromkeys(str(link["id"]) for link in links))
