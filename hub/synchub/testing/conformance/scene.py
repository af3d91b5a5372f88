"""A scene: what the author of a connector tells the suite, and what the suite may do behind the connector's back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from synchub.api import Connector, Row
from synchub.testing.conformance.verdicts import Unchecked
from synchub.testing.host import START

SAMPLES: Mapping[str, str] = {
    "email": "person{number}@example.com",
    "other_emails": "other{number}@example.com",
    "phone": "+49 30 {number:07}",
    "mobile": "+49 151 {number:07}",
    "website": "https://example.com/{number}",
}
"""What is made up for a canonical field; all others get a text."""


class Scene:
    """A connector with a system to talk to: a stand-in that a test can edit as people would. One scene serves one rule,
    in an empty folder of its own.

    connector  its class
    stream     the stream that is tried
    mapping    canonical field of a contact -> native field of the stream; `email` and a field of plain text at least
    text       the native field that takes any text; by default the first of `mapping` that does
    plugin     the module with the plugin's hooks; by default the one that defines the connector
    many       how many rows are planted where pages matter: more than two pages hold
    """

    connector: ClassVar[type[Connector]]
    stream: ClassVar[str]
    mapping: ClassVar[Mapping[str, str]] = {}
    text: ClassVar[str] = ""
    plugin: ClassVar[str] = ""
    many: ClassVar[int] = 25

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock: Callable[[], datetime] = lambda: START

    def now(self) -> datetime:
        """The time there, which the suite moves; whoever edits a row does it at this time."""
        return self.clock()

    def settings(self) -> Mapping[str, Any]:
        """What would stand under [systems.NAME], besides `connector`. Relative paths start in `folder`."""
        return {}

    def sample(self, number: int) -> Row:
        """The values of a made-up person: native field to plain value, different for every number."""
        return {
            native: SAMPLES.get(name, native.capitalize() + " {number}").format(number=number)
            for name, native in self.mapping.items()
        }

    def plant(self, values: Row) -> str:
        """Somebody enters a row there, now. Returns the text that names it (see `synchub.api.Key`). Raises Skipped for
        values that nobody could enter there."""
        raise Unchecked(f"{type(self).__name__} has no `plant`")

    def change(self, name: str, values: Row) -> None:
        """Somebody changes fields of a row there, now."""
        raise Unchecked(f"{type(self).__name__} has no `change`")

    def remove(self, name: str) -> None:
        """Somebody deletes a row there, now."""
        raise Unchecked(f"{type(self).__name__} has no `remove`")

    def rows(self) -> Mapping[str, Row]:
        """What is there now: name to values."""
        raise Unchecked(f"{type(self).__name__} has no `rows`")

    def cut(self) -> None:
        """From now on the system can't be reached. Needed only where the connector has a line of its own: HTTP through
        the host is cut by the suite."""
        raise Unchecked(f"the connector speaks no HTTP through its host, and {type(self).__name__} has no `cut`")

    def mend(self) -> None:
        """It can be reached again."""

    def close(self) -> None:
        """Let go of the stand-in."""
