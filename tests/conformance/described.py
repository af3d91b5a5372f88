"""A scene of the rest connector: people behind a plain HTTP interface, and its description."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from servers.people_api import people_api

from synchub.api import Row
from synchub.testing.conformance import Scene
from synchub_connectors.rest.connector import Rest

LIST = {
    "path": "people/cursor",
    "records": "data",
    "paging": {"kind": "cursor", "param": "cursor", "next": "next"},
}
DESCRIPTION = {
    "url": "https://people.example.com/v1",
    "auth": {"kind": "bearer", "token": "{token}"},
    "rate": {"requests": 1000},
    "errors": {"reason": "error.message", "field": "error.field", "existing": "error.person"},
    "streams": {
        "people": {
            "updated_at": "changed",
            "fields": {
                "id": {"type": "integer", "writable": False},
                "email": "email",
                "name": "text",
                "address.city": "text",
                "changed": {"type": "datetime", "writable": False},
            },
            "read": LIST,
            "changes": {"params": {"since": "{since}"}, "overlap": 60},
            "deleted": {"path": "deleted", "params": {"since": "{since}"}, "records": "ids", "id": ""},
            "get": {"path": "people/{id}"},
            "lookup": {"email": {**LIST, "params": {"email": "{values}"}, "several": 20}},
            "create": {
                "path": "people",
                "wrap": "person",
                "record": "person",
                "idempotency_header": "Idempotency-Key",
            },
            "update": {"method": "PATCH", "path": "people/{id}", "sends": "objects", "record": ""},
            "delete": {"method": "DELETE", "path": "people/{id}"},
        }
    },
}


class People(Scene):
    """People, as the interface's own users edit them."""

    connector = Rest
    stream = "people"
    mapping: ClassVar[Mapping[str, str]] = {"email": "email", "full_name": "name", "city": "address.city"}
    text = "address.city"
    plugin = "synchub_connectors"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._running = ExitStack()
        self.api = self._running.enter_context(people_api(lambda: self.now()))

    def settings(self) -> Mapping[str, Any]:
        return {"description": DESCRIPTION, "url": self.api.url, "secrets": {"token": "first-token"}}

    def plant(self, values: Row) -> str:
        return str(self.api.add(**nested(values)))

    def change(self, name: str, values: Row) -> None:
        self.api.edit(int(name), **nested(values))

    def remove(self, name: str) -> None:
        self.api.remove(int(name))

    def rows(self) -> Mapping[str, Row]:
        return {
            str(name): {**row, "address.city": (row.get("address") or {}).get("city")}
            for name, row in self.api.people.items()
        }

    def close(self) -> None:
        self._running.close()


def nested(values: Row) -> dict[str, Any]:
    """The city in its address."""
    plain = {name: value for name, value in values.items() if name != "address.city"}
    return {**plain, "address": {"city": values["address.city"]}} if "address.city" in values else plain
