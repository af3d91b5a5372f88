"""Everything that can be wrong with a mapping file is told, with its place and what to do."""

from __future__ import annotations

import pytest
from unit.mapping.making import CONTACT, EVENT, SETTINGS, compiled, mapping_file

from synchub.errors import ConfigurationError
from synchub.mapping import Problem, built_in_transforms, mapping_problems


def problems(text: str) -> list[Problem]:
    mapping = mapping_file(text)
    entity = EVENT if mapping.entity == "event" else CONTACT
    return mapping_problems(mapping, entity, built_in_transforms(), SETTINGS)


@pytest.mark.parametrize(
    ("line", "path", "told"),
    [
        ('emial = "mail"', ("emial",), "'emial' is no field of contact: did you mean 'email'?"),
        (
            'city = { native = "t", transform = ["titel"] }',
            ("city", "transform"),
            "no transform 'titel': did you mean 'title'?",
        ),
        ('city = { native = "" }', ("city", "native"), "a native field's name is empty"),
        ('phone = { native = ["a", "a"] }', ("phone", "native"), "named twice"),
        ("city = { }", ("city",), "there is nothing to read it from: give native, expr or constant"),
        ('city = { default = "Bonn" }', ("city",), "there is nothing to read it from"),
        ('full_name = { join = ["first_name"] }', ("full_name",), "name the native field to write"),
        (
            'city = { native = "t", constant = "Bonn" }',
            ("city", "constant"),
            "'native' and 'constant' exclude each other",
        ),
        ('city = { native = "t", expr = "a" }', ("city", "expr"), "'native' and 'expr' exclude each other"),
        ('city = { constant = "Bonn", direction = "out" }', ("city", "direction"), "is never written"),
        (
            'created_at = { native = "c", direction = "out" }',
            ("created_at", "direction"),
            "'created_at' is only ever read",
        ),
        (
            'city = { native = "t", format = "%Y" }',
            ("city", "format"),
            "'format' means nothing for a field of type text",
        ),
        (
            'birthday = { native = "d", format = "%d.%m." }',
            ("birthday", "format"),
            "does not name a day, a month and a year",
        ),
        ('birthday = { native = "d", format = "dd.mm.yyyy" }', ("birthday", "format"), "does not name a day"),
        ('birthday = { native = "d", format = "%Q" }', ("birthday", "format"), "does not name a day"),
        ('revenue = { native = "r", currency = "EURO" }', ("revenue", "currency"), "'EURO' is no currency"),
        ('city = { native = "r", currency = "EUR" }', ("city", "currency"), "it is for money"),
        ('tags = { native = "t", separator = "" }', ("tags", "separator"), "the separator is empty"),
        ('city = { native = "t", by = "email" }', ("city", "by"), "it is for ref"),
        (
            'country = { native = "c", default = "Atlantis" }',
            ("country", "default"),
            "'Atlantis' is not a country",
        ),
        ('city = { constant = " " }', ("city", "constant"), "the constant is blank"),
        (
            'city = { native = "c", on_error = "default" }',
            ("city", "on_error"),
            "there is no default to fall back on",
        ),
        (
            'full_name = { native = "n", join = ["fist_name"] }',
            ("full_name", "join"),
            "did you mean 'first_name'?",
        ),
        (
            'full_name = { native = "n", join = ["first_name"], direction = "in" }',
            ("full_name", "direction"),
            "only ever written",
        ),
        (
            'full_name = { native = "n", join = ["first_name"], transform = ["trim"] }',
            ("full_name", "transform"),
            "beside join",
        ),
        (
            'lifecycle_stage = { native = "s", values = { neu = "new" } }',
            ("lifecycle_stage", "values", "neu"),
            "'new' is not one of subscriber",
        ),
        (
            'lifecycle_stage = { native = "s", values = { neu = "" } }',
            ("lifecycle_stage", "values", "neu"),
            "a blank stands for no value",
        ),
        ('city = { expr = "lower(" }', ("city", "expr"), "the expression can't be understood"),
        (
            'city = { expr = "pg_sleep(1)" }',
            ("city", "expr"),
            "uses pg_sleep(), which is not allowed: allowed are",
        ),
        ("city = { expr = \"'x'\" }", ("city", "expr"), "names no native field"),
    ],
)
def test_one_problem_of_a_field(line: str, path: tuple[str, ...], told: str) -> None:
    [problem] = problems(f"[fields]\n{line}")
    assert problem.path == ("fields", *path)
    assert told in problem.line


