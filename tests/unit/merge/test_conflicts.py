"""What is a conflict, consent, and fields that are decided as one."""

from __future__ import annotations

from typing import Any

import polars as pl
from unit.merge.said import frame, say

from synchub.merge.claims import conflicts
from synchub.merge.consent import decide_consent
from synchub.merge.rules import RULES
from synchub.merge.together import decide_group

AGREED = pl.DataFrame(schema={"record": pl.Int64, "field": pl.String, "value": pl.String})
ADDRESS = ("street", "city")
T0 = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z in microseconds."""


def _conflicts(*claims: dict[str, Any], run: int = 1, agreed: str | None = None) -> list[tuple[str, bool]]:
    known = AGREED if agreed is None else pl.DataFrame([(1, "x", agreed)], schema=AGREED.schema, orient="row")
    return [(row["field"], row["times_only"]) for row in conflicts(frame(*claims), run, known).to_dicts()]


def test_two_that_did_not_know_of_each_other_are_a_conflict() -> None:
    assert _conflicts(say("crm", "a", 1), say("shop", "b", 2)) == [("x", True)]


def test_who_knew_the_other_value_is_in_no_conflict() -> None:
    assert _conflicts(say("crm", "a", 1), say("shop", "b", 2, base="a")) == []


def test_an_old_conflict_is_no_news() -> None:
    claims = (say("crm", "a", 1), say("shop", "b", 2))
    assert _conflicts(*claims, run=2) == []


def test_an_older_claim_takes_part_while_it_is_what_was_agreed() -> None:
    claims = (say("crm", "a", 1), say("shop", "b", 2), say("crm", "c", 3, base="x", run=2))
    assert len(_conflicts(*claims, run=2, agreed="b")) == 1
    assert _conflicts(*claims, run=2, agreed="z") == []


def test_people_and_weak_members_are_in_no_conflict() -> None:
    assert _conflicts(say("hub", "a", 1), say("shop", "b", 2, base="x")) == []
    assert _conflicts(say("crm", "a", 1), say("shop", "b", 2, kind="weak")) == []


def _consent(*claims: dict[str, Any], trusted: tuple[str, ...] = ()) -> dict[str, str]:
    return {row["field"]: row["value"] for row in decide_consent(frame(*claims), trusted).to_dicts()}


def _opted(system: str, value: str, at: int | None = None, **more: Any) -> dict[str, Any]:
    return say(system, value, at, field="opted_out", **more)


def test_an_opt_out_stands_against_everything_a_machine_says() -> None:
    assert (
        _consent(_opted("crm", "true", 1), _opted("crm", "false", 2, base="true"), _opted("shop", "false", 3))[
            "opted_out"
        ]
        == "true"
    )


def test_a_trusted_system_lifts_an_opt_out_by_a_later_consent_alone() -> None:
    out = _opted("crm", "true", T0)
    late = [
        _opted("shop", "false", T0 + 9, run=2),
        say("shop", "2023-11-15T00:00:00Z", T0 + 9, field="consent_at", run=2),
    ]
    early = [
        _opted("shop", "false", T0 + 9, run=2),
        say("shop", "2023-11-01T00:00:00Z", T0 + 9, field="consent_at", run=2),
    ]
    assert _consent(out, *late, trusted=("shop",)) == {"opted_out": "false", "consent_at": "2023-11-15T00:00:00Z"}
    assert _consent(out, *early, trusted=("shop",))["opted_out"] == "true"
    assert _consent(out, *late)["opted_out"] == "true"
    assert _consent(out, *late, trusted=("crm",))["opted_out"] == "true"


def test_an_undated_opt_out_counts_from_when_it_was_read() -> None:
    lifted = [
        _opted("shop", "false", T0 + 9, run=2),
        say("shop", "2023-11-15T00:00:00Z", T0 + 9, field="consent_at", run=2),
    ]
    late = 86_400_000_000 * 30
    assert _consent(_opted("crm", "true", None, seen=T0 + late), *lifted, trusted=("shop",))["opted_out"] == "true"
    assert _consent(_opted("crm", "true", None, seen=T0), *lifted, trusted=("shop",))["opted_out"] == "false"


def test_an_opt_out_after_a_lifted_one_counts_again() -> None:
    claims = [
        _opted("crm", "true", T0),
        _opted("shop", "false", T0 + 9, run=2),
        say("shop", "2023-11-15T00:00:00Z", T0 + 9, field="consent_at", run=2),
    ]
    again = _opted("crm", "true", T0 + 86_400_000_000 * 9, run=3)
    assert _consent(*claims, again, trusted=("shop",))["opted_out"] == "true"


def _address(*claims: dict[str, Any], rule: str = "newest") -> dict[str, str]:
    found = decide_group(frame(*claims), ADDRESS, [(0, (rule,))], RULES)
    return {row["field"]: row["value"] for row in found.to_dicts()}


def test_an_address_comes_from_one_system() -> None:
    claims = [
        say("crm", "Old 1", 1, field="street"),
        say("crm", "Ulm", 1, field="city"),
        say("shop", "New 2", 2, field="street"),
        say("shop", "Bonn", 2, field="city"),
    ]
    assert _address(*claims) == {"street": "New 2", "city": "Bonn"}
    assert _address(*claims, rule="prefer crm") == {"street": "Old 1", "city": "Ulm"}


def test_gaps_are_filled_only_by_who_contradicts_nowhere() -> None:
    claims = [
        say("crm", "Old 1", 1, field="street"),
        say("crm", "Ulm", 1, field="city"),
        say("shop", "New 2", 2, field="street"),
    ]
    assert _address(*claims) == {"street": "New 2"}
    claims = [
        say("crm", "New 2", 1, field="street"),
        say("crm", "Bonn", 1, field="city"),
        say("shop", "New 2", 2, field="street"),
    ]
    assert _address(*claims) == {"street": "New 2", "city": "Bonn"}


def test_an_address_that_is_cleared_is_cleared_whole() -> None:
    claims = [say("crm", "Old 1", 1, field="street"), say("crm", "Ulm", 1, field="city")]
    cleared = [say("shop", "", 2, field="street", base="Old 1"), say("shop", "", 2, field="city", base="Ulm")]
    assert _address(*claims, *cleared) == {"street": "", "city": ""}
