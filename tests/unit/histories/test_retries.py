"""What passes by itself is tried again, after pauses that grow and not for ever; a row that was set aside needs no new read."""

from __future__ import annotations

import pytest
from unit.histories.pairs import ANN, NewHub, NewPair, written

from synchub.errors import RetryLater
from synchub.record.retries import PAUSES
from synchub.spec.mapping import FieldMapping
from synchub.testing.memory import MemorySystem

BOB = "bob@example.org"
HOUR = 60


class Busy:
    """A field of a system that can't be written for now, and how often that was tried."""

    def __init__(self) -> None:
        self.tries = 0
        self.over = False

    def __call__(self, text: str) -> str:
        if text != "CEO" or self.over:
            return text
        self.tries += 1
        raise RetryLater("Too many at once.")


@pytest.mark.parametrize("there", [True, False])
def test_a_record_that_its_system_can_not_take_now_is_tried_less_and_less_often(pair: NewPair, there: bool) -> None:
    """The shop says "later" to Ann alone, for days. She is tried with each of three runs, then after a quarter of an hour, a
    half, an hour and so on; in the end a person is asked, and says when."""
    busy = Busy()
    ann = pair({"job_title": "CEO"}, {} if there else None, shop_is={"stores": {"job_title": busy}})
    ann.crm.create(at=2, email=BOB, job_title="Clerk")
    at = 10
    ann.hub.sync(at)
    for pause in PAUSES:
        before = busy.tries
        if pause:
            ann.hub.sync(at + pause - 1)
            assert busy.tries == before
        at += pause + 1
        ann.hub.sync(at)
        assert busy.tries == before + 1
    before = busy.tries
    for later in (PAUSES[-1], 30 * 24 * HOUR):
        ann.hub.sync(at + later)
    assert busy.tries == before
    (waits,) = ann.hub.quarantine()
    assert (waits["kind"], waits["tries"], waits["retry_at"]) == ("write", len(PAUSES) + 1, None)
    assert "Too many at once." in waits["cause"]
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB] if there else [BOB]

    busy.over = True
    assert written(ann.hub.sync(31 * 24 * HOUR)) == 0
    ann.hub.retry(at=32 * 24 * HOUR)
    ann.hub.sync(33 * 24 * HOUR)
    assert sorted(row["job_title"] for row in ann.shop.rows.values()) == ["CEO", "Clerk"]
    assert (ann.hub.quarantine(), written(ann.hub.sync(34 * 24 * HOUR))) == ([], 0)


def test_what_was_not_taken_is_sent_when_the_pause_is_over(pair: NewPair) -> None:
    busy = Busy()
    ann = pair({"job_title": "CEO"}, {}, shop_is={"stores": {"job_title": busy}})
    for at in (10, 20, 30):
        ann.hub.sync(at)
    busy.over = True
    assert written(ann.hub.sync(40)) == 0
    assert ann.hub.sync(46).waits.quarantine == 0
    assert ann.in_shop("job_title") == "CEO"


def test_a_system_that_is_down_as_a_whole_is_no_fault_of_its_records(new_hub: NewHub) -> None:
    """Nobody gets through for many runs: when the system is back the next run writes them all, without a pause."""
    busy = Busy()
    crm, shop = (MemorySystem(name, ("email", "job_title")) for name in ("crm", "shop"))
    for email in (ANN, BOB):
        crm.create(at=0, email=email, job_title="CEO")
    shop.stores = {"job_title": busy}
    hub = new_hub([crm, shop])
    for at in range(10, 100, 10):
        assert hub.sync(at).waits.quarantine == 0
    busy.over = True
    hub.sync(100)
    assert len(shop.rows) == 2


def test_a_mapping_that_was_mended_needs_no_new_read(pair: NewPair) -> None:
    """Ann's birthday can't be understood. The mapping is mended while the CRM is down: the row is taken as it was kept."""
    types = {"fields": {"email": "email", "birthday": "text", "job_title": "text"}}
    ann = pair({"birthday": "1.2.1980", "job_title": "CEO"}, None, crm_is=types, shop_is=types)
    ann.hub.change(members={"crm": {"mapping": {"birthday": FieldMapping(native="birthday", format="%Y-%m-%d")}}})
    ann.crm.create(at=2, email=BOB)
    ann.hub.sync(10)
    assert [row["field"] for row in ann.hub.quarantine()] == ["birthday"]
    assert len(ann.shop.rows) == 1

    reads = []

    def down(point: str) -> None:
        reads.append(point)
        raise RetryLater("The CRM is down.")

    ann.crm.interrupt = down
    ann.hub.change(members={"crm": {"mapping": {"birthday": FieldMapping(native="birthday", format="%d.%m.%Y")}}})
    ann.hub.sync(20)
    assert (ann.hub.quarantine(), len(ann.shop.rows)) == ([], 2)
    assert reads == ["read"]


class Desk:
    """A source of exchange rates that knows none at first."""

    known: str | None = None
    asked = 0

    def rate(self, source: str, target: str, day: str) -> str | None:
        self.asked += 1
        return self.known


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("days", "sent"), [(13, 30), (16, None)])
def test_a_missing_rate_is_looked_for_again_for_two_weeks(
    pair: NewPair, there: bool, days: int, sent: int | None
) -> None:
    """Nobody knows the rate of the day of Ann's revenue yet. Nothing changes anywhere; when the rate is there it is sent."""
    fields = {"fields": {"email": "email", "revenue": "number", "job_title": "text"}}
    dinars = {"shop": {"mapping": {"revenue": FieldMapping(native="revenue", currency="KWD")}}}
    desk = Desk()
    ann = pair({"revenue": 100}, {} if there else None, crm_is=fields, shop_is=fields, members=dinars, rates=desk)
    ann.hub.sync(10)
    assert (desk.asked > 0, len(ann.shop.rows), ann.hub.quarantine()) == (True, 1, [])
    for day in (5, days):
        assert written(ann.hub.sync(day * 24 * HOUR)) == 0
    desk.known = "0.3"
    ann.hub.sync(days * 24 * HOUR + 10)
    assert ann.in_shop("revenue") == sent
