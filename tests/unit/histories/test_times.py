"""Clocks that are wrong, rows that say no time, rows that are older than what is known."""

from __future__ import annotations

import pytest
from unit.histories.pairs import NewHub, NewPair, Pair, written

from synchub.testing.memory import MemorySystem
from synchub.testing.memory_seams import Backwards, Killed

SINCE_A_DAY = 24 * 60


def test_a_correction_where_the_clock_is_late(pair: NewPair) -> None:
    """The shop's clock is three hours late: what is corrected there still comes after the mistake it corrects."""
    ann = pair({"job_title": "Clerk"}, {}, shop_is={"skew": -180})
    ann.crm.edit("1", at=995, job_title="wrong")
    ann.hub.sync(1000)
    ann.shop.edit("1", at=1010, job_title="right")
    ann.hub.sync(1015)
    ann.hub.sync(1030)
    assert ann.both("job_title") == ("right", "right")


def test_a_clock_that_is_days_ahead_wins_only_once(pair: NewPair) -> None:
    """The shop's clock is a week ahead: what is entered in the CRM later wins, today and in a week."""
    ann = pair({"job_title": "old"}, {"job_title": "from the future"}, shop_is={"skew": 7 * SINCE_A_DAY})
    ann.hub.sync(10)
    ann.crm.edit("1", at=15, job_title="later")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("later", "later")
    assert written(ann.hub.sync(8 * SINCE_A_DAY)) == 0
    assert ann.hub.plan(8 * SINCE_A_DAY, recompute=True).changes == 0


def test_a_sheet_without_times_joins(pair: NewPair) -> None:
    """A sheet of last year that says no times does not overwrite what is known to be current."""
    ann = pair({"job_title": "current"}, {"job_title": "of last year"}, shop_is={"tells_time": False})
    ann.hub.sync(10)
    assert written(ann.hub.sync(20)) == 0
    assert ann.both("job_title") == ("current", "current")


def test_an_edit_in_a_sheet_without_times_counts_when_it_is_read(pair: NewPair) -> None:
    """Later edits in a sheet without times are as new as the run that sees them."""
    ann = pair({"job_title": "Clerk"}, {"job_title": "Clerk"}, shop_is={"tells_time": False})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title="Boss")
    ann.shop.edit("1", at=11, job_title="CEO")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("CEO", "CEO")


def test_a_run_that_was_killed_while_reading_sets_no_clock(pair: NewPair) -> None:
    """A run is killed in the night, the next comes in the morning. What was edited last in between wins, whatever
    the order of systems; no claim is older than the edit it is."""
    ann = pair({"job_title": "Clerk"}, {"job_title": "Clerk"})
    ann.hub.sync(10)
    ann.hub.crash_at("staged")
    with pytest.raises(Killed):
        ann.hub.sync(20)
    ann.crm.edit("1", at=100, job_title="Boss")
    ann.shop.edit("1", at=200, job_title="CEO")
    ann.hub.sync(500)
    assert ann.both("job_title") == ("CEO", "CEO")


@pytest.mark.parametrize("executor", [None, Backwards()])
def test_the_order_of_reading_decides_nothing(pair: NewPair, executor: Backwards | None) -> None:
    """Two systems that say no times: the first in hub.toml wins, whichever was read first."""
    no_times = {"tells_time": False}
    ann = pair({"job_title": "1"}, {"job_title": "2"}, crm_is=no_times, shop_is=no_times, executor=executor)
    ann.hub.sync(10)
    assert written(ann.hub.sync(20)) == 0
    assert ann.both("job_title") == ("1", "1")


def _edited_after_a_run(pair: NewPair, rule: str, **traits: bool) -> Pair:
    ann = pair({"job_title": "1"}, rules={"job_title": rule}, shop_is=traits)
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("2", "2")
    return ann


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("rule", ["prefer shop", "newest"])
def test_a_stale_read_says_nothing(pair: NewPair, rule: str, answers: bool) -> None:
    """The shop's search index is late and shows last hour's row once more: nobody's edit is undone. So too where the time
    of what was written had to be looked up."""
    ann = _edited_after_a_run(pair, rule, answers=answers)
    ann.shop.serve_stale("1")
    ann.hub.sync(30)
    assert ann.both("job_title") == ("2", "2")
    assert written(ann.hub.sync(40)) == 0
    ann.crm.edit("1", at=41, job_title="3")
    ann.hub.sync(50)
    assert ann.both("job_title") == ("3", "3")


@pytest.mark.parametrize("rule", ["prefer shop", "newest"])
def test_a_restored_backup_is_brought_up_to_date(pair: NewPair, rule: str) -> None:
    """The shop went back to an older backup: after two runs it has today's values again, and nobody lost theirs."""
    ann = _edited_after_a_run(pair, rule)
    ann.shop.restore_copy("1")
    ann.hub.sync(30)
    ann.hub.sync(40)
    assert ann.both("job_title") == ("2", "2")
    assert written(ann.hub.sync(50)) == 0


@pytest.mark.parametrize("can_lookup", [True, False])
def test_a_restored_backup_is_seen_from_a_cursor(pair: NewPair, can_lookup: bool) -> None:
    """A system that only tells what changed tells of the old copy once: it is looked at again all the same."""
    ann = pair(
        {"job_title": "1"}, members={"shop": {"create": False}}, shop_is={"incremental": True, "can_lookup": can_lookup}
    )
    ann.shop.create(at=2, email="ann@example.org")
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    ann.shop.restore_copy("1")
    for at in (30, 40, 50):
        ann.hub.sync(at)
    assert ann.both("job_title") == ("2", "2")


