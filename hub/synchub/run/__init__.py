"""A run: the rooms in call order. `line` tells the whole story, `hub` has a method for every command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from synchub.plugins.deprecations import Deprecation
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
    @property
    def deprecations(self) -> Sequence[Deprecation] | None: ...


def open_hub(session: Session, *, staging: Path | None = None, sleep: Callable[[float], None] | None = None) -> Hub:
    """The hub of a call. Raises ConfigurationError with all problems of hub.toml and its mappings.

    staging   the folder in which runs stage what they read, if it is not to be the machine's own for such
    sleep     waits some seconds for systems that ask for it; may raise to break off
    """
    from synchub.run.hosting import Outside  # here, because whoever only asks for --help pays for none of it
    from synchub.run.hub import Hub
    from synchub.run.opening import open_at
    from synchub.run.work import Seams

    seams = Seams()
    outside = Outside(seams.clock, session.redactor.redact)
    outside.sleep = sleep or outside.sleep
    return Hub(
        open_at(
            session.config,
            environ=session.environ,
            redactor=session.redactor,
            seams=seams,
            outside=outside,
            staging=staging,
            deprecations=session.deprecations,
        )
    )
