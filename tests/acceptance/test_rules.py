"""Which value counts: every rule on real systems, rules that change, addresses, consent, weak members, money,
joined names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acceptance.office import ANN, BOB, Office

RULES = {
    "by_newest": "newest",
    "by_oldest": "oldest",
    "by_prefer": ["prefer crm shop", "newest"],
    "by_chain": ["prefer fair", "newest"],
    "by_always": "always fair",
    "by_longest": "longest",
    "by_most": "most_common",
    "by_highest": "highest",
    "by_lowest": "lowest",
    "by_any": "any",
    "by_all": "all",
    "by_furthest": "furthest",
    "by_add": "add",
    "notes": "ask",
    "*": "oldest",
}
FIELDS = {
    **dict.fromkeys(
        ("by_newest", "by_oldest", "by_prefer", "by_chain", "by_always", "by_longest", "by_most", "by_rest"),
        "text",
    ),
    "by_highest": "number",
    "by_lowest": "date",
    "by_any": "bool",
    "by_all": "bool",
    "by_furthest": ["new", "warm", "hot"],
    "by_add": "number",
}
AT_FIRST = {
    #               crm, changed in January  shop, changed in June  fair: nobody knows when
    "by_newest": ("c", "s", "f"),
    "by_oldest": ("c", "s", "f"),
    "by_prefer": ("c", "s", "f"),
    "by_chain": ("c", "s", ""),
    "by_always": ("c", "s", "f"),
    "by_longest": ("abc", "ab", "a"),
    "by_most": ("x", "y", "y"),
    "by_highest": ("9", "10", "9.5"),
    "by_lowest": ("2024-05-01", "2024-03-01", "2024-04-01"),
    "by_any": ("false", "true", ""),
    "by_all": ("false", "true", "true"),
    "by_furthest": ("new", "hot", "warm"),
    "by_add": ("10", "4", ""),
    "by_rest": ("c", "s", "f"),
    "tags": ("a;b", "b;c", ""),
    "notes": ("x", "x", "x"),
}
EDITS = {  # the shop's are made before the CRM's
    "crm": {
        "by_newest": "c2",
        "by_oldest": "c2",
        "by_prefer": "c2",
        "by_add": "12",
        "tags": "a;b",
        "notes": "a",
        "by_rest": "c2",
        "by_all": "true",
    },
    "shop": {
        "by_newest": "s2",
        "by_highest": "1",
        "by_lowest": "2024-09-01",
        "by_any": "false",
        "by_furthest": "new",
        "by_add": "13",
        "tags": "a;b;c;d",
        "notes": "b",
    },
    "fair": {"by_prefer": "f2", "by_chain": "f2", "by_always": "", "by_longest": "abcdef", "by_most": "x"},
}

Held = dict[str, tuple[str, str, str]]


@dataclass
class Story:
    """What CRM, shop and fair hold of Ann, by field: after they met, after edits in all three, after a person
    answered."""

    first: Held
    edited: Held
    answered: Held
    runs: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    why: Mapping[str, dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Three systems know Ann, and every field of hers is decided by another rule."""
    columns = {"email": "TEXT", **dict.fromkeys(AT_FIRST, "TEXT")}
    several = {"tags": {"native": "tags", "separator": ";"}}
    office = Office(
        tmp_path_factory.mktemp("rules"),
        columns,
        systems=("crm", "shop", "fair"),
        lists=("fair",),
        fields=FIELDS,
        rules=RULES,
        mappings={name: dict(several) for name in ("crm", "shop", "fair")},
    )
    crm, shop, fair = ({field: values[place] for field, values in AT_FIRST.items()} for place in range(3))
    office["crm"].add(email=ANN, at="2024-01-01 00:00:00", **crm)
    office["shop"].add(email=ANN, at="2024-06-01 00:00:00", **shop)
    office.sheets["fair"].add(email=ANN, **fair)

    def held() -> Held:
        rows = (office["crm"].row(ANN), office["shop"].row(ANN), office.sheets["fair"].row(ANN))
        return {name: (rows[0][name] or "", rows[1][name] or "", rows[2][name] or "") for name in AT_FIRST}

    runs = [office.hub.json("sync")["runs"][0]]
    first = held()
    office["shop"].edit(ANN, **EDITS["shop"])
    office["crm"].edit(ANN, **EDITS["crm"])
    office.sheets["fair"].edit(ANN, **EDITS["fair"])
    runs.append(office.hub.json("sync")["runs"][0])
    edited = held()
    why = office.hub.json("why", "contact", ANN)["explanation"]
    questions = office.hub.json("review", "list")["questions"]
    office.hub("review", "resolve", questions[0]["id"], "c", "--reason", "asked her")
    runs.append(office.hub.json("sync")["runs"][0])
    answered = held()
    changes = office.hub.json("runs", runs[-1]["run"])["changes"]
    return Story(first, edited, answered, runs, questions, changes, {field["field"]: field for field in why["fields"]})


