"""Which value counts: every rule on real systems, rules that change, addresses, consent, weak members, money, joined names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acceptance.office import ANN, BOB, Office

RULES = {
    "by_newest": "newest", "by_oldest": "oldest", "by_prefer": ["prefer crm shop", "newest"],
    "by_chain": ["prefer fair", "newest"], "by_always": "always fair", "by_longest": "longest", "by_most": "most_common",
    "by_highest": "highest", "by_lowest": "lowest", "by_any": "any", "by_all": "all", "by_furthest": "furthest",
    "by_add": "add", "notes": "ask", "*": "oldest",
}  # fmt: skip
FIELDS = {
    **dict.fromkeys(("by_newest", "by_oldest", "by_prefer", "by_chain", "by_always", "by_longest", "by_most", "by_rest"), "text"),
    "by_highest": "number", "by_lowest": "date", "by_any": "bool", "by_all": "bool", "by_furthest": ["new", "warm", "hot"],
    "by_add": "number",
}  # fmt: skip
AT_FIRST = {
    #               crm, changed in January  shop, changed in June  fair: nobody knows when
    "by_newest":   ("c",                     "s",                   "f"),
    "by_oldest":   ("c",                     "s",                   "f"),
    "by_prefer":   ("c",                     "s",                   "f"),
    "by_chain":    ("c",                     "s",                   ""),
    "by_always":   ("c",                     "s",                   "f"),
    "by_longest":  ("abc",                   "ab",                  "a"),
    "by_most":     ("x",                     "y",                   "y"),
    "by_highest":  ("9",                     "10",                  "9.5"),
    "by_lowest":   ("2024-05-01",            "2024-03-01",          "2024-04-01"),
    "by_any":      ("false",                 "true",                ""),
    "by_all":      ("true",                  "true",                "true"),
    "by_furthest": ("new",                   "hot",                 "warm"),
    "by_add":      ("10",                    "4",                   ""),
    "by_rest":     ("c",                     "s",                   "f"),
    "tags":        ("a;b",                   "b;c",                 ""),
    "notes":       ("x",                     "x",                   "x"),
}  # fmt: skip
EDITS = {  # the shop's are made before the CRM's
    "crm": {"by_newest": "c2", "by_oldest": "c2", "by_prefer": "c2", "by_add": "12", "tags": "a;b", "notes": "a", "by_rest": "c2"},
    "shop": {
        "by_newest": "s2", "by_highest": "1", "by_lowest": "2024-09-01", "by_any": "false", "by_furthest": "new", "by_add": "13",
        "tags": "a;b;c;d", "notes": "b",
    },
    "fair": {"by_prefer": "f2", "by_chain": "f2", "by_always": "", "by_longest": "abcdef", "by_most": "x", "by_all": "false"},
}  # fmt: skip

Held = dict[str, tuple[str, str, str]]


@dataclass
class Story:
    """What CRM, shop and fair hold of Ann, by field: after they met, after edits in all three, after a person answered."""

    first: Held
    edited: Held
    answered: Held
    runs: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    why: Mapping[str, dict[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Three systems know Ann, and every field of hers is decided by another rule."""
    columns = {"email": "TEXT", **dict.fromkeys(AT_FIRST, "TEXT")}
    several = {"tags": {"native": "tags", "separator": ";"}}
    office = Office(
        tmp_path_factory.mktemp("rules"), columns, systems=("crm", "shop", "fair"), lists=("fair",), fields=FIELDS, rules=RULES,
        mappings={name: dict(several) for name in ("crm", "shop", "fair")},
    )  # fmt: skip
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
    return Story(first, edited, answered, runs, questions, {field["field"]: field for field in why["fields"]})


def _everywhere(held: Held, field: str) -> str:
    """The one value that all three hold."""
    (value,) = set(held[field])
    return value


def test_newest(story: Story) -> None:
    """The shop's change in June beats the CRM's in January and one of unknown date; later the CRM's is the last."""
    assert _everywhere(story.first, "by_newest") == "s"
    assert _everywhere(story.edited, "by_newest") == "c2"


def test_oldest(story: Story) -> None:
    """What nobody knows the date of is the oldest; an edit doesn't change what was first."""
    assert _everywhere(story.first, "by_oldest") == "f"
    assert _everywhere(story.edited, "by_oldest") == "f"


def test_prefer(story: Story) -> None:
    """The CRM's word counts although the shop's is newer; an edit at the fair, which is not in the order, is put back."""
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
    """One no is enough."""
    assert _everywhere(story.first, "by_all") == "true"
    assert _everywhere(story.edited, "by_all") == "false"


def test_furthest(story: Story) -> None:
    """A stage goes forward: a step back in the shop is put back."""
    assert _everywhere(story.first, "by_furthest") == "hot"
    assert _everywhere(story.edited, "by_furthest") == "hot"


def test_add(story: Story) -> None:
    """Ten points here and four there are ten at first contact; two more here and three more there are five more."""
    assert _everywhere(story.first, "by_add") == "10"
    assert _everywhere(story.edited, "by_add") == "15"


def test_the_star_covers_what_has_no_rule(story: Story) -> None:
    """A field without a rule of its own, or a built-in one, is decided by the star's."""
    assert _everywhere(story.first, "by_rest") == "f"
    assert _everywhere(story.edited, "by_rest") == "f"
    assert story.why["by_rest"]["rule"] == "oldest"
    assert story.why["tags"]["rule"] == "union"


def test_ask(story: Story) -> None:
    """Both rewrite a note: it is sent nowhere, a person is asked, and the answer goes everywhere and ends the question."""
    assert story.edited["notes"] == ("a", "b", "x")
    assert [(each["kind"], dict(each["details"])["field"]) for each in story.questions] == [("ask", "notes")]
    assert _everywhere(story.answered, "notes") == "c"
    assert story.runs[-1]["waits"]["review"] == 0


def test_what_a_rule_did_not_follow_is_reported(story: Story) -> None:
    """The lone edits that were put back: by_oldest and by_rest in the CRM, by_any and by_furthest in the shop."""
    assert story.runs[1]["put_back"] == 4
    told = {each["field"]: each for each in story.runs[1]["conflicts"]}
    assert told["by_newest"]["losers"] == [["shop", "s2"], ["fair", "f"]]
    assert {"by_any", "by_furthest", "by_oldest", "by_rest", "by_add", "tags"} & set(told) == set()


def test_everything_comes_to_rest(story: Story) -> None:
    """Only the answered note is left to be written, in three systems."""
    assert [(member["member"], member["updated"]) for member in story.runs[2]["members"]] == [("crm", 1), ("shop", 1), ("fair", 1)]
    assert {name: held for name, held in story.answered.items() if name != "notes"} == {
        name: held for name, held in story.edited.items() if name != "notes"
    }
