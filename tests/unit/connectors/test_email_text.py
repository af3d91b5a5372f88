"""The text of a message: where it stands, and how it becomes plain."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from synchub_connectors.email.structure import TextPart, readable, text_part
from synchub_connectors.email.text import from_html, one_line, paragraphs


def leaf(kind: bytes, *, size: int = 10, disposition: Any = None) -> tuple[Any, ...]:
    parameters = (b"CHARSET", b"UTF-8")
    return (b"TEXT", kind, parameters, None, None, b"QUOTED-PRINTABLE", size, 1, None, disposition, None)


PLAIN, HTML = leaf(b"PLAIN"), leaf(b"HTML")
PICTURE = (b"IMAGE", b"PNG", None, None, None, b"BASE64", 4_000, None, None, None)
FILE = leaf(b"PLAIN", disposition=(b"ATTACHMENT", (b"FILENAME", b"a.txt")))
FORWARDED = (b"MESSAGE", b"RFC822", None, None, None, b"7BIT", 99, (), PLAIN, 3, None)


@pytest.mark.parametrize(
    ("structure", "section", "html"),
    [
        (PLAIN, "1", False),
        (HTML, "1", True),
        (([PLAIN, HTML], b"ALTERNATIVE"), "1", False),
        (([HTML, PLAIN], b"ALTERNATIVE"), "2", False),
        (([PICTURE, ([HTML, PICTURE], b"RELATED")], b"MIXED"), "2.1", True),
        (([FILE, ([PLAIN, HTML], b"ALTERNATIVE")], b"MIXED"), "2.1", False),
        (([leaf(b"PLAIN", size=0), HTML], b"ALTERNATIVE"), "2", True),
    ],
)
def test_the_text_is_found(structure: Any, section: str, html: bool) -> None:
    assert text_part(structure) == TextPart(section, html, "utf-8", "quoted-printable")


@pytest.mark.parametrize("structure", [None, (), PICTURE, FILE, FORWARDED, ([FORWARDED], b"MIXED"), (b"TEXT",)])
def test_there_may_be_no_text(structure: Any) -> None:
    assert text_part(structure) is None


@pytest.mark.parametrize(
    ("data", "charset", "encoding", "text"),
    [
        (b"Gr=C3=BC=C3=9Fe", "utf-8", "quoted-printable", "Grüße"),
        (b"Gr=FC=DFe", "iso-8859-1", "quoted-printable", "Grüße"),
        (b"Gr=FC=DFe", "", "quoted-printable", "Grüße"),
        (base64.b64encode("Grüße".encode()), "utf-8", "base64", "Grüße"),
        (base64.b64encode("Grüße".encode("utf-16")), "utf-16", "base64", "Grüße"),
        ("ü".encode()[:1], "utf-8", "8bit", "Ã"),
        ("Grüß".encode()[:-1], "utf-8", "8bit", "Grü"),  # cut within a character
        (base64.b64encode("Grüße dich".encode())[:9], "utf-8", "base64", "Grüß"),
        (b"!!!!", "utf-8", "base64", ""),
        (b"plain", "no-such-charset", "no-such-encoding", "plain"),
        (b"plain", "zlib", "7bit", "plain"),
        (b"plain", "a\x00b", "7bit", "plain"),
    ],
)
def test_a_part_becomes_text(data: bytes, charset: str, encoding: str, text: str) -> None:
    assert readable(data, TextPart("1", False, charset, encoding)) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
        ("one<br>two", "one\ntwo"),
        ("<style>p { color: red }</style><title>T</title>Hi<script>alert(1)</script>!", "Hi!"),
        ("<title>never closed<p>Hi", "Hi"),
        ("<![if !mso]>Hi<![endif]><![x[", "Hi"),
        ("<!-- hidden -->Hi", "Hi"),
        ("a < b", "a < b"),
        ("&lt;script&gt;", "<script>"),
        ("Hi<img src=http://tracker.example/x", "Hi"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert readable(html.encode(), TextPart("1", True, "utf-8", "8bit")).startswith(text)


def test_hostile_html_is_quick() -> None:
    started = time.process_time()
    for piece in ("<", "<!--", "<a ", "&#", "<![CDATA[", "</", "<script>", "<p "):
        from_html(piece * (32_768 // len(piece)))
    assert time.process_time() - started < 5


def test_text_is_bounded_and_clean() -> None:
    assert paragraphs("a\r\n\r\n\r\n\r\nb \x00 \t c\u202e\r\n", 100) == "a\n\nb c"
    assert paragraphs("a" * 9_000, 4_000) == "a" * 4_000
    assert one_line("a\x00b\u2028c\u200bd\ud800", 10) == "a b cd"
