"""What a source of Airbyte says went wrong, as the errors of the hub."""

from __future__ import annotations

import re
from collections.abc import Callable

from synchub.api import AuthenticationError, ConfigurationError, RetryLater, SynchubError

from .messages import Checked, Fault
from .places import UNSAFE_CODE

REFUSED = re.compile(r"\b(401|403)\b|[Uu]nauthorized|[Ff]orbidden")
"""How a refusal of the credentials reads."""
DOWN = re.compile(r"Exhausted available request attempts|ConnectionError|Timeout|Status Code: (429|5\d\d)")
"""How a system that can't be reached reads."""
SETTING = re.compile(r"Config validation error|failed to validate|required property")
REASON = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception): (.+)", re.MULTILINE)
"""The line of a trace that says why."""
TOLD = 400
"""Characters of it that are told."""
NOT_READ = "It was not read to its end; nothing counts as deleted."


def fault(name: str, said: Fault, hide: Callable[[str], str]) -> SynchubError:
    """An error for what a source said last. `name` is the manifest's, `hide` takes secrets out."""
    text = _shortened(hide(said.text))
    if UNSAFE_CODE in said.text + said.trace:
        return ConfigurationError(
            f"{name} comes with Python code of its own, which is not run.",
            not_done="Nothing was read from it.",
            next_step="Look at it; if you trust it, set `components = true` for this system.",
        )
    if said.text.startswith("Error starting the sync"):  # its own sentence sends people to Airbyte's support
        why = next(iter(_reasons(hide(said.trace))), "") or _shortened(hide(said.text.partition("Error: ")[2]))
        return ConfigurationError(
            f"{name} can't be run: {why}",
            not_done="Nothing was read from it.",
            next_step="Correct the manifest; `synchub --debug check` shows all that airbyte-cdk says about it.",
        )
    if said.text.startswith("Something went wrong in the connector"):
        text = next(reversed(_reasons(hide(said.trace))), text)
    return _refused(name, text) if said.kind == "config_error" else _down(name, text)


def unchecked(name: str, said: Checked, hide: Callable[[str], str]) -> SynchubError:
    """An error for a check that did not go well."""
    return _refused(name, _shortened(hide(said.text)).strip("'\""))


def _down(name: str, text: str) -> RetryLater:
    return RetryLater(
        f"{name} could not be read: {text}",
        not_done=NOT_READ,
        next_step="It is tried again. If it stays so, look at what the system itself reports.",
    )


def _refused(name: str, text: str) -> SynchubError:
    if DOWN.search(text):
        return _down(name, text)
    if REFUSED.search(text):
        return AuthenticationError(
            f"{name} was refused: {text}", not_done=NOT_READ, next_step="Renew what stands in `secrets` of this system."
        )
    where = "`settings` or `secrets`" if SETTING.search(text) else "`settings`"
    return ConfigurationError(
        f"{name} says: {text}", not_done=NOT_READ, next_step=f"Correct {where} of this system, or the manifest."
    )


def _reasons(trace: str) -> list[str]:
    """Why, in the words of each error of a trace: what was caught first comes first."""
    return [_shortened(found) for found in REASON.findall(trace)]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TOLD else f"{line[:TOLD]}…"