def _everywhere(held: Held, field: str) -> str:
    """The one value that all three hold."""
    (value,) = set(held[field])
    return value


def test_newest(story: Story) -> None:
    """The shop's change in June beats the CRM's in January and one of unknown date; later the CRM's is the
    last."""
    assert _everywhere(story.first, "by_newest") == "s"
    assert _everywhere(story.edited, "by_newest") == "c2"


def test_oldest(story: Story) -> None:
    """What nobody knows the date of is the oldest; an edit doesn't change what was first."""
    assert _everywhere(story.first, "by_oldest") == "f"
    assert _everywhere(story.edited, "by_oldest") == "f"


def test_prefer(story: Story) -> None:
    """The CRM's word counts although the shop's is newer; an edit at the fair, which is not in the order, is
    put back."""
    assert _everywhere(story.first, "by_prefer") == "c"
    assert _everywhere(story.edited, "by_prefer") == "c2"


def test_a_chain_goes_on_where_a_rule_has_nothing_to_choose(story: Story) -> None:
    """The fair is preferred but says nothing: the newest counts, until the fair speaks."""
    assert _everywhere(story.first, "by_chain") == "s"
    assert _everywhere(story.edited, "by_chain") == "f2"


def test_always(story: Story) -> None:
    """The fair has the only word, and when it clears the field it is cleared everywhere."""
    assert _everywhere(story.first, "by_always") == "f"
    assert _everywhere(story.edited, "by_always") == ""


def test_longest(story: Story) -> None:
    """The fullest text counts."""
    assert _everywhere(story.first, "by_longest") == "abc"
    assert _everywhere(story.edited, "by_longest") == "abcdef"


def test_most_common(story: Story) -> None:
    """What two of three say counts; when one of them changes its mind, the other two do."""
    assert _everywhere(story.first, "by_most") == "y"
    assert _everywhere(story.edited, "by_most") == "x"


def test_highest(story: Story) -> None:
    """Numbers are compared as numbers; when the highest is taken back, the next one counts."""
    assert _everywhere(story.first, "by_highest") == "10"
    assert _everywhere(story.edited, "by_highest") == "9.5"


def test_lowest(story: Story) -> None:
    """The earliest date counts; when it is moved, the next one does."""
    assert _everywhere(story.first, "by_lowest") == "2024-03-01"
    assert _everywhere(story.edited, "by_lowest") == "2024-04-01"


def test_union(story: Story) -> None:
    """Tags of both are kept. Later the CRM takes one off and the shop adds one: both are done."""
    assert _everywhere(story.first, "tags") == "a;b;c"
    assert _everywhere(story.edited, "tags") == "a;b;d"


def test_any(story: Story) -> None:
    """Once true stays true: who takes it back sees it put back."""
    assert _everywhere(story.first, "by_any") == "true"
    assert _everywhere(story.edited, "by_any") == "true"


