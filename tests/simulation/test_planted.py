"""The questions find faults: engines with one planted in them are caught."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from simulation.planted import instead

from synchub.errors import RetryLater
from synchub.record import members
from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import Played, play

HISTORIES = 2000
"""Within so many histories a fault has to be caught."""


def cursor_saved_before_data() -> AbstractContextManager[None]:
    """What was read is noted as read before it is stored."""

    def make(read_all: Callable[..., Any]) -> Callable[..., Any]:
        def read(work: Any) -> Any:
            staged = read_all(work)
            with work.store.write() as tx:
                for part in work.parts:
                    if staged[part.name].cursor is not None:
                        own = {"cursor": staged[part.name].cursor, "mapping": part.mapping.fingerprint}
                        members.save(tx, replace(part.state, **own))
            return staged

        return read

    return instead("synchub.run.line:read_all", make)


def echo_not_suppressed() -> AbstractContextManager[None]:
    """What was written is not noted as held: read back, it looks like somebody's word."""
    return instead("synchub.run.steps.recording:_update_links", lambda _: lambda *_args: None)


def retry_without_lookup() -> AbstractContextManager[None]:
    """A write that got no answer is sent again at once."""

    def make(send: Callable[..., Any]) -> Callable[..., Any]:
        def twice(*given: Any) -> Any:
            try:
                return send(*given)
            except RetryLater:
                return send(*given)

        return twice

    return instead("synchub.run.steps.performing:_send", make)


def delete_on_a_half_read() -> AbstractContextManager[None]:
    """What a read did not show is gone, even if it broke off."""
    return instead("synchub.run.steps.listening:_may_miss", lambda _: lambda *_args: True)


def caught(plant: Callable[[], AbstractContextManager[None]]) -> Played | None:
    """The first history in which the planted fault shows."""
    for seed in range(HISTORIES):
        played = play(draw(seed), plant())
        if played.broken:
            return played
    return None


PLANTED = {
    cursor_saved_before_data: {"nothing_is_lost", "all_agree", "consent_is_kept"},
    echo_not_suppressed: {"nobodys_words_are_put_into_a_mouth", "a_lone_edit_wins", "rest", "all_agree"},
    retry_without_lookup: {"nobody_is_doubled"},
    delete_on_a_half_read: {"who_vanished_was_deleted", "nobody_vanished_unasked", "all_agree"},
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_caught(plant: Callable[[], AbstractContextManager[None]]) -> None:
    played = caught(plant)
    assert played is not None
    assert played.where in PLANTED[plant], played.broken
    assert not play(played.history).broken  # it is the fault that was caught, not the history
