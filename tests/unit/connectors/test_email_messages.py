"""What the headers of a message decide: direction, the other side, machines, names and times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synchub_connectors.email.machines import Own, is_service
from synchub_connectors.email.messages import Fetched, row

RECEIVED = datetime(2024, 5, 1, 12, tzinfo=UTC)
OWN = Own.of(("sales@ours.example", "@team.example", "not an address"))


def made(*lines: str, body: str = "") -> dict[str, object]:
    return row(Fetched("INBOX", 1, RECEIVED, 100, "\r\n".join(lines).encode(), body), OWN)


@pytest.mark.parametrize(
    ("lines", "direction", "contact"),
    [
        (("From: ann@x.example", "To: sales@ours.example"), "in", "ann@x.example"),
        (("From: SALES@ours.example", "To: ann@x.example, bob@x.example"), "out", "ann@x.example"),
        (("From: eve@team.example", "To: sales@ours.example", "Cc: bob@x.example"), "out", "bob@x.example"),
        (("From: eve@team.example", "To: sales@ours.example"), "out", ""),
        (("From: ann@x.example", "Reply-To: assistant@x.example"), "in", "ann@x.example"),
        (("From: no-reply@form.example", "Reply-To: ann@x.example"), "in", "ann@x.example"),
        (("From: no-reply@form.example", "Reply-To: sales@ours.example"), "in", "no-reply@form.example"),
        (
            ("From: sales@ours.example", "To: sales@ours.example", "Reply-To: ann@x.example"),
            "in",
            "ann@x.example",
        ),
        (("To: sales@ours.example",), "in", ""),
    ],
)
def test_direction_and_the_other_side(lines: tuple[str, ...], direction: str, contact: str) -> None:
    found = made(*lines)
    assert (found["direction"], found["contact"]) == (direction, contact)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("From: ann@x.example",), ""),
        (("From: ann@x.example", "Auto-Submitted: no"), ""),
        (("From: ann@x.example", "Auto-Submitted: auto-replied"), "reply"),
        (("From: ann@x.example", "Auto-Submitted: auto-generated; owner=x"), "generated"),
        (("From: ann@x.example", "X-Autoreply: yes"), "reply"),
        (("From: ann@x.example", "Precedence: auto_reply"), "reply"),
        (("From: ann@x.example", "Return-Path: <>"), "bounce"),
        (("From: ann@x.example", "Return-Path: <>", "Auto-Submitted: auto-replied"), "reply"),
        (("From: MAILER-DAEMON@x.example", "Auto-Submitted: auto-replied"), "bounce"),
        (("From: a@x.example", "Content-Type: multipart/report; report-type=delivery-status"), "bounce"),
        (
            ("From: a@x.example", "Content-Type: multipart/report; report-type=disposition-notification"),
            "reply",
        ),
        (("From: a@x.example", "X-Failed-Recipients: b@x.example"), "bounce"),
        (("From: a@x.example", "Precedence: bulk"), "bulk"),
        (("From: a@x.example", "List-Unsubscribe: <https://x.example>"), "bulk"),
        (("From: a@x.example", "List-Id: Users <users.x.example>"), "list"),
        (("From: a@x.example", "Precedence: list", "List-Post: <mailto:users@x.example>"), "list"),
        (("From: a@x.example", "Precedence: list", "List-Post: <mailto:Sales@ours.example>"), ""),
        (("From: a@x.example", "List-Id: <sales.ours.example>", "List-Unsubscribe: <mailto:x@y>"), ""),
    ],
)
def test_machines(lines: tuple[str, ...], kind: str) -> None:
    found = made(*lines)
    assert (found["auto_kind"], found["auto"]) == (kind, kind != "")
    assert found["details"] == {"direction": "in", "folder": "INBOX"} | ({"auto": kind} if kind else {})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(
            (name, True)
            for name in ("no-reply", "noreply", "no_reply.shop", "donotreply", "do-not-reply", "shop-noreply")
        ),
        *(
            (name, True)
            for name in ("mailer-daemon", "postmaster", "bounces+ann=x", "bounce-17", "reply+abc", "nobody")
        ),
        *((name, True) for name in ("users-request", "owner-users", "users-owner", "users-bounces")),
        *((name, False) for name in ("ann", "owner", "bouncer", "info", "norepl", "replyann", "nobodyinn")),
    ],
)
def test_service_addresses(name: str, expected: bool) -> None:
    assert is_service(f"{name}@x.example") is expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 1 May 2024 10:00:00 +0200", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("Wed, 1 May 2069 10:00:00 +0200", RECEIVED),
        ("nonsense", RECEIVED),
    ],
)
def test_nothing_is_sent_after_it_arrived(date: str, expected: datetime) -> None:
    assert made("From: ann@x.example", f"Date: {date}")["date"] == expected


def test_a_message_without_a_name_gets_a_stable_one() -> None:
    lines = ("Date: Wed, 1 May 2024 10:00:00 +0200", "From: ann@x.example", "To: b@x.example", "Subject: Hi")
    first, moved = made(*lines), made(*reversed(lines), "X-Other: changed", body="other")
    assert first["message_id"] == moved["message_id"]
    assert str(first["message_id"]).startswith("none-")
    for number in range(len(lines)):
        assert made(*lines[:number], lines[number] + "x", *lines[number + 1 :])["message_id"] != first["message_id"]


def test_a_message_without_headers_is_refused() -> None:
    with pytest.raises(ValueError, match="no headers"):
        made("X-Nothing: here")


def test_names_and_subjects_are_clean() -> None:
    found = made('From: "=?utf-8?q?Ann=0A=0DLee?=" <ann@x.example>', "Subject: =?utf-8?q?a=00b?=", "In-Reply-To: <1@x>")
    assert (found["contact_name"], found["subject"], found["in_reply_to"]) == ("Ann Lee", "a b", "1@x")
