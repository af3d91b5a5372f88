"""The sound samples pass every rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from conformance.broken.scenes import SampleScene, WiredScene

from synchub.testing.conformance import Conformance, Scene


class TestSample(Conformance):
    def scene(self, folder: Path) -> Scene:
        return SampleScene(folder)


class TestWired(Conformance):
    exempt: ClassVar[Mapping[str, str]] = {
        "only-what-changed": "the server knows no times",
        "deletes-from-a-cursor": "the server knows no times",
        "creates-once": "two can have the same address",
    }

    def scene(self, folder: Path) -> Scene:
        return WiredScene(folder)
