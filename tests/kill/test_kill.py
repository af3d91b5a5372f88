"""A run that is killed at any step is followed by runs that end where an undisturbed one would have.

Every scenario is played once to count its steps, then once for each step: from a copy of the same beginning a real
process is killed there, and runs follow that are not. Without SYNCHUB_KILL those steps are tried at which something
outside the process has become otherwise; with the store in PostgreSQL every third of them. SYNCHUB_KILL=all tries
every step with both, SYNCHUB_KILL=12,13 those steps alone, as a failure names them. `--junit-xml` tells how many steps
a scenario has, and at how many of them the process was killed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest
from kill.program import Command, written
from kill.scenarios import SCENARIOS, Scenario
from kill.scene import Scene, Worker, crm_of, until_rest
from kill.seen import Seen, difference, left_over, seen
from servers.postgresql import PostgreSQL

CHOSEN = os.environ.get("SYNCHUB_KILL", "")
CHANGES = re.compile(r"commit |rename |request (PUT|PATCH|DELETE|POST (?!.*/(search|read)$))")
"""Steps between which and the next one something outside the process becomes otherwise."""
ASKED = ("questions: too much", "under way: too much", "notes: missing", "events: ", "links: ")
RUNS = 3
LONGEST = 600
WORKERS = 2


@pytest.fixture(scope="session")
def workers() -> Iterator[SimpleQueue[Worker]]:
    waiting: SimpleQueue[Worker] = SimpleQueue()
    made = [Worker() for _ in range(WORKERS)]
    for worker in made:
        waiting.put(worker)
    yield waiting
    for worker in made:
        worker.close()


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_killed_run(
    scenario: Scenario, store: str, tmp_path: Path, workers: SimpleQueue[Worker], request: pytest.FixtureRequest
) -> None:
    """Whatever step it is, every system and the store end as if nothing had happened."""
    beginning, command = _begin(scenario, store, tmp_path / "begin", workers, request)
    steps, expected = _undisturbed(scenario, beginning, command, workers)
    chosen = _chosen(steps, store)
    request.node.user_properties += [("steps", len(steps)), ("kills", len(chosen))]
    with ThreadPoolExecutor(WORKERS) as pool:
        told = list(pool.map(lambda step: _killed(scenario, beginning, command, step, expected, workers), chosen))
    wrong = [
        f"killed at {step}, {_where(steps, step)}:\n    " + "\n    ".join(line[:LONGEST] for line in lines)
        for step, lines in zip(chosen, told, strict=True)
        if lines
    ]
    assert not wrong, f"{len(wrong)} of {len(chosen)} steps of {len(steps)}:\n" + "\n".join(wrong)


def _where(steps: Sequence[str], step: int) -> str:
    return f"{steps[step]} (after {steps[step - 1] if step else 'the start'})"


def _chosen(steps: Sequence[str], store: str) -> list[int]:
    if CHOSEN == "all":
        return list(range(len(steps)))
    if CHOSEN:
        return [int(number) for number in CHOSEN.split(",") if int(number) < len(steps)]
    after = [number + 1 for number, name in enumerate(steps) if CHANGES.match(name)]
    return [0, *after][:: 3 if store == "postgresql" else 1]


@contextmanager
def _one_of(workers: SimpleQueue[Worker]) -> Iterator[Worker]:
    worker = workers.get()
    try:
        yield worker
    finally:
        workers.put(worker)


def _begin(
    scenario: Scenario, store: str, folder: Path, workers: SimpleQueue[Worker], request: pytest.FixtureRequest
) -> tuple[Scene, Command]:
    """The systems as they are when the run begins, and the command."""
    server: PostgreSQL | None = None
    if store == "postgresql" or scenario.target:
        server = request.getfixturevalue("postgresql")
    folder.mkdir()
    with ExitStack() as stack:
        worker = stack.enter_context(_one_of(workers))
        crm = stack.enter_context(crm_of(folder)) if scenario.crm else None
        own, target = (
            server.new_database() if server is not None and wanted else None
            for wanted in (store == "postgresql", scenario.target)
        )
        scene = Scene(folder, worker, crm, server, own, target, scenario.batch, scenario.blind)
        return scene, scenario.begin(scene)


def _undisturbed(
    scenario: Scenario, beginning: Scene, command: Command, workers: SimpleQueue[Worker]
) -> tuple[list[str], Seen]:
    """The steps of the command, and what stands where once all is at rest."""
    with _one_of(workers) as worker, beginning.copy("undisturbed", worker) as scene:
        if scene.crm is not None and scenario.faults is not None:
            scenario.faults(scene.crm)
        steps: list[str] = scene.run(command)["steps"]
        told = scene.run(*until_rest((), 0, RUNS), rest=True)["told"]
        assert written(told[-1]) == 0
        return steps, seen(scene)


def _killed(
    scenario: Scenario, beginning: Scene, command: Command, step: int, expected: Seen, workers: SimpleQueue[Worker]
) -> list[str]:
    """What is otherwise than it would have been."""
    with _one_of(workers) as worker, beginning.copy(f"step-{step}", worker) as scene:
        if scene.crm is not None and scenario.faults is not None:
            scenario.faults(scene.crm)
        scene.run(command, kill=step)
        if scene.crm is not None:
            scene.crm.heal()
        told = scene.run(*until_rest((command,), 60, RUNS), rest=True)["told"]
        lines = difference(expected, seen(scene))
        if scenario.may_ask and any(line.startswith("questions: too much") and "unanswered" in line for line in lines):
            lines = [line for line in lines if not line.startswith(ASKED)]
        lines += [f"left over: {name}" for name in left_over(scene)]
        lines += [f"the last run still wrote: {told[-1]}"] if written(told[-1]) else []
        return lines