def test_a_run_that_broke_off_does_not_hide_an_old_copy(pair: NewPair) -> None:
    """The shop tells of its old copy once, and the run after that is killed before anything of it is kept."""
    ann = pair({"job_title": "1"}, {}, shop_is={"incremental": True})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    ann.shop.restore_copy("1")
    ann.hub.sync(30)
    ann.hub.crash_at("staged")
    with pytest.raises(Killed):
        ann.hub.sync(40)
    ann.hub.sync(50)
    assert ann.both("job_title") == ("2", "2")


def test_nobody_is_made_twice_beside_an_old_copy(pair: NewPair) -> None:
    """Bob's row in the shop was Ann's until yesterday, and the shop goes back to that. In the same run Ann is to be made
    there: not while a row of hers is shown."""
    ann = pair(None, {"first_name": "Ann"}, rules={"email": "prefer shop"})
    ann.hub.sync(5)
    ann.shop.edit("1", at=6, email="bob@example.org")
    ann.hub.sync(10)
    ann.crm.create(at=11, email="ann@example.org", job_title="CEO")
    ann.shop.restore_copy("1")
    ann.hub.sync(20)
    assert len(ann.shop.rows) == 1
    for at in (30, 40):
        ann.hub.sync(at)
    assert sorted(row["email"] for row in ann.shop.rows.values()) == ["ann@example.org", "bob@example.org"]


def test_an_old_copy_is_not_written_over_before_it_is_known_as_one(pair: NewPair) -> None:
    """The shop went back to a backup and is written in the same run: its old values don't look new by that."""
    ann = _edited_after_a_run(pair, "newest")
    ann.shop.restore_copy("1")
    ann.crm.edit("1", at=21, source="fair")
    for at in (30, 40, 50):
        ann.hub.sync(at)
    assert ann.both("job_title") == ("2", "2")
    assert ann.both("source") == ("fair", "fair")


def test_what_was_edited_while_the_run_wrote_is_heard_by_the_next(pair: NewPair) -> None:
    """Between read and write somebody edits another field of Ann's row, and the shop's answer shows it: it is still news."""
    ann = pair({"job_title": "1", "source": "a"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title="2")

    def meanwhile(point: str) -> None:
        if point == "write":
            ann.shop.interrupt = lambda _point: None
            ann.shop.edit("1", at=19, source="b")

    ann.shop.interrupt = meanwhile
    ann.hub.sync(20)
    ann.hub.sync(30)
    assert ann.both("source") == ("b", "b")
    assert ann.both("job_title") == ("2", "2")


@pytest.mark.parametrize("trait", ["tells_time", "bumps"])
def test_a_late_row_of_a_system_that_only_counts_versions(pair: NewPair, trait: str) -> None:
    """The shop says no times, or times that a write of the hub doesn't move, but counts versions: an older version is as
    old as an older time."""
    ann = pair({"job_title": "1"}, shop_is={trait: False, "versions": True})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    ann.shop.serve_stale("1")
    ann.hub.sync(30)
    assert ann.both("job_title") == ("2", "2")


def test_going_back_to_an_older_value_is_an_edit(pair: NewPair) -> None:
    """Somebody enters last week's value again, in systems that say no times: that is news like any other."""
    no_times = {"tells_time": False}
    ann = pair({"job_title": "0"}, {"job_title": "0"}, crm_is=no_times, shop_is=no_times)
    for at, value in ((1, "1"), (11, "2"), (21, "3")):
        ann.crm.edit("1", at=at, job_title=value)
        ann.hub.sync(at + 9)
    ann.shop.edit("1", at=31, job_title="2")
    ann.hub.sync(40)
    assert written(ann.hub.sync(50)) == 0
    assert ann.both("job_title") == ("2", "2")


def test_times_of_whole_records_are_named_as_what_decided(pair: NewPair) -> None:
    """Two edits of one field between two runs, and then another field: the report says that only the times of
    whole records told which is newer."""
    ann = pair({"job_title": "0", "source": "x"})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, job_title="shop at 11")
    ann.crm.edit("1", at=12, job_title="crm at 12")
    ann.shop.edit("1", at=13, source="y")
    report = ann.hub.sync(20)
    assert ann.both("job_title") == ("shop at 11", "shop at 11")
    assert [(line.field, line.winner, line.losers, line.record_times) for line in report.conflicts] == [
        ("job_title", "shop", (("crm", "crm at 12"),), True)
    ]


def test_an_older_row_of_a_system_that_comes_late(new_hub: NewHub) -> None:
    """Three systems edit one field at different times; the newest wins though it is read last."""
    systems = [MemorySystem(name, ["email", "job_title"]) for name in ("a", "b", "c")]
    for at, system in enumerate(systems, start=1):
        system.create(at=at, email="ann@example.org", job_title=system.name)
    hub = new_hub(systems)
    hub.sync(10)
    assert [system.rows["1"]["job_title"] for system in systems] == ["c", "c", "c"]


def test_a_change_that_no_cursor_shows_is_heard_once_the_hub_has_met_it(pair: NewPair) -> None:
    """Somebody changes the shop's row by a way that moves no time there. A write finds it changed and leaves it; the next run
    looks at the row itself."""
    ann = pair({"job_title": "1"}, {}, shop_is={"incremental": True, "tells_time": False})
    for at in (5, 7):
        ann.hub.sync(at)
    ann.shop.kept["1"].values["job_title"] = "typed"
    ann.crm.edit("1", at=8, job_title="2")
    assert written(ann.hub.sync(10)) == 0
    assert ann.both("job_title") == ("2", "typed")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("typed", "typed")
    assert [written(ann.hub.sync(at)) for at in (30, 40)] == [0, 0]