def test_all(story: Story) -> None:
    """One no is enough, until that one says yes."""
    assert _everywhere(story.first, "by_all") == "false"
    assert _everywhere(story.edited, "by_all") == "true"


def test_furthest(story: Story) -> None:
    """A stage goes forward: a step back in the shop is put back."""
    assert _everywhere(story.first, "by_furthest") == "hot"
    assert _everywhere(story.edited, "by_furthest") == "hot"


def test_add(story: Story) -> None:
    """Ten points here and four there are ten at first contact; two more here and three more there are five
    more."""
    assert _everywhere(story.first, "by_add") == "10"
    assert _everywhere(story.edited, "by_add") == "15"


def test_the_star_covers_what_has_no_rule(story: Story) -> None:
    """A field without a rule of its own, or a built-in one, is decided by the star's."""
    assert _everywhere(story.first, "by_rest") == "f"
    assert _everywhere(story.edited, "by_rest") == "f"
    assert story.why["by_rest"]["rule"] == "oldest"
    assert story.why["tags"]["rule"] == "union"


def test_ask(story: Story) -> None:
    """Both rewrite a note: it is sent nowhere, a person is asked, and the answer goes everywhere and ends the
    question."""
    assert story.edited["notes"] == ("a", "b", "x")
    assert [(each["kind"], dict(each["details"])["field"]) for each in story.questions] == [("ask", "notes")]
    assert _everywhere(story.answered, "notes") == "c"
    assert story.runs[-1]["waits"]["review"] == 0


def test_what_a_rule_did_not_follow_is_reported(story: Story) -> None:
    """Lone edits that were put back: two in the CRM, four in the shop. What was put together from both is not
    among them."""
    assert story.runs[1]["put_back"] == 6
    told = {each["field"]: each for each in story.runs[1]["conflicts"]}
    assert (told["by_newest"]["winner"], told["by_newest"]["value"]) == ("crm", "c2")
    assert ["shop", "s2"] in told["by_newest"]["losers"]
    assert {"by_any", "by_furthest", "by_oldest", "by_rest", "by_add", "tags"} & set(told) == set()


def test_everything_comes_to_rest(story: Story) -> None:
    """Only the answered note is left to be written, in three systems."""
    written = {change["member"]: [each["field"] for each in change["fields"]] for change in story.changes}
    assert written == {"crm": ["notes"], "shop": ["notes"], "fair": ["notes"]}
    assert len(story.changes) == 3
    assert {name: held for name, held in story.answered.items() if name != "notes"} == {
        name: held for name, held in story.edited.items() if name != "notes"
    }


def test_a_changed_rule_applies_from_then_on(tmp_path: Path) -> None:
    """The rule now prefers the shop. What lost years ago does not come back by itself, only where that is
    asked for."""
    office = Office(tmp_path, {"email": "TEXT", "job_title": "TEXT", "owner": "TEXT"})
    office["crm"].add(email=ANN, at="2024-01-01", job_title="CEO", owner="Kim")
    office["shop"].add(email=ANN, at="2019-01-01", job_title="Clerk", owner="Lou")
    office.hub("sync")
    assert office.both("job_title") == ["CEO", "CEO"]

    office.rules["job_title"] = office.rules["owner"] = "prefer shop"
    office.settle()
    office["shop"].edit(ANN, owner="Max")
    office.hub("sync")
    assert office.both("job_title") == ["CEO", "CEO"]
    assert office.both("owner") == ["Max", "Max"]

    office["crm"].edit(ANN, owner="Nia")
    put_back = office.hub.json("sync", "--recompute")["runs"][0]["put_back"]
    assert office.both("job_title") == ["Clerk", "Clerk"]
    assert (office.both("owner"), put_back) == (["Max", "Max"], 1)


