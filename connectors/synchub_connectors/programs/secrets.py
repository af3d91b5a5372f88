"""The secrets of a program: put into its configuration, taken out of what it says, and kept when it replaced them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synchub.api import Host

if TYPE_CHECKING:
    from pydantic import SecretStr


def told_once(settings: Mapping[str, Any], secrets: Mapping[str, SecretStr]) -> None:
    """Raises ValueError if a setting of the program is told twice: for all to see, and as a secret."""
    twice = sorted(settings.keys() & secrets.keys())
    if twice:
        raise ValueError(f"{', '.join(twice)} stands under settings and under secrets")


class Secrets:
    """The secrets that a program is given now: those of hub.toml, or what it put in their place.

    settings  those that are no secrets, as a table
    secrets   those that are, by their place in that table: a dot leads into a table
    """

    def __init__(self, settings: Mapping[str, Any], secrets: Mapping[str, SecretStr], host: Host) -> None:
        self._settings, self._host = settings, host
        self._now = {name: secret.get_secret_value() for name, secret in secrets.items()}
        self._hidden = set(self._now.values()) - {""}

    def config(self) -> dict[str, Any]:
        """Its configuration, with secrets at their places."""
        whole = _copied(self._settings)
        for name, value in self._now.items():
            *path, last = name.split(".")
            at = whole
            for part in path:
                at = at.setdefault(part, {})
            at[last] = value
        return whole

    def hide(self, text: str) -> str:
        """A text of the program without them."""
        for secret in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def keep(self, said: Any) -> None:
        """Keep what the program made of its configuration: some replace their refresh token there, and the old one is
        void."""
        for name, before in self._now.items():
            value = _at(said, name.split("."))
            if isinstance(value, str) and value and value != before:
                self.add(value)
                self._now[name] = value
                with self._host.renewing("secrets", name) as secret:
                    secret.keep(value)

    def add(self, value: str) -> None:
        """Take one more out of everything that is told."""
        self._host.hide(value)
        self._hidden.add(value)


def _at(said: Any, path: list[str]) -> Any:
    for part in path:
        said = said.get(part) if isinstance(said, dict) else None
    return said


def _copied(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in table.items()}
