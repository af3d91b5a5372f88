"""Every kind of problem, with the line and column it is told at. The cases are in problems.txt."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synchub import config
from synchub.api import ConnectorInfo
from synchub.errors import ConfigurationError


def _cases() -> dict[str, tuple[str, list[str]]]:
    """=== name, the text of hub.toml, ---, the problems."""
    text = Path(__file__).with_name("problems.txt").read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        hub, _, problems = rest.partition("\n---\n")
        found[name] = (hub + "\n", problems.split("\n\n")[0].rstrip("\n").split("\n"))
    return found


CASES = _cases()
LEADS = 'entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\n'
SYSTEM = '[systems.file]\nconnector = "file"\npath = "leads.csv"\n'
SYNC = SYSTEM + '[syncs.a]\nentity = "contact"\n[syncs.a.members.file]\nstream = "s"\nmapping = "leads"\n'


@pytest.mark.parametrize("case", CASES)
def test_a_problem_is_told_with_line_and_column(case: str, lint: Callable[..., list[str]]) -> None:
    text, expected = CASES[case]
    assert lint(text) == expected


def test_there_are_cases() -> None:
    assert len(CASES) > 35


def test_a_right_configuration_has_no_problems(lint: Callable[..., list[str]]) -> None:
    assert lint(SYNC) == []


def test_problems_of_all_files_come_together(lint: Callable[..., list[str]]) -> None:
    problems = lint(
        'include = ["syncs/*.toml"]\n[hub]\nregoin = "DE"\n' + SYNC,
        syncs__more='[syncs.b]\nentity = "contcat"\nmembers.file = { stream = "t", mapping = "leads" }\n',
        mappings__leads='entity = "contact"\nkey = "id"\n[fields]\nemial = "mail"\n',
        mappings__unused='entity = "contact"\nkey = "id"\nfileds = 3\n[fields]\nemail = "mail"\n',
    )
    assert problems == [
        "hub.toml:3:1: unknown key 'regoin': did you mean 'region'?",
        "mappings/leads.toml:4:1: unknown field 'emial' of contact",
        "mappings/unused.toml:3:1: unknown key 'fileds': did you mean 'fields'?",
        "syncs/more.toml:2:10: unknown entity 'contcat': did you mean 'contact'?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("entity = contact\n", "1:10: this is not TOML: invalid value"),
        ('key = "id"\n[fields]\n', "1:1: 'entity' is missing: The entity whose fields these are."),
        (LEADS + "first_name = 3\n", "5:14: 'first_name' must be a table or text, not 3"),
        (LEADS + "phone = { natve = 'x' }\n", "5:11: unknown key 'natve': did you mean 'native'?"),
        (
            LEADS + "phone = { native = 'x', direction = 'up' }\n",
            "5:37: 'direction' must be 'both', 'in' or 'out', not 'up'",
        ),
        (LEADS + "phone = { native = 'x', transform = ['spin'] }\n", "5:38: unknown transform 0: 'spin'"),
        (LEADS.replace('"contact"', '"contcat"'), "1:10: unknown entity 'contcat': did you mean 'contact'?"),
        (
            LEADS.replace('"id"', '"row_number"'),
            "2:7: 'row_number' is a row number and can't tell who is who: "
            "use a field that stays with its record, such as an id or an email",
        ),
        (
            LEADS.replace('"mail"', '{ native = ["mail", "Zeile"] }'),
            "4:9: 'Zeile' is a row number and can't tell who is who: "
            "use a field that stays with its record, such as an id or an email",
        ),
        (
            LEADS + "[[tests]]\nnative = { id = 1 }\ndirecton = 'in'\n",
            "7:1: unknown key 'directon': did you mean 'direction'?",
        ),
        (LEADS + "[[tests]]\nnative = 3\n", "6:10: 'native' must be a table, not 3"),
    ],
)
def test_problems_in_a_mapping(text: str, expected: str, lint: Callable[..., list[str]]) -> None:
    assert lint(SYSTEM, mappings__leads=text) == [f"mappings/leads.toml:{expected}"]


def test_a_key_that_only_sounds_like_a_row_number_is_right(lint: Callable[..., list[str]]) -> None:
    assert lint(SYSTEM, mappings__leads=LEADS.replace('"id"', '["arrow", "deadline"]')) == []


EVENTS = SYSTEM + '[syncs.e]\nentity = "event"\n[syncs.e.members.file]\nstream = "e"\nmapping = "calls"\n'
CALLS = 'entity = "event"\nkey = "id"\n[fields]\ntype = "kind"\n'


def test_events_of_contacts_need_a_sync_of_contacts(lint: Callable[..., list[str]]) -> None:
    assert lint(EVENTS, mappings__calls=CALLS) == []
    assert lint(EVENTS, mappings__calls=CALLS + 'contact = { native = "who", by = "email" }\n') == [
        "hub.toml:5:10: 'e' refers to contact, but no sync has entity \"contact\": add a sync of contact"
    ]


def test_a_reference_by_id_needs_contacts_of_the_same_system(lint: Callable[..., list[str]]) -> None:
    other = '[systems.b]\nconnector = "file"\npath = "b"\n[syncs.a]\nentity = "contact"\n'
    of_b = other + '[syncs.a.members.b]\nstream = "s"\nmapping = "leads"\n'
    of_file = other + '[syncs.a.members.file]\nstream = "s"\nmapping = "leads"\n'
    calls = CALLS + 'contact = { native = "who", by = "id" }\n'
    assert lint(EVENTS + of_b, mappings__calls=calls) == [
        "hub.toml:8:11: 'contact' is found by id, but file has no member in a sync of contact"
    ]
    assert lint(EVENTS + of_file, mappings__calls=calls) == []


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "*/15 8-18 * * mon-fri", "0 0 1,15 JAN-mar,12 7", "59 23 31 12 0", "1-5/2 * * * *"],
)
def test_right_schedules(schedule: str, lint: Callable[..., list[str]]) -> None:
    assert lint(SYNC.replace('"contact"\n', f'"contact"\nschedule = "{schedule}"\n')) == []


@pytest.mark.parametrize(
    "schedule",
    [
        "60 * * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "1, * * * *",
        "mon * * * *",
        "x * * * *",
        "100 * * * *",
    ],
)
def test_wrong_schedules(schedule: str, lint: Callable[..., list[str]]) -> None:
    [problem] = lint(SYNC.replace('"contact"\n', f'"contact"\nschedule = "{schedule}"\n'))
    assert problem.startswith("hub.toml:6:12: '")


def test_a_connectors_own_mapping_is_found_and_checked(hub: Any, tmp_path: Path) -> None:
    connectors = {"file": ConnectorInfo("file", "", mappings="config_test_mappings")}
    package = tmp_path / "path" / "config_test_mappings"
    package.mkdir(parents=True)
    (package / "bundled.toml").write_text(LEADS + "wrong = 3\n", encoding="utf-8")
    hub.write(hub=SYNC.replace('"leads"', '"bundled"'))
    missing = "hub.toml:8:11: there is no mapping 'bundled': "
    assert hub.lint(connectors=connectors) == [missing + "known: leads"]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(package.parent))
        assert hub.lint(connectors=connectors) == [
            "config_test_mappings/bundled.toml:5:9: 'wrong' must be a table or text, not 3"
        ]
        hub.write(hub=SYNC.replace('"leads"', '"bundeld"'))
        assert hub.lint(connectors=connectors) == [
            "hub.toml:8:11: there is no mapping 'bundeld': did you mean 'bundled'?"
        ]
        hub.write(mappings__bundled=LEADS, hub=SYNC.replace('"leads"', '"bundled"'))
        assert hub.lint(connectors=connectors) == []


def test_a_file_that_is_not_utf8(hub: Any) -> None:
    hub.file.write_bytes(b'[hub]\nname = "a\xff"\n')
    assert hub.lint() == ["hub.toml:2:10: the file is not UTF-8: save it as UTF-8"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(hub: Any) -> None:
    hub.file.write_bytes(b'\xef\xbb\xbf[hub]\r\n# \xc3\xbc\r\nregoin = "DE"\r\n')
    assert hub.lint() == ["hub.toml:3:1: unknown key 'regoin': did you mean 'region'?"]


def test_columns_count_characters(lint: Callable[..., list[str]]) -> None:
    text = '[entities.contact]\nfields = { vip = ["ü", "é"], ok = "boole" }\n'
    assert lint(text) == ["hub.toml:2:35: 'boole' is no type of field: did you mean 'bool'?"]


def test_a_missing_file(hub: Any) -> None:
    assert hub.lint() == ["hub.toml:1:1: the file can't be read: No such file or directory"]


def test_a_file_of_nothing_but_brackets(lint: Callable[..., list[str]]) -> None:
    [problem] = lint("a = " + "[" * 20_000)
    assert problem == "hub.toml:1:1: the file is nested too deeply"


def test_load_raises_all_problems_at_once(hub: Any) -> None:
    hub.write(hub='[hub]\nregoin = "DE"\n[syncs.a]\nentity = "contact"\n')
    with pytest.raises(ConfigurationError) as caught:
        hub.load()
    assert caught.value.problems == (
        "hub.toml:2:1: unknown key 'regoin': did you mean 'region'?",
        "hub.toml:3:8: the sync 'a' has no members: add [syncs.a.members.NAME]",
    )
    assert caught.value.happened == "The configuration has 2 problems."
    assert "synchub check" in caught.value.next_step


def test_lint_has_problems_as_values(hub: Any) -> None:
    hub.write(hub='[hub]\nregoin = "DE"\n')
    assert config.lint(hub.file, **hub.wanted()) == [
        config.Problem("hub.toml", 2, 1, "unknown key 'regoin'", "did you mean 'region'?")
    ]