def test_an_address_is_decided_as_one(tmp_path: Path) -> None:
    """Ann moves: the CRM notes half of her new address, the shop another without a postal code. The fuller
    one counts, and gets no code of another street."""
    columns = {"email": "TEXT", "street": "TEXT", "city": "TEXT", "postal_code": "TEXT"}
    office = Office(tmp_path, columns, rules={"street": "longest"})
    office["crm"].add(email=ANN, street="Old 1", city="Ulm", postal_code="89073")
    office.hub("sync")
    office["crm"].edit(ANN, street="New 2", postal_code="89075")
    office["shop"].edit(ANN, street="Far Away Lane 3", city="Bonn", postal_code=None)
    (run,) = office.hub.json("sync")["runs"]
    for system in ("crm", "shop"):
        row = office[system].row(ANN)
        assert (row["street"], row["city"], row["postal_code"] or "") == ("Far Away Lane 3", "Bonn", "")
    assert "street" in {conflict["field"] for conflict in run["conflicts"]}


CONSENT = {"email": "TEXT", "opted_out": "BOOLEAN", "consent_at": "TEXT", "lead_score": "INTEGER"}


def test_an_opt_out_is_never_loosened_by_a_machine(tmp_path: Path) -> None:
    """Ann opts out in the CRM. The shop, which is not to be updated about her, hears of it. An import into
    the CRM that subscribes her again is put back. A person takes the opt-out back, and has to say why."""
    office = Office(tmp_path, CONSENT, members={"shop": {"where": "lead_score >= 50", "limits": {"updates": 0}}})
    office["crm"].add(email=ANN, opted_out=0, lead_score=10)
    office["shop"].add(email=ANN, opted_out=0, lead_score=70, at="2023-01-01")
    office["crm"].add(email=BOB, opted_out=0, lead_score=10)
    office.hub("sync")
    assert office["shop"].row(ANN)["lead_score"] == 70
    office["crm"].edit(ANN, opted_out=1)
    office.hub("sync")
    assert office.both("opted_out") == [1, 1]

    office["crm"].edit(ANN, opted_out=0)
    office.hub("sync")
    assert office.both("opted_out") == [1, 1]
    assert office["shop"].emails() == [ANN]

    refused = office.hub("set", "contact", ANN, "opted_out=no", code=2)
    assert "--reason" in refused.stderr
    office.hub("set", "contact", ANN, "opted_out=no", "--reason", "asked on the phone")
    office.hub("sync")
    assert office["crm"].row(ANN)["opted_out"] == 0


def test_a_trusted_system_takes_an_opt_out_back_with_a_later_consent(tmp_path: Path) -> None:
    """The shop asks Ann anew. It is believed with a consent that is later than the opt-out; nobody else ever
    is."""
    office = Office(tmp_path, CONSENT, consent_from=("shop",))
    office["crm"].add(email=ANN, opted_out=1)
    office["shop"].add(email=ANN, opted_out=0, consent_at="2023-01-01T00:00:00Z")
    office.hub("sync")
    assert office.both("opted_out") == [1, 1]
    office["crm"].edit(ANN, opted_out=0, consent_at="2024-06-01T00:00:00Z")
    office.hub("sync")
    assert office.both("opted_out") == [1, 1]
    office["shop"].edit(ANN, opted_out=0, consent_at="2024-06-01T00:00:00Z")
    office.hub("sync")
    assert office.both("opted_out") == [0, 0]


