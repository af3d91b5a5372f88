"""Values from outside can't steer a terminal, hide, or run on for ever."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchub.render.clean import clean, cut, shown, shown_pair


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b]8;;http://evil\x1b\\click", r"\x1b]8;;http://evil\x1b\click"),
        ("\x9b31m", r"\x9b31m"),
        ("back\b\b", r"back\x08\x08"),
        ("one\ntwo\r\nthree\rfour", "one↵two↵three↵four"),
        ("tab\there", "tab⇥here"),
        ("gnp\u202e.exe", r"gnp\u202e.exe"),
        ("Ann\u200b", r"Ann\u200b"),
        ("line\u2028end", r"line\u2028end"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone\ud800", r"lone\ud800"),
        ("Zoë Müller 李 👍", "Zoë Müller 李 👍"),
    ],
)
def test_what_steers_or_hides_is_made_visible(hostile: str, harmless: str):
    assert clean(hostile) == harmless


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_nothing_that_steers_is_left(text: str):
    left = {unicodedata.category(char) for char in clean(text)}

    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(), st.integers(2, 80))
def test_a_value_is_never_longer_than_asked_for(text: str, limit: int):
    assert len(cut(text, limit)) <= limit
    assert len(shown(text, limit=limit).text) <= limit


def test_blank_and_absent_are_one_sign():
    assert shown("").text == shown(None).text == "∅"
    assert shown("").empty
    assert not shown("∅").empty


def test_two_long_values_are_cut_where_they_differ():
    before, after = shown_pair("x" * 500 + " old", "x" * 500 + " new")

    assert before.text.endswith(" old")
    assert after.text.endswith(" new")
    assert before.text.startswith("…")
    assert max(len(before.text), len(after.text)) <= 60


def test_two_long_values_that_differ_early_are_cut_at_the_end():
    before, after = shown_pair("a" + "x" * 500, "b" + "x" * 500)

    assert before.text.startswith("a")
    assert after.text.startswith("b")
    assert before.text.endswith("…")


def test_a_long_value_that_is_cleared_is_shown():
    before, after = shown_pair("x" * 500, "")

    assert before.text.startswith("xxx")
    assert after.empty


@given(st.text(), st.text())
def test_pairs_keep_the_limit_and_differ_where_their_values_do(before: str, after: str):
    one, other = shown_pair(before, after, limit=20)

    assert max(len(one.text), len(other.text)) <= 20
    if clean(before) != clean(after) and len(clean(before)) < 10 and len(clean(after)) < 10:
        assert one != other
