"""Rules of importing: what a plugin costs everybody, tried in a process of its own."""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from synchub.api import ConnectorInfo
from synchub.plugins.hooked import ask
from synchub.testing.conformance.subject import Subject
from synchub.testing.conformance.verdicts import Broken, Unchecked, expect

HEAVY = (
    "polars", "pandas", "numpy", "pyarrow", "requests", "httpx", "aiohttp", "sqlalchemy", "keyring", "boto3",
    "google", "openpyxl", "psycopg", "imapclient", "simple_salesforce",
)  # fmt: skip
CPU_SECONDS = 10.0
MEGABYTES = 600.0

LOOKED_AT = """
import json, os, re, resource, sys
asked = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        asked.append(event + " " + str(args[-1] if event == "socket.connect" else args[0]))
out = os.dup(1)
read, write = os.pipe()
os.dup2(write, 1)
import importlib
plugin, connector = sys.argv[1:]
sys.addaudithook(watch)
before = set(sys.modules)
importlib.import_module(plugin)
light = sorted({name.split(".")[0] for name in set(sys.modules) - before})
importlib.import_module(connector)
sys.stdout.flush()
os.set_blocking(read, False)
try:
    said = os.read(read, 200).decode("utf-8", "replace")
except BlockingIOError:
    said = ""
used = resource.getrusage(resource.RUSAGE_SELF)
size = used.ru_maxrss  # on Linux that counts what the parent used, too
if os.path.exists("/proc/self/status"):
    size = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
told = {"modules": light, "said": said, "asked": asked, "cpu": used.ru_utime + used.ru_stime, "megabytes": size / 1024}
os.write(out, json.dumps(told).encode())
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to: top-level modules that the plugin's own module brought along, what was printed, what was asked of
    the network, CPU seconds and megabytes in all."""

    modules: tuple[str, ...]
    said: str
    asked: tuple[str, ...]
    cpu: float
    megabytes: float


def registers(s: Subject) -> None:
    """The plugin's module offers the connector, and nothing in it is misspelt.

    Why: A hook that is misspelt is never called.

    Example: `def synchub_connector()`; a hook without `@hookimpl`; `yield` where a list belongs.

    Exempt: Never.
    """
    plugin = importlib.import_module(plugin_of(s))
    answers = ask(plugin)
    expect(not answers.problems, "; ".join(answers.problems))
    if offer(s) is None:
        raise Broken(f"{plugin.__name__} offers no connector whose target is {s.scene.connector.__name__}")


def light_import(s: Subject) -> None:
    """The plugin's module imports nothing heavy.

    Why: Every command of everybody loads it, `synchub --version` of somebody who never uses it too.

    Example: `import pandas` at the top of the module with the hooks. Put the connector into a module of its own: it is
    imported when it is used.

    Exempt: Never.
    """
    heavy = [name for name in imported_by(s).modules if name in HEAVY]
    expect(not heavy, f"{plugin_of(s)} imports {', '.join(heavy)}")


def import_without_network(s: Subject) -> None:
    """An import asks nothing of the network.

    Why: It would be asked in every command, also where there is no network, and before anybody was told of it.

    Example: A schema that is fetched where the module is read. Fetch it in `streams`.

    Exempt: Never.
    """
    asked = imported_by(s).asked
    expect(not asked, f"the import asked the network: {'; '.join(asked[:3])}")


def silent_import(s: Subject) -> None:
    """An import prints nothing.

    Why: What is printed stands in the middle of JSON that a program reads.

    Example: A banner of a library.

    Exempt: Never.
    """
    said = imported_by(s).said
    expect(not said, f"the import printed {said[:80]!r}")


def small_import(s: Subject) -> None:
    """The import of the connector stays below 10 CPU seconds and 600 MB.

    Why: A hub runs on small machines, every few minutes.

    Example: A model or a list of all places that is loaded where the module is read.

    Exempt: Never.
    """
    found = imported_by(s)
    expect(found.cpu < CPU_SECONDS, f"the import took {found.cpu:.1f} CPU seconds")
    expect(found.megabytes < MEGABYTES, f"the import took {found.megabytes:.0f} MB")


def plugin_of(s: Subject) -> str:
    """The module with the plugin's hooks."""
    return s.scene.plugin or s.scene.connector.__module__


def offer(s: Subject) -> ConnectorInfo | None:
    """The connector's entry in the catalogue."""
    answers = ask(importlib.import_module(plugin_of(s)))
    ending = f":{s.scene.connector.__name__}"
    found = [one.thing for one in answers.offered if one.kind == "connector" and one.thing.target.endswith(ending)]
    return found[0] if found else None


def imported_by(s: Subject) -> Imported:
    return _import(plugin_of(s), s.scene.connector.__module__, tuple(sys.path))


@functools.cache
def _import(plugin: str, connector: str, path: tuple[str, ...]) -> Imported:
    """Import both in a new process, once for all rules that ask."""
    done = subprocess.run(
        [sys.executable, "-c", LOOKED_AT, plugin, connector],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in path if part)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        if "No module named" in last:
            raise Unchecked(f"a new process can't import it: {last}")
        raise Broken(f"the import failed: {last}")
    told = json.loads(done.stdout)
    return Imported(tuple(told["modules"]), told["said"], tuple(told["asked"]), told["cpu"], told["megabytes"])
