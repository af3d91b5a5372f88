"""A plugin whose hook is misspelt."""

from conformance.broken.sound import Sample

from synchub.api import ConnectorInfo, hookimpl


class Misspelt(Sample):
    """Sound but for its hook."""


@hookimpl
def synchub_connector() -> list[ConnectorInfo]:
    return [ConnectorInfo("misspelt", "conformance.broken.misspelt:Misspelt")]
