"""What is deleted, what only looks deleted, and what comes back."""

from __future__ import annotations

import pytest
from unit.histories.pairs import ANN, NewHub, NewPair, Pair, written

from synchub.errors import RetryLater
from synchub.testing.memory import MemorySystem

BOB = "bob@example.org"
PROPAGATE = {"crm": {"on_delete": "propagate"}, "shop": {"on_delete": "propagate"}}


def _with_bob(ann: Pair) -> Pair:
    """Somebody else is there too, so that no system is ever empty."""
    ann.crm.create(at=1, email=BOB)
    return ann


def test_cleaning_up_a_duplicate_is_no_delete(pair: NewPair) -> None:
    """Ann stands twice in the CRM and somebody deletes one of the two: she is deleted nowhere."""
    ann = pair({"job_title": "1"}, {"job_title": "1"}, members=PROPAGATE)
    ann.crm.create(at=1, email=ANN, job_title="1")
    ann.hub.sync(10)
    ann.crm.delete("2")
    ann.hub.sync(20)
    ann.hub.sync(30)
    assert (len(ann.crm.rows), len(ann.shop.rows)) == (1, 1)


def test_a_deleted_record_is_not_made_again(pair: NewPair) -> None:
    """Ann is deleted in the CRM and deletes are ignored: she stays in the shop and stays away from the CRM."""
    ann = _with_bob(pair({"job_title": "1"}, {"job_title": "1"}))
    ann.hub.sync(10)
    ann.crm.delete("1")
    ann.hub.sync(20)
    ann.shop.edit("1", at=21, job_title="2")
    ann.hub.sync(30)
    assert [row["email"] for row in ann.crm.rows.values()] == [BOB]
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB]


@pytest.mark.parametrize(("on_delete", "archived"), [("propagate", 0), ("archive", 1)])
def test_a_delete_is_carried_out_where_that_is_asked_for(pair: NewPair, on_delete: str, archived: int) -> None:
    """Ann is deleted in the CRM: the shop deletes or archives her, as its member says."""
    ann = _with_bob(pair({}, {}, members={"shop": {"on_delete": on_delete}}))
    ann.hub.sync(10)
    ann.crm.delete("1")
    report = ann.hub.sync(20)
    assert [row["email"] for row in ann.shop.rows.values()] == [BOB]
    assert len(ann.shop.archived) == archived
    assert written(report) == 1
    assert written(ann.hub.sync(30)) == 0


def test_a_delete_waits_until_its_row_can_be_understood(pair: NewPair) -> None:
    """Ann's row in the shop is in quarantine when she is deleted in the CRM. It is put right as it was, which is no edit: then
    the shop deletes her."""
    fields = {"fields": {"email": "email", "birthday": "text"}}
    ann = _with_bob(pair({}, {}, crm_is=fields, shop_is=fields, members={"shop": {"on_delete": "propagate"}}))
    ann.hub.sync(10)
    ann.shop.edit("1", at=15, birthday="soon")
    ann.hub.sync(20)
    ann.crm.delete("1")
    ann.hub.sync(30)
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB]
    ann.shop.edit("1", at=35, birthday=None)
    ann.hub.sync(40)
    assert [row["email"] for row in ann.shop.rows.values()] == [BOB]


def test_a_new_member_is_not_filled_with_the_dead(pair: NewPair) -> None:
    """Ann was deleted in both systems long ago: a system that joins later does not get her."""
    ann = _with_bob(pair({"job_title": "1"}, {"job_title": "1"}))
    ann.hub.sync(10)
    ann.crm.delete("1")
    ann.shop.delete("1")
    ann.hub.sync(20)
    fair = MemorySystem("fair", ["email", "job_title"])
    ann.hub.change(systems=[ann.crm, ann.shop, fair])
    ann.hub.sync(30, accept=("fair",))
    assert [row["email"] for row in fair.rows.values()] == [BOB]


