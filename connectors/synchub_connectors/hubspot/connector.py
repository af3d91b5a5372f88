"""The connector: settings, and which part does what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from synchub.api import (
    ConfigurationError,
    Connector,
    Cursor,
    Host,
    Key,
    Operation,
    Page,
    Result,
    Row,
    Stream,
)
from synchub_connectors.hubspot import finding, reading
from synchub_connectors.hubspot.client import Client
from synchub_connectors.hubspot.kinds import KEY, KINDS, stream
from synchub_connectors.hubspot.rows import Shape, shape
from synchub_connectors.hubspot.writing import Writing


class HubSpotConfig(BaseModel):
    """[systems.NAME] with connector = "hubspot"."""

    # A problem with one setting must not print the others: the token is among them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: SecretStr = Field(description="A private app's access token, with rights to contacts and notes.")
    url: str = Field(default="https://api.hubapi.com", description="Where HubSpot's interface is.")
    requests_per_10_seconds: int = Field(
        default=100, ge=1, le=1000, description="The account's limit: 100 on free tiers, 190 on paid ones."
    )


class HubSpot(Connector):
    """Contacts, read and written; notes, read and added.

    A text property `synchub_id` with unique values, if people add it to the account, keeps the hub's id: a
    create whose answer was lost can then be settled for sure.
    """

    Config = HubSpotConfig

    def __init__(self, config: HubSpotConfig, host: Host) -> None:
        self._host = host
        self._known: dict[str, Stream] = {}
        self._client = Client(
            host,
            url=config.url,
            token=config.token.get_secret_value().strip(),
            requests_per_10_seconds=config.requests_per_10_seconds,
        )

    def check(self) -> None:
        self._client.page(KINDS["contacts"], [KEY], limit=1)

    def streams(self) -> Sequence[Stream]:
        return [self._stream(name) for name in KINDS]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """All of it, or what changed and what was archived since the cursor. Merged ids are told in both."""
        chosen = self._shape(stream, fields)
        start = reading.since(cursor, self._host.now())
        if start is None:
            return reading.everything(self._client, chosen)
        return reading.changes(self._client, chosen, start)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        """By id, e-mail and unique properties exactly; by other properties through search, which may lag."""
        unique = self._stream(stream).matching_keys
        return finding.lookup(self._client, self._shape(stream, ()), keys, unique)

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        zone = ZoneInfo(self._host.timezone)
        return Writing(self._client, self._shape(stream, ()), zone).perform(operations)

    def _stream(self, name: str) -> Stream:
        """A stream as the account has it; asked for once."""
        if name not in KINDS:
            raise ConfigurationError(
                f"{self._host.system} has no stream {name}.",
                next_step=f"HubSpot offers {' and '.join(KINDS)}: correct `stream` in hub.toml.",
            )
        if name not in self._known:
            self._known[name] = stream(KINDS[name], self._client.properties(KINDS[name]))
        return self._known[name]

    def _shape(self, name: str, fields: Sequence[str]) -> Shape:
        declared = self._stream(name)
        return shape(KINDS[name], declared, fields)
