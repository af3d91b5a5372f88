"""A system that is left alone for some runs, because it failed again and again."""

from __future__ import annotations

import pytest
from unit.histories.pairs import NewPair, written

from synchub.testing.memory_seams import Killed

ALONE = {"shop": "It is left alone."}


def test_what_others_say_meanwhile_comes_once_it_is_back(pair: NewPair) -> None:
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.hub.sync(5)
    ann.crm.edit("1", at=6, first_name="Anna")
    ann.shop.edit("1", at=7, last_name="Lee")

    first, second = ann.hub.sync(10, paused=ALONE), ann.hub.sync(20, paused=ALONE)
    assert (first.state, written(first), written(second)) == ("incomplete", 0, 0)
    assert ann.in_shop("first_name") == "Ann"
    assert ann.in_crm("last_name") != "Lee"

    ann.hub.sync(30)
    assert (ann.both("first_name"), ann.both("last_name")) == (("Anna", "Anna"), ("Lee", "Lee"))
    assert written(ann.hub.sync(40)) == 0


def test_nothing_there_is_gone(pair: NewPair) -> None:
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"}, members={"crm": {"on_delete": "propagate"}})
    ann.hub.sync(5)
    ann.shop.delete("1")
    ann.hub.sync(10, paused=ALONE)

    assert len(ann.crm.rows) == 1


def test_what_it_never_answered_is_settled_once_it_is_back(pair: NewPair) -> None:
    ann = pair({"first_name": "Ann"})
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)

    assert ann.hub.sync(20, paused=ALONE).waits.open_operations == 1
    assert ann.hub.sync(30, paused=ALONE).waits.open_operations == 1
    assert ann.hub.sync(40).waits.open_operations == 0
    assert written(ann.hub.sync(50)) == 0
    assert len(ann.shop.rows) == 1
