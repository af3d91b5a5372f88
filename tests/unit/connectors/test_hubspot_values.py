"""The parts of the HubSpot connector that only decide."""

from __future__ import annotations

import signal
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchub.spec.entities import BUILT_IN_FIELDS
from synchub.spec.mapping import MappingFile
from synchub.testing.crm.properties import predefined
from synchub_connectors import synchub_connectors
from synchub_connectors.hubspot.kinds import CONTACT
from synchub_connectors.hubspot.markup import html_of, text_of
from synchub_connectors.hubspot.refusals import result
from synchub_connectors.hubspot.rows import merged
from synchub_connectors.hubspot.telling import done, failed
from synchub_connectors.hubspot.values import read

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"))


@given(TEXT)
def test_text_written_as_html_is_read_back_exactly(text: str) -> None:
    assert text_of(html_of(text)) == text.strip("\n")


@given(TEXT)
def test_text_never_brings_its_own_tags(text: str) -> None:
    assert "<" not in html_of(text).replace("<br>", "")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<div>a</div>b", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("a<style>p {}</style>b<script>x()</script>", "ab"),
        ("&lt;b&gt; &amp;amp; &#39;x&#39;", "<b> &amp; 'x'"),
        ("a < b", "a < b"),
        ("a <3 b << c </> d", "a <3 b << c </> d"),
        ('<a title="1 > 0" href=x>a</a>b', "ab"),
        ("<a title='\"it\" > 0'>a</a>b", "ab"),
        ("<A\nHREF=x/>a</A >b<BR >c", "ab\nc"),
        ("a<!-- <p>x</p> > -->b<!-->c<!---->d", "abcd"),
        ("a<!doctype html><?xml?>b", "ab"),
        ("<head><title>x<p></title><p>y</head>a", "a"),
        ("a<SCRIPT>if (1 < 2) '</p></scripted>'</SCRIPT>b", "ab"),
        ("a<script>never closed <p>b", "a"),
        ("a <p never closed", "a <p never closed"),
        ('a<p>b <a href="c>d', 'a\nb <a href="c>d'),
        ("a<!-- never closed", "a"),
        ("", ""),
    ],
)
def test_html_of_people_is_read_as_they_see_it(markup: str, text: str) -> None:
    assert text_of(markup) == text


