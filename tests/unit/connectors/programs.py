"""What a connector gives that runs a program of tests, and how that program was called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synchub.api import Connector, Page


def noted(folder: Path) -> list[Any]:
    """How the program was called: arguments, environment, files, and where they were with which rights."""
    return [json.loads(line) for line in (folder / "note").read_text().splitlines()]


def read(connector: Connector, cursor: Any = None, fields: Sequence[str] = ()) -> list[Page]:
    return list(connector.read("people", cursor, fields))


def rows(pages: list[Page]) -> list[Any]:
    return [row for page in pages for row in page.rows]  # type: ignore[union-attr]


def cursors(pages: list[Page]) -> list[Any]:
    return [page.cursor for page in pages if page.cursor is not None]
