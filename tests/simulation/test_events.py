"""Random histories of events; and engines with a fault planted in them, which are caught.

SYNCHUB_SIMULATION_EVENTS    how many are played (40)
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from simulation.planted import happening
from simulation.planted.placing import Plant
from simulation.playing import PROCESSES, all_hold

from synchub.testing.events import draw, play

SEEDS = int(os.environ.get("SYNCHUB_SIMULATION_EVENTS", "40"))

PLANTED = (
    (happening.passed_on_again_and_again, 0, "nothing_is_passed_on_twice"),
    (happening.what_it_passed_on_is_heard, 0, "nothing_is_passed_on_twice"),
    (happening.what_is_shown_is_not_linked, 22, "nothing_is_passed_on_twice"),
    (happening.shown_in_full_and_still_open, 24, "all_is_passed_on"),
    (happening.sent_again_without_an_answer, 1, "nothing_is_passed_on_twice"),
    (happening.asked_by_nobody, 20, "nothing_is_passed_on_twice"),
    (happening.who_waits_is_overlooked, 3, "each_belongs_to_its_contact"),
    (happening.of_nobody_is_dropped, 0, "all_is_known"),
    (happening.known_twice, 0, "everything_is_known_once"),
    (happening.cursor_saved_before_data, 201, "rest"),
    (happening.events_stay_with_who_is_gone, 1, "each_belongs_to_its_contact"),
    (happening.whoever_comes_first, 32, "each_belongs_to_its_contact"),
)
"""Each with the first history that it shows in, from 0 on, and the question that says so."""


def test_whatever_happens_is_known_once_and_passed_on_once() -> None:
    all_hold("--events", "--seeds", str(SEEDS // PROCESSES), apart=5_000)


@pytest.mark.parametrize(("plant", "seed", "question"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_fault_is_caught(plant: Callable[[], Plant], seed: int, question: str) -> None:
    played = play(draw(seed), plant())
    assert (played.where, bool(played.broken)) == (question, True)
    assert not play(draw(seed)).broken, "it is the fault that is to be caught, not the history"
