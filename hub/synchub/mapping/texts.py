"""The types whose values are words: text, email, url, bool and enum."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import polars as pl

from synchub.mapping.forms import Form, Unreadable, evaluate, lookup

TRUE: Final = ("true", "yes", "1", "ja", "y", "t", "on", "j", "wahr")
FALSE: Final = ("false", "no", "0", "nein", "n", "f", "off", "falsch")

_ADDRESS: Final = r"[^@\s<>,;:\"()\[\]]+@[^@\s<>,;:\"()\[\]]+\.[^@\s<>,;:\"()\[\].]+"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST: Final = re.compile(r"(?:[^\s@/?#]*@)?(?:\[[0-9a-fA-F:.]+\]|[^\s@/?#:\[\]<>\"]+)(?::\d{1,5})?")
_PLAIN_URL: Final = r"^https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9._~%/+-]+)?$"


def text_form() -> Form:
    """Any text, trimmed. NUL characters go: no database keeps them."""
    return Form(lambda text: text.replace("\x00", ""), lambda texts: texts.str.replace_all("\x00", "", literal=True))


def email_form() -> Form:
    """One address, in lower case; a name around it (`Ann <ann@example.com>`) goes."""
    return Form(_email, _sure_email)


def _email(text: str) -> str:
    named = re.fullmatch(r"[^<>]*<\s*([^<>]+?)\s*>", text)
    address = (named[1] if named else text).removeprefix("mailto:")
    if not re.fullmatch(_ADDRESS, address) or ".." in address.partition("@")[2]:
        raise Unreadable("is not an e-mail address")
    return address.lower()


def _sure_email(texts: pl.Series) -> pl.Series:
    lower = pl.col("t").str.to_lowercase()
    plain = pl.col("t").str.contains(r"^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$")
    return evaluate(pl.when(plain).then(lower), t=texts)


def url_form() -> Form:
    """An address on the web: https:// where no scheme is given, scheme and host in lower case."""
    return Form(_url, lambda texts: evaluate(pl.when(pl.col("t").str.contains(_PLAIN_URL)).then("t"), t=texts))


def _url(text: str) -> str:
    full = text if _SCHEME.match(text) else f"https://{text.removeprefix('//')}"
    try:
        parts = urlsplit(full)
        known = bool(_HOST.fullmatch(parts.netloc)) and (parts.port is None or parts.port > 0)
        host = parts.hostname or ""
    except ValueError:
        known, host = False, ""
    if not known or not _is_host(host) or any(character.isspace() for character in full):
        raise Unreadable("is not a web address")
    user, at, place = parts.netloc.rpartition("@")
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else parts.path
    return urlunsplit((parts.scheme.lower(), user + at + place.lower(), path, parts.query, parts.fragment))


def _is_host(host: str) -> bool:
    return host == "localhost" or ":" in host or ("." in host.strip(".") and ".." not in host)


def bool_form() -> Form:
    """Yes or no, as people and systems write it in English and German."""
    words: dict[str, str] = dict.fromkeys(TRUE, "true") | dict.fromkeys(FALSE, "false")

    def parse(text: str) -> str:
        value = words.get(text.lower()) or _truth_of_number(text)
        if value is None:
            raise Unreadable("is neither true nor false")
        return value

    def sure(texts: pl.Series) -> pl.Series:
        return lookup(texts.str.to_lowercase(), list(words), list(words.values()))

    return Form(parse, sure)


def _truth_of_number(text: str) -> str | None:
    # Spreadsheets and databases without a boolean type deliver 1.0 and 0.0.
    if re.fullmatch(r"[01]\.0+", text):
        return "true" if text[0] == "1" else "false"
    return None


def enum_form(values: tuple[str, ...]) -> Form:
    """One of the field's values; case, spaces and hyphens don't matter."""
    known = {fold(value): value for value in values}

    def parse(text: str) -> str:
        value = known.get(fold(text))
        if value is None:
            raise Unreadable(f"is not one of {', '.join(values)}")
        return value

    return Form(parse, lambda texts: lookup(texts, list(values), list(values)))


def fold(text: str) -> str:
    """A text with all that people write this way or that taken out, to compare it by."""
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())
