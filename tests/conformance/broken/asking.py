"""A plugin that asks the network when it is imported."""

import contextlib
import socket

from conformance.broken.sound import Sample

from synchub.api import ConnectorInfo, hookimpl

with contextlib.suppress(OSError), socket.socket() as line:
    line.connect(("127.0.0.1", 9))


class Asking(Sample):
    """Sound but for its import."""


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [ConnectorInfo("asking", "conformance.broken.asking:Asking", mappings="conformance.broken.mappings")]
