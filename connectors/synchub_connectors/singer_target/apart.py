"""Which records of a batch that failed can be loaded without the others: one bad record must not hold up a thousand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

DOWN = 6
"""So many parts that fail, with none that does not, are no matter of single records: halves, then quarters."""
STARTS = 64
"""How often the target is started for one batch, at the most."""


def loaded_apart(count: int, load: Callable[[int, int], bool]) -> list[bool]:
    """Per record whether it is loaded, after all of them together were not. `load` tries those from a place up to another.

    Parts that fail are halved, the largest first. None is True where the target fails whatever it is given.
    """
    done = [False] * count
    waiting = deque([(0, count)])
    starts = 0
    while waiting:
        first, last = waiting.popleft()
        if last - first < 2:
            continue
        middle = (first + last) // 2
        for part in ((first, middle), (middle, last)):
            if starts >= STARTS or (starts >= DOWN and not any(done)):
                return done
            starts += 1
            if load(*part):
                done[part[0] : part[1]] = [True] * (part[1] - part[0])
            else:
                waiting.append(part)
    return done
