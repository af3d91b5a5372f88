"""Rolodex, for synchub."""

from synchub.api import ConnectorInfo, hookimpl


@hookimpl
def synchub_connectors():
    return [
        ConnectorInfo("rolodex", "rolodex.connector:Rolodex", mappings="rolodex.mappings", summary="People in Rolodex")
    ]
