"""From a connector's entry in the catalogue to its class, imported only now."""

from __future__ import annotations

import importlib
import inspect
import math
import sys
from pathlib import Path

from synchub.api import Connector
from synchub.errors import PluginError
from synchub.plugins.hooked import blame
from synchub.plugins.offers import OfferedConnector


def connector_class(offered: OfferedConnector) -> type[Connector]:
    """The connector's class, imported and found fit. Raises PluginError, which names its origin."""
    if offered.apart:
        return isolated_class(offered)
    if offered.frames:
        from synchub.plugins.framed import connector_of  # most hubs have no such plugin, and it needs pydantic

        return connector_of(offered.frames)
    module, _, attribute = offered.info.target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:
        raise _unfit(offered, f"could not be imported from {offered.info.target}: {blame(error)}") from error
    fault = _fault(found)
    if fault:
        raise _unfit(offered, f"is not usable: {offered.info.target} {fault}")
    return found  # type: ignore[no-any-return]


CAPABILITIES = ("lookup", "write", "create_all")
"""Methods that a connector may have."""


def capabilities(found: type[Connector]) -> frozenset[str]:
    return frozenset(name for name in CAPABILITIES if callable(getattr(found, name, None)))


def isolated_class(
    offered: OfferedConnector,
    *,
    place: Path | None = None,
    silence: float = 900,
    limit: float = math.inf,
    memory: int = 0,
) -> type[Connector]:
    """The class that does all that the connector does in a process of its own.

    place    the hub's file; its plugins may be drop-ins in the folder beside it
    silence  seconds that one call may take without a word
    limit    seconds that one call may take in all
    memory   bytes that the process may have; 0: as many as it likes
    """
    from synchub.plugins.isolated.connector import Start, isolated  # most hubs have none

    if sys.platform == "win32":
        raise _unfit(offered, "can't have a process of its own: there is no such thing on Windows")
    named = f"The connector {offered.info.name} ({offered.origin})"
    if offered.apart:
        from synchub.plugins.isolated.declared import model_of

        config, can = model_of(offered.apart.settings), offered.apart.capabilities
        python, around = str(offered.apart.python), None
    else:
        found = connector_class(offered)
        config, can, python = found.Config, capabilities(found), sys.executable
        around = (place.parent, place) if place else None
    return isolated(Start(offered.info.name, named, config, can, around, python, silence, limit, memory))


def _fault(found: object) -> str:
    """What keeps `found` from being a connector; empty if nothing does."""
    from pydantic import BaseModel  # here, because listing plugins should not pay for it

    from synchub.spec.hub import SystemSettings

    if not (isinstance(found, type) and issubclass(found, Connector)):
        return "is no subclass of synchub.api.Connector"
    if inspect.isabstract(found):
        return f"does not implement {', '.join(sorted(found.__abstractmethods__))}"
    settings = getattr(found, "Config", None)
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        return "has no Config that is a pydantic model"
    # `connector` is no setting that could mean two things, and was always there.
    kept = (SystemSettings.model_fields.keys() & settings.model_fields.keys()) - {"connector"}
    if kept:
        return f"declares {', '.join(sorted(kept))} in its Config: a setting of that name is the hub's own"
    return ""


def _unfit(offered: OfferedConnector, what: str) -> PluginError:
    return PluginError(
        f"The connector {offered.info.name} of {offered.origin} {what}.",
        not_done="Systems that use this connector were not reached.",
        next_step=f"Update or remove {offered.origin}; `synchub plugin list` shows all plugins.",
    )
