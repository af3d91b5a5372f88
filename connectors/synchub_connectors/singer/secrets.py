"""The secrets of a tap: put into its configuration, taken out of what it says, and kept when it replaced them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from synchub.api import Host

from .settings import SingerSettings


class Secrets:
    """The secrets that a tap is given now: those of hub.toml, or what the tap itself put in their place."""

    def __init__(self, settings: SingerSettings, host: Host) -> None:
        self._settings, self._host = settings.settings, host
        self._now = {name: secret.get_secret_value() for name, secret in settings.secrets.items()}
        self._hidden = set(self._now.values()) - {""}

    def config(self) -> dict[str, Any]:
        """The tap's configuration, with secrets at their places."""
        whole = _copied(self._settings)
        for name, value in self._now.items():
            *path, last = name.split(".")
            at = whole
            for part in path:
                at = at.setdefault(part, {})
            at[last] = value
        return whole

    def hide(self, text: str) -> str:
        """A text of the tap without them."""
        for secret in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def keep(self, file: Path) -> None:
        """Keep what a tap wrote into its configuration: some replace their refresh token there, and the old one is void."""
        try:
            said = orjson.loads(file.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return  # a tap that was ended in the middle of it
        for name, before in self._now.items():
            value = _at(said, name.split("."))
            if isinstance(value, str) and value and value != before:
                self._host.hide(value)
                self._hidden.add(value)
                self._now[name] = value
                with self._host.renewing("secrets", name) as secret:
                    secret.keep(value)


def _at(said: Any, path: list[str]) -> Any:
    for part in path:
        said = said.get(part) if isinstance(said, dict) else None
    return said


def _copied(table: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in table.items()}
