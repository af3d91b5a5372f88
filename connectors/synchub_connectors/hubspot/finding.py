"""Looking up single records, now: by id and by unique properties exactly, by others through search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synchub.api import Key, Row
from synchub_connectors.hubspot.client import Client, Told
from synchub_connectors.hubspot.kinds import BATCH, KEY
from synchub_connectors.hubspot.rows import Shape


def lookup(client: Client, shape: Shape, keys: Sequence[Key], unique: Sequence[str]) -> list[Row]:
    """Every record that answers one of the keys, whole, each once."""
    by_field: dict[str, list[str]] = {}
    for key in keys:
        if key.value:
            by_field.setdefault(key.field, []).append(key.value)
    found: dict[str, Told] = {}
    for field, values in by_field.items():
        if field == KEY:
            objects = client.read(shape.kind, values, shape.properties)
        elif field in unique:
            objects = client.read(shape.kind, values, shape.properties, by=field)
        else:
            objects = [told for part in _searched(client, shape, field, values) for told in part]
        found.update({str(told["id"]): told for told in objects})
    return rows(client, shape, list(found.values()))


def rows(client: Client, shape: Shape, objects: Sequence[Told]) -> list[Row]:
    """Objects that were told without their links, as rows with them."""
    links = client.links(shape.kind, [told["id"] for told in objects]) if shape.linked else None
    return [shape.row(told, links) for told in objects]


def _searched(client: Client, shape: Shape, field: str, values: Sequence[str]) -> Iterator[list[Told]]:
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), BATCH):
        wanted = distinct[start : start + BATCH]
        behind = 0
        while True:
            among: Told = {"propertyName": field, "operator": "IN", "values": wanted}
            further: Told = {"propertyName": KEY, "operator": "GT", "value": str(behind)}
            page = client.search(shape.kind, [among, further], shape.properties, sort=KEY)
            yield page
            if not page:
                break
            behind = max(int(told["id"]) for told in page)
