"""A plugin that loads hundreds of megabytes when it is imported."""

from conformance.broken.sound import Sample

from synchub.api import ConnectorInfo, hookimpl

PLACES = b"x" * 620 * 1024 * 1024
del PLACES


class Greedy(Sample):
    """Sound but for its import."""


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [ConnectorInfo("greedy", "conformance.broken.greedy:Greedy", mappings="conformance.broken.mappings")]
