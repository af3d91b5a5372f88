"""Random histories of what happens: events over the real engine, each from one number.

    python -m synchub.testing.simulation --events --seeds 500

Beside the histories of contacts: here people come and go too, but what is looked at is whether everything that happened is
known once, belongs to the right contact, and is passed on once.
"""

from synchub.testing.events.drawing import draw
from synchub.testing.events.playing import play

__all__ = ["draw", "play"]