def test_a_new_member_waits_to_be_accepted(pair: NewPair) -> None:
    """A system that is added to a sync that has run before is shown in the plan, and written only when accepted."""
    ann = pair({"job_title": "1"})
    ann.hub.sync(10)
    fair = MemorySystem("fair", ["email", "job_title"])
    ann.hub.change(systems=[ann.crm, ann.shop, fair])
    assert ann.hub.plan(15).changes == 1
    assert ann.hub.sync(20).waits.acceptance == ("fair",)
    assert fair.rows == {}
    ann.hub.sync(30, accept=("fair",))
    assert [row["email"] for row in fair.rows.values()] == [ANN]


def _three(new_hub: NewHub) -> tuple[MemorySystem, MemorySystem, MemorySystem, Pair]:
    systems = [MemorySystem(name, ["email", "job_title"]) for name in ("crm", "shop", "fair")]
    for system in systems:
        system.create(at=0, email=ANN, job_title="1")
        system.create(at=0, email=BOB)
    hub = new_hub(systems, members={"crm": {"on_delete": "propagate"}, "fair": {"on_delete": "propagate"}})
    hub.sync(10)
    return (*systems, Pair(systems[0], systems[1], hub))


def test_an_edit_elsewhere_beats_a_delete(new_hub: NewHub) -> None:
    """Ann is deleted in the CRM while somebody in the shop works on her: she is deleted nowhere else."""
    crm, shop, fair, ann = _three(new_hub)
    crm.delete("1")
    shop.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    ann.hub.sync(30)
    assert [len(system.rows) for system in (crm, shop, fair)] == [1, 2, 2]
    assert fair.rows["1"]["job_title"] == "2"


def test_an_edit_after_a_delete_brings_nobody_back(new_hub: NewHub) -> None:
    """The delete was carried out already when somebody in the shop, which ignores deletes, edits Ann."""
    crm, shop, fair, ann = _three(new_hub)
    crm.delete("1")
    ann.hub.sync(20)
    shop.edit("1", at=25, job_title="2")
    ann.hub.sync(30)
    assert written(ann.hub.sync(40)) == 0
    assert [len(system.rows) for system in (crm, shop, fair)] == [1, 2, 1]


def test_a_read_that_breaks_off_deletes_nothing(pair: NewPair) -> None:
    """The CRM fails in the middle of its list: what was not seen is not gone."""
    ann = pair({}, {}, members=PROPAGATE, crm_is={"page_size": 1})
    ann.crm.create(at=1, email=BOB)
    ann.hub.sync(10)
    pages = []

    def fail(point: str) -> None:
        pages.append(point)
        if len(pages) == 2:
            raise RetryLater("The CRM is down.")

    ann.crm.interrupt = fail
    report = ann.hub.sync(20)
    assert report.state == "incomplete"
    assert len(ann.shop.rows) == 2


def test_a_system_that_comes_back_empty_deletes_nothing(pair: NewPair) -> None:
    """The CRM shows nobody at all, as after a failed migration: nobody is deleted in the shop."""
    ann = _with_bob(pair({}, {}, members=PROPAGATE))
    ann.hub.sync(10)
    for name in ("1", "2"):
        ann.crm.delete(name)
    report = ann.hub.sync(20)
    assert len(ann.shop.rows) == 2
    assert "crm" in " ".join(report.notes)


def test_a_deleted_id_that_is_seen_again_is_alive(pair: NewPair) -> None:
    """Somebody takes Ann out of the CRM's bin before the delete was carried out: it is withdrawn."""
    ann = _with_bob(pair({"job_title": "1"}, {"job_title": "1"}))
    ann.hub.sync(10)
    kept = ann.crm.kept["1"]
    ann.crm.delete("1")
    ann.hub.sync(20)
    ann.crm.kept["1"] = kept
    ann.crm.edit("1", at=21, job_title="2")
    ann.hub.sync(30)
    assert ann.both("job_title") == ("2", "2")


