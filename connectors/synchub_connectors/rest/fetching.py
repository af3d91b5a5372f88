"""Fetching one record by its id."""

from __future__ import annotations

from typing import Any

from synchub_connectors.rest import templates
from synchub_connectors.rest.calls import Get
from synchub_connectors.rest.client import Answer, Asked, Client
from synchub_connectors.rest.description import StreamOf
from synchub_connectors.rest.places import MISSING, at, text
from synchub_connectors.rest.values import identified

GONE = (404, 410)
"""Who is asked for one thing, and has it not, answers so."""


def by_id(client: Client, stream: StreamOf, get: Get, remote_id: str) -> tuple[dict[str, Any] | None, Answer | None]:
    """One record and the answer that held it; None where there is no such record."""
    path = templates.path(get.path, {**client.values, "id": remote_id})
    if path is None:
        return None, None
    answer = client.read(
        Asked("GET", path, templates.fill(get.params, {**client.values, "id": remote_id})), accept=GONE
    )
    if answer.status in GONE:
        return None, answer
    row = identified(at(answer.told, get.record) if answer.told is not MISSING else None, stream)
    # A system that answers with another record has not understood the question.
    return (row if row is not None and text(row, stream.key) == remote_id else None), answer
