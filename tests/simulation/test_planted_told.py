"""Planted faults that random histories show too seldom to wait for, each in a history that is made for it."""

from __future__ import annotations

from simulation.planted import reading

from synchub.testing.simulation.playing import play
from synchub.testing.simulation.steps import Deed, History, Run, Shape

UNTIMED = {"tells_time": False}


def test_claims_dated_when_read_are_caught() -> None:
    """Two who tell no times say different things between two runs: at one time, so the first member is right."""
    history = History(
        Shape((UNTIMED, UNTIMED), ({}, {}), {"owner": "newest", "notes": "ask", "lead_score": "newest"}),
        (
            Deed("create", field="job_title", value=1),
            Run(),
            Deed("edit", 0, field="job_title", value=3),
            Deed("edit", 1, field="job_title", value=5),
            Run(),
        ),
    )
    assert play(history, reading.claims_dated_when_read()).where == "golden_is_what_was_said"
    assert not play(history).broken
