import json
from typing import ClassVar

from rolodex.connector import Rolodex

from synchub.testing.conformance import Scene


class People(Scene):
    """What people do in that file behind the connector's back."""

    connector = Rolodex
    stream = "people"
    mapping: ClassVar = {"email": "email", "full_name": "name", "phone": "phone"}
    plugin = "rolodex"

    def __init__(self, folder):
        super().__init__(folder)
        self.file = folder / "people.jsonl"
        self.save({})

    def settings(self):
        return {"path": "people.jsonl"}

    def plant(self, values):
        name = f"row {len(self.rows()) + 1}"
        self.save({**self.rows(), name: {**values, "id": name, "changed": self.now().isoformat()}})
        return name

    def change(self, name, values):
        rows = self.rows()
        rows[name] |= {**values, "changed": self.now().isoformat()}
        self.save(rows)

    def remove(self, name):
        self.save({other: row for other, row in self.rows().items() if other != name})

    def rows(self):
        return {row["id"]: row for row in map(json.loads, filter(None, self.file.read_text("utf-8").split("\n")))}

    def save(self, rows):
        self.file.write_text("".join(json.dumps(row) + "\n" for row in rows.values()), "utf-8")
