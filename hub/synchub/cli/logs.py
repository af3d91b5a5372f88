"""Logs: to stderr, as text for people or as JSON lines for programs, with every secret taken out."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synchub.cli.session import Session

LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def log_to_stderr(session: Session) -> Callable[[], None]:
    """Send all logs to stderr, from the level on that -v and -q ask for. Returns what ends that."""
    handler = _Stderr()
    handler.setFormatter(JsonLines() if session.log_format == "json" else Text())
    handler.addFilter(_Redacting(session))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(LEVELS.get(session.verbosity, logging.DEBUG))

    def stop() -> None:
        root.removeHandler(handler)
        root.setLevel(before)

    return stop


class _Redacting(logging.Filter):
    """Takes secrets out of every record. What it needs is imported with the first record: --help has none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def filter(self, record: logging.LogRecord) -> bool:
        from synchub.redact import RedactingFilter

        return RedactingFilter(self._session.redactor).filter(record)


class _Stderr(logging.Handler):
    """Writes to what sys.stderr is at that moment, because a progress bar stands in for it for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


class Text(logging.Formatter):
    """One line a record; what outside systems put into it can't begin a new one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        from synchub.render.clean import clean

        return clean(super().formatMessage(record))


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, message, and what was logged with `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in PLAIN}
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, default=str)
