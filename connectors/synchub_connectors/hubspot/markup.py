"""Text as HTML and back. Pure.

The scanner is our own because notes are written by strangers: the standard library's looks at the same text again
and again where tags are left open, which a page of `<a ` turns into hours. This one only ever goes forward.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})
_RAW = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE | re.ASCII) for name in ("script", "style", "title")}
"""Between these nothing is a tag, and nothing is shown."""
_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_IN_TAG = re.compile(r"""[^>=]*(?:=\s*(?=(["'])?)|>|\Z)""")
"""From somewhere in a tag to the next value of an attribute, quoted or not, or to the end of the tag."""


def html_of(text: str) -> str:
    """Text as HTML that shows exactly it."""
    return html.escape(text).replace("\r\n", "\n").replace("\n", "<br>")


def text_of(markup: str) -> str:
    """What a person reads in HTML: what `html_of` wrote comes back exactly. Takes time in proportion to its length."""
    parts: list[str] = []
    hidden = 0
    for piece, tag in _pieces(markup):
        name = tag.lstrip("/")
        if not tag:
            parts += [html.unescape(piece)] if piece and not hidden else []
        elif name == "head":
            hidden = max(0, hidden + (-1 if tag != name else 1))
        elif hidden or name not in _BREAKS:
            continue
        elif tag == "br" or (name != "br" and parts and not parts[-1].endswith("\n")):
            parts.append("\n")
    return "".join(parts).strip("\n")


def _pieces(markup: str) -> Iterator[tuple[str, str]]:
    """The text between tags, each with "", and the tags: "", and "p" or "/p"."""
    at = 0
    while (opened := markup.find("<", at)) >= 0:
        end, tag = _tag(markup, opened)
        if end < 0:  # it is never closed: then it is no tag, and nothing behind it is one
            break
        yield markup[at : opened + 1 if end == opened else opened], ""
        at = end + 1
        if tag:
            yield "", tag
        if tag in _RAW:
            closed = _RAW[tag].search(markup, at)
            at = closed.start() if closed else len(markup)
    yield markup[at:], ""


def _tag(markup: str, opened: int) -> tuple[int, str]:
    """Where the tag ends that begins with the "<" at `opened`, and its name; the name is "" for a comment.

    The end is `opened` if it is only a "<", and -1 if it never ends.
    """
    if markup.startswith("<!--", opened):
        end = markup.find("-->", opened + 2)
        return (end + 2 if end >= 0 else len(markup)), ""
    if markup.startswith(("<!", "<?"), opened):
        return markup.find(">", opened), ""
    named = _NAME.match(markup, opened)
    if named is None:
        return opened, ""
    return _end_of_tag(markup, named.end()), markup[opened + 1 : named.end()].lower()


def _end_of_tag(markup: str, at: int) -> int:
    """The place of the ">" that ends a tag; those in quoted values don't count. -1 if there is none."""
    while at < len(markup) and (step := _IN_TAG.match(markup, at)):
        at = step.end()
        if markup[at - 1] == ">":
            return at - 1
        if step[1]:
            closing = markup.find(step[1], at + 1)
            if closing < 0:
                return -1
            at = closing + 1
    return -1
