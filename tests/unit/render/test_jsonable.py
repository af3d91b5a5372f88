"""Programs get the fields of a report, by name, with the format's version."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

from synchub.render.jsonable import document, jsonable
from synchub.spec.reports import PlanReport


def test_a_report_becomes_plain_data_field_by_field(plan_report: PlanReport):
    plain = json.loads(document("plan", plans=[plan_report]))

    assert plain["format_version"] == 1
    assert plain["command"] == "plan"
    (plan,) = plain["plans"]
    assert set(plan) == {field.name for field in fields(PlanReport)}
    assert plan["started"] == "2024-05-01T10:23:00+00:00"
    assert plan["members"][0]["changes"][0]["fields"][1]["losers"] == [["crm", "Bremen"], ["fair", ""]]


def test_it_is_ascii_so_that_no_value_can_steer_a_terminal():
    assert document("x", told="\x1b[2J Zoë \u202e").isascii()
    assert "\x1b" not in document("x", told="\x1b[2J")


def test_times_paths_and_mappings():
    when = datetime(2024, 5, 1, tzinfo=UTC)

    assert jsonable({"a": when, "b": date(2024, 5, 1), "c": Path("x/y"), "d": (1, None, True)}) == {
        "a": "2024-05-01T00:00:00+00:00",
        "b": "2024-05-01",
        "c": "x/y",
        "d": [1, None, True],
    }
