"""A plan shows every change field by field, with who decided, and what would be held back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

from synchub.render.jsonable import jsonable
from synchub.render.plan import plan, plan_svg, without_values
from synchub.render.screen import text
from synchub.spec.reports import FieldChange, MemberPlan, PlanReport, RecordChange

AT = datetime(2024, 5, 1, 10, 23, tzinfo=UTC)


def line(drawn: str, word: str) -> str:
    """The line that holds a word, its spaces made one."""
    return next(" ".join(each.split()) for each in drawn.splitlines() if word in each)


def changed(*fields: FieldChange, label: str = "Ann") -> PlanReport:
    change = RecordChange("crm", "update", "h-1", label, "1", fields)
    return PlanReport("contacts", AT, (MemberPlan("crm", "crm", "contacts", updates=1, changes=(change,)),))


def test_totals_come_first_member_by_member(plan_report: PlanReport):
    drawn = text(plan(plan_report))

    assert drawn.startswith("Plan for contacts  2024-05-01 10:23 UTC  saved as p-7f3a\n")
    assert line(drawn, "crm/contacts") == "crm crm/contacts 1 3 1 997 1"
    assert line(drawn, "shop/customers") == "shop shop/customers · · · 1,000 · first contact"
    assert line(drawn, "excel/Leads").endswith("new here: not written until accepted")


def test_a_field_shows_old_and_new_value_and_who_decided(plan_report: PlanReport):
    drawn = text(plan(plan_report))

    assert line(drawn, "~ Ann Lee") == "~ Ann Lee <ann@example.com> 4711"
    assert line(drawn, "mobilephone") == "phone mobilephone ∅ → +4930123456 newest: shop"


def test_a_conflict_is_marked_and_its_losers_are_shown(plan_report: PlanReport):
    drawn = text(plan(plan_report), width=200)

    assert line(drawn, "Hamburg") == (
        "⚠ city Berlin → Hamburg prefer shop crm: shop over crm: Bremen, fair: ∅ (only record-level times decided)"
    )


def test_a_persons_decision_is_called_that():
    drawn = text(plan(changed(FieldChange("city", "city", "a", "b", "newest", "hub", losers=(("hub", "c"),)))))

    assert line(drawn, "a → b") == "city a → b newest: a person over a person: c"


def test_creates_show_values_and_deletes_their_reason(plan_report: PlanReport):
    drawn = text(plan(plan_report))

    assert "+ Bob Ray\n" in drawn
    assert line(drawn, "bob@example.com") == "email bob@example.com"
    assert line(drawn, "Cyd Vance") == "- Cyd Vance 99 archive deleted in shop"


def test_an_edit_that_is_put_back_is_said(plan_report: PlanReport):
    assert line(text(plan(plan_report)), "~ Dee") == "~ Dee 98 put back"


def test_what_was_cut_is_counted(plan_report: PlanReport):
    assert "… and 340 more records" in text(plan(plan_report))


def test_what_only_a_changed_rule_brings_is_listed_apart(plan_report: PlanReport):
    drawn = text(plan(plan_report))

    assert drawn.index("… and 340 more") < drawn.index("Only because a rule was changed") < drawn.index("~ Eve")
    assert drawn.count("~ Eve") == 1


def test_conflicts_without_a_change_are_listed_and_others_are_not_repeated(plan_report: PlanReport):
    drawn = text(plan(plan_report), width=200)

    assert "1 conflict\n" in drawn
    assert line(drawn, "Quin") == (
        "⚠ Quin company: Acme from shop by newest, over crm: Apex (only record-level times decided)"
    )


def test_the_end_says_what_is_to_do_and_what_waits(plan_report: PlanReport):
    end = text(plan(plan_report), width=200).split("To do: ")[1]

    assert end.startswith("13 creates, 3 updates, 1 delete.\n")
    assert "3 new records, 12 rows joined" in end
    assert "1 change held back" in end
    assert "2 questions for a person: synchub review list" in end
    assert "1 row set aside: synchub quarantine list" in end
    assert "synchub sync contacts --accept fair" in end
    assert "--allow deletes=120" in end
    assert "The guard would stop this before the first write." in end
    assert "its file is open elsewhere" in end


def test_a_plan_of_nothing_says_so():
    drawn = text(plan(PlanReport("contacts", AT, (MemberPlan("crm", "crm", "contacts", unchanged=5),))))

    assert drawn.endswith("Nothing to do: every system agrees.\n")
    assert "guard" not in drawn


def test_data_cannot_steer_the_terminal_nor_forge_lines():
    hostile = "\x1b[2JGone\nTo do: nothing [bold]x[/bold] :smile:"
    field = FieldChange(hostile, hostile, hostile, hostile + "!", hostile, hostile, losers=((hostile, hostile),))
    report = changed(replace(field, note=hostile), label=hostile)
    drawn = text(plan(report), color=True, width=400)

    assert "\x1b[2J" not in drawn
    assert "[bold]x[/bold] :smile:" in drawn
    assert not any(each.strip().startswith("To do: nothing") for each in drawn.splitlines())


def test_text_is_never_read_as_markup():
    assert text("[bold]x[/bold] :smile:") == "[bold]x[/bold] :smile:\n"


def test_colours_are_off_unless_asked_for(plan_report: PlanReport):
    assert "\x1b" not in text(plan(plan_report))
    assert "\x1b[" in text(plan(plan_report), color=True)


def test_without_values_nothing_of_a_person_is_left(plan_report: PlanReport):
    hidden = without_values(plan_report)
    drawn = text(plan(hidden)) + str(jsonable(hidden))

    for told in (
        "Ann",
        "ann@",
        "Hamburg",
        "Bremen",
        "Berlin",
        "4930",
        "Bob",
        "bob@",
        "Cyd",
        "4711",
        "Acme",
        "Roma",
    ):
        assert told not in drawn
    assert line(text(plan(hidden)), "mobilephone") == "phone mobilephone ∅ → ••• newest: shop"
    assert "~ h-ann" in drawn
    assert hidden.members[0].creates == 1


def test_the_picture_is_svg_with_the_plan_in_it(plan_report: PlanReport):
    picture = ElementTree.fromstring(plan_svg(plan_report))

    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert "Hamburg" in "".join(picture.itertext())


def test_a_plan_of_a_thousand_changes_is_drawn_in_a_moment():
    changes = tuple(
        RecordChange("crm", "update", f"h-{n}", f"Person {n}", str(n), (FieldChange("city", "city", "a", "b"),))
        for n in range(1000)
    )
    member = MemberPlan("crm", "crm", "contacts", updates=1000, changes=changes)

    assert text(plan(PlanReport("contacts", AT, (member,)))).count("city a → b") == 1000
