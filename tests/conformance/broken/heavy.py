"""A plugin whose module imports a library that only its connector needs."""

import openpyxl  # noqa: F401
from conformance.broken.sound import Sample

from synchub.api import ConnectorInfo, hookimpl


class Heavy(Sample):
    """Sound but for its import."""


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [ConnectorInfo("heavy", "conformance.broken.heavy:Heavy", mappings="conformance.broken.mappings")]
