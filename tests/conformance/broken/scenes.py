"""The scenes of the samples: what people do in their systems."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from conformance.broken.sound import Office, Sample
from conformance.broken.wire import Server, Wired

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


class WiredScene(Scene):
    """People on a server of this machine."""

    connector: ClassVar[type[Connector]] = Wired
    stream = "people"
    mapping: ClassVar[Mapping[str, str]] = {"email": "email", "full_name": "name"}
    plugin = "conformance.broken.wire"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server = Server()

    def settings(self) -> Mapping[str, Any]:
        return {"url": f"http://127.0.0.1:{self.server.server_port}", "token": self.server.token}

    def plant(self, values: Row) -> str:
        return str(self.server.put(values)["id"])

    def remove(self, name: str) -> None:
        del self.server.people[name]

    def rows(self) -> Mapping[str, Row]:
        return self.server.people

    def close(self) -> None:
        self.server.close()
