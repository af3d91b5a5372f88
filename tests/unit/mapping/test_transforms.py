"""The named steps that synchub brings."""

from __future__ import annotations

import polars as pl
import pytest

from synchub.mapping import built_in_transforms

STEPS = built_in_transforms()


def after(name: str, text: str | None) -> str | None:
    series = pl.DataFrame({"t": pl.Series([text], dtype=pl.String)}).select(STEPS[name].expression(pl.col("t")))
    return series.item()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "text", "result"),
    [
        ("trim", " a b ", "a b"),
        ("lower", "ÄB", "äb"),
        ("upper", "äb", "ÄB"),
        ("title", "bad homburg", "Bad Homburg"),
        ("title", "ann's müller-lüdenscheidt", "Ann's Müller-Lüdenscheidt"),
        ("collapse", " a \n b ", "a b"),
        ("digits", "a1b2", "12"),
        ("letters", "a1 ä2", "aä"),
        ("alphanumeric", "a-1 ä", "a1ä"),
        ("strip_html", "<p>Hello&nbsp;<b>Ann</b> &amp; Bo</p><p>2 < 3</p>", "Hello Ann & Bo\n2 < 3"),
        ("strip_html", "a<script>alert('x')</script >b<br/>c<!-- d -->", "a b\nc"),
        ("strip_html", "&amp;lt;", "&lt;"),
        ("first_word", " Ann  Lee ", "Ann"),
        ("last_word", " Ann van Lee ", "Lee"),
        ("all_but_first_word", "Ann van Lee", "van Lee"),
        ("all_but_first_word", "Ann", ""),
        ("all_but_last_word", "Ann van Lee", "Ann van"),
        ("all_but_last_word", "Ann", ""),
        ("first_line", " a b\r\nc", "a b"),
        ("before_comma", "Lee , Ann", "Lee"),
        ("after_comma", "Lee, Ann, Dr.", "Ann, Dr."),
        ("after_comma", "Lee", ""),
        ("no_quotes", "„Ann“", "Ann"),
        ("drop_zeros", "007", "7"),
        ("drop_zeros", "0", "0"),
    ],
)
def test_what_a_step_does(name: str, text: str, result: str) -> None:
    assert after(name, text) == result


@pytest.mark.parametrize("name", STEPS)
def test_blank_stays_blank_and_absent_stays_absent_or_is_taken_for_blank(name: str) -> None:
    assert after(name, "") in ("", None)
    assert after(name, None) in ("", None)


def test_every_step_says_what_it_does() -> None:
    assert all(step.summary and step.name == name for name, step in STEPS.items())
