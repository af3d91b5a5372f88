"""Programs that others wrote, from the package index: installed once, kept between runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from acceptance.command import Hub

ROOT = Path(__file__).resolve().parents[2]


def installed(kind: str, *wanted: str) -> Path:
    """The folder of their virtual environments, in `.taps` or what SYNCHUB_TAPS names. `kind` is what `plugin add` calls them.

    A package index that can't be reached fails the test that asks, with what pip says.
    """
    hub = Hub(Path(os.environ.get("SYNCHUB_TAPS", ROOT / ".taps")), timeout=1200)
    hub.write("hub.toml", "")
    with (hub.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        there = {each["requirement"] for each in hub.json("plugin", "list")["environments"]}
        missing = [each for each in wanted if each not in there]
        while kind == "airbyte" and missing:  # the first of these brings what all of them share
            hub("plugin", "add", f"{kind}:{missing.pop()}")
        with ThreadPoolExecutor(len(wanted)) as pool:
            list(pool.map(lambda each: hub("plugin", "add", f"{kind}:{each}"), missing))
    return hub.folder / "plugins" / ".venvs"


def hub_in(folder: Path, environments: Path, environ: Mapping[str, str] | None = None) -> Hub:
    """A hub that has what was installed."""
    made = Hub(folder, dict(environ or {}))
    (made.folder / "plugins").mkdir(parents=True)
    (made.folder / "plugins" / ".venvs").symlink_to(environments)
    return made
