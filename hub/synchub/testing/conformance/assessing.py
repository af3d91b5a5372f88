"""All rules on one connector, without pytest: what `synchub plugin check` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from synchub.plugins.deprecations import DEPRECATIONS, Deprecation
from synchub.plugins.offers import OfferedConnector
from synchub.spec.quality import QualityReport, RuleVerdict
from synchub.testing.conformance.finding import Target, bare_scene, importable, outdated, scene_at, target
from synchub.testing.conformance.quality import report
from synchub.testing.conformance.rules import RULES
from synchub.testing.conformance.running import excused, judge, verdict
from synchub.testing.conformance.scene import Scene
from synchub.testing.conformance.verdicts import Rule

WITHOUT_SCENE = ("import", "documentation")
"""The groups that need no system."""


def assess(
    named: str,
    start: Path,
    connectors: Mapping[str, OfferedConnector],
    *,
    scene: str = "",
    strict: bool = False,
    deprecations: Sequence[Deprecation] | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> QualityReport:
    """Check what `named` means. `scene` ("FILE:CLASS", from `start`) counts before the one in quality.toml; `deprecations` is
    what of the interface goes away; `told` is called after every rule. Raises ConfigurationError if there is nothing to
    check."""
    found = target(named, start, connectors)
    with importable(found.root), TemporaryDirectory(prefix="synchub-check-") as folder:
        making, missing = _scene(found, scene, start)
        verdicts = []
        for number, rule in enumerate(RULES, start=1):
            verdicts.append(_judged(rule, making, missing, Path(folder) / rule.name))
            told(number, len(RULES))
    excuses = [excused(one, found.quality.exempt, found.quality.done) for one in verdicts]
    old = outdated(found, DEPRECATIONS if deprecations is None else deprecations)
    return report(found.name, found.quality, excuses, outdated=old, strict=strict)


def _scene(found: Target, given: str, start: Path) -> tuple[type[Scene], str]:
    """The scene, and why it is only a bare one; empty if it is not."""
    beside = found.quality_file.parent
    place, origin = (given, start) if given else (found.quality.scene, beside)
    if not place:
        return bare_scene(found), f"there is no scene: name one in {found.quality_file.name}, or with --scene"
    if not given and not (beside / place.rpartition(":")[0]).is_file():
        return bare_scene(found), f"its scene {place} is not here: it lies in the source of the plugin"
    file = (origin / place.rpartition(":")[0]).resolve()
    with importable(file.parent, file.parent.parent):  # what stands beside it, and beside its package
        return scene_at(place, origin), ""


def _judged(rule: Rule, making: type[Scene], missing: str, folder: Path) -> RuleVerdict:
    if missing and rule.group not in WITHOUT_SCENE:
        return verdict(rule, "unchecked", missing)
    folder.mkdir()
    return judge(rule, making, folder)
