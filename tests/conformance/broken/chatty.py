"""A plugin that prints when it is imported."""

from conformance.broken.sound import Sample

from synchub.api import ConnectorInfo, hookimpl

print("chatty 1.0 is ready")  # noqa: T201


class Chatty(Sample):
    """Sound but for its import."""


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [ConnectorInfo("chatty", "conformance.broken.chatty:Chatty", mappings="conformance.broken.mappings")]
