"""The project's pages, and what can be taken out of them: code, tables, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Fence:
    """A block of code: its language, its text, and the line of the page it begins at."""

    page: Path
    language: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fences(page: Path, *languages: str) -> Iterator[Fence]:
    """The blocks of a page, of the languages given or of all."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        if not languages or match[1] in languages:
            yield Fence(page, match[1], match[2], text.count("\n", 0, match.start()) + 2)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return [found.replace("\\|", "|") for found in _CODE.findall(text)]


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked to, as code hosts make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-")
        numbers = [f"{plain}-{number}" for number in range(1, 50)]
        found.add(next(name for name in [plain, *numbers] if name not in found))
    return found


def table(text: str, *head: str) -> list[dict[str, str]]:
    """The rows of every table whose columns are just these."""
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        if not columns:
            columns = cells
        elif columns == list(head) and not set(line) <= set("|-: "):
            rows.append(dict(zip(columns, cells, strict=True)))
    return rows


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its rank or above."""
    rank = heading.count("#", 0, heading.index(" "))
    body = text.partition(f"\n{heading}\n")[2]
    assert body, f"there is no heading {heading!r}"
    return re.split(rf"^#{{1,{rank}}} ", body, maxsplit=1, flags=re.MULTILINE)[0]
