"""The sound samples pass every rule."""

from __future__ import annotations

from pathlib import Path

from conformance.broken.scenes import SampleScene

from synchub.testing.conformance import Conformance, Scene


class TestSample(Conformance):
    def scene(self, folder: Path) -> Scene:
        return SampleScene(folder)
