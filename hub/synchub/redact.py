"""Keeping secrets out of texts: logs, errors, reports."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import traceback
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""A value of fewer characters is not redacted: it would tear holes into every text."""
MASK = "***"
SHORTEST_CORE = 6
BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
URL_SAFE = str.maketrans("+/", "-_")
BY_PLACE = (
    re.compile(r"([a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>]*:)[^\s/\"'<>]+(@)", re.IGNORECASE),
    re.compile(r"([?&](?:[a-z_]*token|api_?key|hapikey|password|[a-z_]*secret|sig)=)[^&\s\"'<>#]+()", re.IGNORECASE),
    re.compile(r"(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer)\s+)?)[^\s\"',}]+()", re.IGNORECASE),
)
"""Where a secret stands, whether it is known or not: a URL's password or query, an Authorization header."""


class Redactor:
    """Knows every secret value that was resolved, and takes them out of texts. Threads may share one."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._forms: frozenset[str] = frozenset()
        self._cores: frozenset[str] = frozenset()
        self._patterns = _patterns(self._forms, self._cores)
        for value in values:
            self.add(value)

    def __repr__(self) -> str:
        return "Redactor()"

    def add(self, value: str) -> None:
        """Redact this value from now on, also as it looks in URLs, JSON, HTML and Basic authentication."""
        # A private key is logged line by line.
        parts = [part for part in {value, *value.splitlines()} if len(part) >= SHORTEST]
        with self._lock:
            forms = self._forms.union(*(_forms(part) for part in parts))
            cores = self._cores.union(*(_base64_cores(part) for part in parts))
            if (forms, cores) != (self._forms, self._cores):
                self._forms, self._cores = forms, cores
                self._patterns = _patterns(forms, cores)

    def redact(self, text: str) -> str:
        """The text with every secret in it, known or told by its place, as ***."""
        forms, cores = self._patterns
        if forms is not None:
            text = forms.sub(MASK, text)
        if cores is not None:
            text = _mask_tokens(text, cores)
        for pattern in BY_PLACE:
            text = pattern.sub(rf"\1{MASK}\2", text)
        return text


class RedactingFilter(logging.Filter):
    """Redacts a log record whole: message, arguments, extra fields, exception and stack.

    Belongs on every handler, because a filter on a logger doesn't see what other loggers hand up.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        redact = self._redactor.redact
        try:
            message = record.getMessage()
        except Exception:
            # logging would print the arguments as they are.
            message = f"{record.msg} {record.args!r}"
        record.msg, record.args = redact(message), None
        if record.exc_info:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            record.exc_info = None
        for name, value in list(vars(record).items()):
            if name != "msg":
                setattr(record, name, self._cleaned(value))
        return True

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redactor.redact(value)
        if isinstance(value, Mapping):
            return {self._cleaned(key): self._cleaned(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set):
            return [self._cleaned(inner) for inner in value]
        return value


Patterns = tuple[re.Pattern[str] | None, re.Pattern[str] | None]


def _patterns(forms: frozenset[str], cores: frozenset[str]) -> Patterns:
    # The longest first: a secret that begins another must not leave the other's end.
    alternatives = ["|".join(map(re.escape, sorted(some, key=len, reverse=True))) for some in (forms, cores)]
    return (re.compile(alternatives[0]) if forms else None, re.compile(alternatives[1]) if cores else None)


def _forms(value: str) -> set[str]:
    """How a value may be spelled in a text."""
    encoded = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in encoded}
    return {value, escape(value), json.dumps(value)[1:-1], repr(value)[1:-1], *encoded, *lower}


def _base64_cores(value: str) -> set[str]:
    """The characters that base64 of any text with this value in it must hold.

    The value may begin at any of the three places of a group; its ends mix with their neighbours.
    """
    raw = value.encode()
    cores = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        first, last = (offset * 8 + 5) // 6, (offset + len(raw)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= SHORTEST_CORE:
            cores |= {core, core.translate(URL_SAFE)}
    return cores


def _mask_tokens(text: str, cores: re.Pattern[str]) -> str:
    """Mask the whole run of base64 around each core."""
    pieces, last = [], 0
    for match in cores.finditer(text):
        start, end = match.span()
        if start < last:
            continue
        while start > last and text[start - 1] in BASE64:
            start -= 1
        while end < len(text) and text[end] in BASE64:
            end += 1
        pieces += [text[last:start], MASK]
        last = end
    return "".join([*pieces, text[last:]])