@contextmanager
def given_up_after(seconds: int) -> Iterator[None]:
    """So that what would hang fails."""

    def give_up(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


OPEN_TAGS = ["<a ", "<a href=", "<a href='", '<a b="">', "<a =", "</a ", "<", "</", "<p>", "</p>", "<title", "<head>"]
OTHERS = ["<!", "<!--", "<!-->", "<![CDATA[", "<?", "&", "&#", "&lt", "<script>", "<script></script", "=", "'\""]


@pytest.mark.parametrize("piece", OPEN_TAGS + OTHERS)
def test_a_megabyte_of_anything_takes_no_longer_than_a_megabyte_of_text(piece: str) -> None:
    """Every scan goes forward only: one that looks twice at what is left would take hours."""
    with given_up_after(60):
        text_of(piece * (1_000_000 // len(piece)))
        text_of("<p " + piece * (1_000_000 // len(piece)) + ">")


def test_text_with_a_number_that_is_no_character_is_read() -> None:
    markup = f"a&#{'9' * 5000};b"
    assert read(markup, text_of) == markup


# Which answer belongs to which input.

INPUTS: dict[int, dict[str, Any]] = {
    3: {"objectWriteTraceId": "3", "properties": {"email": "ann@x.de"}},
    8: {"objectWriteTraceId": "8", "properties": {"email": "bob@x.de", "synchub_id": "C-8"}},
    9: {"objectWriteTraceId": "9", "id": "77", "properties": {"email": "bob@x.de"}},
}


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ({"id": "1", "objectWriteTraceId": "8"}, 8),
        ({"id": "77", "properties": {}}, 9),
        ({"id": "1", "properties": {"email": "ANN@x.de"}}, 3),
        ({"id": "1", "properties": {"synchub_id": "c-8"}}, 8),
    ],
)
def test_results_are_recognised(told: dict[str, Any], number: int) -> None:
    assert done(INPUTS, {"results": [told]}) == {number: told}


@pytest.mark.parametrize(
    "told",
    [
        {"id": "1", "objectWriteTraceId": "4"},
        {"id": "1", "objectWriteTraceId": "x"},
        {"id": "1", "properties": {"email": "cem@x.de"}},
        {"id": "1", "properties": {"email": None}},
        {"id": "1"},
    ],
)
def test_a_result_that_belongs_to_nothing_is_not_guessed(told: dict[str, Any]) -> None:
    assert done(INPUTS, {"results": [told]}) == {}


def test_a_value_that_two_inputs_have_tells_nothing() -> None:
    inputs = {1: {"properties": {"email": "a@x.de"}}, 2: {"properties": {"email": "a@x.de"}}}
    assert done(inputs, {"results": [{"id": "5", "properties": {"email": "a@x.de"}}]}) == {}


def test_errors_are_recognised_by_trace_id_or_id() -> None:
    one = {"context": {"objectWriteTraceId": ["3", "8"]}}
    two = {"context": {"ids": ["77", "78"]}}
    three: dict[str, Any] = {"context": {}}
    assert failed(INPUTS, {"errors": [one, two, three]}) == {3: one, 8: one, 9: two}


def test_an_answer_without_results_tells_nothing() -> None:
    assert done(INPUTS, {}) == failed(INPUTS, {}) == {}


def test_ids_that_were_merged_lead_to_the_heir() -> None:
    objects = [
        {"id": "5", "properties": {"hs_merged_object_ids": "3;5;;4"}},
        {"id": "6", "properties": {"hs_merged_object_ids": None}},
        {"id": "7"},
    ]
    assert merged(objects) == {"3": "5", "4": "5"}


# What a refusal means.


def detail(message: str, name: str | None = None) -> dict[str, Any]:
    return {"message": message, "context": {"propertyName": [name]} if name else {}}


CONFLICT = {"category": "CONFLICT", "message": "Contact already exists. Existing ID: 12"}
TAKEN = {
    "category": "VALIDATION_ERROR",
    "message": "Property values were not valid",
    "errors": [detail("34 already has that value.", "synchub_id")],
}
GONE = {"category": "OBJECT_NOT_FOUND", "message": "gone"}
INVALID = {
    "category": "VALIDATION_ERROR",
    "message": "m",
    "errors": [detail("bad", "email"), detail("worse", "city")],
}


@pytest.mark.parametrize(
    ("error", "creates", "expected"),
    [
        (CONFLICT, True, ("conflict", "12", None)),
        (CONFLICT, False, ("rejected", None, "email")),
        (TAKEN, True, ("conflict", "34", "synchub_id")),
        (TAKEN, False, ("rejected", None, "synchub_id")),
        (GONE, False, ("conflict", None, None)),
        (GONE, True, ("rejected", None, None)),
        (INVALID, True, ("rejected", None, "email")),
        ({"category": "RATE_LIMITS", "message": "slow"}, True, ("retry", None, None)),
        ({"message": "no"}, True, ("rejected", None, None)),
        ({}, True, ("rejected", None, None)),
    ],
)
def test_refusals(error: dict[str, Any], creates: bool, expected: tuple[str, str | None, str | None]) -> None:
    told = result(error, creates=creates)
    field = told.field if told.status == "rejected" else (expected[2])
    assert (told.status, told.remote_id, field) == expected
    assert told.reason


def test_all_reasons_are_told() -> None:
    assert result(INVALID, creates=True).reason == "bad; worse"


# The suggested mappings.


def mapping(name: str) -> MappingFile:
    text = (resources.files("synchub_connectors.hubspot.mappings") / f"{name}.toml").read_text()
    return MappingFile.model_validate(tomllib.loads(text))


@pytest.mark.parametrize(("name", "kind"), [("hubspot-contacts", "contacts"), ("hubspot-notes", "notes")])
def test_a_suggested_mapping_names_only_what_there_is(name: str, kind: str) -> None:
    told = mapping(name)
    known = {*predefined()[kind], CONTACT}
    for field in told.fields:
        assert field in BUILT_IN_FIELDS[told.entity]
        assert set(told.field(field).natives) <= known
    assert {*told.keys, told.updated_at} <= known
    assert {test.direction for test in told.tests} == {"in", "out"}


def test_every_stage_has_its_place() -> None:
    values = mapping("hubspot-contacts").field("lifecycle_stage").values
    stages = BUILT_IN_FIELDS["contact"]["lifecycle_stage"].values
    assert sorted(values.values()) == sorted(stages)
    assert set(values) <= set(predefined()["contacts"]["lifecyclestage"].options)


def test_the_catalogue_lists_every_connector() -> None:
    listed = {info.name: info for info in synchub_connectors()}
    assert listed.keys() == {"spreadsheet", "sql", "hubspot", "email", "rest", "singer", "singer-target", "airbyte"}
    assert all(info.summary and ":" in info.target for info in listed.values())
