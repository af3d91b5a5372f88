"""A plan with one of everything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synchub.spec.reports import ConflictLine, FieldChange, MemberPlan, PlanReport, RecordChange

AT = datetime(2024, 5, 1, 10, 23, tzinfo=UTC)
ANN = "Ann Lee <ann@example.com>"


@pytest.fixture
def plan_report() -> PlanReport:
    update = RecordChange(
        "crm",
        "update",
        "h-ann",
        ANN,
        "4711",
        (
            FieldChange("phone", "mobilephone", "", "+4930123456", "newest", "shop"),
            FieldChange(
                "city",
                "city",
                "Berlin",
                "Hamburg",
                "prefer shop crm",
                "shop",
                conflict=True,
                losers=(("crm", "Bremen"), ("fair", "")),
                note="only record-level times decided",
            ),
        ),
    )
    create = RecordChange(
        "crm", "create", "h-bob", "Bob Ray", None, (FieldChange("email", "email", None, "bob@example.com"),)
    )
    archive = RecordChange("crm", "archive", "h-cyd", "Cyd Vance", "99", reason="deleted in shop")
    put_back = RecordChange(
        "crm",
        "update",
        "h-dee",
        "Dee",
        "98",
        (FieldChange("last_name", "lastname", "Rome", "Roma", "prefer shop", "shop"),),
        put_back=True,
    )
    recomputed = RecordChange(
        "crm", "update", "h-eve", "Eve", "97", (FieldChange("notes", "notes", "a", "b"),), recomputed=True
    )
    members = (
        MemberPlan(
            "crm",
            "crm",
            "contacts",
            1,
            3,
            1,
            997,
            1,
            (update, create, archive, put_back, recomputed),
            more=340,
        ),
        MemberPlan("shop", "shop", "customers", unchanged=1000, first_contact=True),
        MemberPlan("fair", "excel", "Leads", creates=12, needs_acceptance=True),
    )
    conflicts = (
        ConflictLine("h-ann", ANN, "city", "prefer shop crm", "shop", "Hamburg", (("crm", "Bremen"),)),
        ConflictLine("h-quin", "Quin", "company", "newest", "shop", "Acme", (("crm", "Apex"),), record_times=True),
    )
    return PlanReport(
        "contacts",
        AT,
        members,
        plan="p-7f3a",
        conflicts=conflicts,
        new_records=3,
        joined=12,
        review=2,
        quarantined=1,
        recomputed=1,
        guard=("crm: 120 deletes, at most 50 (5 % of 1,000 links): allow them once with --allow deletes=120",),
        notes=("fair was not read: its file is open elsewhere",),
    )
