"""Creates whose answer never came: they are found, waited for, or sent again, and never doubled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from unit.histories.pairs import ANN, NewHub, written

from synchub.errors import RetryLater
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub
from synchub.testing.memory_seams import Killed

FIELDS = ("email", "phone", "last_name", "job_title")
MATCH = ("email", "phone + last_name")
ANNS_PHONE = {"phone": "+49301234567", "last_name": "Lee"}


def _lost(new_hub: NewHub, who: Mapping[str, Any], *, applied: bool, **shop: Any) -> tuple[MemorySystem, MemoryHub]:
    """A shop that is to get somebody, and never answers whether it did."""
    crm, made = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS, **shop)
    crm.create(at=0, **who)
    made.create(at=0, email="bob@example.org")
    hub: MemoryHub = new_hub([crm, made], match=MATCH, members={"crm": {"create": False}})
    hub.crash_at("sent" if applied else "journaled")
    with pytest.raises(Killed):
        hub.sync(10)
    return made, hub


def _anns(shop: MemorySystem) -> int:
    return sum(row["last_name"] == "Lee" or row["email"] == ANN for row in shop.rows.values())


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize(
    ("who", "shop"),
    [
        ({"email": ANN}, {}),
        ({"email": ANN}, {"incremental": True}),
        (ANNS_PHONE, {"found_by": ("email",)}),
        (ANNS_PHONE, {"found_by": ("email",), "incremental": True}),
        (ANNS_PHONE, {"can_lookup": False}),
        ({"email": ANN}, {"lag": 30}),
        ({"email": ANN}, {"lag": 30, "incremental": True, "sees_deletes": True}),
        (ANNS_PHONE, {"found_by": ("email",), "lag": 30}),
        ({"email": ANN}, {"keeps_hub_id": True, "found_by": ()}),
        ({"last_name": "Lee"}, {}),
        ({"last_name": "Lee", "job_title": "CEO"}, {"can_lookup": False}),
    ],
)
def test_a_lost_create_is_there_once(new_hub: NewHub, applied: bool, who: dict[str, str], shop: dict[str, Any]) -> None:
    """Whether or not it landed, and however the shop can be asked: after a while Ann is there, once, and all is quiet."""
    made, hub = _lost(new_hub, who, applied=applied, **shop)
    for at in (15, 20, 30, 50, 60, 100, 110):
        hub.sync(at)
        assert _anns(made) <= 1
    assert _anns(made) == 1
    assert written(hub.sync(150)) == 0
    assert hub.sync(160).waits.open_operations == 0


def test_what_can_not_be_looked_for_waits_for_a_full_read(new_hub: NewHub) -> None:
    """Ann has no e-mail, and the shop finds people by nothing else. While its reads break off nobody knows whether she is
    there: she is not sent again, the plan says why."""
    shop, hub = _lost(new_hub, ANNS_PHONE, applied=False, found_by=("email",), incremental=True)

    def fail(point: str) -> None:
        if point == "read":
            raise RetryLater("The shop is down.")

    shop.interrupt = fail
    for at in (20, 30):
        assert hub.sync(at).waits.open_operations == 1
    assert _anns(shop) == 0
    shop.interrupt = lambda _point: None
    assert hub.sync(40).waits.open_operations == 0
    assert _anns(shop) == 1


def test_a_system_that_lags_is_given_time(new_hub: NewHub) -> None:
    """The shop shows after half an hour what was written: until then nothing is concluded, and what the hub made there just
    now is not held to be deleted because nobody sees it yet."""
    shop, hub = _lost(new_hub, {"email": ANN}, applied=False, lag=30)
    assert [(hub.sync(at).waits.open_operations, _anns(shop)) for at in (20, 49)] == [(1, 0), (1, 0)]
    assert (hub.sync(51).waits.open_operations, _anns(shop)) == (0, 1)
    hub.sync(55)
    assert [link[0] for link in hub.links(ANN)] == ["crm", "shop"]


def test_a_system_that_lags_and_answers_late_is_given_time(new_hub: NewHub) -> None:
    """Between writing down that Ann is made and her being there a quarter of an hour went by: the half hour counts from when
    the run can have sent nothing any more."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS, lag=30)
    crm.create(at=0, email=ANN)
    hub = new_hub([crm, shop])

    def slow(point: str) -> None:
        if point == "write":
            hub.put(25)

    shop.interrupt = slow
    hub.crash_at("sent")
    with pytest.raises(Killed):
        hub.sync(10)
    assert [(hub.sync(at).waits.open_operations, _anns(shop)) for at in (41, 60)] == [(1, 1), (0, 1)]
    assert written(hub.sync(100)) == 0
    assert [link[0] for link in hub.links(ANN)] == ["crm", "shop"]


def test_what_is_found_in_place_of_an_answer_is_kept(new_hub: NewHub) -> None:
    """The create never came to the shop, and somebody enters Ann there by hand. The hub takes her row for its own: what it
    holds otherwise than sent is in history."""
    who = {"email": ANN, "job_title": "CEO"}
    shop, hub = _lost(new_hub, who, applied=False)
    shop.create(at=20, email=ANN, job_title="Chief")
    hub.sync(30)
    with hub.store.read() as tx:
        kept = tx.execute(text("SELECT field, value, reason FROM history")).all()
    assert kept == [("job_title", "Chief", "read after a write that was not answered")]
    assert written(hub.sync(40)) == 0
