"""A connector that breaks: what it raises without saying what to do about it is its own fault, and stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from synchub.errors import PluginError, SynchubError
from synchub.plugins.hooked import blame

T = TypeVar("T")


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Calls to the connector of the system or member `name`. Raises PluginError for whatever is no SynchubError."""
    try:
        yield
    except SynchubError:
        raise
    except Exception as error:
        raise PluginError(
            f"The connector of {name} failed: {blame(error)}.",
            not_done="It takes no further part in this run; what it did by then is looked up by the next one.",
            next_step="Report this to the connector's author.",
        ) from error


def guarded_each(name: str, items: Iterable[T]) -> Iterator[T]:
    """What a connector yields. Only what the connector itself raises is its fault, not what is done with an item."""
    with guarded(name):
        yield from items
