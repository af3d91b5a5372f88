"""Every command asks the engine for the right thing, prints its report, and exits with the right code."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from synchub.errors import ConfigurationError
from synchub.spec.answers import (
    CheckReport,
    ExportReport,
    MappingTestResult,
    Outcome,
    QuarantineGroup,
    QuarantineItem,
    ReviewItem,
    StatusReport,
    StoreReport,
    StreamReport,
)
from synchub.spec.answers import (
    TestsReport as MappingResults,
)
from synchub.spec.options import RunOptions
from synchub.spec.reports import (
    Explanation,
    FieldChange,
    MemberPlan,
    PlanReport,
    RecordChange,
    RunReport,
    RunsReport,
)

AT = datetime(2024, 5, 1, 10, 23, tzinfo=UTC)
CHANGE = RecordChange("crm", "update", "h-1", "Ann Lee", "1", (FieldChange("city", "city", "Berlin", "Bonn"),))
PLAN = PlanReport("contacts", AT, (MemberPlan("crm", "crm", "contacts", updates=1, changes=(CHANGE,)),))
NOTHING = PlanReport("contacts", AT, (MemberPlan("crm", "crm", "contacts"),))
DONE = Outcome("It is done.")


def ran(code: int = 0, sync: str = "contacts") -> RunReport:
    return RunReport("42", sync, AT, AT, "done", exit_code=code)


def asked(hub) -> tuple[object, ...]:
    """The only thing that the engine was asked, without its progress."""
    assert len(hub.calls) == 1
    assert hub.closed == 1
    return tuple(part for part in hub.calls[0] if not hasattr(part, "advance"))


@pytest.mark.parametrize("name", ["plan", "sync"])
def test_plan_and_sync_take_the_same_options(call, hub, name: str):
    hub.answers = {"plan": [NOTHING], "sync": [ran()]}
    call(
        name,
        "contacts",
        "activity",
        "--full",
        "--system",
        "crm",
        "--system",
        "shop",
        "--record",
        "ann@example.com",
        "--allow",
        "deletes=120",
        "--allow",
        "creates=5",
        "--recompute",
    )

    assert asked(hub) == (
        name,
        ("contacts", "activity"),
        RunOptions(
            full=True,
            recompute=True,
            systems=("crm", "shop"),
            record="ann@example.com",
            allow={"deletes": 120, "creates": 5},
        ),
    )


def test_options_of_plan_alone(call, hub):
    hub.answers["plan"] = [PLAN]
    call("plan", "--save")

    assert asked(hub) == ("plan", (), RunOptions(save=True))


def test_options_of_sync_alone(call, hub):
    hub.answers["sync"] = [ran()]
    call("sync", "--plan", "7f3a", "--accept", "fair", "--accept", "shop")

    assert asked(hub) == ("sync", (), RunOptions(plan="7f3a", accept=("fair", "shop")))


@pytest.mark.parametrize("allowed", ["deletes", "deletes=", "deletes=-1", "deletes=5%", "reads=5", "deletes=²"])
def test_an_allowance_that_is_none_is_refused(call, hub, allowed: str):
    done = call("sync", "--allow", allowed)

    assert done.code == 2
    assert "write deletes=120" in done.err
    assert hub.calls == []


def test_a_plan_is_printed_to_stdout(call, hub):
    hub.answers["plan"] = [PLAN]
    done = call("plan")

    assert "city Berlin → Bonn" in done.out
    assert done.code == 0
    assert done.err == ""


def test_a_plan_without_values_shows_none_in_text_or_json(call, hub):
    hub.answers["plan"] = [PLAN]

    for done in (call("plan", "--no-values"), call("plan", "--no-values", "--json")):
        assert "city" in done.out
        assert "Bonn" not in done.out
        assert "Ann" not in done.out


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (NOTHING, 0),
        (PLAN, 4),
        (PlanReport("contacts", AT, (), review=1), 4),
        (PlanReport("contacts", AT, (), quarantined=1), 4),
        (PlanReport("contacts", AT, (), guard=("too many deletes",)), 4),
        (PlanReport("contacts", AT, (MemberPlan("crm", "crm", "contacts", held_back=1),)), 4),
    ],
)
def test_exit_code_tells_of_changes_and_of_what_waits(call, hub, report: PlanReport, code: int):
    hub.answers["plan"] = [report]

    assert call("plan", "--exit-code").code == code
    assert call("plan").code == 0


def test_json_of_a_plan_has_the_report_and_its_sums(call, hub):
    hub.answers["plan"] = [PLAN, NOTHING]
    told = call("plan", "--json").json

    assert (told["format_version"], told["command"], told["changes"], told["waits"]) == (1, "plan", 1, False)
    assert told["plans"][0]["members"][0]["changes"][0]["fields"][0]["after"] == "Bonn"


@pytest.mark.parametrize(("codes", "code"), [([0, 0], 0), ([0, 3], 3), ([3, 1, 0], 1), ([], 0)])
def test_sync_exits_with_the_worst_that_happened(call, hub, codes: list[int], code: int):
    hub.answers["sync"] = [ran(each) for each in codes]
    done = call("sync", "--json")

    assert done.code == code
    assert done.json["exit_code"] == code
    assert len(done.json["runs"]) == len(codes)


def test_progress_goes_to_stderr_unless_quiet(call, hub):
    told = []

    def sync(syncs, options, progress):
        told.append(type(progress).__name__)
        return [ran()]

    hub.sync = sync
    loud, quiet = call("sync"), call("-q", "sync")

    assert told == ["Lines", "Silent"]
    assert loud.err == quiet.err == ""
    assert "✓ contacts" in quiet.out


def test_check(call, hub):
    hub.answers["check"] = CheckReport(Path("hub.toml"), ("hub.toml:1:1: wrong",))
    done = call("check", "--offline")

    assert asked(hub) == ("check", {"offline": True})
    assert done.code == 2
    assert "hub.toml:1:1: wrong" in done.out


def raises(error: Exception):
    def open_engine(_session):
        raise error

    return open_engine


def test_check_of_a_configuration_that_cannot_be_opened_lists_all_that_is_wrong_in_it(call, folder: Path):
    (folder / "hub.toml").write_text('[hub]\nnme = "test"\n[systms]\n')
    done = call("check", "--json", engine=raises(ConfigurationError("Wrong.", problems=("the first",))))

    assert done.code == 2
    assert [problem.split(": ")[0] for problem in done.json["check"]["problems"]] == [
        "hub.toml:2:1",
        "hub.toml:3:2",
    ]


def test_check_without_a_hub_is_an_error(call):
    done = call("check", "--json", engine=raises(ConfigurationError("There is no hub.toml.")))

    assert done.code == 2
    assert done.json["error"]["happened"] == "There is no hub.toml."


@pytest.mark.parametrize(("which", "key"), [("hub", "syncs"), ("mapping", "fields"), ("rest.description", "streams")])
def test_check_prints_schemas_for_editors(call, hub, which: str, key: str):
    told = call("check", "--schema", which).json

    assert told["$schema"].startswith("https://json-schema.org/")
    assert key in told["properties"]
    assert hub.calls == []


def test_a_schema_of_no_file(call):
    done = call("check", "--schema", "rest.descriptions")
    assert (done.code, "Known: hub, mapping, rest.description." in done.err) == (2, True)


def test_the_schema_of_hub_toml_knows_the_connectors_that_are_installed(call):
    assert "connector.spreadsheet" in call("check", "--schema", "hub").json["$defs"]


def test_mapping_tests_fail_with_1(call, hub):
    bad, good = MappingTestResult("shop", 1, "in", problem="no field"), MappingTestResult("shop", 2, "in")
    hub.answers["test"] = MappingResults((bad, good))
    assert call("test").code == 1
    hub.answers["test"] = MappingResults((good,))
    assert call("test").code == 0


def test_streams(call, hub):
    hub.answers["streams"] = [StreamReport("shop", "customers", ("id",), mapping='entity = "contact"')]
    assert "shop/customers" in call("streams", "shop", "customers").out
    assert asked(hub) == ("streams", "shop", "customers", {"mapping": False})


def test_a_drafted_mapping_is_printed_as_the_file_it_will_be(call, hub):
    hub.answers["streams"] = [StreamReport("shop", "customers", ("id",), mapping='entity = "contact"')]

    assert call("streams", "shop", "customers", "--mapping").out == 'entity = "contact"\n'
    assert call("streams", "shop", "--mapping").code == 2


def test_status_runs_and_why(call, hub):
    hub.answers = {
        "status": StatusReport("sqlite:///hub.db", (), ()),
        "runs": RunsReport((ran(),)),
        "why": Explanation("contact", "h-1", "Ann Lee", ()),
    }

    assert "Store sqlite:///hub.db" in call("status").out
    assert "run 42" in call("runs", "42").out
    assert call("runs").out.startswith("run ")
    assert call("runs", "--json").json["runs"][0]["run"] == "42"
    assert "Ann Lee" in call("why", "contact", "ann@example.com").out
    assert hub.calls == [
        ("status",),
        ("runs", "42"),
        ("runs", None),
        ("runs", None),
        ("why", "contact", "ann@example.com"),
    ]


def test_review(call, hub):
    question = ReviewItem("12", "match", "contact", "The same?", AT)
    hub.answers = {"review.list": [question], "review.show": question, "review.resolve": DONE}

    assert "The same?" in call("review", "list").out
    assert call("review", "show", "12", "--json").json["question"]["id"] == "12"
    assert "It is done." in call("review", "resolve", "12", "same", "--reason", "asked her").out
    assert hub.calls[2] == ("review.resolve", "12", "same", {"reason": "asked her"})


def test_many_questions_are_answered_alike(call, hub):
    hub.answers = {
        "review.show": ReviewItem("12", "delete", "contact", "Too?", AT),
        "review.resolve": DONE,
        "review.resolve_all": DONE,
    }
    call("review", "resolve", "12", "13", "no")
    assert hub.calls == [
        ("review.show", "13"),
        ("review.resolve", "12", "no", {"reason": ""}),
        ("review.resolve", "13", "no", {"reason": ""}),
    ]
    assert "nobody is there to give it" in call("review", "resolve", "--all", "delete", "yes").err
    call("--yes", "review", "resolve", "--all", "delete", "yes", "--system", "shop")
    assert hub.calls[3:] == [("review.resolve_all", "delete", "yes", {"system": "shop", "reason": ""})]


@pytest.mark.parametrize("arguments", [("yes",), ("12", "yes", "--all", "delete"), ("12", "yes", "--system", "shop")])
def test_questions_are_named_in_one_way(call, arguments: tuple[str, ...]):
    assert "say --all KIND" in call("review", "resolve", *arguments).err


def test_quarantine(call, hub):
    hub.answers = {
        "quarantine.list": [QuarantineGroup("no date", "shop", "customers", 3, "31")],
        "quarantine.show": QuarantineItem("31", "shop", "customers", "no date", "{}"),
        "quarantine.retry": DONE,
        "quarantine.discard": DONE,
    }

    assert "3 rows" in call("quarantine", "list").out
    assert "no date" in call("quarantine", "show", "31").out
    call("quarantine", "retry", "31", "32")
    call("quarantine", "retry", "--all")
    call("--yes", "quarantine", "discard", "31", "--reason", "a test")
    assert hub.calls[2:] == [
        ("quarantine.retry", ("31", "32")),
        ("quarantine.retry", ()),
        ("quarantine.discard", ("31",), {"reason": "a test"}),
    ]


@pytest.mark.parametrize("args", [[], ["31", "--all"]])
@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_quarantine_wants_either_ids_or_all(call, hub, verb: str, args: list[str]):
    assert call("--yes", "quarantine", verb, *args).code == 2
    assert hub.calls == []


def test_set(call, hub):
    hub.answers["set"] = DONE
    call("set", "contact", "ann@example.com", "phone=+4930=1", "notes=", "--reason", "called her")

    told = {"phone": "+4930=1", "notes": ""}
    assert asked(hub) == ("set", "contact", "ann@example.com", told, {"reason": "called her"})


@pytest.mark.parametrize(
    "args",
    [["phone=1"], ["phone", "--reason", "x"], ["=1", "--reason", "x"], ["a=1", "a=2", "--reason", "x"]],
)
def test_set_refuses_what_it_does_not_understand(call, hub, args: list[str]):
    assert call("set", "contact", "ann@example.com", *args).code == 2
    assert hub.calls == []


def test_merge_and_split(call, hub):
    hub.answers = {"merge": DONE, "split": DONE}
    call("merge", "contact", "a@example.com", "b@example.com")
    call("split", "contact", "a@example.com", "crm:contacts:1", "shop:customers:7")

    assert hub.calls == [
        ("merge", "contact", "a@example.com", "b@example.com"),
        ("split", "contact", "a@example.com", ("crm:contacts:1", "shop:customers:7")),
    ]


def test_undo_shows_the_plan_and_does_it_only_after_a_yes(call, hub):
    hub.answers = {"undo_plan": PLAN, "undo": ran(3)}
    refused = call("undo", "42")
    assert "city Berlin → Bonn" in refused.out
    assert refused.code == 2
    assert "nobody is there to give it: Undo run 42?" in refused.err
    assert [name for name, *_ in hub.calls] == ["undo_plan"]

    done = call("--yes", "undo", "42")
    assert "run 42" in done.out
    assert done.code == 3
    assert call("--yes", "undo", "42", "--json").json["run"]["run"] == "42"


def test_undo_of_nothing_asks_nothing(call, hub):
    hub.answers = {"undo_plan": NOTHING}

    assert call("undo", "42").code == 0
    assert call("undo", "42", "--json").json["run"] is None


def test_export(call, hub):
    hub.answers = {"export": ExportReport("tables", {"contact": 1200})}

    told = call("export", "tables", "--format", "arrow")
    assert told.code == 0
    assert hub.calls[0][:3] == ("export", "tables", "arrow")
    assert "contact: 1,200 rows" in told.out
    assert call("export", "tables", "--json").json["export"]["tables"] == {"contact": 1200}
    assert call("export").code == 2


def test_store(call, hub, tmp_path: Path):
    hub.answers = {
        "store_backup": StoreReport("sqlite://", "Backed up.", tmp_path / "b.db"),
        "store_check": StoreReport("sqlite://", "The store is damaged.", problems=("page 3",)),
        "store_upgrade": StoreReport("sqlite://", "Upgraded."),
    }

    assert call("store", "backup", "b.db").code == 0
    assert hub.calls[0] == ("store_backup", Path("b.db"))
    assert call("store", "check", "--json").code == 1
    assert call("store", "upgrade").code == 2
    assert call("--yes", "store", "upgrade").code == 0
    assert call("store", "upgrade", "--yes").code == 0
