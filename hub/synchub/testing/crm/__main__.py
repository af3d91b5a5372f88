"""`python -m synchub.testing.crm --file crm.json --port 8801`: the stand-in CRM in a process of its own."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from threading import Event

from synchub.testing.crm import StandInCrm


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m synchub.testing.crm", description=__doc__)
    parser.add_argument("--file", type=Path, help="where the records are kept; without it they are forgotten")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    token = os.environ.get("STAND_IN_TOKEN", "stand-in-token")
    arguments = parser.parse_args()
    stopped = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    with StandInCrm(arguments.file, token, arguments.port) as crm:
        # The line is for a program that waits for the address, so it may not linger in a buffer.
        sys.stdout.write(f"{crm.url}\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
