"""The people of a mailbox: who counts, under which name, and that name taken apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synchub_connectors.email.correspondents import Correspondents
from synchub_connectors.email.machines import Own
from synchub_connectors.email.messages import Fetched, envelope
from synchub_connectors.email.names import split_name

START = datetime(2024, 5, 1, tzinfo=UTC)
OWN = Own.of(("sales@ours.example",))


def gathered(*messages: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    people = Correspondents(OWN)
    for day, lines in enumerate(messages):
        received = START + timedelta(days=day)
        people.add(envelope(Fetched("INBOX", day, received, 1, "\r\n".join(lines).encode()), OWN))
    return {row["address"]: row for row in people.rows()}


def test_everybody_in_a_message_is_met_once() -> None:
    found = gathered(
        (
            "From: ann@x.example",
            "To: sales@ours.example, bob@x.example",
            "Cc: Ann <ann@x.example>, cid@x.example",
        )
    )
    assert {address: row["count"] for address, row in found.items()} == {
        "ann@x.example": 1,
        "bob@x.example": 1,
        "cid@x.example": 1,
    }


def test_when_somebody_was_seen() -> None:
    row = gathered(("From: ann@x.example",), ("From: bob@x.example",), ("From: ann@x.example",))["ann@x.example"]
    assert (row["first_seen"], row["last_seen"], row["count"]) == (START, START + timedelta(days=2), 2)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("Ann Lee", "Ann Lee", "Evil Twin"), "Ann Lee"),
        (("Ann Lee", "Ann Ray"), "Ann Ray"),
        (("Ann Lee", "", ""), "Ann Lee"),
        (("", ""), ""),
        (('"Lee, Ann"',), "Ann Lee"),
        (('"Lee GmbH, Sales"',), "Lee GmbH, Sales"),
    ],
)
def test_the_name_that_most_messages_give(names: tuple[str, ...], chosen: str) -> None:
    assert gathered(*((f"From: {name} <ann@x.example>",) for name in names))["ann@x.example"]["name"] == chosen


@pytest.mark.parametrize(
    ("lines", "met"),
    [
        (("From: no-reply@x.example", "To: sales@ours.example"), set()),
        (("From: no-reply@x.example", "Reply-To: ann@x.example"), {"ann@x.example"}),
        (("From: ann@x.example", "Auto-Submitted: auto-replied"), {"ann@x.example"}),
        (("From: ann@x.example", "List-Id: <users.x.example>"), set()),
        (("From: shop@x.example", "Precedence: bulk"), set()),
        (("From: MAILER-DAEMON@x.example", "To: sales@ours.example", "Cc: ann@x.example"), set()),
        (("From: sales@ours.example", "To: ann@x.example", "Precedence: bulk"), {"ann@x.example"}),
    ],
)
def test_machines_name_nobody(lines: tuple[str, ...], met: set[str]) -> None:
    assert gathered(lines).keys() == met


def test_a_mailing_list_is_nobody_even_where_it_is_written_to() -> None:
    found = gathered(
        ("From: sales@ours.example", "To: users@x.example, ann@x.example"),
        ("From: bob@x.example", "List-Post: <mailto:users@x.example>"),
    )
    assert found.keys() == {"ann@x.example"}


def test_names_made_up_by_the_thousand_do_not_pile_up() -> None:
    found = gathered(*((f"From: Name{number} Lee <ann@x.example>",) for number in range(100)), ("From: ann@x.example",))
    assert found["ann@x.example"]["count"] == 101
    assert found["ann@x.example"]["name"] == "Name19 Lee"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ann Lee", "Ann", "Lee"),
        ("Lee, Ann", "Ann", "Lee"),
        ("Ann Maria Lee", "Ann Maria", "Lee"),
        ("van Beethoven, Ludwig", "Ludwig", "van Beethoven"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Vincent van der Berg", "Vincent", "van der Berg"),
        ("Van Morrison", "Van", "Morrison"),
        ("Dr. Ann Lee", "Ann", "Lee"),
        ("Lee, Dr. Ann", "Ann", "Lee"),
        ("Ann Lee, PhD", "Ann", "Lee"),
        ("Martin King Jr.", "Martin", "King"),
        ("Ann Lee (Acme)", "Ann", "Lee"),
        ("Ann Lee | Acme GmbH", "Ann", "Lee"),
        ("Ann Lee - Acme", "Ann", "Lee"),
        ("Ann Lee via Docs", "Ann", "Lee"),
        ("Ann-Kathrin O'Hara", "Ann-Kathrin", "O'Hara"),
        ("Ann", "", ""),
        ("", "", ""),
        ("Acme, Inc.", "", ""),
        ("Acme GmbH", "", ""),
        ("Sales Team", "", ""),
        ("Room 12", "", ""),
        ("Dr. Lee", "", ""),
        (",", "", ""),
        ("Lee,", "", ""),
    ],
)
def test_names_are_taken_apart_where_it_is_safe(name: str, first: str, last: str) -> None:
    assert split_name(name) == (first, last)
