"""A member that can only be written: it is given whole records, and what it did not answer is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from unit.histories.pairs import ANN, NewHub, written

from synchub.api import Connector, Cursor, Field, FieldType, Operation, Page, Result, Stream
from synchub.errors import RetryLater
from synchub.testing.memory import START, MemorySystem
from synchub.testing.memory_connector import Nothing, connector_of
from synchub.testing.memory_hub import MemoryHub
from synchub.testing.memory_seams import Killed


@dataclass
class Warehouse:
    """Keeps what it is given, by the hub's id. `deaf`: it takes it all the same, and no answer comes back."""

    name: str = "warehouse"
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: list[Operation] = field(default_factory=list)
    deaf: bool = False
    clock: Callable[[], datetime] = lambda: START

    @property
    def types(self) -> dict[str, FieldType]:
        return dict.fromkeys(("hub_id", "email", "first_name", "phone"), "text")

    @property
    def stream(self) -> Stream:
        fields = tuple(Field(name) for name in self.types)
        writes = frozenset({"create", "update", "archive"})
        return Stream("contacts", fields, ("hub_id",), external_id="hub_id", writes=writes, write_only=True)


class Loading(Connector):
    Config = Nothing

    def __init__(self, config: Warehouse, host: None = None) -> None:
        self.warehouse = config

    def check(self) -> None:
        return

    def streams(self) -> Sequence[Stream]:
        return [self.warehouse.stream]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        yield Page([], ())

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        for one in operations:
            values = one.before if one.kind == "archive" else one.values
            key = one.remote_id or values["hub_id"]
            self.warehouse.rows[key] = {"gone": one.kind == "archive", **values}
        self.warehouse.given += operations
        if self.warehouse.deaf:
            raise RetryLater("It said nothing.")
        return [Result("ok", one.remote_id or one.values["hub_id"], stored=one.values) for one in operations]


def connect(system: Any) -> Connector:
    return Loading(system) if isinstance(system, Warehouse) else connector_of(system)


@pytest.fixture
def shop() -> MemorySystem:
    made = MemorySystem("shop", ("email", "first_name", "phone"))
    made.create(at=0, email=ANN, first_name="Ann", phone="+49301234567")
    made.create(at=0, email="bob@example.org")
    return made


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


@pytest.fixture
def hub(new_hub: NewHub, shop: MemorySystem, warehouse: Warehouse) -> MemoryHub:
    return new_hub(
        [shop, warehouse],  # type: ignore[list-item]
        members={"warehouse": {"direction": "out", "on_delete": "archive", "limits": {"deletes": "100%"}}},
        connect=connect,
    )


def of_ann(warehouse: Warehouse) -> dict[str, Any]:
    (found,) = [row for row in warehouse.rows.values() if row["email"] == ANN]
    return found


def test_it_is_given_everybody_once_and_then_whole_records(
    hub: MemoryHub, shop: MemorySystem, warehouse: Warehouse
) -> None:
    assert written(hub.sync(10)) == 2
    assert written(hub.sync(20)) == 0
    assert len(warehouse.rows) == 2
    ann = next(name for name, row in shop.rows.items() if row["email"] == ANN)
    shop.edit(ann, at=25, first_name="Anna")
    assert written(hub.sync(30)) == 1
    last = warehouse.given[-1]
    assert last.kind == "update"
    assert {**last.values, "hub_id": ""} == {
        "hub_id": "",
        "email": ANN,
        "first_name": "Anna",
        "phone": "+49301234567",
    }
    assert last.remote_id == last.values["hub_id"]
    assert dict(last.before) == {**last.values, "first_name": "Ann"}
    assert written(hub.sync(40)) == 0


def test_a_field_that_is_cleared_stays_cleared(hub: MemoryHub, shop: MemorySystem, warehouse: Warehouse) -> None:
    hub.sync(10)
    ann = next(name for name, row in shop.rows.items() if row["email"] == ANN)
    shop.edit(ann, at=15, phone=None)
    hub.sync(20)
    assert of_ann(warehouse)["phone"] is None
    shop.edit(ann, at=25, first_name="Anna")
    hub.sync(30)
    assert of_ann(warehouse) == {**of_ann(warehouse), "phone": None, "first_name": "Anna"}


def test_what_it_did_not_answer_is_sent_again(hub: MemoryHub, shop: MemorySystem, warehouse: Warehouse) -> None:
    warehouse.deaf = True
    report = hub.sync(10)
    assert "It said nothing." in str([member.problem for member in report.members])
    warehouse.deaf = False
    assert written(hub.sync(20)) == 2
    assert len(warehouse.rows) == 2
    ann = next(name for name, row in shop.rows.items() if row["email"] == ANN)
    shop.edit(ann, at=25, first_name="Anna")
    warehouse.deaf = True
    hub.sync(30)
    warehouse.deaf = False
    assert written(hub.sync(40)) == 1
    assert warehouse.given[-1].values["phone"] == "+49301234567"
    assert written(hub.sync(50)) == 0
    assert len(warehouse.rows) == 2


@pytest.mark.parametrize("point", ["journaled", "sent", "recorded"])
def test_killed_at_any_step_it_has_everybody_in_the_end(hub: MemoryHub, warehouse: Warehouse, point: str) -> None:
    hub.crash_at(point)
    with pytest.raises(Killed):
        hub.sync(10)
    hub.sync(20)
    assert len(warehouse.rows) == 2
    assert written(hub.sync(30)) == 0


def test_what_is_deleted_elsewhere_is_archived_with_all_that_was_there(
    hub: MemoryHub, shop: MemorySystem, warehouse: Warehouse
) -> None:
    hub.sync(10)
    shop.delete(next(name for name, row in shop.rows.items() if row["email"] == ANN))
    assert written(hub.sync(20)) == 1
    assert of_ann(warehouse)["gone"]
    assert of_ann(warehouse)["first_name"] == "Ann"
    assert written(hub.sync(30)) == 0
