"""Secrets that a system replaces when they are used: held by one process at a time, kept where hub.toml refers to.

A system that replaces a refresh token takes the old one back at once. If two processes used the same one, or the new one
got lost, somebody would have to authorize the hub anew. So whoever uses it holds a lock from before it is read until the
new one is kept, and makes sure before it is used that a new one can be kept.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synchub.api import ConfigurationError, Renewing
from synchub.secrets import Secrets


@dataclass
class Held:
    """Implements `synchub.api.Renewing`. `put` keeps a value, at once and for good."""

    value: str
    put: Callable[[str], None]
    hide: Callable[[str], None]

    def keep(self, value: str) -> None:
        self.hide(value)
        self.put(value)
        self.value = value


@contextmanager
def renewing(reference: str, secrets: Secrets, folder: Path) -> Iterator[Renewing]:
    """Hold the secret that a reference in hub.toml stands for. `folder` is that of hub.toml."""
    kind, _, name = reference.partition(":")
    if kind == "keyring":
        with _locked(folder / f".keyring-{name}.lock", reference):
            value = secrets.resolve(reference)
            secrets.set(name, value)  # if it can't be kept, that is known before it is used; so below
            yield Held(value, lambda new: secrets.set(name, new), secrets.redactor.add)
    elif kind == "file":
        file = (folder / name).resolve()
        with _locked(file.with_name(f".{file.name}.lock"), reference):
            value = secrets.resolve(reference)

            def put(new: str) -> None:
                with _writable(reference):
                    _replace(file, new)

            put(value)
            yield Held(value, put, secrets.redactor.add)
    else:
        raise ConfigurationError(
            "The system replaces this secret whenever it is used, and a variable of the environment can't be changed.",
            not_done="The system was not asked.",
            next_step="Refer to it by keyring:NAME or file:PATH in hub.toml.",
        )


@contextmanager
def _locked(file: Path, reference: str) -> Iterator[None]:
    """Wait for the lock and hold it. It falls with the process that holds it, however that ends."""
    with _writable(reference):
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, value: str) -> None:
    """Put a text in place of a file, in one step."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(value)
        written.flush()
        os.fsync(written.fileno())
    new.replace(file)


@contextmanager
def _writable(reference: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{reference} can't be replaced: {error.strerror}: {error.filename}.",
            next_step="Keep the secret in a folder that synchub may write to, or in the keyring.",
        ) from None
