"""Writing the plan: look, write down, send, record. Batch by batch, member beside member; it decides nothing new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import polars as pl

from synchub.errors import SynchubError
from synchub.run.steps.done import Done
from synchub.run.steps.meanwhile import keep_rows
from synchub.run.steps.recording import record
from synchub.run.steps.sending import Answered, send
from synchub.run.steps.stored import stored_of
from synchub.run.work import Part, Work


def perform(work: Work, part: Part, frames: Iterable[pl.DataFrame], *, total: int) -> Done:
    """Send a member's operations. When the system gives up, the rest is left for the next run."""
    done = Done()
    step = f"writing {part.name}"
    work.progress.start(step, total)
    batch_size = max(part.stream.batch, 1)
    with work.seams.executor.behind() as behind:
        for batch in _batches(frames, batch_size):
            if done.problem or part.down:
                done.undone.append(batch["record"])
                continue
            with _or_undone(part, batch, done):
                landed = send(work, part, batch, done)
                if landed is not None:
                    behind(partial(_record, work, part, landed, done))
            work.progress.advance(step, batch.height)
    work.progress.finish(step)
    return done


def _batches(frames: Iterable[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """The operations in batches as large as the system takes them: some rewrite a whole file for each."""
    held: list[pl.DataFrame] = []
    for piece in (piece for frame in frames for piece in frame.iter_slices(size)):
        if held and sum(frame.height for frame in held) + piece.height > size:
            yield pl.concat(held, how="diagonal")
            held = []
        held.append(piece)
    if held:
        yield pl.concat(held, how="diagonal")


@contextmanager
def _or_undone(part: Part, batch: pl.DataFrame, done: Done) -> Iterator[None]:
    """What breaks off is told, and its records are looked at again by the next run."""
    try:
        yield
    except SynchubError as problem:
        done.problem = done.problem or part.redact(problem.line)
        done.undone.append(batch["record"])


def _record(work: Work, part: Part, landed: Answered, done: Done) -> None:
    """Record a batch, while the next one is being sent."""
    with _or_undone(part, landed.sent, done):
        record(work, part, landed.sent, landed.told, stored_of(part, landed.sent, landed.stored), done)
        if landed.found:
            keep_rows(work, part, landed.found)
        work.seams.crash("recorded")
