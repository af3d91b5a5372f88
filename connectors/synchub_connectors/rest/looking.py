"""Looking up single records: by id, or by the values of fields that the system can filter by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from synchub.api import ConfigurationError, Key, Row
from synchub_connectors.rest.client import Client
from synchub_connectors.rest.description import StreamOf
from synchub_connectors.rest.fetching import by_id
from synchub_connectors.rest.places import at, text
from synchub_connectors.rest.reading import parts
from synchub_connectors.rest.values import identified, numbered_times, read_times, with_empties


def lookup(client: Client, stream: StreamOf, keys: Sequence[Key], at_once: int) -> list[Row]:
    """Every record that answers one of the keys, whole, each once."""
    by_field: dict[str, dict[str, None]] = {}
    for key in keys:
        if key.value:
            by_field.setdefault(key.field, {})[key.value] = None
    found: dict[str, Row] = {}
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        for field, values in by_field.items():
            said = stream.lookup.get(field)
            if said is not None:
                asked = [(field, few) for few in _several(list(values), said.several)]
                rows = [row for some in pool.map(partial(_by, client, stream), asked) for row in some]
                rows = rows if said.whole else _each(client, stream, [text(row, stream.key) for row in rows], pool)
            elif field == stream.key and stream.get is not None:
                rows = _each(client, stream, list(values), pool)
            else:
                raise _cannot(client, field)
            read_times(rows, numbered_times(stream))
            found.update({text(row, stream.key): with_empties(dict(row), stream) for row in rows})
    return list(found.values())


def _each(client: Client, stream: StreamOf, ids: Sequence[str], pool: ThreadPoolExecutor) -> list[dict[str, Any]]:
    get = stream.get
    assert get is not None
    found = pool.map(lambda one: by_id(client, stream, get, one)[0], dict.fromkeys(ids))
    return [row for row in found if row is not None]


def _by(client: Client, stream: StreamOf, asked: tuple[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The records with one of some values in a field."""
    field, values = asked
    said = stream.lookup[field]
    filled: Mapping[str, Any] = {"value": values[0], "values": list(values)}
    found = [each for part in parts(client, said, filled, stream.key) for each in part.records]
    rows = [row for each in found if (row := identified(each, stream)) is not None]
    if not said.fuzzy and stream.field(field).type != "phone":
        wanted = {_bare(value) for value in values}
        for row in rows:
            told = at(row, field)
            if isinstance(told, str | int) and _bare(str(told)) not in wanted:
                raise _ignored(client, field)
    return rows


def _several(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _bare(value: str) -> str:
    """What systems that compare loosely all keep of a value."""
    return re.sub(r"[\W_]", "", value).casefold()


def _cannot(client: Client, field: str) -> ConfigurationError:
    return ConfigurationError(
        f"{client.host.system} can't be asked for records by {field}.",
        not_done="Nothing was looked up.",
        next_step=f"Describe [streams.NAME.lookup.{field}], or for the key [streams.NAME.get].",
    )


def _ignored(client: Client, field: str) -> ConfigurationError:
    return ConfigurationError(
        f"{client.host.system} was asked for records by {field}, and answered with others: it ignores the filter.",
        not_done="Nothing was looked up, so that nothing is made twice.",
        next_step=f"Correct [streams.NAME.lookup.{field}] in the description; if it finds what merely resembles the "
        "value, write fuzzy = true.",
    )
