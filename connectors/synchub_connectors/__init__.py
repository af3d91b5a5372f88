"""The connectors that come with synchub. Listing them imports none of them."""

from __future__ import annotations

from synchub.api import ConnectorInfo, hookimpl


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [
        ConnectorInfo(
            "spreadsheet",
            "synchub_connectors.spreadsheet.connector:Spreadsheet",
            summary="Excel workbooks and CSV files, one or a folder of them",
            mappings="synchub_connectors.spreadsheet.mappings",
        ),
        ConnectorInfo(
            "sql",
            "synchub_connectors.sql.connector:Sql",
            summary="Tables and views of SQLite, PostgreSQL, MySQL and other databases",
            mappings="synchub_connectors.sql.mappings",
        ),
        ConnectorInfo(
            "hubspot",
            "synchub_connectors.hubspot.connector:HubSpot",
            summary="Contacts and notes of a HubSpot account",
            mappings="synchub_connectors.hubspot.mappings",
        ),
        ConnectorInfo(
            "email",
            "synchub_connectors.email.connector:Email",
            summary="The people and messages of an IMAP mailbox, read only",
            mappings="synchub_connectors.email.mappings",
        ),
        ConnectorInfo(
            "rest",
            "synchub_connectors.rest.connector:Rest",
            summary="Any HTTP interface that speaks JSON, described by a TOML file",
        ),
        ConnectorInfo(
            "singer",
            "synchub_connectors.singer.connector:Singer",
            summary="Any tap of Singer, in a process of its own, read only",
        ),
        ConnectorInfo(
            "singer-target",
            "synchub_connectors.singer_target.connector:SingerTarget",
            summary="Any target of Singer, in a process of its own, write only",
        ),
        ConnectorInfo(
            "airbyte",
            "synchub_connectors.airbyte.connector:Airbyte",
            summary="Any low-code manifest of Airbyte, in a process of its own, read only",
        ),
    ]
