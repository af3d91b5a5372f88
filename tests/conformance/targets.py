"""A scene of the connector for targets of Singer: a target that keeps its rows in a file, as a program of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from servers.target import TOKEN, write_target

from synchub.api import Row
from synchub.testing.conformance import Scene
from synchub_connectors.singer_target.connector import SingerTarget


class Warehouse(Scene):
    """People as a target keeps them."""

    connector = SingerTarget
    stream = "people"
    mapping = {"hub_id": "hub_id", "email": "email", "full_name": "name"}  # noqa: RUF012 - as the base class has it
    plugin = "synchub_connectors"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "people.json"
        write_target(folder)

    def settings(self) -> Mapping[str, Any]:
        return {
            "target": "./target-fake",
            "streams": {"people": {"email": "text", "name": "text"}},
            "settings": {"file": str(self.file)},
            "secrets": {"token": TOKEN},
        }

    def plant(self, values: Row) -> str:
        rows = dict(self.rows())
        name = f"by hand {len(rows)}"
        self._save({**rows, name: {**values, "hub_id": name}})
        return name

    def change(self, name: str, values: Row) -> None:
        rows = dict(self.rows())
        self._save({**rows, name: {**rows[name], **values}})

    def remove(self, name: str) -> None:
        self._save({other: row for other, row in self.rows().items() if other != name})

    def rows(self) -> Mapping[str, Row]:
        return json.loads(self.file.read_text("utf-8")) if self.file.exists() else {}

    def _save(self, rows: Mapping[str, Row]) -> None:
        self.file.write_text(json.dumps(rows), "utf-8")

    def cut(self) -> None:
        self.file.with_name("people.json.down").touch()

    def mend(self) -> None:
        self.file.with_name("people.json.down").unlink()
