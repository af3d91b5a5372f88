"""What each member's word counts for, whatever part of a sync is run."""

from __future__ import annotations

from dataclasses import replace

from unit.run.conftest import HUB, SYNC, Office

from synchub.record.members import MemberState
from synchub.run.ranking import REMOVED, places_of
from synchub.run.readying import work_on
from synchub.spec.options import RunOptions, Silent

STATES = [
    MemberState(4, "contact", "fair", "leads", fill_only=True),
    MemberState(5, "contact", "shop", "customers"),
    MemberState(6, "contact", "gone", "people", fill_only=True, claims=False),
]


def places(office: Office, states=STATES):
    with office.opened() as hub:
        return places_of(hub.configuration, "contact", states)


def test_members_are_ranked_as_in_hub_toml_and_removed_ones_come_last(office: Office):
    found = places(office)

    assert [found[number].rank for number in (5, 4, 6)] == [0, 1, REMOVED + 6]


def test_what_hub_toml_leaves_open_is_as_last_known(office: Office):
    assert [places(office)[number].fill_only for number in (4, 5, 6)] == [True, False, True]
    assert [places(office)[number].claims for number in (4, 5, 6)] == [True, True, False]


def test_what_hub_toml_says_counts(office: Office):
    office.write("hub.toml", HUB + SYNC + 'fill_only = false\ndirection = "out"\n')
    found = places(office)

    assert (found[4].fill_only, found[4].claims) == (False, False)


def test_a_run_of_one_system_ranks_all_as_ever(office: Office):
    office.sync(at=0)
    with office.opened() as hub:
        sync = hub.configuration.syncs["contacts"]
        with work_on(hub, sync, RunOptions(), Silent()) as whole:
            everyone = {number: replace(place, state=None) for number, place in whole.places.items()}
        with work_on(hub, sync, RunOptions(systems=("fair",)), Silent()) as part:
            some = {number: replace(place, state=None) for number, place in part.places.items()}

    assert some == everyone
    assert [place.rank for place in some.values()] == [0, 1]
