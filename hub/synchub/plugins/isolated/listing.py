"""What a package brings, told from inside of its environment: `python -m synchub.plugins.isolated.listing PACKAGE`."""

from __future__ import annotations

import contextlib
import json
import sys
from importlib import metadata
from typing import Any

from synchub.plugins.classes import capabilities, connector_class
from synchub.plugins.loader import load


def listing(package: str) -> dict[str, Any]:
    """Its version, its connectors with their settings as JSON Schema, what it brings besides them, which only a package that is
    installed beside synchub can bring, and what is wrong with it."""
    found = metadata.distribution(package)
    plugins = load(None)
    own = [each for each in plugins.connectors.values() if each.origin.distribution == found.name]
    loaded = [each for each in plugins.loaded if each.origin.distribution == found.name]
    problems = [text for each in loaded for text in each.problems]
    left_out = [f"{one.kind} {one.name}" for each in loaded for one in each.offers if one.kind != "connector"]
    left_out += [f"mappings of {each.info.name}" for each in own if each.info.mappings]
    connectors = []
    for offered in own:
        made = connector_class(offered)
        schema = made.Config.model_json_schema()
        about = {"name": offered.info.name, "summary": offered.info.summary}
        connectors.append({**about, "settings": schema, "capabilities": sorted(capabilities(made))})
    return {
        "name": found.name,
        "version": found.version,
        "connectors": connectors,
        "left_out": left_out,
        "problems": problems,
    }


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        told = listing(sys.argv[1])
    sys.stdout.write(json.dumps(told))
