"""A description is linted as hub.toml is: every problem at once, by file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from unit.connectors.described import PLAIN

from synchub import config
from synchub.api import ConnectorInfo
from synchub.errors import ConfigurationError
from synchub.secrets import Secrets
from synchub_connectors.rest.settings import RestSettings

HUB = """
[systems.people]
connector   = "rest"
description = "rest/people.toml"

[systems.people.secrets]
token = "env:PEOPLE_TOKEN"
"""


def never(*_: object) -> list[str]:
    return []


def _wanted(environ: dict[str, str] | None) -> dict[str, object]:
    return {
        "connectors": {"rest": ConnectorInfo("rest", "")},
        "config_model": lambda _name: RestSettings,
        "transforms": {},
        "rules": (),
        "environ": environ,
        "checks": config.Checks(never, never),  # type: ignore[arg-type]
    }


@pytest.fixture
def lint(tmp_path: Path) -> Callable[..., list[str]]:
    """Lint a hub with this description; the environment is not looked at."""

    def run(description: str | None = PLAIN, hub: str = HUB) -> list[str]:
        (tmp_path / "rest").mkdir(exist_ok=True)
        if description is not None:
            (tmp_path / "rest" / "people.toml").write_text(description, encoding="utf-8")
        (tmp_path / "hub.toml").write_text(hub, encoding="utf-8")
        return [str(one) for one in config.lint(tmp_path / "hub.toml", **_wanted(None))]  # type: ignore[arg-type]

    return run


def place(of: str, text: str = PLAIN) -> str:
    """Line and column of a piece of a text."""
    before = text[: text.index(of)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_a_right_one(lint: Callable[..., list[str]]) -> None:
    assert lint() == []


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("wrap   =", "warp   =", "warp", "unknown key 'warp': did you mean 'wrap'?"),
        ('kind = "cursor"', 'kind = "curser"', '"curser"', "'kind' must be 'none', 'page', 'offset', 'cursor',"),
        (', next = "next" }', " }", "paging ", "'next' is missing: cursor, next_url: where the answer holds it."),
        ('next = "next"', 'next = "next", total = "n"', '"n"', "'total': does not belong to kind = \"cursor\", which takes"),
        ("requests = 1000", "requests = 0", "0 }", "'requests' must be at least 1"),
        ("{token}", "hunter22", '"hunter22"', "'token': holds no placeholder: write {token}"),
        ('"https://people', '"http://people', '"http://people', "'url': must begin with https://"),
        ('.com/v1"', '.com/v1?x=1"', '"https', "'url': must be an address"),
        ('path    = "people/cursor"', 'path = "../x"', '"../x"', "'path': must not lead out of `url` by dots"),
        ('path    = "people/cursor"', 'path = "https://x.y/z"', '"https://x', "'path': is a path below `url`"),
        ('"changed"\n\n[', '"chnaged"\n\n[', '"chnaged"', "'updated_at': there is no field 'chnaged': did you mean 'changed'?"),
        ("lookup.email]", "lookup.mail]", "mail]", "'mail': there is no field 'mail': did you mean 'email'?"),
        ('path = "people/{id}"\n\n[streams.people.lookup', 'path = "people/id"\n\n[streams.people.lookup', "get]", "'get': must say where {id} stands"),
        ('"{values}"', '"{value}"', "email]", "must say where {values} stands"),
        ('path   = "people"\n', 'path   = "people/{id}"\n', "create]", "'create': has no {id} to fill in"),
        ('existing = "error.person"', 'existing_pattern = "("', '"("', "'existing_pattern': is no regular expression"),
        ('existing = "error.person"', 'existing_pattern = "x"', '"x"', "'existing_pattern': needs a group"),
        ('existing = "error.person"', "statuses = { 4x2 = \"retry\" }", "4x2", "'4x2'"),
        ('wrap   = "person"\nrecord = "person"', "", "path   = \"people\"\n", "does not say where the answer holds the new id"),
        ('score   = "number"', 'score   = "numbr"', '"numbr"', "'score' must be"),
        ("[streams.people.get]\npath = \"people/{id}\"\n", "", "create]", "needs [streams.NAME.get]"),
    ],
)  # fmt: skip
def test_mistakes(lint: Callable[..., list[str]], old: str, new: str, at: str, message: str) -> None:
    assert PLAIN.count(old) >= 1
    text = PLAIN.replace(old, new, 1)
    told = lint(text)
    where = "" if at == "4x2" else place(at, text)
    assert [one for one in told if one.startswith(f"rest/people.toml:{where}") and message in one], told
    assert "hunter22" not in str(told)


def test_all_mistakes_at_once_and_nothing_that_follows_from_them(lint: Callable[..., list[str]]) -> None:
    text = PLAIN.replace("wrap   =", "warp   =").replace("requests = 1000", "requests = 0").replace("{token}", "x{y")
    told = lint(text)
    assert len(told) == 3
    assert {one.split(":")[1] for one in told} == {
        place(what, text).split(":")[0] for what in ("warp", "requests", "x{y")
    }


def test_no_toml(lint: Callable[..., list[str]]) -> None:
    (problem,) = lint("url = \n")
    assert problem.startswith("rest/people.toml:1:7: ")


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("rest/gone.toml", "'description' names rest/gone.toml, and there is no such file"),
        ("../people.toml", "'description' must name a file below the folder of hub.toml"),
        ("/etc/people.toml", "'description' must name a file below the folder of hub.toml"),
        ("rest/link.toml", "'description' must name a file below the folder of hub.toml"),
        ("rest/people.json", "'description' must be the name of a TOML file, such as rest/crm.toml"),
    ],
)
def test_names_of_files(lint: Callable[..., list[str]], tmp_path: Path, named: str, message: str) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.toml"
    outside.write_text(PLAIN, encoding="utf-8")
    (tmp_path / "rest").mkdir()
    (tmp_path / "rest" / "link.toml").symlink_to(outside)
    assert lint(hub=HUB.replace("rest/people.toml", named)) == [f"hub.toml:4:15: {message}"]


def test_placeholders_and_what_they_stand_for(lint: Callable[..., list[str]]) -> None:
    text = PLAIN.replace("https://people.example.com", "https://{company}.example.com")
    missing = "{company} of the description is missing: write it under [systems.NAME.settings]"
    assert lint(text) == [f"hub.toml:2:10: {missing}"]
    assert lint(text, HUB + '[systems.people.settings]\ncompany = "acme"\n') == []
    told = lint(hub=HUB.replace("token =", "tokn ="))
    assert told == [
        "hub.toml:2:10: {token} of the description is missing: write it under [systems.NAME.secrets]; "
        "the description has no placeholder {tokn}: did you mean 'token'?"
    ]


def test_the_address_of_a_sandbox(lint: Callable[..., list[str]]) -> None:
    hub = HUB.replace("description =", 'url = "https://x.example.com/?a=1"\ndescription =')
    assert lint(hub=hub) == [
        "hub.toml:4:7: 'url': must be an address, https://HOST/PATH, without parameters or a password"
    ]


def test_a_secret_does_not_stand_in_addresses(lint: Callable[..., list[str]]) -> None:
    text = PLAIN.replace('path    = "people/cursor"', 'path    = "people/{token}"')
    wanted = "{token} of the description has to be under [systems.NAME.settings]: it stands in addresses, where no secret may"
    assert lint(text) == [f"hub.toml:2:10: {wanted}"]


def test_a_secret_does_not_stand_among_plain_settings(lint: Callable[..., list[str]]) -> None:
    wanted = "{token} of the description has to be under [systems.NAME.secrets]: it is a secret"
    hub = HUB.replace("people.secrets", "people.settings").replace("env:PEOPLE_TOKEN", "hunter22")
    assert lint(hub=hub) == [f"hub.toml:2:10: {wanted}"]


def test_secrets_in_clear_text(lint: Callable[..., list[str]]) -> None:
    assert "'token' is a secret in clear text" in lint(hub=HUB.replace("env:PEOPLE_TOKEN", "hunter22"))[0]


def test_what_was_linted_is_what_the_connector_gets(lint: Callable[..., list[str]], tmp_path: Path) -> None:
    lint()
    environ = {"PEOPLE_TOKEN": "hunter22"}
    configuration = config.load(tmp_path / "hub.toml", **_wanted(environ))  # type: ignore[arg-type]
    secrets = Secrets("hub", tmp_path, environ=environ)
    found = config.system_config(configuration, "people", model=RestSettings, secrets=secrets)
    assert isinstance(found, RestSettings)
    assert (found.description.streams["people"].read.records, found.all()) == ("data", {"token": "hunter22"})
    (tmp_path / "rest" / "people.toml").write_text(PLAIN.replace("wrap   =", "warp   ="), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        config.system_config(configuration, "people", model=RestSettings, secrets=secrets)
    assert caught.value.problems[0].startswith("rest/people.toml:")


def test_a_change_of_the_description_is_a_change_of_the_hub(lint: Callable[..., list[str]], tmp_path: Path) -> None:
    from synchub.config.document import files_of

    lint()
    assert tmp_path / "rest" / "people.toml" in files_of(tmp_path / "hub.toml")
