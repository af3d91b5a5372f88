"""A folder to stage in. It is gone when its process has ended, however it ended: at the latest once the next one begins."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "synchub-run-"


@contextlib.contextmanager
def scratch(place: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can read, in `place` or among the system's temporary files. What processes left
    there that were killed is removed first: it holds people's data."""
    place = place or Path(tempfile.gettempdir())
    sweep(place)
    folder, mark = _own(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(mark)


def sweep(place: Path) -> None:
    """Remove the folders in `place` that no living process works in."""
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or just removed by somebody else
            mark = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(mark).st_uid == os.geteuid() and _lock(mark):
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(mark)


def _own(place: Path) -> tuple[Path, int]:
    """A folder, and the descriptor whose lock falls with this process."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        with contextlib.suppress(FileNotFoundError):  # somebody may sweep before it is locked
            mark = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if _lock(mark) and folder.exists():
                return folder, mark
            os.close(mark)


def _lock(mark: int) -> bool:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
