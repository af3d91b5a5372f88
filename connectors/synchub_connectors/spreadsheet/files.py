"""Where the sheets are: files found, kept inside their folder, recognised again, and replaced in one step."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from synchub.api import ConfigurationError, Cursor, RetryLater

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")

MOST_INFLATED = 500_000_000
"""A workbook may hold so many bytes once it is unpacked."""
MOST_RATIO = 200
"""And not more than so many times its packed size."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file that holds streams; `prefix` goes before the names of a workbook's sheets."""

    file: Path
    prefix: str = ""

    @property
    def is_workbook(self) -> bool:
        return self.file.suffix.lower() in WORKBOOK_SUFFIXES


def places(folder: Path, path: str) -> list[Place]:
    """The files that `path` stands for. Raises ConfigurationError if there is none or it leads elsewhere."""
    root = (folder / path).resolve()
    if not Path(path).is_absolute() and not root.is_relative_to(folder.resolve()):
        raise ConfigurationError(
            f"path = {path!r} leads out of the folder of hub.toml.",
            next_step="If it is meant, write the whole path, from / on.",
        )
    if root.is_dir():
        return [_inside(root, file) for file in sorted(root.iterdir()) if _is_sheet(file)]
    if not root.exists():
        raise ConfigurationError(
            f"There is no file or folder {path!r} in {folder}.",
            not_done="Nothing was read from it or written to it.",
            next_step="Put the file there, or correct path in hub.toml.",
        )
    if root.suffix.lower() not in TEXT_SUFFIXES + WORKBOOK_SUFFIXES:
        raise ConfigurationError(
            f"{root.name} is neither a CSV file nor an Excel workbook, by its ending.",
            next_step="Save it as .xlsx or .csv, and correct path in hub.toml.",
        )
    return [Place(root)]


def _is_sheet(file: Path) -> bool:
    return (
        not file.name.startswith((".", "~$"))
        and file.suffix.lower() in TEXT_SUFFIXES + WORKBOOK_SUFFIXES
        and file.is_file()
    )


def _inside(root: Path, file: Path) -> Place:
    real = file.resolve()
    if not real.is_relative_to(root):
        raise ConfigurationError(
            f"{file.name} is a link that leads out of {root}.",
            next_step="Put the file itself there, or remove the link.",
        )
    return Place(real, prefix=f"{file.stem}/")


def check_workbook(file: Path) -> None:
    """Refuse what is no Excel workbook, and one that would unpack to an enormous size."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            inflated = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        names, inflated = set(), 0
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise ConfigurationError(
            f"{file.name} is not an Excel workbook, whatever its ending says.",
            next_step="Open it in a spreadsheet program and save it as .xlsx; if it is text, name it .csv.",
        )
    packed = max(file.stat().st_size, 1)
    if inflated > MOST_INFLATED or (inflated > 10_000_000 and inflated / packed > MOST_RATIO):
        raise ConfigurationError(
            f"{file.name} would unpack from {packed:,} to {inflated:,} bytes. It was not opened.",
            next_step="If it really is a table of that size, save it as .csv.",
        )


def fingerprint(file: Path, read_as: str) -> Cursor:
    """What tells whether a file is still the same and read in the same way. The content decides, not the
    time."""
    state = _stat(file)
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {"mtime_ns": state.st_mtime_ns, "size": state.st_size, "sha": digest, "read_as": read_as}


def same_file(left: Cursor, right: Cursor) -> bool:
    """Whether two fingerprints are of the same content, read in the same way."""
    return all(left.get(part) == right[part] for part in ("size", "sha", "read_as"))


def touched(file: Path) -> tuple[int, int, int]:
    """Cheap to ask, and different after every change by another program."""
    state = _stat(file)
    return state.st_mtime_ns, state.st_size, state.st_ino


def refuse_if_open(file: Path) -> None:
    """Excel and LibreOffice mark a file that somebody has open. Saving it there would undo what we write."""
    for mark in (f"~${file.name}", f".~lock.{file.name}#"):
        if file.with_name(mark).exists():
            raise RetryLater(
                f"{file.name} is open in a spreadsheet program.",
                not_done="Nothing was written to it.",
                next_step=f"Close it. If nobody has it open, delete {mark} beside it.",
            )


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A new file beside `file`. When the block ends well it takes the place of `file` in one step.

    The block may delete it: then `file` stays as it is. Its name is always the same: of processes that were killed
    no more than one stays behind.
    """
    new = file.with_name(f".{file.name}.synchub{file.suffix}")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, stat.S_IRUSR | stat.S_IWUSR))
    try:
        yield new
        if new.exists():
            _like(new, file)
            _flush(new)
            new.replace(file)
            if sys.platform != "win32":
                _flush(file.parent)
    finally:
        new.unlink(missing_ok=True)


def _like(new: Path, old: Path) -> None:
    state = old.stat()
    if sys.platform != "win32":
        with suppress(PermissionError):  # only root may give files away
            os.chown(new, state.st_uid, state.st_gid)
    new.chmod(stat.S_IMODE(state.st_mode))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stat(file: Path) -> os.stat_result:
    try:
        return file.stat()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file.name} is gone from {file.parent}.",
            not_done="Nothing was read from it or written to it.",
            next_step="Put the file back, or correct path in hub.toml.",
        ) from None
