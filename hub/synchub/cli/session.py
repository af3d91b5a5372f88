"""What the global options say, and where the hub's file is: what every command starts from."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from synchub.cli.engine import Engine
    from synchub.plugins.deprecations import Deprecation
    from synchub.redact import Redactor

USUAL = (700, 10, 10)
"""How often Python looks for garbage by default."""


@dataclass
class Session:
    """One call of `synchub`.

    start      the folder to start from: the current one, or that of -C
    named      the hub's file where --config names it
    verbosity  -1 quiet, 0, 1 verbose, 2 everything
    color      None: on a terminal only
    out        where answers go while plugins are kept from stdout; None: stdout
    deprecations  what of the plugin interface goes away; None: what this version of synchub says
    """

    open_engine: Callable[[Session], Engine]
    environ: Mapping[str, str] = field(repr=False)
    start: Path = field(default_factory=Path)
    named: Path | None = None
    verbosity: int = 0
    log_format: str = "text"
    debug: bool = False
    color: bool | None = None
    yes: bool = False
    json: bool = False
    out: TextIO | None = None
    command: str = ""
    deprecations: Sequence[Deprecation] | None = None

    @cached_property
    def config(self) -> Path:
        """The hub's file. ConfigurationError if there is none."""
        from synchub.config.environment import FILE_VARIABLE, find

        if self.named is None:
            file = find(self.start, self.environ)
            if not self.environ.get(FILE_VARIABLE):
                _refuse_strangers(file)
            return file
        if not self.named.is_file():
            raise ConfigurationError(
                f"There is no file {self.named}.",
                not_done="Nothing was read or written.",
                next_step="Correct what stands behind --config.",
            )
        return self.named.resolve()

    @property
    def folder(self) -> Path:
        """The hub's folder."""
        return self.config.parent

    @cached_property
    def redactor(self) -> Redactor:
        """Knows the secrets of this call; everything that is logged goes through it."""
        from synchub.redact import Redactor

        return Redactor()

    @contextmanager
    def open_hub(self) -> Iterator[Engine]:
        """The engine on this hub, while plugins are kept from stdout."""
        with self.plugins_apart(), self.open_engine(self) as hub:
            gc.freeze()  # what was loaded so far is there to stay
            gc.set_threshold(*USUAL)
            yield hub

    @contextmanager
    def plugins_apart(self) -> Iterator[None]:
        """What plugins print goes to stderr meanwhile: stdout is for the answer, which a program may be reading."""
        if self.out is not None:
            yield
            return
        with stdout_apart() as self.out:
            try:
                yield
            finally:
                self.out = None


@contextmanager
def stdout_apart() -> Iterator[TextIO]:
    """The standard output, while whatever else writes there writes to stderr: Python's print, libraries in C, and programs
    that are started."""
    own = sys.stdout
    if not (_is_number(1, own) and _is_number(2, sys.stderr)):
        with redirect_stdout(sys.stderr):
            yield own
        return
    own.flush()
    with os.fdopen(os.dup(1), "w", encoding=own.encoding, errors=own.errors, buffering=1) as out:
        os.dup2(2, 1)
        try:
            with redirect_stdout(sys.stderr):
                yield out
        finally:
            os.dup2(out.fileno(), 1)


def _is_number(number: int, stream: TextIO | None) -> bool:
    """Whether a stream is the process's own one of this number, and not what somebody put in its place."""
    try:
        return stream is not None and stream.fileno() == number
    except (AttributeError, OSError, ValueError):
        return False


def _refuse_strangers(file: Path) -> None:
    """A file that was merely come upon may be anybody's, and it decides where secrets are sent."""
    if hasattr(os, "geteuid") and file.stat().st_uid not in (0, os.geteuid()):
        raise ConfigurationError(
            f"{file} belongs to another user, so it was not read.",
            not_done="Nothing was read or written.",
            next_step=f"If it is right all the same, name it: synchub --config {file} …",
        )
