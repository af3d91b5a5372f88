"""The hub that is kept open between runs, and opened anew when its files were changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from synchub.errors import ConfigurationError, SynchubError
from synchub.run.unattended import Unattended
from synchub.serve.board import Board
from synchub.spec.options import Progress, RunOptions
from synchub.spec.reports import RunReport


class Served(Protocol):
    """A hub as `serve` needs it: `synchub.run.hub.Hub`."""

    @property
    def unattended(self) -> Unattended: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    def sync(self, syncs: Sequence[str], options: RunOptions, progress: Progress) -> Sequence[RunReport]: ...


class Kept:
    """The hub of now. One that can't be opened as its files are by now is kept as it was, and that is told once."""

    def __init__(self, open_hub: Callable[[], Served], board: Board, log: logging.Logger) -> None:
        self._open = open_hub
        self._board = board
        self._log = log
        self._hub = open_hub()
        self._files = self._hub.unattended.files()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._hub.__exit__(*error)

    @property
    def hub(self) -> Served:
        """As it was opened last."""
        return self._hub

    def current(self) -> Served:
        """The hub; opened anew if one of its files was changed since it was opened."""
        files = self._hub.unattended.files()
        if files != self._files:
            self._files = files
            self._reopen()
        return self._hub

    def _reopen(self) -> None:
        try:
            opened = self._open()
        except SynchubError as error:
            problems = error.problems if isinstance(error, ConfigurationError) else ()
            self._board.note = "the configuration was changed and is wrong; the one before goes on. See `synchub check`"
            self._log.warning(
                "The configuration was changed and is wrong; the one before goes on. %s%s",
                error.happened,
                "".join(f" {problem}" for problem in problems[:5]),
            )
            return
        self._hub.__exit__(None, None, None)
        self._hub, self._board.note = opened, ""
        self._log.info("The configuration was changed and is taken from now on.")
