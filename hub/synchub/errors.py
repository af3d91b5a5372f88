"""What can go wrong, by what to do about it.

    SynchubError                    carries: what happened, what was not done, what to do next
    ├── ConfigurationError   (2)    hub.toml, a mapping or an argument is wrong: edit it
    ├── GuardError           (3)    the plan is larger than its limits: look, then allow it once
    ├── BusyError           (75)    another run holds the lock: wait
    ├── AuthenticationError  (1)    a system refused the credentials: renew them
    ├── RetryLater           (1)    a system is down or busy: it passes by itself
    ├── RecordRejected       (1)    one record is at fault, not the system: quarantine it
    ├── PluginError          (1)    a plugin broke its contract: ask its author
    └── FatalError           (1)    nothing of the above: a bug, a full disk, a broken store

The number is the exit code of the command line.
"""

from __future__ import annotations

from typing import ClassVar


class SynchubError(Exception):
    """Base of every error that synchub raises on purpose.

    `happened` is one sentence. `not_done` says what did not take place because of it, `next_step` names the
    command or the edit that mends it; both may be empty where there is nothing to say.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, happened: str, *, not_done: str = "", next_step: str = "") -> None:
        super().__init__(happened)
        self.happened = happened
        self.not_done = not_done
        self.next_step = next_step

    def __str__(self) -> str:
        return "\n".join(part for part in (self.happened, self.not_done, self.next_step) if part)

    @property
    def line(self) -> str:
        """All of it on one line, for lists and tables."""
        parts = (part for part in (self.happened, self.not_done, self.next_step) if part)
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


class ConfigurationError(SynchubError):
    """hub.toml, a mapping file or a command's arguments are wrong.

    `problems` holds every single problem found, each already printable as `file:line:column: text`.
    """

    exit_code = 2

    def __init__(
        self, happened: str, *, not_done: str = "", next_step: str = "", problems: tuple[str, ...] = ()
    ) -> None:
        super().__init__(happened, not_done=not_done, next_step=next_step)
        self.problems = problems


class GuardError(SynchubError):
    """The guard stopped the plan. Nothing was written."""

    exit_code = 3


class BusyError(SynchubError):
    """Another run holds the lock."""

    exit_code = 75


class AuthenticationError(SynchubError):
    """A system refused our credentials. Trying again with the same ones is useless."""


class RetryLater(SynchubError):
    """A system is down, busy or unreachable. The same call may succeed later.

    `after` is the number of seconds the system asked us to wait, if it said so.
    """

    def __init__(self, happened: str, *, not_done: str = "", next_step: str = "", after: float | None = None) -> None:
        super().__init__(happened, not_done=not_done, next_step=next_step)
        self.after = after


class RecordRejected(SynchubError):
    """A system or a mapping refused one record. The others go on."""


class PluginError(SynchubError):
    """A plugin could not be loaded, or broke the contract of `synchub.api`."""


class FatalError(SynchubError):
    """The store is broken, the disk is full, or synchub itself is wrong."""
