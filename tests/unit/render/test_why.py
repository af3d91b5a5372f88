"""An explanation names who said what, when, by which rule it was decided, and what was not followed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synchub.render.screen import text
from synchub.render.why import explanation
from synchub.render.words import rule_in_words
from synchub.spec.reports import ClaimLine, Explanation, FieldExplanation, HeldLine, LinkLine

AT = datetime(2024, 5, 1, 10, 23, tzinfo=UTC)
LATER = datetime(2024, 6, 1, 8, 0, tzinfo=UTC)


def explained(*fields: FieldExplanation, **more: object) -> list[str]:
    report = Explanation("contact", "h-1", "Ann Lee", fields, **more)  # type: ignore[arg-type]
    return [" ".join(line.split()) for line in text(explanation(report), width=200).splitlines()]


def test_it_begins_with_who_and_where():
    links = (
        LinkLine("crm:contacts:4711", "crm", "contacts", "4711", "live", AT, "matched on email"),
        LinkLine("shop:customers:7", "shop", "customers", "7", "tombstoned", LATER),
    )
    drawn = explained(links=links, known_since=AT)

    assert drawn[:2] == ["Ann Lee", "contact h-1, known since 2024-05-01 10:23 UTC"]
    assert "crm:contacts:4711 linked 2024-05-01 10:23 UTC matched on email" in drawn
    assert "shop:customers:7 gone from there 2024-06-01 08:00 UTC" in drawn


def test_a_record_that_no_system_holds_says_so():
    assert "Nowhere any more: no system holds this record." in explained()


def test_a_field_tells_winner_rule_losers_and_history():
    field = FieldExplanation(
        "phone",
        "+4930123456",
        "prefer shop crm, newest",
        winner=ClaimLine("shop", "+4930123456", AT, "42", "customers"),
        losers=(ClaimLine("crm", "+4930999", LATER, "43", weak=True, reason="shop comes first"),),
        history=(ClaimLine("crm", "", None, "40", reason="replaced in run 43"),),
        held=(HeldLine("crm", "mobilephone", "030 999", note="its own form"),),
        note="Decided together with nothing else.",
    )
    drawn = explained(field)

    assert "phone: +4930123456" in drawn
    assert "· shop/customers said so on 2024-05-01 10:23 UTC (run 42)." in drawn
    assert (
        "· Rule prefer shop crm, newest: shop comes before crm; if that leaves it open,"
        " the latest word counts." in drawn
    )
    assert (
        "· Not followed: crm said “+4930999” on 2024-06-01 08:00 UTC (run 43);"
        " it counts only where nobody else has a value: shop comes first."
    ) in drawn
    assert "· Earlier: crm said a blank at a time it does not tell (run 40); replaced in run 43." in drawn
    assert "· crm holds “030 999” in its field mobilephone: its own form." in drawn
    assert "· Decided together with nothing else." in drawn


def test_a_persons_decision_is_called_that():
    field = FieldExplanation("city", "Bonn", "newest", winner=ClaimLine("hub", "Bonn", AT, "44"))

    assert "· a person decided so on 2024-05-01 10:23 UTC (run 44)." in explained(field)


def test_open_questions_are_listed():
    assert "• Is this the same person as Bob?" in explained(questions=("Is this the same person as Bob?",))


def test_long_and_hostile_values_are_shown_safely():
    drawn = explained(FieldExplanation("notes", "\x1b[2J" + "n" * 5000, "newest"))

    assert any("\\x1b[2J" in line for line in drawn)
    assert max(map(len, drawn)) <= 200
    assert sum(line.count("n") for line in drawn) < 600


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("newest", "the latest word counts"),
        ("prefer crm shop", "crm comes before shop"),
        ("always crm", "only crm counts, blanks too"),
        ("loudest", "the rule loudest"),
    ],
)
def test_rules_are_put_into_words(rule: str, words: str):
    assert rule_in_words(rule) == words
