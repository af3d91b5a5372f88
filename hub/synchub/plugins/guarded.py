"""A connector that breaks: what it raises without saying what to do about it is its own fault, and stops no other."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from synchub.errors import PluginError, SynchubError
from synchub.plugins.dropins import PRIVATE
from synchub.plugins.hooked import blame

T = TypeVar("T")


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Calls to the connector of the system or member `name`. Raises PluginError for whatever is no SynchubError."""
    try:
        yield
    except SynchubError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"The connector of {name}{_brought_by(error)} failed: {blame(error)}.",
            not_done="It takes no further part in this run; what it did by then is looked up by the next one.",
            next_step="Report this to the connector's author.",
        ) from error


def guarded_each(name: str, items: Callable[[], Iterable[T]]) -> Iterator[T]:
    """What a connector yields. Only what the connector itself raises is its fault, not what is done with an item."""
    with guarded(name):
        yield from items()


def _brought_by(error: BaseException) -> str:
    """Who brought the code that raised, by the first module on its way that is neither the hub's nor Python's own."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if top.startswith(PRIVATE):
            file = Path(getattr(sys.modules.get(top), "__file__", None) or top.removeprefix(PRIVATE))
            return f" (plugins/{file.parent.name if file.name == '__init__.py' else file.name})"
        if top != "synchub" and top not in sys.stdlib_module_names:
            found = metadata.packages_distributions().get(top, [])
            return f" ({found[0]} {metadata.version(found[0])})" if found else f" ({top})"
    return ""
