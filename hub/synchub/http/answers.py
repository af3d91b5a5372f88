"""What an answer or a failure means: take it, wait and send it again, or give up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

LONGEST_ASKED = 7 * 86400.0
"""Seconds: a Retry-After beyond this is taken for this."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to do about one try.

    take     the answer is the caller's
    refused  the credentials are at fault
    again    it passes by itself and may be sent again, `after` so many seconds if the server said so
    leave    it passes by itself, but to send it again could do it twice
    """

    do: Literal["take", "refused", "again", "leave"]
    reason: str = ""
    after: float | None = None
    perhaps_done: bool = False
    """It may have taken effect although no good answer came."""
    whole_account: bool = False
    """The server speaks of the account's limit, so everybody else who uses it waits too."""


TAKE = Meaning("take")


def of_status(status: int, headers: Mapping[str, str], *, safe: bool, now: datetime) -> Meaning:
    """What an HTTP status means for a request that is (or is not) safe to send twice."""
    after = retry_after(headers.get("Retry-After"), now)
    match status:
        case 401 | 403:
            return Meaning("refused")
        case 423:
            # The record is locked by other work there for a moment.
            wait = 2.0 if after is None else after
            return Meaning("again", "has locked the record for a moment (423)", wait)
        case 429 | 477:
            # Turned away at the door: nothing was done.
            return Meaning("again", f"is over its limit of requests ({status})", after, whole_account=True)
        case 503:
            # The one server error that says that the request was not handled.
            return Meaning("again", "is not available (503)", after)
        case 408 | 500 | 502 | 504:
            # Somebody on the way gave up; the system itself may have done it.
            return Meaning(_if(safe), f"failed inside ({status})", after, perhaps_done=True)
        case _:
            return TAKE


def of_failure(error: requests.RequestException, *, safe: bool) -> Meaning:
    """What it means that no answer came."""
    if nothing_sent(error):
        return Meaning("again", "could not be reached")
    reason = "did not answer in time" if isinstance(error, requests.Timeout) else "broke the connection off"
    return Meaning(_if(safe), reason, perhaps_done=True)


def _if(safe: bool) -> Literal["again", "leave"]:
    return "again" if safe else "leave"


def nothing_sent(error: requests.RequestException) -> bool:
    """Whether the connection never came about, so that sending again can't do anything twice."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header (seconds, or an HTTP date) asks for. None if it says nothing."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            then = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds()
    # Not a number compares false with everything and ends here as None.
    return min(max(seconds, 0.0), LONGEST_ASKED) if seconds == seconds else None
