"""Bytes of mail into clean text: any charset, HTML, control characters. Pure, and safe on hostile input."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

# What senders write, and the wider charset that they mean.
_MEANT = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
}
# Codecs of Python that are no charset of mail; some need quadratic time.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
# How Python's codecs call a last character of which bytes are missing.
_CUT = frozenset({"unexpected end of data", "incomplete multibyte sequence", "truncated data"})

_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_NOT_NEWLINE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_SPACE_AT_END = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_ANY_SPACE = re.compile(r"\s+")
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style)\b.*?(?:</(?:script|style)\s*>|\Z)|<title\b[^<>]*>[^<]*"
    r"|</?([a-z][a-z0-9]*)[^<>]*>?|<[!?][^<>]*>?",
    re.IGNORECASE | re.DOTALL,
)

_BREAKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    }
)


def decode(data: bytes, charset: str) -> str:
    """Text of bytes. A charset that is unknown or wrong never fails: UTF-8 is tried, then Windows-1252."""
    known = _codec(charset.strip("'\" ").partition("*")[0].lower()) or "utf-8"
    for codec in dict.fromkeys((known, "utf-8")):
        try:
            return data.decode(codec)
        except UnicodeDecodeError as fault:
            # Only the start of a text was fetched, so its last character may be cut.
            if fault.reason in _CUT and fault.start > 0:
                return data[: fault.start].decode(codec, "replace")
    return data.decode("cp1252" if known == "utf-8" else known, "replace")


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    codec = _MEANT.get(charset, charset)
    if len(codec) > 40 or codec.replace("-", "_") in _REFUSED:
        return None
    try:
        b"a".decode(codec)
    except UnicodeError:
        pass  # a known charset of more than one byte a character
    except (LookupError, ValueError):
        return None
    return codec


def one_line(text: str, limit: int) -> str:
    """At most `limit` characters on one line: no line breaks, control characters or text-direction marks."""
    return " ".join(_CONTROL.sub(" ", _INVISIBLE.sub("", text[: 4 * limit])).split())[:limit].rstrip()


def paragraphs(text: str, limit: int) -> str:
    """At most `limit` characters in lines, without control characters and runs of blank lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _SPACES.sub(" ", _CONTROL_NOT_NEWLINE.sub(" ", _INVISIBLE.sub("", text)))
    return _BLANK_LINES.sub("\n\n", _SPACE_AT_END.sub("\n", text)).strip()[:limit].rstrip()


def from_html(html: str) -> str:
    """The readable text of HTML. Nothing of it is fetched, and nothing of it is HTML any more.

    The standard library's parser needs quadratic time on hostile HTML; these expressions don't.
    """
    return unescape(_MARKUP.sub(_in_place_of_markup, _ANY_SPACE.sub(" ", html)))


def _in_place_of_markup(found: re.Match[str]) -> str:
    return "\n" if (found[1] or "").lower() in _BREAKS else ""
