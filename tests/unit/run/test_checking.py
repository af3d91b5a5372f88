"""`check` and `test`: everything at once, with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from unit.run.conftest import FAIR, HUB, SHOP, SYNC, Office

from synchub.run.told.checking import check, check_file, run_mapping_tests
from synchub.spec.answers import CheckReport
from synchub.spec.answers import TestsReport as MappingResults

PLUGIN = """
from pydantic import BaseModel
from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl


class Settings(BaseModel):
    pass


class Odd(Connector):
    Config = Settings

    def __init__(self, config, host):
        pass

    def check(self):
        {check}

    def streams(self):
        return [Stream("things", (Field("id"), Field("mail")), ("id",), writes=frozenset({writes}))]

    def read(self, stream, cursor, fields):
        yield Page([], ("id", "mail"), complete=True)


@hookimpl
def synchub_connectors():
    return [ConnectorInfo("odd", __name__ + ":Odd")]
"""

ODD = """
[systems.odd]
connector = "odd"

[syncs.more]
entity = "contact"

[syncs.more.members.odd]
stream    = "things"
mapping   = "odd"
"""


def checked(office: Office, *, offline: bool = False) -> CheckReport:
    """As `synchub check` does it on a file that may be wrong. A hub that can be opened says the same."""
    told = check_file(office.folder / "hub.toml", environ=office.environ, redactor=office.redactor, offline=offline)
    if not told.problems and not offline:
        with office.opened() as hub:
            assert check(hub, offline=offline) == told
    return told


def problems(office: Office, *, offline: bool = False) -> list[str]:
    return list(checked(office, offline=offline).problems)


@pytest.fixture
def odd(office: Office) -> Iterator[Office]:
    """The office with a system that a plugin brings."""
    office.write("plugins/odd.py", PLUGIN.format(check="pass", writes='["create", "update"]'))
    office.write("mappings/odd.toml", 'entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\n')
    office.write("hub.toml", HUB + SYNC + ODD)
    return office


def test_a_hub_that_is_right(office: Office):
    told = checked(office)

    assert (told.problems, told.notes, told.exit_code) == ((), (), 0)
    assert [(each.system, each.connector, each.ok, each.happened) for each in told.connections] == [
        ("shop", "spreadsheet", True, "reached: 1 stream, customers"),
        ("fair", "spreadsheet", True, "reached: 1 stream, leads"),
    ]


def test_offline_nothing_is_looked_up(office: Office):
    office.write("hub.toml", HUB.replace('"customers.csv"', '"env:WHERE_IT_IS"') + SYNC)
    (office.folder / "leads.csv").unlink()

    assert checked(office, offline=True).connections == ()
    assert problems(office, offline=True) == []
    assert problems(office) == ["hub.toml:9:13: the environment variable WHERE_IT_IS is not set"]


def test_all_problems_of_all_files_are_told_at_once(office: Office):
    """Also in a mapping that no sync uses, and although the hub can't even be opened."""
    office.write("hub.toml", HUB.replace('name     = "test"', 'nme = "test"') + SYNC)
    office.write("mappings/shop.toml", SHOP.replace("tel", "tel").replace("city  ", "citty "))
    office.write("mappings/unused.toml", 'entity = "contact"\nkey = "row_number"\n[fields]\nemail = "mail"\n')
    told = checked(office)

    assert [problem.split(" ")[0] for problem in told.problems] == [
        "hub.toml:3:1:",
        "mappings/shop.toml:11:1:",
        "mappings/unused.toml:2:7:",
    ]
    assert told.exit_code == 2
    assert told.connections == ()
    assert told.notes == ("Connections are tested once this is mended.",)


def test_a_file_that_is_no_toml(office: Office):
    office.write("hub.toml", "[hub\n")

    assert problems(office)[0].startswith("hub.toml:1:5: this is not TOML")


def test_a_mistake_in_what_nothing_uses_yet_keeps_nobody_from_testing_connections(office: Office):
    office.write("mappings/unused.toml", 'entity = "contact"\nkey = "row_number"\n[fields]\nemail = "mail"\n')
    told = checked(office)

    assert len(told.problems) == 1
    assert [each.ok for each in told.connections] == [True, True]


def test_a_system_that_cannot_be_reached_stops_no_other(office: Office):
    (office.folder / "customers.csv").unlink()
    shop, fair = checked(office).connections

    assert (shop.ok, fair.ok) == (False, True)
    assert "customers.csv" in shop.happened
    assert checked(office).exit_code == 1


def test_what_a_mapping_names_and_its_stream_does_not_have(office: Office):
    office.write("mappings/fair.toml", FAIR.replace('"City"', '"Town"').replace('"No"', '"Number"'))
    office.write("hub.toml", HUB + SYNC.replace('stream  = "customers"', 'stream  = "Customers"'))

    assert problems(office) == [
        "hub.toml:24:11: shop has no stream 'Customers': it has: customers",
        "mappings/fair.toml:3:10: fair/leads has no field 'Number': "
        "it has: No, Email, First, Last, Phone, City, Interests",
        "mappings/fair.toml:10:14: fair/leads has no field 'Town': "
        "it has: No, Email, First, Last, Phone, City, Interests",
    ]


