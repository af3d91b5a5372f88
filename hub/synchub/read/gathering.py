"""Short pages are taken together: to map a hundred rows costs nearly as much as to map thousands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from synchub.api import Page, Row
from synchub.errors import SynchubError


def gathered(pages: Iterable[Page], enough: int) -> Iterator[Page]:
    """The same pages in the same order, those that follow each other and deliver the same fields as one of about `enough`
    rows. If reading breaks off, what was read by then still comes before the error."""
    held: list[Page] = []
    count = 0
    try:
        for page in pages:
            if held and not _alike(held[-1], page):
                yield _one(held)
                held, count = [], 0
            held.append(page)
            count += len(page.rows) if isinstance(page.rows, Sequence) else enough
            if count >= enough:
                yield _one(held)
                held, count = [], 0
    except SynchubError:
        if held:
            yield _one(held)
        raise
    if held:
        yield _one(held)


def _alike(page: Page, following: Page) -> bool:
    """Whether two pages can be one: frames are as large as their connector made them."""
    lists = isinstance(page.rows, Sequence) and isinstance(following.rows, Sequence)
    return lists and page.fields == following.fields


def _one(pages: Sequence[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    rows: list[Row] = []
    merged: dict[str, str] = {}
    for page in pages:
        assert isinstance(page.rows, Sequence)
        rows += page.rows
        merged |= page.merged
    return Page(
        rows,
        pages[-1].fields,
        cursor=next((page.cursor for page in reversed(pages) if page.cursor is not None), None),
        complete=pages[-1].complete,
        deleted=tuple(name for page in pages for name in page.deleted),
        merged=merged,
        broken=tuple(row for page in pages for row in page.broken),
    )
