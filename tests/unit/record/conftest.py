"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from synchub.record.store import connect, migrate


@pytest.fixture(params=["sqlite", "postgresql"])
def tx(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """A transaction in a new store."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    store = connect(url if request.param == "sqlite" else request.getfixturevalue("postgresql_database"), tmp_path)
    with store.write() as opened:
        migrate(opened, 0)
        yield opened
    store.close()
