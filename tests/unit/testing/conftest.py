from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from synchub.testing.crm import StandInCrm

Ask = Callable[..., requests.Response]


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def crm(clock: Clock) -> Iterator[StandInCrm]:
    with StandInCrm(clock=clock) as crm:
        yield crm


@pytest.fixture
def ask(crm: StandInCrm) -> Iterator[Ask]:
    """Asks the stand-in as any program would: ask("GET", "objects/contacts", limit=5)."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {crm.token}"

        def asked(method: str, path: str, json: Any = None, **params: Any) -> requests.Response:
            address = path if path.startswith("/") else f"/crm/v3/{path}"
            return session.request(method, crm.url + address, json=json, params=params, timeout=10)

        yield asked
