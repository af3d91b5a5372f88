"""What a system or its connector says is stored and told without the secrets in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from unit.histories.pairs import NewPair

from synchub.api import BrokenRow, Cursor, Key, Operation, Page, Result, ResultStatus, Row, Stream
from synchub.errors import AuthenticationError, RetryLater
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_connector import LookingConnector, MemoryConnector

TOKEN = "b7f3-a-token-9c21"


class Talkative(LookingConnector):
    """Names its token in whatever it says."""

    says = ""

    def streams(self) -> Sequence[Stream]:
        if self.says == "streams":
            raise AuthenticationError(f"The token {TOKEN} is not valid.")
        return super().streams()

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        if self.says == "read":
            raise RetryLater(f"https://crm.example/?t={TOKEN} does not answer.")
        for page in super().read(stream, cursor, fields):
            broken = (BrokenRow("row 7", "?", f"not for {TOKEN}"),) if self.says == "row" else ()
            yield replace(page, broken=broken)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        if self.says == "lookup":
            raise RetryLater(f"Nobody is found with {TOKEN}.")
        return super().lookup(stream, keys)

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        statuses: dict[str, ResultStatus] = {"rejected": "rejected", "retry": "retry"}
        if self.says in statuses:
            return [Result(statuses[self.says], reason=f"not with {TOKEN}") for _ in operations]
        if self.says == "write":
            raise RetryLater(f"{TOKEN} is busy.")
        if self.says == "bug":
            raise ValueError(f"{TOKEN} is no number")
        return super().write(stream, operations)


@pytest.mark.parametrize("says", ["streams", "read", "row", "lookup", "write", "bug", "rejected", "retry"])
def test_no_secret_is_stored_or_told(pair: NewPair, says: str) -> None:
    """Ann is entered in the shop, and something goes wrong in the CRM."""

    def connect(system: MemorySystem) -> MemoryConnector:
        connector = Talkative(system) if system.name == "crm" else LookingConnector(system)
        if system.name == "crm":
            connector.says = says
        return connector

    ann = pair(None, {"first_name": "Ann"}, crm_is={"incremental": True}, connect=connect, secrets=(TOKEN,))
    reports = [ann.hub.sync(5)]
    ann.shop.edit("1", at=7, first_name="Anna")
    reports += [ann.hub.sync(10)]
    stored = b"".join(file.read_bytes() for file in ann.hub.folder.rglob("*") if file.is_file())
    told = f"{reports} {ann.hub.review()} {ann.hub.quarantine()}"
    assert "***" in told
    assert TOKEN not in told
    assert TOKEN.encode() not in stored
