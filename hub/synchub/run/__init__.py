"""A run: the rooms in call order. `line` tells the whole story, `hub` has a method for every command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from synchub.redact import Redactor
    from synchub.run.hub import Hub


class Session(Protocol):
    """What is to be known of a call to open its hub."""

    @property
    def config(self) -> Path: ...
    @property
    def environ(self) -> Mapping[str, str]: ...
    @property
    def redactor(self) -> Redactor: ...


def open_hub(session: Session) -> Hub:
    """The hub of a call. Raises ConfigurationError with all problems of hub.toml and its mappings."""
    from synchub.run.hub import Hub  # here, because whoever only asks for --help pays for none of it
    from synchub.run.opening import open_at

    return Hub(open_at(session.config, environ=session.environ, redactor=session.redactor))
