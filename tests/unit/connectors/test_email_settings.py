"""The email connector's settings, folders and suggested mappings."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from synchub.api import ConfigurationError
from synchub.mapping.compiled import compile_mapping
from synchub.mapping.tests import run_tests
from synchub.spec.entities import CONTACT_FIELDS, EVENT_FIELDS
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile
from synchub.testing.host import LocalHost
from synchub_connectors.email.config import EmailConfig
from synchub_connectors.email.connector import Email
from synchub_connectors.email.correspondents import CORRESPONDENTS
from synchub_connectors.email.folders import Folder, choose
from synchub_connectors.email.messages import MESSAGES

GIVEN: dict[str, Any] = {"host": "imap.example.com", "user": "ann@example.com", "password": "s3cret-word"}


def test_defaults() -> None:
    settings = EmailConfig(**GIVEN)
    assert (settings.port, settings.security, settings.folders, settings.days) == (
        993,
        "tls",
        ("INBOX",),
        None,
    )
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "LOCALHOST", "127.1.2.3"])
def test_without_protection_only_to_this_machine(host: str) -> None:
    assert EmailConfig(**GIVEN | {"host": host, "security": "none"}).security == "none"


@pytest.mark.parametrize(
    "wrong",
    [
        {"security": "none"},
        {"security": "none", "host": "localhost.example.com"},
        {"security": "none", "host": "127.0.0.1.example.com"},
        {"security": "none", "host": "10.0.0.1"},
        {"security": "ssl"},
        {"port": 0},
        {"days": 0},
        {"folders": []},
        {"folders": ["INBOX\r\nX LOGOUT"]},
        {"user": "ann\r\nX LOGOUT"},
        {"own_addresses": ["ann"]},
        {"max_message": 100},
        {"unknown": 1},
    ],
)
def test_wrong_settings_are_refused_without_the_password(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        EmailConfig(**{"password": "s3cret-word"} | GIVEN | wrong)
    assert "s3cret" not in str(caught.value)


def test_a_password_with_a_line_break_is_never_sent() -> None:
    # Nothing listens on the port: an attempt to connect would fail differently.
    settings = EmailConfig(**GIVEN | {"host": "127.0.0.1", "port": 1, "security": "none", "password": "a\r\nX LOGOUT"})
    with pytest.raises(ConfigurationError, match="line break"):
        Email(settings, LocalHost("mail")).check()


def test_an_unknown_stream_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="attachments"):
        Email(EmailConfig(**GIVEN), LocalHost("mail")).read("attachments", None, ())


ENTITIES = {
    "contact": Entity("contact", CONTACT_FIELDS, {}),
    "event": Entity("event", EVENT_FIELDS, {}, refers_to={"contact": "contact"}),
}
OFFERED = [
    Folder("Inbox"),
    Folder("Gesendet", frozenset({"\\Sent"})),
    Folder("Clients/A"),
    Folder("Clients/B"),
    Folder("x[1]"),
]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["INBOX"], ["Inbox"]),
        (["\\sent"], ["Gesendet"]),
        (["Clients/*"], ["Clients/A", "Clients/B"]),
        (["Clients/B", "Clients/*"], ["Clients/B", "Clients/A"]),
        (["*"], ["Inbox", "Gesendet", "Clients/A", "Clients/B", "x[1]"]),
        (["x[1]"], ["x[1]"]),
    ],
)
def test_folders_are_chosen(wanted: list[str], names: list[str]) -> None:
    assert choose(wanted, OFFERED, system="mail") == names


@pytest.mark.parametrize("wanted", ["Sent", "\\Archive", "clients/a", "Clients"])
def test_folders_that_are_missing_are_named(wanted: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose(["INBOX", wanted], OFFERED, system="mail")
    assert f'"{wanted}"' in caught.value.happened
    assert '"Clients/A"' in caught.value.next_step


@pytest.mark.parametrize(("name", "stream"), [("mail-messages", MESSAGES), ("mail-correspondents", CORRESPONDENTS)])
def test_suggested_mappings_fit_their_streams(name: str, stream: Any) -> None:
    text = resources.files("synchub_connectors.email.mappings").joinpath(f"{name}.toml").read_text()
    mapping = MappingFile.model_validate(tomllib.loads(text))
    there = {field.name for field in stream.fields}
    used = {native for field in mapping.fields for native in mapping.field(field).natives}
    assert mapping.keys == stream.key
    assert used <= there
    assert all(test.native.keys() <= there for test in mapping.tests)
    compiled = compile_mapping(
        mapping, ENTITIES[mapping.entity], HubSettings(), transforms={}, rate=lambda *_: None, stream=stream
    )
    results = run_tests(name, compiled, mapping)
    assert len(results) == 2
    assert not [result for result in results if result.differences or result.problem]


def test_both_streams_are_weak_and_read_only() -> None:
    for stream in (MESSAGES, CORRESPONDENTS):
        assert stream.weak
        assert not stream.writes
        assert not stream.sees_deletes
        assert not any(field.writable for field in stream.fields)
