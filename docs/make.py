"""Writes what the manual takes from the program: docs/settings.md and docs/pictures/plan.svg.

    .venv/bin/python docs/make.py

The tests tell when either is no longer what the program says.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from synchub.config.reference import settings_reference
from synchub.plugins import connector_class, load
from synchub.redact import Redactor
from synchub.render.plan import plan_svg
from synchub.run.hub import Hub
from synchub.run.opening import open_at
from synchub.spec.options import RunOptions, Silent

DOCS = Path(__file__).resolve().parent
SETTINGS = DOCS / "settings.md"
PICTURE = DOCS / "pictures" / "plan.svg"
WIDTH = 104


def settings() -> str:
    """The reference of all settings, those of the built-in connectors among them."""
    connectors = load(None).connectors
    models = {name: connector_class(offered).Config for name, offered in connectors.items() if offered.origin.distribution == "synchub"}
    return settings_reference(models).rstrip() + "\n"
