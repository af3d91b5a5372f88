from __future__ import annotations

from typing import Any

import pytest

from synchub.testing.crm import StandInCrm

SEARCH = "objects/contacts/search"


def found(ask: Any, *filters: dict[str, Any], **more: Any) -> list[str]:
    answer = ask("POST", SEARCH, {"filterGroups": [{"filters": list(filters)}], "limit": 200, **more})
    assert answer.status_code == 200, answer.text
    return [one["properties"]["email"] for one in answer.json()["results"]]


def holds(name: str, operator: str, value: str = "", **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, "value": value, **more}


@pytest.fixture
def people(crm: StandInCrm, clock: Any) -> StandInCrm:
    """Three contacts, a minute apart: a (score 5, Berlin), b (score 10, Bonn), c (no score, no city)."""
    crm.create_contact(email="a@x.de", lead_score="5", city="Berlin")
    clock.forward(60)
    crm.create_contact(email="b@x.de", lead_score="10", city="Bonn")
    clock.forward(60)
    crm.create_contact(email="c@x.de")
    return crm


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (holds("city", "EQ", "berlin"), ["a@x.de"]),
        (holds("city", "NEQ", "Berlin"), ["b@x.de", "c@x.de"]),
        (holds("city", "IN", values=["berlin", "BONN"]), ["a@x.de", "b@x.de"]),
        (holds("city", "NOT_IN", values=["berlin"]), ["b@x.de"]),
        (holds("lead_score", "GT", "5"), ["b@x.de"]),
        (holds("lead_score", "GTE", "5"), ["a@x.de", "b@x.de"]),
        (holds("lead_score", "LT", "10"), ["a@x.de"]),
        (holds("lead_score", "LTE", "10"), ["a@x.de", "b@x.de"]),
        (holds("lead_score", "BETWEEN", "6", highValue="10"), ["b@x.de"]),
        (holds("lead_score", "HAS_PROPERTY"), ["a@x.de", "b@x.de"]),
        (holds("lead_score", "NOT_HAS_PROPERTY"), ["c@x.de"]),
        (holds("email", "CONTAINS_TOKEN", "*x.de"), ["a@x.de", "b@x.de", "c@x.de"]),
        # 09:01:00, in milliseconds.
        (holds("lastmodifieddate", "GTE", "1714554060000"), ["b@x.de", "c@x.de"]),
        (holds("lastmodifieddate", "LT", "2024-05-01T09:01:00Z"), ["a@x.de"]),
    ],
)
def test_filters(people: StandInCrm, ask: Any, condition: dict[str, Any], expected: list[str]) -> None:
    assert sorted(found(ask, condition)) == expected


def test_filters_of_a_group_all_hold_and_groups_are_alternatives(people: StandInCrm, ask: Any) -> None:
    assert found(ask, holds("city", "EQ", "Berlin"), holds("lead_score", "EQ", "10")) == []
    groups = [{"filters": [holds("city", "EQ", name)]} for name in ("Berlin", "Bonn")]
    assert sorted(found(ask, filterGroups=groups)) == ["a@x.de", "b@x.de"]


@pytest.mark.parametrize(
    ("sorts", "expected"),
    [
        ([{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}], ["c@x.de", "b@x.de", "a@x.de"]),
        (["lead_score"], ["c@x.de", "a@x.de", "b@x.de"]),
        (["-lead_score"], ["b@x.de", "a@x.de", "c@x.de"]),
        ([], ["a@x.de", "b@x.de", "c@x.de"]),
    ],
)
def test_sorting(people: StandInCrm, ask: Any, sorts: list[Any], expected: list[str]) -> None:
    assert found(ask, sorts=sorts) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 201},
        {"limit": 200, "after": "9801"},
        {"sorts": ["email", "city"]},
        {"sorts": ["nonsense"]},
        {"filterGroups": [{"filters": [holds("nonsense", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [holds("city", "LIKE", "1")]}]},
        {"filterGroups": [{"filters": [holds("city", "IN", values=["x"] * 101)]}]},
    ],
)
def test_what_search_refuses(ask: Any, asked: dict[str, Any]) -> None:
    assert ask("POST", SEARCH, asked).status_code == 400


def test_the_last_page_of_ten_thousand_is_still_given(ask: Any) -> None:
    assert ask("POST", SEARCH, {"limit": 200, "after": "9800"}).status_code == 200


def test_pages(people: StandInCrm, ask: Any) -> None:
    first = ask("POST", SEARCH, {"limit": 2}).json()
    assert (first["total"], len(first["results"]), first["paging"]["next"]["after"]) == (3, 2, "2")
    second = ask("POST", SEARCH, {"limit": 2, "after": "2"}).json()
    assert (len(second["results"]), "paging" in second) == (1, False)


def test_search_learns_of_changes_late_by_the_clock(crm: StandInCrm, ask: Any, clock: Any) -> None:
    crm.lag(seconds=30)
    ann = crm.create_contact(email="ann@x.de", city="Berlin")
    assert found(ask) == []
    clock.forward(30)
    assert found(ask) == ["ann@x.de"]
    crm.edit(ann, city="Bonn", email="lee@x.de")
    assert found(ask, holds("city", "EQ", "Berlin")) == ["ann@x.de"]
    clock.forward(30)
    assert found(ask, holds("city", "EQ", "Berlin")) == []
    assert found(ask, holds("city", "EQ", "Bonn")) == ["lee@x.de"]


def test_search_learns_of_changes_late_by_requests(crm: StandInCrm, ask: Any) -> None:
    crm.lag(requests=2)
    crm.create_contact(email="ann@x.de")
    assert found(ask) == []
    assert found(ask) == ["ann@x.de"]


def test_what_is_archived_is_found_until_search_knows(crm: StandInCrm, ask: Any, clock: Any) -> None:
    ann = crm.create_contact(email="ann@x.de")
    crm.lag(seconds=30)
    crm.archive(ann)
    assert found(ask) == ["ann@x.de"]
    clock.forward(30)
    assert found(ask) == []
