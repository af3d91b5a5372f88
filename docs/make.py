"""Writes what the manual takes from the program: docs/settings.md, docs/quality.md and docs/pictures/plan.svg.

    .venv/bin/python docs/make.py

The tests tell when one of them is no longer what the program says.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from synchub.cli import demo
from synchub.config.reference import settings_reference
from synchub.plugins import connector_class, load
from synchub.redact import Redactor
from synchub.render.plan import plan_svg
from synchub.run.hub import Hub
from synchub.run.opening import open_at
from synchub.spec.options import RunOptions, Silent
from synchub.testing.conformance.quality import quality_of
from synchub.testing.conformance.reference import quality_reference

DOCS = Path(__file__).resolve().parent
SETTINGS = DOCS / "settings.md"
QUALITY = DOCS / "quality.md"
PICTURE = DOCS / "pictures" / "plan.svg"
WIDTH = 80


def settings() -> str:
    """The reference of all settings, those of the built-in connectors among them."""
    built_in = {
        name: offered for name, offered in load(None).connectors.items() if offered.origin.distribution == "synchub"
    }
    models = {name: connector_class(offered).Config for name, offered in built_in.items()}
    return settings_reference(models).rstrip() + "\n"


def quality() -> str:
    """The rules of quality, and the tiers of the built-in connectors."""
    files = sorted((DOCS.parent / "connectors" / "synchub_connectors").glob("*/quality.toml"))
    return quality_reference({file.parent.name.replace("_", "-"): quality_of(file) for file in files})


def picture() -> str:
    """The second plan of `synchub demo`, as SVG: one person has moved, and two systems say where to."""
    with TemporaryDirectory() as folder:
        hub = Path(folder) / "demo"
        demo.write_demo(hub)
        with (
            demo.closing_crm(hub) as crm,
            Hub(open_at(hub / "hub.toml", environ=os.environ, redactor=Redactor())) as opened,
        ):
            opened.sync(("contacts",), RunOptions(), Silent())
            demo.edit(hub, crm)
            (report,) = opened.plan(("contacts",), RunOptions(), Silent())
    return _alone(plan_svg(report, width=WIDTH))


def _alone(svg: str) -> str:
    """A picture that asks nothing of other servers: the reader's own fonts do."""
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> int:
    SETTINGS.write_text(settings(), encoding="utf-8")
    QUALITY.write_text(quality(), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
