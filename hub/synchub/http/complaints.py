"""What people are told when a request came to nothing. Pure."""

from __future__ import annotations

import re
import ssl
from typing import TypeVar
from urllib.parse import SplitResult

import requests

from synchub.errors import AuthenticationError, ConfigurationError, RetryLater, SynchubError
from synchub.http.answers import Meaning


def settings_at_fault(system: str, error: requests.RequestException) -> SynchubError | None:
    """The error to raise if a setting is to blame that no answer came; None if it may pass by itself."""
    if (known := _cause(error, SynchubError)) is not None:
        return known
    if _cause(error, ssl.SSLCertVerificationError) is not None:
        return ConfigurationError(
            f"{system} shows a certificate that is not valid for its address.",
            not_done="Nothing was sent.",
            next_step="Correct the address in hub.toml, or ask who runs that system for a valid certificate.",
        )
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
        return ConfigurationError(
            f"The address or a credential of {system} holds characters that HTTP does not allow.",
            not_done="Nothing was sent.",
            next_step=f"Check the settings of {system}, and its secret for stray line ends.",
        )
    return None


def refused(system: str, status: int, said: str) -> AuthenticationError:
    """`said` is the beginning of the answer, secrets already taken out."""
    what = "the credentials" if status == 401 else "access"
    return AuthenticationError(
        f"{system} refused {what} ({status}): {_message(said) or 'no reason given'}",
        not_done="The request was not carried out.",
        next_step=f"Renew the credentials of {system} or give them the rights needed; then: synchub check",
    )


def _message(said: str) -> str:
    """What an answer says to people: of JSON, cut off or not, only its message."""
    named = re.search(r'"(?:message|error_description|detail|title)"\s*:\s*"((?:[^"\\]|\\.)+)"', said)
    return " ".join((named[1] if named else said).split()).rstrip(".")


def gave_up(system: str, what: str, meaning: Meaning) -> RetryLater:
    """`what` is the method and the path."""
    done = "It was not carried out."
    if meaning.perhaps_done and not what.startswith(("GET ", "HEAD ")):
        done = "Whether it was carried out is not known."
    return RetryLater(
        f"{system} {meaning.reason}: {what}",
        not_done=done,
        next_step=f"Run the sync again later; if it stays so, look whether {system} is up.",
        after=meaning.after,
    )


def too_large(system: str, limit: int) -> RetryLater:
    return RetryLater(
        f"{system} answered with more than {limit // 2**20} MB at once.",
        not_done="The answer was thrown away.",
        next_step=f"Check that {system} has the right address, and how much one answer of it may hold.",
    )


def moved(system: str, place: SplitResult) -> ConfigurationError:
    return ConfigurationError(
        f"{system} has moved to {place.scheme}://{place.netloc}; a write is not sent after it.",
        not_done="Nothing was written.",
        next_step=f"If that address is right, set it as the address of {system} in hub.toml.",
    )


def elsewhere(system: str, place: SplitResult) -> ConfigurationError:
    return ConfigurationError(
        f"{system} named {place.hostname} as the place to go on, which is another server.",
        not_done="Nothing was sent there.",
        next_step=f"Check the address of {system} in hub.toml.",
    )


def in_circles(system: str) -> ConfigurationError:
    return ConfigurationError(
        f"{system} sends us from one address to the next without end.",
        not_done="Nothing was read.",
        next_step=f"Check the address of {system} in hub.toml.",
    )


Kind = TypeVar("Kind", bound=BaseException)


def _cause(error: BaseException, kind: type[Kind]) -> Kind | None:
    """The first error of a kind among the reasons of an error, however they are wrapped."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, kind):
            return one
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [reason for reason in inner if isinstance(reason, BaseException)]
    return None
