"""Secrets: what references in hub.toml stand for, and the operating system's keyring.

    keyring:NAME    the entry NAME of the service "synchub/" + the hub's name
    env:NAME        an environment variable
    file:PATH       the content of a file that only its owner can read; relative to the folder of hub.toml

A value is handed to whom it is for and told to the Redactor; it never stands in an error.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from synchub.errors import ConfigurationError
from synchub.redact import RedactingFilter, Redactor

__all__ = [
    "Keyring",
    "RedactingFilter",
    "Redactor",
    "Secrets",
    "is_reference",
    "resolve_settings",
    "url_password",
]

REFERENCE = re.compile(r"(keyring|env|file):(?!//)(.+)", re.DOTALL)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
LARGEST = 64 * 1024
"""A secret file of more bytes than this is refused."""
NAMES_ENTRY = ".names"
"""The keyring entry that lists the names of the others; no secret can have this name."""
SECRET_WORD = re.compile(r"token|secret|passw|pwd|key|credential|auth|dsn", re.IGNORECASE)


class Keyring(Protocol):
    """What is asked of a keyring: any backend of the `keyring` library."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class Secrets:
    """Resolves references for one hub, and keeps its keyring entries.

    `folder` is the folder of hub.toml. Without `keyring` the operating system's is used, once it is needed.
    Every value from a keyring or a file is told to `redactor`; of the environment, what is named like one.
    """

    def __init__(
        self,
        hub: str,
        folder: Path,
        *,
        environ: Mapping[str, str],
        keyring: Keyring | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.service = f"synchub/{hub}"
        self.redactor = redactor or Redactor()
        self._folder = folder
        self._environ = environ
        self._keyring = keyring

    def resolve(self, reference: str) -> str:
        """The value that a reference stands for. ConfigurationError, which names the reference only, if there
        is none."""
        match = REFERENCE.fullmatch(reference)
        if match is None:
            raise ConfigurationError(
                "A value is no reference to a secret.", next_step="Write keyring:NAME, env:NAME or file:PATH."
            )
        kind, name = match[1], match[2]
        if kind == "env":
            value = self._from_environment(name)
        else:
            value = self._from_keyring(name) if kind == "keyring" else self._from_file(name)
        if not value:
            raise ConfigurationError(f"{reference} is empty.", next_step="Give it a value, then try again.")
        if kind != "env" or SECRET_WORD.search(name):
            self.redactor.add(value)
        self.redactor.add(url_password(value))
        return value

    def resolve_text(self, text: str) -> str:
        """The text itself, unless it is a reference."""
        return self.resolve(text) if is_reference(text) else text

    def set(self, name: str, value: str) -> None:
        """Keep a secret in the keyring, or change it."""
        _refuse_name(name)
        if not value:
            raise ConfigurationError(
                "A secret can't be empty.",
                not_done="Nothing was stored.",
                next_step="Type it when asked, or pipe it in.",
            )
        self.redactor.add(value)
        self._ask("set_password", name, value)
        self._list({*self.names(), name})

    def delete(self, name: str) -> None:
        """Remove a secret from the keyring."""
        _refuse_name(name)
        if self._ask("get_password", name) is None:
            raise ConfigurationError(
                f"The keyring has no entry {name}.", next_step="See `synchub secret list` for the names."
            )
        self._ask("delete_password", name)
        self._list({*self.names()} - {name})

    def names(self) -> list[str]:
        """The names of this hub's secrets in the keyring, sorted; never their values.

        Keyrings can't list their entries, so the names are kept in one entry of their own.
        """
        kept = self._ask("get_password", NAMES_ENTRY)
        try:
            names = json.loads(kept) if kept else []
        except ValueError:
            names = []
        return sorted(name for name in names if isinstance(name, str)) if isinstance(names, list) else []

    def _list(self, names: Iterable[str]) -> None:
        self._ask("set_password", NAMES_ENTRY, json.dumps(sorted(names)))

    def _ask(self, method: str, name: str, *value: str) -> str | None:
        try:
            answer: str | None = getattr(self._backend(), method)(self.service, name, *value)
        except Exception as error:
            # Backends raise what their system raises; the text may hold anything, so only its kind is told.
            what = (
                "There is no keyring on this machine"
                if type(error).__name__ == "NoKeyringError"
                else "The keyring could not be used"
            )
            entry = "the list of entries" if name == NAMES_ENTRY else f"keyring:{name}"
            raise ConfigurationError(
                f"{what} ({type(error).__name__}).",
                not_done=f"Not reached: {entry} (service {self.service}).",
                next_step="Unlock it; where there is none, use env:NAME or file:PATH instead of keyring:NAME.",
            ) from None
        return answer

    def _backend(self) -> Keyring:
        if self._keyring is None:
            import keyring

            self._keyring = keyring.get_keyring()
        return self._keyring

    def _from_keyring(self, name: str) -> str:
        value = self._ask("get_password", name)
        if value is None:
            raise ConfigurationError(
                f"keyring:{name} is not in the keyring (service {self.service}).",
                next_step=f"Run `synchub secret set {name}`.",
            )
        return value

    def _from_environment(self, name: str) -> str:
        if name not in self._environ:
            raise ConfigurationError(
                f"env:{name}: the environment variable {name} is not set.",
                next_step="Set it, then try again.",
            )
        return self._environ[name]

    def _from_file(self, name: str) -> str:
        path = self._folder / name
        try:
            # Not blocking: a pipe in the file's place must not hang the run before it is refused.
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no such path"
            raise ConfigurationError(
                f"file:{name} can't be read: {reason}.",
                next_step="Put the secret into that file, readable by you alone (chmod 600).",
            ) from None
        try:
            self._refuse_file(name, path, os.fstat(descriptor))
            raw = os.read(descriptor, LARGEST)
        finally:
            os.close(descriptor)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise ConfigurationError(f"file:{name} is not UTF-8 text.") from None
        return text.removesuffix("\n").removesuffix("\r")

    def _refuse_file(self, name: str, path: Path, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError(f"file:{name} is not a file.")
        if status.st_size > LARGEST:
            raise ConfigurationError(f"file:{name} is larger than {LARGEST // 1024} KiB.")
        if os.name == "posix" and status.st_mode & 0o077 and not self._is_credential(path):
            raise ConfigurationError(
                f"file:{name} can be read by others than its owner.", next_step=f"Run `chmod 600 {name}`."
            )

    def _is_credential(self, path: Path) -> bool:
        """Whether systemd keeps this file: it opens it to the service alone, by an access list that looks
        like a group's right to read."""
        kept = self._environ.get("CREDENTIALS_DIRECTORY")
        return bool(kept) and path.resolve().is_relative_to(Path(kept or "").resolve())


def is_reference(text: str) -> bool:
    """Whether a text stands for something kept elsewhere: keyring:NAME, env:NAME or file:PATH."""
    return REFERENCE.fullmatch(text) is not None


def resolve_settings(settings: Mapping[str, Any], secrets: Secrets) -> dict[str, Any]:
    """A system's settings with every reference, at any depth, replaced by what it stands for."""

    def resolved(value: Any) -> Any:
        if isinstance(value, str):
            return secrets.resolve_text(value)
        if isinstance(value, Mapping):
            return {key: resolved(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [resolved(inner) for inner in value]
        return value

    return {key: resolved(value) for key, value in settings.items()}


def _refuse_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for a secret.",
            not_done="Nothing was changed.",
            next_step="Use letters, digits, '.', '_' and '-', and begin with a letter or digit.",
        )


def url_password(text: str) -> str:
    """The password in a URL; empty if there is none, or if the text is no URL."""
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""
