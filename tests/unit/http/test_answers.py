from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synchub.http.answers import LONGEST_ASKED, of_status, retry_after

NOW = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "safe", "do"),
    [
        (200, False, "take"),
        (207, False, "take"),
        (400, True, "take"),
        (404, True, "take"),
        (409, False, "take"),
        (501, True, "take"),
        (401, True, "refused"),
        (403, True, "refused"),
        # Turned away before anything was done.
        (423, False, "again"),
        (429, False, "again"),
        (477, False, "again"),
        (503, False, "again"),
        # It may have been done: only again where that does no harm.
        (500, True, "again"),
        (502, True, "again"),
        (504, True, "again"),
        (408, True, "again"),
        (500, False, "leave"),
        (502, False, "leave"),
        (504, False, "leave"),
        (408, False, "leave"),
    ],
)
def test_what_a_status_means(status: int, safe: bool, do: str) -> None:
    assert of_status(status, {}, safe=safe, now=NOW).do == do


@pytest.mark.parametrize("status", [500, 502, 504])
def test_what_failed_inside_may_have_been_done(status: int) -> None:
    assert of_status(status, {}, safe=True, now=NOW).perhaps_done


@pytest.mark.parametrize("status", [423, 429, 477, 503])
def test_what_was_turned_away_was_not_done(status: int) -> None:
    assert not of_status(status, {}, safe=False, now=NOW).perhaps_done


def test_a_locked_record_is_waited_for_two_seconds_unless_told_otherwise() -> None:
    assert of_status(423, {}, safe=False, now=NOW).after == 2.0
    assert of_status(423, {"Retry-After": "7"}, safe=False, now=NOW).after == 7.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("0", 0.0),
        ("2.5", 2.5),
        ("-4", 0.0),
        ("Wed, 01 May 2024 09:00:30 GMT", 30.0),
        ("Wed, 01 May 2024 08:00:00 GMT", 0.0),
        ("Wed, 01 May 2024 09:00:30 -0000", 30.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("1e99", LONGEST_ASKED),
        ("inf", LONGEST_ASKED),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
