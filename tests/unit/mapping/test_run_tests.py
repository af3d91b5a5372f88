"""The [[tests]] of mapping files."""

from __future__ import annotations

from unit.mapping.making import compiled, mapping_file

from synchub.mapping import run_tests
from synchub.spec.answers import Difference, MappingTestResult

FIELDS = """
[fields]
email = "mail"
phone = { native = ["mobile", "tel"] }
birthday = { native = "dob", format = "%d.%m.%Y" }
revenue = "ltv"
tags = "labels"
opted_out = "out"
lifecycle_stage = { native = "status", values = { neu = "lead", kunde = "customer" } }
first_name = "forename"
full_name = { native = "name", join = ["first_name", "last_name"], direction = "out" }
source = { constant = "shop" }
"""


def run(tests: str) -> list[MappingTestResult]:
    return run_tests("shop", compiled(FIELDS + tests), mapping_file(FIELDS + tests))


def test_the_tests_of_the_manual_pass() -> None:
    results = run("""
        [[tests]]
        native  = { id = 7, mail = " Ann@Example.COM ", tel = "030 123456", status = "kunde" }
        contact = { email = "ann@example.com", phone = "+4930123456", lifecycle_stage = "customer" }
        [[tests]]
        direction = "out"
        contact = { first_name = "Ann", last_name = "Lee", lifecycle_stage = "lead" }
        native  = { forename = "Ann", name = "Ann Lee", status = "neu" }
        """)
    assert [(result.number, result.direction, result.ok) for result in results] == [
        (1, "in", True),
        (2, "out", True),
    ]


def test_values_may_be_written_in_any_spelling_of_their_type() -> None:
    [result] = run("""
        [[tests]]
        native  = { dob = "01.05.1980", ltv = 12.5, labels = "b;a", out = 1 }
        contact = { birthday = 1980-05-01, revenue = "12,5 €", tags = ["a", "b"], opted_out = true }
        """)
    assert result.ok


def test_differences_are_told_field_by_field() -> None:
    [result] = run("""
        [[tests]]
        native  = { mail = "a@b.de", tel = "030 123456" }
        contact = { email = "a@b.de", phone = "+4930123457", city = "Bonn" }
        """)
    assert not result.ok
    assert result.differences == (
        Difference("phone", "+4930123457", "+4930123456"),
        Difference("city", "Bonn", None),
    )


def test_a_record_that_can_not_be_understood_is_a_problem() -> None:
    [result] = run('[[tests]]\nnative = { dob = "31.02.2024" }\ncontact = { email = "a@b.de" }')
    assert not result.ok
    assert result.problem == "birthday: '31.02.2024' is not a date written as %d.%m.%Y"


def test_a_wrong_expectation_is_a_problem() -> None:
    [result] = run('[[tests]]\nnative = { dob = "01.02.2024" }\ncontact = { birthday = "soon" }')
    assert result.problem == "birthday in the test: 'soon' is not a date"


def test_outward_differences() -> None:
    [result] = run("""
        [[tests]]
        direction = "out"
        contact = { lifecycle_stage = "opportunity", email = "a@b.de", revenue = 110, birthday = 1980-05-01 }
        native  = { status = "neu", mail = "", ltv = 110, dob = "1980-05-01", nowhere = "x" }
        """)
    assert result.differences == (
        Difference("status", "neu", "not sent: the mapping's values have no native value for 'opportunity'"),
        Difference("mail", "", "a@b.de"),
        Difference("dob", "1980-05-01", "01.05.1980"),
        Difference("nowhere", "x", None),
    )


def test_clearing() -> None:
    [result] = run('[[tests]]\ndirection = "out"\ncontact = { email = "" }\nnative = { mail = "" }')
    assert result.ok
