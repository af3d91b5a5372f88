"""The conformance suite: what every connector owes, tried offline. Small classes, one for the connector's scene and one
for pytest:

    class People(Scene):
        connector, stream, mapping = JsonLines, "people", {"email": "email", "full_name": "name"}
        ...                                 # settings, plant, change, remove, rows

    class TestJsonLines(Conformance):
        def scene(self, folder):
            return People(folder)

`synchub plugin check` runs the same rules without pytest. Each rule has a section in docs/quality.md.
"""

from synchub.testing.conformance.rules import RULES
from synchub.testing.conformance.scene import Scene
from synchub.testing.conformance.suite import Conformance
from synchub.testing.conformance.verdicts import Broken, Rule, Skipped, Unchecked

__all__ = ["RULES", "Broken", "Conformance", "Rule", "Scene", "Skipped", "Unchecked"]
