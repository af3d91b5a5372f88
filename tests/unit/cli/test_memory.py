"""What the console script tells Polars about memory before it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NAME = "_RJEM_MALLOC_CONF"
PROGRAM = f"""
import os, sys
from synchub.cli import main
sys.argv = ["synchub", "--version"]
try:
    main()
except SystemExit:
    loaded = "polars" in sys.modules
    import polars
    print(loaded, os.environ["{NAME}"])
"""


@pytest.mark.parametrize("own", [None, "narenas:3"])
def test_polars_is_told_in_time_and_a_users_own_word_stands(own: str | None) -> None:
    environ = {name: value for name, value in os.environ.items() if name != NAME} | ({NAME: own} if own else {})
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True)
    loaded, told = done.stdout.splitlines()[-1].split()

    assert loaded == "False"
    # Polars puts words of its own in front; of two the later one counts.
    assert ("narenas:1,dirty_decay_ms:2000,muzzy_decay_ms:0" in told) == (own is None)
    assert told.endswith(own or "muzzy_decay_ms:0")
    assert done.stderr == ""  # it complains of words that it does not know
