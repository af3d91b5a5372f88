"""`synchub serve` as a process of its own: its log, its pages, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from acceptance.command import PROGRAM, Hub

DEADLINE = 180
STOP_SECONDS = 10


@dataclass
class Serving:
    """A running `synchub serve`."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """The log so far, whole lines only."""
        text = self.log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def messages(self, containing: str = "") -> list[str]:
        return [line["message"] for line in self.lines() if containing in line["message"]]

    def runs(self) -> list[dict[str, Any]]:
        """What the log says of the runs that ended."""
        return [line for line in self.lines() if "members" in line]

    def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until a condition holds; gives what it gave."""
        deadline = time.monotonic() + DEADLINE
        while not (held := condition()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return held

    def get(self, path: str) -> requests.Response:
        (port,) = re.findall(r":(\d+)\.$", self.until(lambda: self.messages("Serving "))[0])
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit code; it must have ended in time."""
        return self.process.wait(timeout=STOP_SECONDS)


@contextmanager
def serving(hub: Hub, *, log_format: str = "json") -> Iterator[Serving]:
    """Run it until the block is left. What it stages lies in the hub's folder `tmp`."""
    (hub.folder / "tmp").mkdir(exist_ok=True)
    log = hub.folder / f"serve-{len(list(hub.folder.glob('serve-*.log')))}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PROGRAM, "--log-format", log_format, "serve", "--listen", "127.0.0.1:0"],
            cwd=hub.folder,
            env={**os.environ, **hub.environ, "TMPDIR": str(hub.folder / "tmp")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Serving(process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def staged(hub: Hub) -> list[str]:
    """What lies in the folder for staging."""
    return [str(path) for path in (hub.folder / "tmp").rglob("*")]


def schedule(hub: Hub, cron: str, sync: str = "contacts") -> None:
    """Give a sync a schedule, on the second."""
    file = hub.folder / "hub.toml"
    text = file.read_text(encoding="utf-8").replace(f"[syncs.{sync}]", f'[syncs.{sync}]\nschedule = "{cron}"')
    hub.write("hub.toml", f"{text}\n[serve]\njitter = 0\n")
