"""What a run asks of its store does not grow with the number of records that it is about."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine
from unit.histories.pairs import NewHub, written
from unit.record.statements import counted, reading_whole_tables

from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

FIELDS = ("email", "first_name", "job_title", "phone")


def _office(new_hub: NewHub, people: int, **traits: Any) -> tuple[MemorySystem, MemoryHub]:
    """A CRM with so many people, and a shop that is to get them."""
    crm, shop = (MemorySystem(name, FIELDS, page_size=100_000, batch=100_000, **traits) for name in ("crm", "shop"))
    for number in range(people):
        crm.create(at=0, email=f"p{number}@example.org", first_name="P", phone=f"+49301{number:06}")
    return crm, new_hub([crm, shop], match=("email", "phone + first_name"))


def _asked(new_hub: NewHub, people: int, **traits: Any) -> list[int]:
    """How many statements a first run takes, a second one, one that finds every other person changed."""
    crm, hub = _office(new_hub, people, **traits)
    counts = []
    for at, writes in ((10, people), (20, 0), (30, people // 2)):
        if at == 30:
            for number in range(people // 2):
                crm.edit(str(number + 1), at=25, job_title="boss")
        with counted(Engine) as sent:
            assert written(hub.sync(at, allow={"updates": people})) == writes
        counts.append(len(sent))
    return counts


def test_three_times_the_records_are_no_more_statements(new_hub: NewHub) -> None:
    """Also where the systems are read from a cursor, and are looked into before each write."""
    for traits in ({}, {"incremental": True}):
        few, many = (_asked(new_hub, people, **traits) for people in (1000, 3000))
        assert many == few, traits


def test_a_run_that_finds_nothing_writes_down_that_it_was_there_and_nothing_else(new_hub: NewHub) -> None:
    _, hub = _office(new_hub, 50, incremental=True)
    hub.sync(10)
    hub.sync(20)
    with counted(Engine) as sent:
        hub.sync(30)
    wrote = {found[1] for statement in sent if (found := re.match(r"(?:INSERT INTO|UPDATE) (\w+)", statement))}
    assert wrote == {"counter", "member", "run"}


def test_what_is_read_as_it_was_told_when_it_was_made_is_not_heard_again(new_hub: NewHub) -> None:
    """The run after a first sync finds nothing in the rows that it made, and stores nothing of them; an edit is heard."""
    crm, hub = _office(new_hub, 50)
    shop = hub.systems[1]
    hub.sync(10)
    with counted(Engine) as sent:
        hub.sync(20)
    assert not [statement for statement in sent if statement.startswith("UPDATE link")]
    shop.edit("7", at=25, job_title="boss")
    assert written(hub.sync(30)) == 1
    assert [row["job_title"] for row in crm.rows.values() if row.get("job_title")] == ["boss"]


@pytest.mark.parametrize("incremental", [True, False])
def test_no_run_reads_a_large_table_whole(new_hub: NewHub, incremental: bool) -> None:
    """Neither one that finds nothing nor one that finds something: else each would take longer the more people there are, and
    the longer the hub has been there. Once a day one may, that lets go of what is old."""
    crm, hub = _office(new_hub, 500, incremental=incremental)
    hub.sync(10)
    with reading_whole_tables() as found:
        hub.sync(20)
        crm.edit("1", at=25, first_name="Q")
        crm.create(at=25, email="new@example.org", first_name="N", phone="+49309999999")
        crm.delete("2")
        assert written(hub.sync(30)) > 1
    assert found == []
