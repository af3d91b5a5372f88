"""The questions find faults: engines with one planted in them are caught.

SYNCHUB_PLANTED=all   from the first history on; by default from the one on that is known to catch it
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from simulation.planted import deciding, reading, writing
from simulation.planted.placing import Plant
from simulation.planted.showing import (
    always,
    cut,
    deleted,
    filtered,
    garbled,
    killed,
    only_written,
    read_from_a_cursor_and_broken_off,
    rich,
    rich_and_tried,
    split,
    store_fails,
    tried,
    unanswered,
)

from synchub.testing.simulation.afterwards import (
    AFTERWARDS,
    a_new_member_waits,
    a_question_waits_for_its_answer,
    a_weak_word_does_not_count,
    an_edit_meanwhile_is_seen,
    too_many_deletes_are_stopped,
    who_could_be_two_is_asked_about,
    who_is_entered_meanwhile_is_not_doubled,
)
from synchub.testing.simulation.disputes import (
    a_changed_mapping_says_nothing,
    a_new_day_changes_nothing,
    of_two_at_one_time_the_first_is_right,
    who_insist_come_to_rest,
    who_is_put_right_is_understood,
)
from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import Played, play
from synchub.testing.simulation.questions import ALWAYS, AT_REST
from synchub.testing.simulation.steps import History

HISTORIES = 2000
"""Within so many histories a fault has to be caught."""


@dataclass(frozen=True, slots=True)
class Caught:
    """How a fault is caught. `shows_in`: the histories that it can show in at all; the others need not be played to know that
    it doesn't. Measured from seed 0: `seed`, the first history that it shows in, the `played`th of those, and which question
    said so."""

    plant: Callable[[], Plant]
    shows_in: Callable[[History], bool]
    seed: int
    played: int
    question: str


PLANTED = (
    Caught(reading.cursor_saved_before_data, read_from_a_cursor_and_broken_off, seed=184, played=55, question="rest"),
    Caught(reading.delete_on_a_half_read, always, seed=0, played=1, question="rest"),
    Caught(reading.bad_row_is_dropped, garbled, seed=0, played=1, question="all_agree"),
    Caught(reading.bad_row_stops_its_page, garbled, seed=1, played=2, question="all_agree"),
    Caught(
        reading.row_put_right_is_skipped,
        tried(who_is_put_right_is_understood),
        seed=0,
        played=1,
        question="who_is_put_right_is_understood",
    ),
    Caught(reading.stale_row_is_news, always, seed=4, played=5, question="nobodys_words_are_put_into_a_mouth"),
    Caught(reading.cleared_field_is_not_heard, always, seed=13, played=14, question="all_agree"),
    Caught(deciding.opt_out_decided_by_newest, always, seed=1, played=2, question="consent_is_kept"),
    Caught(deciding.newest_decided_by_rank, always, seed=1, played=2, question="a_lone_edit_wins"),
    Caught(deciding.deleted_row_is_made_again, deleted, seed=6, played=7, question="nobody_is_made_again"),
    Caught(deciding.delete_carried_everywhere, deleted, seed=4, played=5, question="nobody_vanished_unasked"),
    Caught(deciding.opt_out_stays_inside_where, filtered, seed=1, played=2, question="all_agree"),
    Caught(deciding.doubles_are_planned, always, seed=0, played=1, question="rest"),
    Caught(writing.retry_without_lookup, unanswered, seed=58, played=5, question="nobody_is_doubled"),
    Caught(writing.left_open_is_not_settled, always, seed=4, played=5, question="nothing_is_left_open"),
    Caught(writing.echo_not_suppressed, always, seed=0, played=1, question="nobodys_words_are_put_into_a_mouth"),
    Caught(
        writing.journal_closed_before_the_link,
        store_fails,
        seed=47,
        played=32,
        question="nobodys_words_are_put_into_a_mouth",
    ),
    Caught(writing.marks_off_what_did_not_land, always, seed=3, played=4, question="rest"),
    Caught(writing.losing_value_is_overwritten, always, seed=1, played=2, question="nothing_is_lost"),
    Caught(writing.history_is_not_kept, always, seed=6, played=7, question="nothing_is_lost"),
    Caught(writing.own_form_is_forgotten, cut, seed=4, played=2, question="all_agree"),
    Caught(writing.lock_outlives_its_process, killed, seed=0, played=1, question="_excuse"),
    Caught(
        writing.create_without_a_lookup,
        tried(who_is_entered_meanwhile_is_not_doubled),
        seed=5,
        played=2,
        question="nobody_is_doubled",
    ),
    Caught(
        writing.update_without_a_last_look,
        tried(an_edit_meanwhile_is_seen),
        seed=13,
        played=5,
        question="nothing_is_overwritten_unseen",
    ),
    Caught(
        writing.version_is_not_sent,
        tried(an_edit_meanwhile_is_seen),
        seed=58,
        played=20,
        question="nothing_is_overwritten_unseen",
    ),
    Caught(deciding.delete_beats_a_later_edit, deleted, seed=8, played=8, question="a_later_edit_beats_a_delete"),
    Caught(deciding.written_member_is_believed, only_written, seed=98, played=26, question="golden_is_what_was_said"),
    Caught(deciding.removed_tag_comes_back, always, seed=152, played=153, question="golden_is_what_was_said"),
    Caught(
        deciding.weak_word_counts,
        tried(a_weak_word_does_not_count),
        seed=17,
        played=6,
        question="a_weak_word_does_not_count",
    ),
    Caught(
        deciding.unaccepted_member_is_written,
        tried(a_new_member_waits),
        seed=0,
        played=1,
        question="a_new_member_waits",
    ),
    Caught(
        deciding.guard_is_not_asked,
        tried(too_many_deletes_are_stopped),
        seed=2,
        played=1,
        question="too_many_deletes_are_stopped",
    ),
    Caught(reading.split_is_forgotten, split, seed=0, played=1, question="who_was_parted_is_not_asked_about"),
    Caught(
        reading.doubt_is_a_match,
        tried(who_could_be_two_is_asked_about),
        seed=1,
        played=1,
        question="who_could_be_two_is_asked_about",
    ),
    Caught(
        deciding.open_question_is_sent,
        tried(a_question_waits_for_its_answer),
        seed=6,
        played=3,
        question="a_question_waits_for_its_answer",
    ),
    Caught(
        deciding.decision_is_a_claim_like_others,
        tried(a_question_waits_for_its_answer),
        seed=6,
        played=3,
        question="a_question_waits_for_its_answer",
    ),
    Caught(
        deciding.ties_broken_by_reading,
        tried(of_two_at_one_time_the_first_is_right),
        seed=13,
        played=5,
        question="of_two_at_one_time_the_first_is_right",
    ),
    Caught(
        reading.changed_mapping_is_not_followed,
        tried(a_changed_mapping_says_nothing),
        seed=3,
        played=2,
        question="_understood_otherwise",
    ),
    Caught(
        writing.alternation_goes_unnoticed,
        tried(who_insist_come_to_rest),
        seed=11,
        played=4,
        question="who_insist_come_to_rest",
    ),
    Caught(writing.secrets_are_kept, always, seed=1, played=2, question="no_secret_is_kept"),
    Caught(deciding.amounts_are_not_changed, rich, seed=9, played=1, question="all_agree"),
    Caught(
        deciding.amounts_follow_the_rate,
        rich_and_tried(a_new_day_changes_nothing),
        seed=79,
        played=3,
        question="a_new_day_changes_nothing",
    ),
)

ALL = os.environ.get("SYNCHUB_PLANTED") == "all"
"""All histories are played, from seed 0 on, which also tells whether the table above still says how many are needed."""

QUESTIONS = {ask.__name__ for ask in (*ALWAYS, *AT_REST, *AFTERWARDS)}
QUESTIONS |= {"rest", "_again", "order_decides_nothing", "a_kill_changes_nothing"}
QUESTIONS |= {"_understood_otherwise", "_read_from_elsewhere"}
"""Only these catch a fault; what merely breaks the engine was planted badly."""
FAILED = "_excuse"
"""A run failed for no reason: that is how a run that keeps the next one out shows itself, and no other fault here."""


def caught(fault: Caught) -> Played | None:
    """The first history in which the planted fault shows."""
    for seed in range(0 if ALL else fault.seed, HISTORIES):
        history = draw(seed)
        if fault.shows_in(history):
            played = play(history, fault.plant())
            if played.broken:
                return played
    return None


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.plant.__name__)
def test_a_planted_fault_is_caught(fault: Caught) -> None:
    played = caught(fault)
    assert played is not None
    assert played.where in QUESTIONS | ({FAILED} & {fault.question}), f"it was planted badly: {played.broken}"
    assert not play(played.history).broken, "it is the fault that is to be caught, not the history"
    if ALL:
        assert (played.history.seed, played.where) == (fault.seed, fault.question), "the table says otherwise"


def test_the_table_counts_right() -> None:
    counted = {fault.plant: sum(fault.shows_in(draw(seed)) for seed in range(fault.seed + 1)) for fault in PLANTED}
    assert counted == {fault.plant: fault.played for fault in PLANTED}