def test_a_reference_by_something_that_is_no_key() -> None:
    [problem] = problems('entity = "event"\n[fields]\ncontact = { native = "who", by = "emial" }')
    assert problem.path == ("fields", "contact", "by")
    assert "did you mean 'email'?" in problem.fix


@pytest.mark.parametrize("by", ["email", "phone", "hub_id", "id"])
def test_a_reference_by_a_key(by: str) -> None:
    assert problems(f'entity = "event"\n[fields]\ncontact = {{ native = "who", by = "{by}" }}') == []


def test_the_wrong_entity_is_the_only_thing_told() -> None:
    mapping = mapping_file('entity = "event"\n[fields]\nnonsense = "x"')
    [problem] = mapping_problems(mapping, CONTACT, built_in_transforms(), SETTINGS)
    assert problem.path == ("entity",)


@pytest.mark.parametrize(
    ("head", "path", "told"),
    [
        ('key = ""', ("key",), "the key is empty"),
        ("key = []", ("key",), "the key is empty"),
        ('key = ["a", "a"]', ("key",), "names a field twice"),
        ('updated_at = ""', ("updated_at",), "the name is empty"),
    ],
)
def test_problems_of_the_key_and_the_time(head: str, path: tuple[str, ...], told: str) -> None:
    [problem] = problems(f'{head}\n[fields]\nemail = "m"')
    assert (problem.path, told in problem.message) == (path, True)


def test_two_fields_written_to_one_native_field() -> None:
    [problem] = problems('[fields]\nfirst_name = "name"\nlast_name = "name"')
    assert problem.path == ("fields", "last_name")
    assert "'name' would be written from both 'first_name' and 'last_name'" in problem.message


def test_two_fields_read_from_one_native_field_are_fine() -> None:
    assert (
        problems("""
        [fields]
        first_name = { native = "name", transform = ["first_word"], direction = "in" }
        last_name = { native = "name", transform = ["all_but_first_word"], direction = "in" }
        full_name = { native = "name", join = ["first_name", "last_name"], direction = "out" }
        """)
        == []
    )


def test_values_that_are_no_way_back_are_no_problem() -> None:
    assert problems('[fields]\nlifecycle_stage = { native = "s", values = { a = "lead", b = "lead" } }') == []


def test_tests_that_name_no_field() -> None:
    found = problems("""
        [fields]
        email = "m"
        [[tests]]
        native = { m = "a@b.de" }
        contact = { emial = "a@b.de" }
        [[tests]]
        native = { m = "a@b.de" }
        event = { subject = "x" }
        """)
    assert [problem.path for problem in found] == [
        ("tests", 0, "contact", "emial"),
        ("tests", 1, "event"),
        ("tests", 1, "event", "subject"),
    ]


def test_all_problems_are_told_at_once() -> None:
    text = '[fields]\nemial = "m"\ncity = { native = "c", transform = ["x"], format = "%Y" }'
    assert len(problems(text)) == 3
    with pytest.raises(ConfigurationError) as told:
        compiled(text)
    assert len(told.value.problems) == 3
    assert "3 problems" in told.value.happened


def test_the_fingerprint_changes_with_the_meaning_alone() -> None:
    plain = compiled('[fields]\nemail = "mail"')
    tested = compiled('[fields]\nemail = "mail"\n[[tests]]\nnative = {}\ncontact = {}')
    other = compiled('[fields]\nemail = { native = "mail", transform = ["lower"] }')
    assert plain.fingerprint == tested.fingerprint
    assert plain.fingerprint != other.fingerprint
