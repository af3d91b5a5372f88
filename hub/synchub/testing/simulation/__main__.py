"""Plays histories and tells which don't hold: python -m synchub.testing.simulation --seeds 500"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import polars as pl

from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import Played, play
from synchub.testing.simulation.shrinking import shrink
from synchub.testing.simulation.steps import History
from synchub.testing.simulation.telling import COMMAND, told


def main(arguments: list[str]) -> int:
    """Returns how many histories failed, 100 at the most."""
    asked = _parsed(arguments)
    if asked.core is None:
        return _play_all(asked)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {asked.core})
    return _in_polars_thread(partial(_play_all, asked))


def _in_polars_thread(work: Callable[[], int]) -> int:
    """Polars hands every frame to a thread of its own, which costs more than what is done there with a few rows: a sixth of a
    history. So all of it runs there, with one thread (POLARS_MAX_THREADS). Ctrl-C ends it at once, as nobody else listens."""
    os.environ.setdefault("RUST_MIN_STACK", str(64 * 1024 * 1024))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    done: list[int] = []

    def run(frame: pl.DataFrame) -> pl.DataFrame:
        done.append(work())
        return frame

    pl.LazyFrame({"": [0]}).map_batches(run).collect()
    return done[0]


def _play_all(asked: argparse.Namespace) -> int:
    began, cpu = time.monotonic(), time.process_time()
    played_so_far = failed = 0
    draw, play = _kind(asked)
    for seed in _seeds(asked, began):
        played = play(draw(seed))
        played_so_far += 1
        if played.broken:
            failed += 1
            shortest = played if asked.long else shrink(played, tries=asked.tries, again=play)
            command = f"{COMMAND} --events" if asked.events else COMMAND
            _say(told(shortest, trace=True, command=command) + f"\nseed was {seed}\n")
        if asked.trace:
            _say("\n".join(played.trace))
        if played_so_far % 100 == 0:
            _say(_counted(played_so_far, failed, cpu))
    _say(_counted(played_so_far, failed, cpu))
    return min(failed, 100)


def _kind(asked: argparse.Namespace) -> tuple[Callable[[int], History], Callable[[History], Played]]:
    """What draws and plays the histories that are asked for."""
    if asked.events:
        from synchub.testing import events

        return events.draw, events.play
    return draw, play


def _counted(histories: int, failed: int, cpu: float) -> str:
    return f"{histories} histories, {failed} failed, {(time.process_time() - cpu) / max(histories, 1):.2f} s CPU each"


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m synchub.testing.simulation", description=__doc__)
    parser.add_argument("--events", action="store_true", help="histories of events, not of contacts")
    parser.add_argument("--seed", type=int, help="play just this one")
    parser.add_argument("--seeds", type=int, help="play so many (100; with --hours any number)")
    parser.add_argument("--hours", type=float, help="play for so long")
    parser.add_argument("--least", type=int, default=0, help="with --hours: so many however long it takes")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--tries", type=int, default=300, help="tries to make a failing history shorter (300)")
    parser.add_argument("--long", action="store_true", help="show a failing history as it is")
    parser.add_argument(
        "--core",
        type=int,
        help="stay on this processor, and in one thread: handing frames so small to another costs more",
    )
    parser.add_argument("--trace", action="store_true", help="tell all that happens")
    return parser.parse_args(arguments)


def _seeds(asked: argparse.Namespace, began: float) -> Iterator[int]:
    if asked.seed is not None:
        yield asked.seed
        return
    most = asked.seeds or (None if asked.hours else 100)
    for played in count() if most is None else range(most):
        if asked.hours and played >= asked.least and time.monotonic() - began >= asked.hours * 3600:
            return
        yield asked.first + played


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
