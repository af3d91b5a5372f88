"""docs/connectors/rest.md: its whole example is carried out; the descriptions beside it are right as far as lint can tell."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest
from acceptance.command import written
from acceptance.office import ANN, BOB, Foreign, Office
from docs.linting import problems_of_description
from docs.pages import ROOT, fences
from servers.people_api import people_api

from synchub.config.schema import schema
from synchub_connectors.rest.settings import RestSettings

PAGE = ROOT / "docs" / "connectors" / "rest.md"
EXAMPLES = sorted((ROOT / "docs" / "examples" / "rest").glob("*.toml"))


def block(beginning: str) -> str:
    """The block of the page that begins so."""
    (found,) = [fence.text for fence in fences(PAGE, "toml") if fence.text.startswith(beginning)]
    return found


def test_the_whole_example_is_a_two_way_sync(tmp_path: Path) -> None:
    with people_api() as api:
        settings = tomllib.loads(block("[systems.acme]"))["systems"]["acme"]
        settings |= {"url": api.url, "secrets": {"token": "env:ACME"}}
        settings["settings"] = {"company": "acme"}
        office = Office(
            tmp_path,
            {"email": "TEXT", "full_name": "TEXT", "city": "TEXT"},
            systems=("shop", "acme"),
            foreign={"acme": Foreign(settings, "people", block("# mappings/acme-people.toml"))},
            members={"acme": {"on_delete": "propagate"}, "shop": {"on_delete": "propagate"}},
        )
        office.hub.write("rest/acme.toml", block("# rest/acme.toml"))
        office.hub.environ["ACME"] = "first-token"
        ann = api.add(email=ANN, name="Ann Lee", address={"city": "Rome", "zip": "00100"})
        office["shop"].add(email=BOB, full_name="Bob Ray")
        api.faults.lost["POST", "/v1/people"] = 1
        office.hub("check")
        office.hub("sync")
        assert sorted(person["name"] for person in api.people.values()) == ["Ann Lee", "Bob Ray"]
        assert office["shop"].row(ANN)["city"] == "Rome"
        office["shop"].edit(ANN, city="Paris")
        (bob,) = set(api.people) - {ann}
        api.edit(bob, name="Bob R. Ray")
        office.hub("sync")
        assert api.people[ann]["address"] == {"city": "Paris", "zip": "00100"}
        assert office["shop"].row(BOB)["full_name"] == "Bob R. Ray"
        assert written(office.hub.sync()) == 0
        api.remove(bob)
        office.hub("sync", "--allow", "deletes=1")
        assert office["shop"].emails() == [ANN]
        assert written(office.hub.sync()) == 0


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_are_right(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert problems_of_description(tomllib.loads(text)) == []
    written_down = jsonschema.Draft202012Validator(schema({"rest": RestSettings})["rest.description"])
    assert written_down.is_valid(tomllib.loads(text))
    assert not written_down.is_valid(tomllib.loads(text.replace("records", "recrods", 1)))
    assert "Not tried against the real service" in text
    assert f"examples/rest/{file.name})" in PAGE.read_text(encoding="utf-8")
