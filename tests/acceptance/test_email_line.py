"""The email connector on its way to a real server: TLS, passwords, broken lines, senseless answers."""

from __future__ import annotations

import logging
import re
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from servers.dovecot import Mailbox
from servers.mail import connector, fill, message, read, rows, wired
from servers.process import free_port, require

from synchub.api import AuthenticationError, ConfigurationError, RetryLater, SynchubError


def test_a_wrong_password_is_told_without_the_password(mailbox: Mailbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # Each comes from an address of its own: the server makes one wait that was wrong before.
    for origin, wrong in (("127.0.0.67", 's3cret "quoted\\'), ("127.0.0.68", "s3cret-ümlaut")):
        with wired(mailbox, origin=origin) as (_, seen), pytest.raises(AuthenticationError) as caught:
            connector(seen, password=wrong).check()
        assert "synchub check" in caught.value.next_step
        assert "s3cret" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__ or ''}{caplog.text}"


def test_names_and_passwords_are_quoted(mailbox: Mailbox) -> None:
    with wired(mailbox, origin="127.0.0.66") as (wire, seen), pytest.raises(AuthenticationError):
        connector(seen, user='o"brien and sons', password='a "b\\').check()
    assert b'LOGIN "o\\"brien and sons" "a \\"b\\\\"\r\n' in wire.asked


def test_contents_of_mail_never_reach_the_log(mailbox: Mailbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mailbox.deliver(message(1, text="private matters"))
    assert rows(read(connector(mailbox)))[0]["body"] == "private matters"
    assert "private" not in caplog.text
    assert "Number 1" not in caplog.text


def test_a_server_that_is_down_is_tried_later(mailbox: Mailbox) -> None:
    with pytest.raises(RetryLater) as caught:
        connector(mailbox, port=free_port()).check()
    assert "can't be reached" in caught.value.happened


def test_a_server_without_tls_is_a_matter_of_settings(mailbox: Mailbox) -> None:
    with pytest.raises(ConfigurationError) as tls:
        connector(mailbox, security="tls").check()
    with pytest.raises(ConfigurationError) as starttls:
        connector(mailbox, security="starttls").check()
    assert "does not speak TLS" in tls.value.happened
    assert "does not offer STARTTLS" in starttls.value.happened
    assert all("password was not sent" in caught.value.not_done for caught in (tls, starttls))


def test_a_line_that_breaks_once_loses_nothing(mailbox: Mailbox) -> None:
    fill(mailbox, 30)
    cuts = iter([True])

    def cut_in_the_first_answer(data: bytes) -> bytes | None:
        return None if b"FETCH (" in data and next(cuts, False) else data

    with wired(mailbox, spoil=cut_in_the_first_answer) as (wire, seen):
        pages = read(connector(seen))
    assert wire.connections == 2
    assert len(rows(pages)) == 30
    assert not any(page.broken for page in pages)


def test_a_line_that_keeps_breaking_gives_up_for_now(mailbox: Mailbox) -> None:
    fill(mailbox, 30)
    with (
        wired(mailbox, spoil=lambda data: None if b"FETCH (" in data else data) as (wire, seen),
        pytest.raises(RetryLater),
    ):
        read(connector(seen))
    assert wire.connections < 20


def test_a_folder_made_anew_while_the_line_was_broken_is_left_to_the_next_run(mailbox: Mailbox) -> None:
    fill(mailbox, 3)
    cut: list[bytes] = []

    def spoil(data: bytes) -> bytes | None:
        if b"FETCH (" in data and not cut:
            cut.append(data)
            return None
        return re.sub(rb"UIDVALIDITY \d", b"UIDVALIDITY 9", data) if cut else data

    with wired(mailbox, spoil=spoil) as (_, seen), pytest.raises(RetryLater):
        read(connector(seen))


def test_a_folder_whose_numbers_fell_is_read_again(mailbox: Mailbox) -> None:
    fill(mailbox, 2)
    first = read(connector(mailbox))
    with wired(mailbox, spoil=lambda data: data.replace(b"[UIDNEXT 3]", b"[UIDNEXT 2]")) as (_, seen):
        pages = read(connector(seen), cursor=first[-1].cursor)
    assert [row["subject"] for row in rows(pages)] == ["Number 0"]


def test_an_answer_that_makes_no_sense_costs_only_its_message(mailbox: Mailbox) -> None:
    fill(mailbox, 30)
    with wired(mailbox, spoil=lambda data: data.replace(b"(UID 17 ", b"(UID seven ")) as (_, seen):
        pages = read(connector(seen))
    broken = [row for page in pages for row in page.broken]
    assert [row.where for row in broken] == ["INBOX, message UID 17"]
    assert len(rows(pages)) == 29


def test_a_structure_that_makes_no_sense_costs_only_the_text(mailbox: Mailbox) -> None:
    fill(mailbox, 3)
    mailbox.deliver(b"Content-Type: text/plain; charset=spoil-me\r\n" + message(4))
    with wired(mailbox, spoil=lambda data: data.replace(b'"spoil-me"', b"((((((((")) as (_, seen):
        pages = read(connector(seen))
    assert [row["body"] for row in rows(pages)] == ["Hello", "Hello", "Hello", ""]
    assert not any(page.broken for page in pages)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    openssl = require("openssl", package="openssl")
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    return folder


def test_tls_is_checked_and_works_with_an_authority_of_ones_own(mailbox: Mailbox, certificate: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    mailbox.deliver(message(1))
    with wired(mailbox, tls=server) as (_, seen):
        near: dict[str, Any] = {"folder": certificate, "security": "tls", "host": "localhost"}
        assert len(rows(read(connector(seen, ca_file="cert.pem", **near)))) == 1
        for problem, settings in {
            "not trusted": near,
            "not trusted (Hostname": near | {"host": "127.0.0.1", "ca_file": "cert.pem"},
            "ca_file can't be used": near | {"ca_file": "missing.pem"},
        }.items():
            with pytest.raises(SynchubError) as caught:
                connector(seen, **settings).check()
            assert isinstance(caught.value, ConfigurationError)
            assert problem in caught.value.happened.replace("(IP address", "(Hostname")