def test_weak_words_count_only_where_nobody_else_says_anything(tmp_path: Path) -> None:
    """The shop only fills gaps; a constant and a default of its mapping give way as well, also to older
    words."""
    office = Office(
        tmp_path,
        {"email": "TEXT", "first_name": "TEXT", "job_title": "TEXT", "source": "TEXT", "language": "TEXT"},
        members={"shop": {"fill_only": True}},
        mappings={
            "crm": {"source": {"constant": "crm"}, "language": {"native": "language", "default": "de"}},
            "shop": {"language": ""},
        },
    )
    office["crm"].add(email=ANN, at="2020-01-01", first_name="Ann", language="en")
    office["shop"].add(email=ANN, first_name="Annabella", job_title="CEO", source="fair")
    office["crm"].add(email=BOB, first_name="Bob")
    office.hub("sync")
    assert office.both("first_name") == ["Ann", "Ann"]
    assert office.both("job_title") == ["CEO", "CEO"]

    office["shop"].edit(ANN, first_name="Eve", job_title="CTO")
    office.hub("sync")
    assert office.both("first_name") == ["Ann", "Ann"]
    assert office.both("job_title") == ["CTO", "CTO"]
    for email, language in ((ANN, "en"), (BOB, "de")):
        told = {each["field"]: each for each in office.hub.json("why", "contact", email)["explanation"]["fields"]}
        assert told["language"]["value"] == language
        assert told["source"]["value"] == {ANN: "fair", BOB: "crm"}[email]


def test_money_keeps_its_currency(tmp_path: Path) -> None:
    """The CRM counts in euros, the shop in dollars: amounts go both ways at the rate of their day and don't
    drift."""
    dollars = {"revenue": {"native": "revenue", "currency": "USD"}}
    office = Office(tmp_path, {"email": "TEXT", "revenue": "NUMERIC"}, mappings={"shop": dollars})
    office["crm"].add(email=ANN, at="2024-01-02 12:00:00", revenue=100)
    office["shop"].add(email=BOB, at="2024-01-02 12:00:00", revenue=100)
    office.hub("sync")
    assert office.both("revenue", ANN) == [100, 109.56]
    assert office.both("revenue", BOB) == [91.27, 100]
    office["shop"].edit(BOB, revenue=200)
    office.hub("sync")
    euros, dollars_now = office.both("revenue", BOB)
    assert (91.27 < euros != 182.55, dollars_now) == (True, 200)
    again = office.hub.sync("--full")
    assert [member["updated"] for member in again.values()] == [0, 0]


def test_a_joined_name_is_only_written(tmp_path: Path) -> None:
    """The shop has one column for the name: it follows both parts, and an edit there is overwritten and kept
    in history."""
    office = Office(
        tmp_path,
        {"email": "TEXT", "first_name": "TEXT", "last_name": "TEXT"},
        mappings={
            "shop": {
                "first_name": "",
                "full_name": {
                    "native": "first_name",
                    "join": ["first_name", "last_name"],
                    "direction": "out",
                },
            }
        },
    )
    office["crm"].add(email=ANN, first_name="Ann", last_name="Lee")
    office.hub("sync")
    assert office["shop"].row(ANN)["first_name"] == "Ann Lee"
    office["crm"].edit(ANN, last_name="Ray")
    office["shop"].edit(ANN, first_name="Annie L.")
    office.hub("sync")
    assert office["shop"].row(ANN)["first_name"] == "Ann Ray"
    assert office["crm"].row(ANN)["first_name"] == "Ann"
    assert "Annie L." in office.hub("why", "contact", ANN).stdout


def test_a_value_goes_back_to_where_it_came_from(tmp_path: Path) -> None:
    """The shop has two columns for a phone. Ann's number stands in the second: that is where a new one is
    written, and where an undo puts the old one back."""
    office = Office(
        tmp_path,
        {"email": "TEXT", "phone": "TEXT", "tel": "TEXT"},
        mappings={"crm": {"tel": ""}, "shop": {"tel": "", "phone": {"native": ["phone", "tel"]}}},
    )
    office["shop"].add(email=ANN, tel="030 123456789")
    office.hub("sync")
    assert office["crm"].row(ANN)["phone"] == "+4930123456789"
    office["crm"].edit(ANN, phone="030 99999999")
    office.hub("sync")
    assert (office["shop"].row(ANN)["phone"], office["shop"].row(ANN)["tel"]) == (None, "+493099999999")
    office.hub("undo", "2", "--yes")
    assert (office["shop"].row(ANN)["phone"], office["shop"].row(ANN)["tel"]) == (None, "030 123456789")
