"""Fixtures of the histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from unit.histories.pairs import ANN, FIELDS, NewHub, NewPair, Pair

from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub


@pytest.fixture
def new_hub() -> Iterator[NewHub]:
    """Makes hubs, and lets go of them at the end."""
    made: list[MemoryHub] = []

    def make(systems: Sequence[MemorySystem], **options: Any) -> MemoryHub:
        made.append(MemoryHub(systems, **options))
        return made[-1]

    yield make
    for hub in made:
        hub.close()


@pytest.fixture
def pair(new_hub: NewHub) -> NewPair:
    """Makes a pair: what Ann's rows say in the CRM (since minute 1) and the shop (since minute 0); None: she is not there.

    `crm_is`, `shop_is`: traits of the systems; `more`: further systems; the rest are options of the hub.
    """

    def make(
        crm: Mapping[str, Any] | None,
        shop: Mapping[str, Any] | None = None,
        *,
        crm_is: Mapping[str, Any] | None = None,
        shop_is: Mapping[str, Any] | None = None,
        more: Sequence[MemorySystem] = (),
        **options: Any,
    ) -> Pair:
        systems = [
            MemorySystem("crm", **{"fields": FIELDS, **(crm_is or {})}),
            MemorySystem("shop", **{"fields": FIELDS, **(shop_is or {})}),
        ]
        for at, (system, values) in enumerate(zip(reversed(systems), (shop, crm), strict=True)):
            if values is not None:
                system.create(at=at, **{"email": ANN, **values})
        return Pair(*systems, new_hub([*systems, *more], **options))

    return make
