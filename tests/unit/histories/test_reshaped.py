"""A mapping or a filter that was changed: nobody is deleted for it, and nothing is flooded unasked."""

from __future__ import annotations

from typing import Any

import pytest
from unit.histories.pairs import NewHub, written

from synchub.spec.mapping import FieldMapping
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

FIELDS = ("email", "job_title", "notes", "city")
COUNT = 24


def _running(new_hub: NewHub, **shop: Any) -> tuple[MemorySystem, MemorySystem, MemoryHub]:
    crm, made = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS)
    for number in range(COUNT):
        crm.create(at=0, email=f"p{number:02}@firm.example", job_title=f"Job {number}", notes="A note", city="Ulm")
    hub: MemoryHub = new_hub(
        [crm, made], members={"shop": {"on_delete": "propagate", **shop}, "crm": {"on_delete": "propagate"}}
    )
    assert hub.sync(10).state == "done"
    return crm, made, hub


@pytest.mark.parametrize(
    ("shop", "planned"),
    [
        ({"mapping": {"job_title": "notes", "notes": "job_title"}}, "updates"),
        ({"mapping": {"job_title": FieldMapping(native="job_title", values={"Work": "Job 1"})}}, ""),
        ({"where": "job_title = 'nobody'"}, ""),
        ({"direction": "in"}, ""),
    ],
)
def test_what_follows_from_changed_settings_of_a_member(new_hub: NewHub, shop: dict[str, Any], planned: str) -> None:
    """Two fields swapped by mistake would rewrite everybody: it is stopped, in every run, until a person lets it through or
    mends it. A narrower filter deletes nobody, and does nothing."""
    crm, made, hub = _running(new_hub)
    before = made.rows
    hub.change(members={"shop": {"on_delete": "propagate", **shop}})
    for at in (20, 30):
        report = hub.sync(at)
        assert written(report) <= 1
        assert ("stopped" if planned else "done") == report.state
    assert (len(crm.rows), len(made.rows)) == (COUNT, COUNT)
    if planned:
        assert made.rows == before
        assert "for mappings or settings were changed" in report.problem
    hub.change(members={"shop": {"on_delete": "propagate"}})
    assert hub.sync(40).state == "done"
    assert (len(crm.rows), len(made.rows), written(hub.sync(50))) == (COUNT, COUNT, 0)
    assert made.rows == before


def test_a_filter_that_lets_everybody_in_is_stopped_once(new_hub: NewHub) -> None:
    """Forty more people would be made in the shop because somebody took the filter away. What was let through is no news in
    the next run."""
    crm, made, hub = _running(new_hub)
    for number in range(40):
        crm.create(at=11, email=f"q{number:02}@firm.example", city="Bonn")
    narrow = {"where": "city = 'Ulm'"}
    hub.change(members={"shop": narrow})
    assert hub.sync(20).state == "done"
    hub.change(members={})
    assert [hub.sync(at).state for at in (30, 40)] == ["stopped", "stopped"]
    assert len(made.rows) == COUNT
    assert hub.sync(50, allow={"creates": 40}).state == "done"
    assert len(made.rows) == COUNT + 40
    for number in range(40):
        crm.create(at=51, email=f"r{number:02}@firm.example")
    assert hub.sync(60).state == "done"
    assert len(made.rows) == COUNT + 80


def _left_alone(new_hub: NewHub) -> tuple[MemorySystem, MemorySystem, MemoryHub]:
    """The hub wrote a job title into the shop, which is not to have it any more; then somebody works in that row, and later
    somebody gives the person another job in the CRM."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS)
    crm.create(at=0, email="ann@firm.example", job_title="Clerk")
    hub: MemoryHub = new_hub([crm, shop], members={})
    hub.sync(10)
    hub.change(members={"shop": {"mapping": {"job_title": None}}})
    hub.sync(20)
    crm.edit("1", at=25, job_title="Head")
    shop.edit("1", at=30, notes="Call her")
    hub.sync(40)
    assert (crm.rows["1"]["notes"], shop.rows["1"]["job_title"]) == ("Call her", "Clerk")
    return crm, shop, hub


def test_what_the_hub_wrote_is_no_claim_when_a_field_is_mapped_again(new_hub: NewHub) -> None:
    crm, shop, hub = _left_alone(new_hub)
    hub.change(members={})
    hub.sync(50)
    assert (crm.rows["1"]["job_title"], shop.rows["1"]["job_title"]) == ("Head", "Head")
    assert written(hub.sync(60)) == 0


def test_what_was_entered_while_a_field_was_not_mapped_is_a_claim(new_hub: NewHub) -> None:
    crm, shop, hub = _left_alone(new_hub)
    shop.edit("1", at=45, job_title="Director")
    hub.sync(47)
    hub.change(members={})
    hub.sync(50)
    assert (crm.rows["1"]["job_title"], shop.rows["1"]["job_title"]) == ("Director", "Director")
    assert written(hub.sync(60)) == 0


def test_a_field_that_is_mapped_again_to_another_one_is_heard_as_it_stands_there(new_hub: NewHub) -> None:
    """What the hub wrote into the one says nothing of the other, though it may read the same."""
    crm, shop, hub = _left_alone(new_hub)
    shop.edit("1", at=45, city="Clerk")
    hub.sync(47)
    hub.change(members={"shop": {"mapping": {"job_title": "city", "city": None}}})
    hub.sync(50)
    assert (crm.rows["1"]["job_title"], shop.rows["1"]["city"]) == ("Clerk", "Clerk")
    assert written(hub.sync(60)) == 0


def test_who_takes_part_again_is_told_what_was_said_meanwhile(new_hub: NewHub) -> None:
    """The last member leaves hub.toml and comes back: no other setting changes by that."""
    crm, shop, late = (MemorySystem(name, FIELDS) for name in ("crm", "shop", "late"))
    crm.create(at=0, email="ann@firm.example", job_title="Clerk")
    hub: MemoryHub = new_hub([crm, shop, late])
    hub.sync(10)
    hub.change(systems=[crm, shop])
    hub.sync(20)
    crm.edit("1", at=25, job_title="Head")
    hub.sync(30)
    hub.change(systems=[crm, shop, late])
    hub.sync(40)
    assert late.rows["1"]["job_title"] == "Head"
    assert written(hub.sync(50)) == 0
