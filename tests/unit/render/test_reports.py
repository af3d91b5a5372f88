"""Runs, status, review, quarantine, checks and outcomes as people read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from synchub.plugins import LoadedPlugin, Offer, Origin
from synchub.render import checks, outcome, run, status, waiting
from synchub.render.screen import text
from synchub.spec.answers import (
    CheckReport,
    Choice,
    ConnectionCheck,
    Difference,
    MappingTestResult,
    MemberStatus,
    Outcome,
    PausedSystem,
    QuarantineGroup,
    QuarantineItem,
    ReviewItem,
    StatusReport,
    StoreReport,
    StreamField,
    StreamReport,
    SyncStatus,
)
from synchub.spec.answers import (
    TestsReport as MappingResults,
)
from synchub.spec.reports import (
    ConflictLine,
    FieldChange,
    MemberRun,
    RecordChange,
    RunReport,
    RunsReport,
    Waits,
)

AT = datetime(2024, 5, 1, 10, 23, tzinfo=UTC)
RUN = RunReport(
    "42",
    "contacts",
    AT,
    AT + timedelta(seconds=3.21),
    "incomplete",
    (
        MemberRun("crm", "crm", "contacts", 1000, 20, 1, 2, 0, 997, 4, 5),
        MemberRun("shop", "shop", "customers", problem="shop did not answer for 30 s"),
    ),
    put_back=2,
    own_form=1,
    waits=Waits(3, 5, 1, ("fair",)),
)


def lines(drawn: str) -> list[str]:
    return [" ".join(each.split()) for each in drawn.splitlines()]


def test_a_run_says_its_state_counts_and_what_waits():
    drawn = lines(text(run.run_report(RUN)))

    assert drawn[0] == "! contacts incomplete in 3.2 s, 3 records written 2024-05-01 10:23 UTC run 42"
    assert "crm 1,000 20 1 2 · 997 4 5" in drawn
    assert "✗ shop: shop did not answer for 30 s" in drawn
    assert "↺ 2 edits put back: the rules prefer another system." in drawn
    assert "≈ 1 value stored otherwise than sent; not sent again while that lasts." in drawn
    assert "⏸ 3 questions for a person: synchub review list" in drawn
    assert "⏸ 5 rows set aside: synchub quarantine list" in drawn
    assert "⏸ 1 write unconfirmed; the next run settles them." in drawn
    assert "⏸ fair is new and not written yet: synchub sync --accept fair" in drawn


def test_a_run_of_many_conflicts_shows_some_and_counts_the_rest():
    conflicts = tuple(ConflictLine(f"h{n}", f"P{n}", "city", "newest", "crm", "a", (("shop", "b"),)) for n in range(50))
    report = RunReport("1", "contacts", AT, AT, "done", conflicts=conflicts)
    drawn = text(run.run_report(report))

    assert "50 conflicts" in drawn
    assert drawn.count("⚠") == 20
    assert "… and 30 more" in drawn


def test_past_runs_are_a_list_and_one_is_shown_with_its_changes():
    change = RecordChange("crm", "update", "h", "Ann", "1", (FieldChange("city", "city", "Berlin", "Bonn"),))
    other = RunReport("41", "contacts", AT, None, "running")

    listed = lines(text(run.runs(RunsReport((RUN, other)))))
    single = text(run.run_changes(RunsReport((RUN,), (change,), more=7)))

    assert listed[1] == "42 contacts 2024-05-01 10:23 UTC ! incomplete 3.2 s 1,000 3 4 ·"
    assert listed[2].startswith("41 contacts 2024-05-01 10:23 UTC … running")
    assert "city Berlin → Bonn" in single
    assert "… and 7 more records" in single
    assert lines(text(run.runs(RunsReport((RUN,)))))[1] == listed[1]
    assert "No run yet" in text(run.runs(RunsReport(())))


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (245, "4 min 05 s"), (7800, "2 h 10 min")]
)
def test_how_long_a_run_took_is_told_in_fit_units(seconds: float, told: str):
    report = RunReport("1", "contacts", AT, AT + timedelta(seconds=seconds), "done")

    assert f"done in {told}" in text(run.run_report(report))


def test_status_shows_syncs_members_and_what_waits():
    report = StatusReport(
        "sqlite:///hub.db",
        (
            SyncStatus("contacts", "contact", "*/15 * * * *", "42", "done", AT),
            SyncStatus("activity", "event"),
        ),
        (
            MemberStatus("contacts", "crm", "crm", "contacts", 1000, AT, "after 4711"),
            MemberStatus("contacts", "shop", "shop", "customers", problem="credentials refused"),
        ),
        (("contact", 1200),),
    )
    drawn = lines(text(status.status(report)))

    assert drawn[0] == "Store sqlite:///hub.db 1,200 × contact"
    assert "contacts contact */15 * * * * 42 ✓ done 2024-05-01 10:23 UTC" in drawn
    assert "activity event by hand never ran" in drawn
    assert "contacts.crm crm/contacts 1,000 2024-05-01 10:23 UTC what changed" in drawn
    assert "contacts.shop shop/customers · never in full failed" in drawn
    assert "✗ contacts.shop: credentials refused" in drawn
    assert drawn[-1] == "Nothing waits."


def test_status_shows_when_serve_runs_next_and_whom_it_leaves_alone():
    down = MemberStatus("contacts", "crm", "crm", "contacts", problem="It is left alone until then.")
    report = StatusReport(
        "sqlite:///hub.db",
        (SyncStatus("contacts", "contact", "*/15 * * * *", "42", "incomplete", AT, AT + timedelta(minutes=7)),),
        (down,),
        paused=(PausedSystem("crm", AT + timedelta(hours=1), 4, "crm does not answer."),),
    )
    drawn = lines(text(status.status(report)))

    (row,) = [line for line in drawn if line.startswith("contacts contact")]
    assert row.endswith("2024-05-01 10:23 UTC 2024-05-01 10:30 UTC")
    told = "✗ crm is left alone by serve until 2024-05-01 11:23 UTC, after 4 failed runs: crm does not answer."
    assert told in " ".join(drawn)
    assert "It is left alone" not in " ".join(drawn)


def test_status_that_waits_does_not_say_that_nothing_does():
    drawn = text(status.status(StatusReport("sqlite://", (), (), waits=Waits(review=1))))

    assert "1 question for a person" in drawn
    assert "Nothing waits" not in drawn


def test_a_question_shows_what_to_decide_by_and_the_answers():
    item = ReviewItem(
        "12",
        "match",
        "contact",
        "Are these the same person?",
        AT,
        (Choice("same", "join them"), Choice("different", "keep them apart, and remember it")),
        (("crm 4711", "Ann Lee"), ("shop 7", None)),
        label="Ann Lee",
    )
    listed, shown = lines(text(waiting.reviews([item]))), lines(text(waiting.review(item)))

    assert "12 match Are these the same person? 2024-05-01 10:23 UTC" in listed
    assert "crm 4711 Ann Lee" in shown
    assert "shop 7 ∅" in shown
    assert "different keep them apart, and remember it" in shown
    assert shown[-1] == "synchub review resolve 12 ANSWER"
    assert "No open questions." in text(waiting.reviews([]))


def test_quarantine_is_grouped_by_cause_with_one_to_look_at():
    groups = [
        QuarantineGroup("birthday is no date", "shop", "customers", 1200, "31", AT, AT, "Mend the mapping."),
        QuarantineGroup("no key", "fair", "Leads", 1, "77"),
    ]
    drawn = lines(text(waiting.quarantine(groups)))

    assert drawn[0] == "1,200 rows shop/customers birthday is no date"
    assert "see one: synchub quarantine show 31" in drawn
    assert "Mend the mapping." in drawn
    assert drawn[-1].startswith("1,201 rows in all.")
    assert "Nothing is set aside." in text(waiting.quarantine([]))


def test_a_quarantined_row_shows_its_raw_form_over_several_lines():
    raw = json.dumps({"id": 7, "dob": "\x1b[31m31.02.1990", "name": "Zoë"})
    item = QuarantineItem("31", "shop", "customers", "birthday is no date", raw, "7", "birthday", "31.02.1990")
    drawn = text(waiting.quarantined(item))

    assert drawn.startswith("birthday is no date\n")
    assert '    "name": "Zoë"' in drawn
    assert "\x1b" not in drawn
    assert "value      31.02.1990" in drawn


@pytest.mark.parametrize("raw", ["not json", "[" * 100_000, "a\n" * 10_000])
def test_a_raw_form_of_any_kind_and_length_is_shown(raw: str):
    drawn = text(waiting.quarantined(QuarantineItem("1", "shop", "customers", "broken", raw)))

    assert len(drawn.splitlines()) < 120


def test_a_check_lists_every_problem_then_every_connection():
    bad = CheckReport(Path("hub.toml"), ("hub.toml:3:1: unknown key 'tokn': did you mean 'token'?",))
    good = CheckReport(
        Path("hub.toml"),
        connections=(
            ConnectionCheck("crm", "hubspot", True),
            ConnectionCheck("shop", "sql", False, "The password was refused.", "synchub secret set shop"),
        ),
    )

    assert "1 problem in the configuration" in text(checks.check(bad))
    assert "did you mean 'token'?" in text(checks.check(bad))
    drawn = lines(text(checks.check(good)))
    assert drawn[:2] == ["✓ hub.toml and its mappings are right.", "✓ crm hubspot"]
    assert drawn[2:] == ["✗ shop sql", "The password was refused.", "synchub secret set shop"]
    assert (bad.exit_code, good.exit_code, CheckReport(Path("hub.toml")).exit_code) == (2, 1, 0)


def test_failed_tests_show_both_values():
    report = MappingResults(
        (
            MappingTestResult("shop", 1, "in"),
            MappingTestResult("shop", 2, "in", (Difference("phone", "+49301", None),)),
            MappingTestResult("fair", 1, "out", problem="no field surname"),
        )
    )
    drawn = lines(text(checks.tests(report)))

    assert "✗ shop test 2 (in)" in drawn
    assert "phone +49301 ∅" in drawn
    assert "no field surname" in drawn
    assert drawn[-1] == "2 tests failed, 1 passed."
    assert "1 test passed." in text(checks.tests(MappingResults(report.results[:1])))
    assert "No [[tests]]" in text(checks.tests(MappingResults(())))


def test_one_stream_is_shown_with_its_fields_and_several_as_a_list():
    stream = StreamReport(
        "shop",
        "customers",
        ("id",),
        (
            StreamField("mail", "email", required=True, samples=("a@b.c", "d@e.f")),
            StreamField("no", "integer", False),
        ),
        ("mail",),
        "changed_at",
        True,
        False,
        ("create", "update"),
    )
    single, several = lines(text(checks.streams([stream]))), lines(text(checks.streams([stream, stream])))

    assert single[1] == "key: id; found by: mail; changed at: changed_at; reads what changed; takes create, update"
    assert "mail email required a@b.c, d@e.f" in single
    assert "no integer read only" in single
    assert several[1] == "shop customers id 2 changes create, update"
    assert "Nothing is offered." in text(checks.streams([]))


def test_a_decision_says_what_happened_and_how_to_go_back():
    done = Outcome("phone is +49301 now.", "It is sent with the next sync.", (("was", ""),))

    assert lines(text(outcome.outcome(done))) == [
        "✓ phone is +49301 now.",
        "was ∅",
        "It is sent with the next sync.",
    ]


def test_what_was_done_with_the_store_is_told():
    assert "✓ Backed up." in text(outcome.store(StoreReport("sqlite://", "Backed up.", Path("a.db"))))
    bad = text(outcome.store(StoreReport("sqlite://", "The store is damaged.", problems=("page 3 is torn",))))
    assert bad.startswith("✗ The store is damaged.")
    assert "page 3 is torn" in bad


def test_plugins_are_shown_with_origin_offers_and_problems():
    loaded = (
        LoadedPlugin("builtin", Origin("synchub", "0.1"), (Offer("connector", "sql"), Offer("connector", "email"))),
        LoadedPlugin("bad", Origin(path=Path("plugins/bad.py")), problems=("it could not be imported",)),
    )

    assert lines(text(outcome.plugins(loaded))) == [
        "builtin synchub 0.1",
        "connector: sql, email",
        "bad plugins/bad.py",
        "✗ it could not be imported",
    ]


def test_of_many_questions_of_a_kind_the_rest_is_counted() -> None:
    items = [ReviewItem(str(number), "delete", "contact", f"Number {number}?", AT) for number in range(60)]
    drawn = text(waiting.reviews([*items, ReviewItem("99", "match", "contact", "Who?", AT)]))
    assert "Number 49?" in drawn
    assert "Number 50?" not in drawn
    assert "Who?" in drawn
    assert "and 10 more about delete" in drawn
