"""The people's interface, described; a test changes what it is about."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import Any

from servers.people_api import PeopleApi

from synchub.testing.host import LocalHost
from synchub_connectors.rest.connector import Rest
from synchub_connectors.rest.places import put

PLAIN = """
url  = "https://people.example.com/v1"
auth = { kind = "bearer", token = "{token}" }
rate = { requests = 1000 }

[errors]
reason   = "error.message"
field    = "error.field"
existing = "error.person"

[streams.people]
updated_at = "changed"

[streams.people.fields]
id      = { type = "integer", writable = false }
email   = "email"
name    = "text"
score   = "number"
born    = { type = "date", format = "seconds" }
"address.city" = "text"
"address.zip"  = "text"
tags    = "set"
version = { type = "integer", writable = false }
changed = { type = "datetime", writable = false }

[streams.people.read]
path    = "people/cursor"
records = "data"
paging  = { kind = "cursor", param = "cursor", next = "next" }

[streams.people.get]
path = "people/{id}"

[streams.people.lookup.email]
path    = "people/page"
params  = { email = "{values}" }
records = "data"
several = 2

[streams.people.create]
path   = "people"
wrap   = "person"
record = "person"

[streams.people.update]
method = "PATCH"
path   = "people/{id}"
record = ""

[streams.people.delete]
method = "DELETE"
path   = "people/{id}"
"""


def description(**changed: Any) -> dict[str, Any]:
    """The description with other values at some places: dots are written as two underscores; None takes a key out."""
    told = deepcopy(tomllib.loads(PLAIN))
    for place, value in changed.items():
        put(told, place.replace("__", "."), value)
    return _without_none(told)


def _without_none(told: Any) -> Any:
    return (
        {key: _without_none(value) for key, value in told.items() if value is not None}
        if isinstance(told, dict)
        else told
    )


def rest(host: LocalHost, api: PeopleApi, told: dict[str, Any] | None = None, **secrets: str) -> Rest:
    """The connector over the running interface."""
    config = Rest.Config(
        description=told or description(),  # type: ignore[arg-type]
        url=api.url,
        secrets=secrets or {"token": "first-token"},  # type: ignore[arg-type]
    )
    return Rest(config, host)
