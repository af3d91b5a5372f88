"""What the email connector reads from a real IMAP server."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from servers.dovecot import Mailbox
from servers.mail import ME, connector, fill, message, read, rows, signed_in, wired

from synchub.api import ConfigurationError
from synchub.testing.host import START


def test_a_message_is_read_whole(mailbox: Mailbox) -> None:
    mailbox.deliver(message(7), at=datetime(2024, 5, 1, 9, tzinfo=UTC))
    pages = read(connector(mailbox))
    assert rows(pages) == [
        {
            "message_id": "7@example.com",
            "date": datetime(2024, 5, 1, 8, 7, tzinfo=UTC),
            "from": "ann@example.com",
            "from_name": "Ann Lee",
            "to": [ME],
            "cc": [],
            "subject": "Number 7",
            "folder": "INBOX",
            "direction": "in",
            "contact": "ann@example.com",
            "contact_name": "Ann Lee",
            "in_reply_to": "",
            "body": "Hello",
            "auto": False,
            "auto_kind": "",
            "size": len(message(7)),
            "details": {"direction": "in", "folder": "INBOX"},
        }
    ]
    assert set(pages[0].fields) == rows(pages)[0].keys()


def test_reading_marks_nothing_as_seen(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1))
    with wired(mailbox) as (wire, seen):
        read(connector(seen))
        read(connector(seen), "correspondents")
    # Either is enough by itself.
    assert b"SELECT" not in wire.asked
    assert b"BODY[" not in wire.asked
    with signed_in(mailbox) as session:
        session.select("INBOX", readonly=True)
        assert session.search(None, "UNSEEN") == ("OK", [b"1"])


def test_the_next_read_goes_on_where_the_last_one_ended(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1))
    mailbox.deliver(message(2), "Sent")
    both = {"folders": ["INBOX", "Sent"]}
    first = read(connector(mailbox, **both))
    again = read(connector(mailbox, **both), cursor=first[-1].cursor)
    mailbox.deliver(message(3), "Sent")
    third = read(connector(mailbox, **both), cursor=again[-1].cursor)
    assert [sorted(row["subject"] for row in rows(pages)) for pages in (first, again, third)] == [
        ["Number 1", "Number 2"],
        [],
        ["Number 3"],
    ]


def test_no_read_says_that_mail_is_gone(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1))
    for stream in ("messages", "correspondents"):
        pages = read(connector(mailbox), stream)
        assert not any(page.complete or page.deleted for page in pages)


def test_a_read_that_breaks_off_goes_on_from_its_last_page(mailbox: Mailbox) -> None:
    fill(mailbox, 450)
    source = connector(mailbox)
    pages = source.read("messages", None, ())
    begun = [next(pages), next(pages)]
    source.close()
    rest = read(connector(mailbox), cursor=begun[-1].cursor)
    assert [len(rows(begun)), len(rows(rest))] == [400, 50]


def test_a_folder_that_was_made_anew_is_read_again(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1), "Clients")
    mailbox.deliver(message(2))
    both = {"folders": ["INBOX", "Clients"]}
    first = read(connector(mailbox, **both))
    with signed_in(mailbox) as session:
        session.delete("Clients")
    mailbox.deliver(message(3), "Clients")
    assert [row["subject"] for row in rows(read(connector(mailbox, **both), cursor=first[-1].cursor))] == ["Number 3"]


def test_days_limits_only_the_first_read(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1), at=START - timedelta(days=40))
    mailbox.deliver(message(2), at=START - timedelta(days=2))
    first = read(connector(mailbox, days=30))
    mailbox.deliver(message(3), at=START - timedelta(days=40))
    second = read(connector(mailbox, days=30), cursor=first[-1].cursor)
    assert [[row["subject"] for row in rows(pages)] for pages in (first, second)] == [
        ["Number 2"],
        ["Number 3"],
    ]


def test_days_has_passed_even_where_it_found_nothing(mailbox: Mailbox) -> None:
    first = read(connector(mailbox, days=30))
    mailbox.deliver(message(1), at=START - timedelta(days=40))
    second = read(connector(mailbox, days=30), cursor=first[-1].cursor)
    mailbox.deliver(message(2), at=START - timedelta(days=40))
    third = read(connector(mailbox, days=30), cursor=second[-1].cursor)
    assert [[row["subject"] for row in rows(pages)] for pages in (first, second, third)] == [
        [],
        [],
        ["Number 2"],
    ]


def test_the_same_message_twice_is_one_row(mailbox: Mailbox) -> None:
    for _ in range(2):
        mailbox.deliver(message(1))
    mailbox.deliver(message(2))
    assert [row["subject"] for row in rows(read(connector(mailbox)))] == ["Number 1", "Number 2"]


def test_an_address_is_never_cut_in_two(mailbox: Mailbox) -> None:
    everybody = [f"{'x' * length}{length}@example.org" for length in range(1, 60)] * 12
    for start in range(10):
        mailbox.deliver(message(start, to=", ".join(everybody[start:])))
    found = rows(read(connector(mailbox, max_message=16_384)))
    assert len(found) == 10
    for row in found:
        assert len(row["to"]) == 59
        assert {*row["to"]} == {*everybody}


def test_folders_by_pattern_and_in_any_script(mailbox: Mailbox) -> None:
    for number, name in enumerate(("Kunden/Nord", "Kunden/S&APw-d", "Other"), 1):
        mailbox.deliver(message(number), name)
    found = rows(read(connector(mailbox, folders=["Kunden/*"])))
    assert sorted(row["folder"] for row in found) == ["Kunden/Nord", "Kunden/Süd"]


def test_a_missing_folder_names_those_that_there_are(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1), "Sent")
    with (
        pytest.raises(ConfigurationError) as caught,
        contextlib.closing(connector(mailbox, folders=["Snet"])) as source,
    ):
        source.check()
    assert 'instead of "Snet" perhaps "Sent"' in caught.value.next_step
    assert '"INBOX"' in caught.value.next_step


def test_only_the_start_of_a_long_text_is_fetched(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1, text="word " * 1_000_000))
    with wired(mailbox) as (wire, seen):
        [row] = rows(read(connector(seen)))
    assert row["size"] > 5_000_000
    assert 3_900 < len(row["body"]) <= 4_000
    assert wire.carried < 100_000


def test_the_text_is_found_among_attachments(mailbox: Mailbox) -> None:
    mailbox.deliver(
        b"Message-ID: <a@example.com>\r\nFrom: ann@example.com\r\n"
        b"Content-Type: multipart/mixed; boundary=one\r\n\r\n"
        b"--one\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nfile\r\n"
        b"--one\r\nContent-Type: multipart/alternative; boundary=two\r\n\r\n"
        b"--two\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>HTML</p>\r\n"
        b"--two\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Gr=FC=DFe\r\n--two--\r\n--one--\r\n"
    )
    assert rows(read(connector(mailbox)))[0]["body"] == "Grüße"


HOSTILE = [
    b"\r\n",
    b"\r\n\r\n",
    b"no header at all",
    b"From: " + b"(" * 60_000 + b"\r\nMessage-ID: <deep@x>\r\n\r\n",
    b"Subject: " + b"A" * 10_000_000 + b"\r\nMessage-ID: <long@x>\r\nFrom: ann@example.com\r\n\r\n",
    b"Subject: =?utf-8?b?" + b"\xff\xfe" * 300 + b"?= =?nope?q?=ZZ?=\r\nMessage-ID: <words@x>\r\n\r\n",
    b"Message-ID: <injected@x>\r\nSubject: one\r\n\ttwo =?utf-8?q?=0D=0ABcc:_x@y=00?=\r\nFrom: a@b\r\n\r\n",
    b"Message-ID: <nested@x>\r\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(300)),
    b"Message-ID: <many@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 2000,
    b'Message-ID: <charset@x>\r\nContent-Type: text/plain; charset="idna"\r\n\r\n' + b"\xfcber " * 100,
]


def test_hostile_messages_harm_no_other(mailbox: Mailbox) -> None:
    fill(mailbox, 2)
    fill(mailbox, len(HOSTILE), HOSTILE.__getitem__)
    mailbox.deliver(message(30))
    pages = read(connector(mailbox))
    found = {row["message_id"]: row for row in rows(pages)}
    assert {
        "0@example.com",
        "1@example.com",
        "30@example.com",
        "words@x",
        "injected@x",
        "many@x",
    } <= found.keys()
    assert {"long@x", "deep@x", "nested@x", "charset@x"} <= found.keys()
    assert found["injected@x"]["subject"] == "one two Bcc: x@y"
    assert found["long@x"]["from"] == "ann@example.com"
    assert found["charset@x"]["body"].startswith("über über")
    broken = [row for page in pages for row in page.broken]
    assert len(found) + len(broken) == len(HOSTILE) + 3
    assert all(row.reason and row.where.startswith("INBOX, message UID") for row in broken)
    assert len(rows(read(connector(mailbox), "correspondents"))) == 2


def test_people_are_counted_over_all_folders(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1))
    mailbox.deliver(message(2, sender='"Lee, Ann" <ANN@Example.com>'))
    mailbox.deliver(message(3, sender='"Lee, Ann" <ann@example.com>'))
    mailbox.deliver(message(4, sender="No Reply <no-reply@shop.example>"))
    mailbox.deliver(message(5, sender=ME, to=f"bob@example.org, ann@example.com, {ME}"), "Sent")
    pages = read(connector(mailbox, folders=["INBOX", "Sent"]), "correspondents")
    ann, bob = sorted(rows(pages), key=lambda row: row["address"])
    assert (ann["address"], ann["name"], ann["first_name"], ann["last_name"]) == (
        "ann@example.com",
        "Ann Lee",
        "Ann",
        "Lee",
    )
    assert (ann["count"], ann["first_seen"].minute, ann["last_seen"].minute) == (4, 1, 5)
    assert (bob["address"], bob["count"]) == ("bob@example.org", 1)


def test_a_missing_name_is_not_told_as_an_empty_one(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1))
    mailbox.deliver(message(2, sender="bob@example.org"))
    mailbox.deliver(message(3, sender="Cid <cid@example.org>"))
    told = {
        row["address"]: {*page.fields} & {"name", "first_name", "last_name"}
        for page in read(connector(mailbox), "correspondents")
        for row in rows([page])
    }
    assert told == {
        "ann@example.com": {"name", "first_name", "last_name"},
        "bob@example.org": set(),
        "cid@example.org": {"name"},
    }


def test_new_mail_tells_of_people_only_what_it_can_know(mailbox: Mailbox) -> None:
    mailbox.deliver(message(1))
    first = read(connector(mailbox), "correspondents")
    mailbox.deliver(message(2, sender="Bob Ray <bob@example.org>"))
    second = read(connector(mailbox), "correspondents", first[-1].cursor)
    assert [row["address"] for row in rows(second)] == ["bob@example.org"]
    assert not {"count", "first_seen"} & ({*second[0].fields} | rows(second)[0].keys())
    assert {"count", "first_seen"} <= {*first[0].fields}
