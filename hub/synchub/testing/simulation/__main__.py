"""Plays histories and tells which don't hold: python -m synchub.testing.simulation --seeds 500"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import play
from synchub.testing.simulation.shrinking import shrink
from synchub.testing.simulation.telling import told


def main(arguments: list[str]) -> int:
    """Returns how many histories failed, 100 at the most."""
    asked = _parsed(arguments)
    began, cpu = time.monotonic(), time.process_time()
    count = failed = 0
    for seed in _seeds(asked, began):
        played = play(draw(seed))
        count += 1
        if played.broken:
            failed += 1
            shortest = played if asked.long else shrink(played, tries=asked.tries)
            _say(told(shortest, trace=True) + f"\nseed was {seed}\n")
        if asked.trace:
            _say("\n".join(played.trace))
        if count % 100 == 0:
            _say(f"{count} histories, {failed} failed, {(time.process_time() - cpu) / count:.2f} s CPU each")
    _say(f"{count} histories, {failed} failed, {(time.process_time() - cpu) / max(count, 1):.2f} s CPU each")
    return min(failed, 100)


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m synchub.testing.simulation", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--seed", type=int, help="play just this one")
    how.add_argument("--seeds", type=int, help="play so many (100)", default=100)
    how.add_argument("--hours", type=float, help="play for so long")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--tries", type=int, default=300, help="tries to make a failing history shorter (300)")
    parser.add_argument("--long", action="store_true", help="show a failing history as it is")
    parser.add_argument("--trace", action="store_true", help="tell all that happens")
    return parser.parse_args(arguments)


def _seeds(asked: argparse.Namespace, began: float) -> Iterator[int]:
    if asked.seed is not None:
        yield asked.seed
        return
    seed = asked.first
    while time.monotonic() - began < asked.hours * 3600 if asked.hours else seed < asked.first + asked.seeds:
        yield seed
        seed += 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
