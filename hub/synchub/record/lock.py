"""Two runs that share an entity never overlap. The lock falls with the process that holds it, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from xxhash import xxh3_64_intdigest

from synchub.errors import BusyError
from synchub.record.store import Store


@contextlib.contextmanager
def hold(store: Store, entity: str, describe: str) -> Iterator[None]:
    """Hold the lock of an entity. Raises BusyError if another process has it; `describe` says who that is."""
    if store.file is not None:
        with _file_lock(Path(f"{store.file}.{entity}.lock"), describe):
            yield
        return
    with store.engine.connect() as connection:  # PostgreSQL lets go of it when the connection ends
        number = xxh3_64_intdigest(f"synchub {entity}".encode()) - 2**63
        if not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar_one():
            raise _busy(describe)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
            connection.commit()


@contextlib.contextmanager
def _file_lock(file: Path, describe: str) -> Iterator[None]:
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(describe) from None
        yield
    finally:
        os.close(descriptor)


def _busy(describe: str) -> BusyError:
    return BusyError(
        f"Another run holds the lock: {describe}.",
        not_done="Nothing was read or written.",
        next_step="Wait until it has ended; `synchub runs` shows it.",
    )
