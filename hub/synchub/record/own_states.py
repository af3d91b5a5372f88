"""Small values that connectors keep between runs, by system."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, text


def load(tx: Connection, system: str) -> dict[str, Any]:
    """What a system's connector kept; empty if nothing."""
    found = tx.execute(text("SELECT value FROM system_state WHERE system = :system"), {"system": system}).scalar()
    return dict(orjson.loads(found)) if found else {}


def save(tx: Connection, system: str, state: dict[str, Any]) -> None:
    """Keep it, unless it is what is kept already."""
    if state == load(tx, system):
        return
    clash = "ON CONFLICT (system) DO UPDATE SET value = excluded.value"
    tx.execute(
        text(f"INSERT INTO system_state (system, value) VALUES (:system, :value) {clash}"),
        {"system": system, "value": orjson.dumps(state, default=str).decode()},
    )