def test_who_is_entered_again_comes_back_with_the_opt_out_alone(pair: NewPair) -> None:
    """Ann was deleted everywhere and enters herself again: her old job is forgotten, her opt-out is not."""
    ann = _with_bob(pair({"job_title": "CEO", "opted_out": True}, {}, members=PROPAGATE))
    ann.hub.sync(10)
    ann.crm.delete("1")
    ann.hub.sync(20)
    assert ann.shop.rows.keys() == {"2"}
    new = ann.shop.create(at=25, email=ANN, first_name="Ann", opted_out=False)
    ann.hub.sync(30)
    ann.hub.sync(40)
    golden = ann.hub.golden(ANN)
    assert (golden["opted_out"], golden.get("job_title", ""), golden["first_name"]) == ("true", "", "Ann")
    assert ann.shop.rows[new]["opted_out"] is True


def test_leaving_the_filter_is_no_delete(pair: NewPair) -> None:
    """The shop takes only who has fifty points: Ann falls below, keeps her row there, and is updated again later."""
    ann = pair({"lead_score": 60, "job_title": "1"}, members={"shop": {"where": "lead_score >= 50"}})
    ann.crm.create(at=1, email=BOB, lead_score=10)
    ann.hub.sync(10)
    assert [row["email"] for row in ann.shop.rows.values()] == [ANN]
    ann.crm.edit("1", at=11, lead_score=10, job_title="2")
    ann.hub.sync(20)
    assert ann.in_shop("job_title") == "1"
    ann.crm.edit("1", at=21, lead_score=70)
    ann.hub.sync(30)
    assert ann.in_shop("job_title") == "2"
    assert len(ann.shop.rows) == 1


def test_many_deletes_are_stopped_by_the_guard(pair: NewPair) -> None:
    """Somebody deletes a quarter of the CRM: nothing is deleted in the shop until a person lets it through."""
    ann = pair({}, members=PROPAGATE)
    names = [ann.crm.create(at=1, email=f"person{number}@example.org") for number in range(39)]
    ann.hub.sync(10)
    for name in names[:10]:
        ann.crm.delete(name)
    report = ann.hub.sync(20)
    assert (report.state, len(ann.shop.rows)) == ("stopped", 40)
    ann.hub.sync(30, allow={"deletes": 10})
    assert len(ann.shop.rows) == 30


@pytest.mark.parametrize("trait", [{"versions": True}, {}])
def test_a_write_to_who_is_gone_is_not_tried_for_ever(pair: NewPair, trait: dict[str, bool]) -> None:
    """The shop only tells what changed and not what was deleted: a write that finds nobody makes the next read a full one."""
    ann = pair({"job_title": "1"}, {}, shop_is={"incremental": True, **trait})
    ann.shop.create(at=1, email=BOB)
    ann.hub.sync(10)
    ann.shop.delete("1")
    ann.crm.edit("1", at=11, job_title="2")
    for at in (20, 30):
        ann.hub.sync(at)
    report = ann.hub.sync(40)
    assert (written(report), report.notes) == (0, ())
    assert [row["email"] for row in ann.shop.rows.values()] == [BOB]


@pytest.mark.parametrize("sees_deletes", [True, False])
def test_a_system_that_is_read_from_a_cursor(pair: NewPair, sees_deletes: bool) -> None:
    """Reads that only tell what changed: a row that is not among it is not gone, unless the system says so."""
    trait = {"incremental": True, "sees_deletes": sees_deletes}
    ann = _with_bob(pair({"job_title": "1"}, {}, crm_is=trait, shop_is=trait, members=PROPAGATE))
    ann.hub.sync(10)
    ann.crm.edit("2", at=11, job_title="2")
    ann.hub.sync(20)
    assert len(ann.shop.rows) == 2
    ann.crm.delete("1")
    ann.hub.sync(30)
    assert len(ann.shop.rows) == (1 if sees_deletes else 2)
    ann.hub.sync(40, full=True)
    assert len(ann.shop.rows) == 1