def test_what_two_syncs_share_is_told_once(office: Office):
    office.write("mappings/fair.toml", FAIR.replace('"City"', '"Town"'))
    office.write("hub.toml", HUB + SYNC + SYNC.replace("contacts", "again"))

    assert [told.split(" ")[0] for told in problems(office)] == ["mappings/fair.toml:10:14:"]


def test_nested_fields_are_known_by_their_first_part(office: Office):
    office.write("mappings/fair.toml", FAIR.replace('"City"', '"City.name"'))

    assert problems(office) == []


@pytest.mark.parametrize(
    ("writes", "setting", "problem"),
    [
        ("[]", "", 'odd/things can only be read: write direction = "in"'),
        ('["update"]', 'on_delete = "archive"', "odd/things can't archive records: it takes: update"),
        ('["update"]', 'on_delete = "propagate"', "odd/things can't delete records: it takes: update"),
        ('["delete"]', 'on_delete = "propagate"', None),
        ('["create"]), write_only=bool(1', "", 'odd/things can only be written: write direction = "out"'),
        ('["create"]), write_only=bool(1', 'direction = "out"', None),
        ("[]", 'direction = "in"', None),
    ],
)
def test_what_a_member_asks_and_its_stream_cannot_do(odd: Office, writes: str, setting: str, problem: str | None):
    odd.write("plugins/odd.py", PLUGIN.format(check="pass", writes=writes))
    odd.write("hub.toml", HUB + SYNC + ODD + setting + "\n")

    assert [told.split(": ", 1)[1] for told in problems(odd)] == ([problem] if problem else [])


def test_a_plugin_that_breaks_is_named_and_its_secrets_are_not(odd: Office):
    odd.redactor.add("s3cret-word")
    odd.write("plugins/odd.py", PLUGIN.format(check='raise KeyError("s3cret-word")', writes="[]"))
    told = checked(odd)
    broken = next(each for each in told.connections if each.system == "odd")

    assert not broken.ok
    assert "KeyError" in broken.happened
    assert "s3cret" not in repr(told)
    assert [each.ok for each in told.connections if each.system != "odd"] == [True, True]


def test_plugins_that_cannot_be_loaded_are_noted(office: Office):
    office.write("plugins/bad.py", "import nothing_of_that_name\n")

    assert "nothing_of_that_name" in checked(office).notes[0]
    assert checked(office).exit_code == 0


TESTS = """
[[tests]]
native  = { No = 1, Email = "ANN@acme.com", Phone = "030 1234567" }
contact = { email = "ann@acme.com", phone = "+49301234567" }

[[tests]]
native  = { No = 1, City = "Bonn" }
contact = { city = "Ulm" }
"""


def results(office: Office) -> MappingResults:
    with office.opened() as hub:
        return run_mapping_tests(hub)


def test_mapping_tests_are_run(office: Office):
    office.write("mappings/fair.toml", FAIR + TESTS)
    told = results(office)

    assert [(result.mapping, result.number, result.ok) for result in told.results] == [
        ("fair", 1, True),
        ("fair", 2, False),
    ]
    assert [(d.field, d.expected, d.got) for d in told.results[1].differences] == [("city", "Ulm", "Bonn")]
    assert told.failed == 1


def test_mapping_tests_of_connectors_own_mappings_are_run_where_used(office: Office):
    office.environ["MAIL_PASSWORD"] = "never asked for"
    office.write(
        "hub.toml",
        HUB
        + SYNC
        + """
[systems.mail]
connector = "email"
host      = "imap.example.com"
user      = "sales@example.com"
password  = "env:MAIL_PASSWORD"

[syncs.contacts.members.mail]
stream    = "correspondents"
mapping   = "mail-correspondents"
direction = "in"
""",
    )
    told = results(office)

    assert {result.mapping for result in told.results} == {"mail-correspondents"}
    assert told.failed == 0


def test_a_mapping_that_is_wrong_itself_fails(office: Office):
    office.write("mappings/unused.toml", 'entity = "contact"\nkey = "id"\n[fields]\nemial = "mail"\n')
    office.write("mappings/worse.toml", 'entity = "nothing"\nkey = "id"\n[fields]\nemail = "mail"\n')
    told = results(office)

    assert [(result.mapping, result.ok) for result in told.results] == [("unused", False), ("worse", False)]
    assert "emial" in told.results[0].problem


def test_mapping_tests_need_no_store_and_no_systems(office: Office):
    office.write("mappings/fair.toml", FAIR + TESTS)
    for name in ("customers.csv", "leads.csv"):
        (office.folder / name).unlink()
    results(office)

    assert not (office.folder / "hub.db").exists()
