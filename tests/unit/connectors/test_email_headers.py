"""Header lines of mail into names, addresses and times, whatever they hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from synchub_connectors.email.headers import Person, fields, identifier, line, moment, people, words


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),  # its padding was lost
        ("=?iso-8859-1?q?Gr=FC=DFe?= aus =?utf-8?q?K=C3=B6ln?=", "Grüße aus Köln"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),  # a character cut between two words
        ("=?utf-8*de?q?=C3=BC?=", "ü"),
        ("=?windows-1252?q?=80?=", "€"),
        ("=?iso-8859-1?q?=80?=", "€"),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?gb2312?b?yrG85A==?=", "时间"),
        ("=?nope?q?=C3=BC?=", "ü"),
        ("=?utf-8?q?=FC?=", "ü"),  # says UTF-8, is Latin-1
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("=?utf-8?b?A?= =?utf-8?q?ok?=", "=?utf-8?b?A?=ok"),
        ("=?utf-8?q?", "=?utf-8?q?"),
        ("=?rot13?q?abc?=", "abc"),
        ("=?punycode?q?abc-?=", "abc-"),
    ],
)
def test_encoded_words(raw: str, text: str) -> None:
    assert words(raw) == text


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Ann Lee <Ann@Example.COM>", [Person("ann@example.com", "Ann Lee")]),
        ('"Lee, Ann" <ann@example.com>', [Person("ann@example.com", "Lee, Ann")]),
        ("=?utf-8?q?Lee=2C_J=C3=BCrgen?= <j@example.com>", [Person("j@example.com", "Lee, Jürgen")]),
        ("ann@example.com (Ann Lee)", [Person("ann@example.com", "Ann Lee")]),
        ("ann@example.com, bob@example.com", [Person("ann@example.com"), Person("bob@example.com")]),
        (
            "Team: ann@example.com, Bob <bob@example.com>;",
            [Person("ann@example.com"), Person("bob@example.com", "Bob")],
        ),
        ("undisclosed-recipients:;", []),
        ("", []),
        ("ann@example.com, Ann <ANN@example.com>", [Person("ann@example.com", "Ann")]),
        ("'Ann' <ann@example.com>", [Person("ann@example.com", "Ann")]),
        ("ceo@bank.example <thief@example.com>", [Person("thief@example.com")]),
        ('"<ceo@bank.example>" <thief@example.com>', [Person("thief@example.com")]),
        ("Ann <ann@example.com> (home)", [Person("ann@example.com", "Ann")]),
        ("Lee, Ann <ann@example.com>", [Person("ann@example.com", "Ann")]),
        (r'"Ann \"A\" Lee" <ann@example.com>', [Person("ann@example.com", 'Ann "A" Lee')]),
        ("<@relay.example:ann@example.com>", [Person("ann@example.com")]),
        ("A: ann@example.com;, B: bob@example.com;", [Person("ann@example.com"), Person("bob@example.com")]),
        ("Ann <ann@example.com", []),
        ('"never closed <ann@example.com>', []),
        ('"ceo@bank.example" <thief@example.com>', [Person("thief@example.com")]),
        ("ann@example.com <ann@example.com>", [Person("ann@example.com")]),
        ('"Ann\x00\u202eeeL\r\nBcc: x" <ann@example.com>', [Person("ann@example.com", "Ann eeL Bcc: x")]),
        ("no address", []),
        ("<two@@example.com>", []),
        ("<" + "a" * 300 + "@example.com>", []),
        ("(" * 50_000 + "ann@example.com", []),
    ],
)
def test_people(raw: str, found: list[Person]) -> None:
    assert people(raw) == found


def test_long_headers_are_bounded_and_quick() -> None:
    started = time.process_time()
    assert len(people(", ".join(f"a{n}@example.com" for n in range(5_000)))) == 200
    assert len(line({"subject": "=?utf-8?q?" * 1_000_000}, "subject", 500)) == 500
    assert len(line({"subject": "word " * 1_000_000}, "subject", 500)) <= 500
    for piece in ("<", '"', "(", "\\", '"\\', "<(", "a:", ":", ",", '"<', "=?a?q?", "=?", "?="):
        assert people(piece * (256_000 // len(piece)) + "x") == []
    assert time.process_time() - started < 5


def test_a_header_is_one_line() -> None:
    headers = fields(b"Subject: one\r\n\ttwo\r\n =?utf-8?q?three=0D=0ABcc:_x?=\r\nSubject: second\r\n")
    assert line(headers, "subject", 100) == "one two three Bcc: x"


def test_a_cut_or_senseless_block_gives_what_it_can() -> None:
    assert fields(b"no colon\r\nFrom: ann@example.com\r\nSub") == {"from": "ann@example.com"}
    assert fields(b"") == {}


def test_headers_that_are_not_ascii_are_read_each_for_itself() -> None:
    headers = fields("From: Jürgen\r\n".encode() + "Subject: Grüße\r\n".encode("latin-1"))
    assert headers == {"from": "Jürgen", "subject": "Grüße"}


@pytest.mark.parametrize(
    ("raw", "time"),
    [
        ("Wed, 1 May 2024 10:00:00 +0200", datetime(2024, 5, 1, 8, tzinfo=UTC)),
        ("1 May 2024 10:00:00 -0000", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("Wed, 1 May 2024 10:00:00 EST (comment)", datetime(2024, 5, 1, 15, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Wed, 99 May 2024 10:00:00 +0000", None),
        ("Wed, 1 May 2024 10:00:00 +9999999", None),
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
    ],
)
def test_times(raw: str, time: datetime | None) -> None:
    assert moment(raw) == time


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (" <a@b> ", "a@b"),
        ("<a@b> (comment)", "a@b"),
        ("a@b", "a@b"),
        ("<one@x> <two@x>", "one@x"),
        ("<a\r\n b@x>", "ab@x"),
        ("", ""),
        (f"<{'a' * 300}@x>", ""),
    ],
)
def test_identifiers(raw: str, name: str) -> None:
    assert identifier(raw) == name
