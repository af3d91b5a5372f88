"""How a fault is put into an engine: one part is replaced for as long as a history is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any

Plant = AbstractContextManager[None]


@contextmanager
def instead(place: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """At `place` (module:name) stands what `make` makes of what stood there. Only an engine that is meant to be broken is
    changed so; nothing else in these tests reaches into it."""
    module, _, name = place.partition(":")
    home = import_module(module)
    original = getattr(home, name)
    setattr(home, name, make(original))
    try:
        yield
    finally:
        setattr(home, name, original)


def not_done(place: str, result: Any = None) -> Plant:
    """What stands at a place is not done; `result` is all that it gives."""
    return instead(place, lambda _: lambda *_args, **_options: result)
