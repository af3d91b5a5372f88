"""The parts that end a process at any step."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert

from synchub.api import CanCreateAll, CanLookup, CanWrite, Key, Operation
from synchub.testing.killing import Late, Steps, counted, watched_commits
from synchub.testing.memory import STREAM, MemorySystem
from synchub.testing.memory_connector import connector_of


def test_every_call_is_a_step_before_and_after() -> None:
    shop = MemorySystem("shop")
    ann = shop.create(at=0, email="ann@lee.example")
    steps = Steps()
    connector = counted("shop", connector_of(shop), steps, batch=2)
    assert [stream.batch for stream in connector.streams()] == [2]
    assert [len(page.rows) for page in connector.read(STREAM, None, ("email",))] == [1]
    assert isinstance(connector, CanLookup)
    assert isinstance(connector, CanWrite)
    assert connector.lookup(STREAM, [Key("id", ann)])[0]["email"] == "ann@lee.example"
    connector.write(STREAM, [Operation("update", ann, {"first_name": "Ann"}, "1")])
    steps.crash("recorded")
    assert steps.names == [
        *("read shop", "page shop", "read shop"),
        *("lookup shop", "lookup shop answered", "write shop", "write shop answered", "point recorded"),
    ]
    assert shop.kept[ann].values["first_name"] == "Ann"


@pytest.mark.parametrize("can_lookup", [True, False])
def test_it_can_do_what_the_connector_can_and_no_more(can_lookup: bool) -> None:
    made = connector_of(MemorySystem("shop", can_lookup=can_lookup))
    assert isinstance(counted("shop", made, Steps()), CanLookup) is can_lookup
    assert not isinstance(counted("shop", made, Steps()), CanCreateAll)
    assert not isinstance(counted("shop", made, Steps(), lookup=False), CanLookup)


def test_late_is_after_the_next_step_but_one() -> None:
    done = []
    with Late().behind() as behind:
        for number in (1, 2):
            done.append(f"sent {number}")
            behind(lambda number=number: done.append(f"recorded {number}"))  # type: ignore[misc]
    assert done == ["sent 1", "sent 2", "recorded 1", "recorded 2"]


def test_commits_are_steps_and_what_is_rolled_back_is_none(tmp_path: Path) -> None:
    steps = Steps()
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    table = Table("people", MetaData(), Column("id", Integer))
    with watched_commits(steps):
        with engine.begin() as tx:
            table.create(tx)
        with engine.connect() as tx:
            tx.execute(insert(table).values(id=1))
    with engine.begin() as tx:
        tx.execute(insert(table).values(id=2))
    engine.dispose()
    assert steps.names == ["commit shop.db", "committed shop.db"]


PROGRAM = """
from synchub.testing.killing import Steps
steps = Steps(kill=2)
for number in range(4):
    print(number, flush=True)
    steps.reach(str(number))
"""


def test_the_process_is_killed_at_its_step() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["0", "1", "2"])
