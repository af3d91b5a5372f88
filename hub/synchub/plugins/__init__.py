"""Plugins: found, loaded one by one, and what they offer.

`load(folder)` never raises because of a plugin: what is wrong with one stands in its `LoadedPlugin.problems`,
and all others go on. `connector_class` imports a connector only when it is used.
"""

from synchub.plugins.classes import connector_class
from synchub.plugins.loader import load
from synchub.plugins.observers import run_ended, run_started
from synchub.plugins.offers import (
    LoadedPlugin,
    Observer,
    Offer,
    OfferedConnector,
    Origin,
    Plugins,
)

__all__ = [
    "LoadedPlugin",
    "Observer",
    "Offer",
    "OfferedConnector",
    "Origin",
    "Plugins",
    "connector_class",
    "load",
    "run_ended",
    "run_started",
]
