"""The scenes of the samples: what people do in their systems."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from conformance.broken.sound import Office, Sample

from synchub.api import Connector, Row
from synchub.testing.conformance import Scene


class SampleScene(Scene):
    """The office, as people use it."""

    connector: ClassVar[type[Connector]] = Sample
    stream = "people"
    mapping: ClassVar[Mapping[str, str]] = {"email": "email", "full_name": "name", "notes": "note"}
    text = "note"
    plugin = "conformance.broken.sound"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.office = Office(folder / "people.json")

    def settings(self) -> Mapping[str, Any]:
        return {"file": "people.json", "token": "open-sesame"}

    def plant(self, values: Row) -> str:
        return self.office.put(None, values, self.now())

    def change(self, name: str, values: Row) -> None:
        self.office.put(name, values, self.now())

    def remove(self, name: str) -> None:
        self.office.remove(name, self.now())

    def rows(self) -> Mapping[str, Row]:
        return {name: row for name, row in self.office.load().items() if "gone" not in row}

    def cut(self) -> None:
        (self.folder / "people.down").touch()

    def mend(self) -> None:
        (self.folder / "people.down").unlink()
