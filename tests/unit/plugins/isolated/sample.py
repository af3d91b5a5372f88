"""A connector that does to its process what its settings say: the good and the bad."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from pydantic import BaseModel, SecretStr

from synchub.api import (
    BrokenRow,
    Budget,
    Connector,
    ConnectorInfo,
    Cursor,
    Field,
    Host,
    Key,
    Operation,
    Page,
    Result,
    RetryLater,
    Row,
    Stream,
    hookimpl,
)

ODD: dict[str, Any] = {
    "sum": Decimal("1.10"),
    "day": date(2024, 5, 1),
    "at": datetime(2024, 5, 1, 10, tzinfo=UTC),
    "large": 10**30,
    "list": [{"\0": "x"}, None, True, "é"],
}


class Settings(BaseModel):
    token: SecretStr
    does: str = ""
    url: str = ""


class Sample(Connector):
    Config = Settings

    def __init__(self, config: Settings, host: Host) -> None:
        self.config, self.host = config, host
        if config.does == "refuse":
            raise RetryLater("not today", not_done="nothing", next_step="wait", after=7)

    def check(self) -> None:
        match self.config.does:
            case "print":
                print("printed")  # noqa: T201
                os.write(1, b"written to fd 1\n")
            case "log":
                self.host.log.warning("sent %s", self.config.token.get_secret_value())
            case "raise":
                raise KeyError("email")
            case "memory":
                bytearray(8 << 30)
            case "threads":
                for each in [threading.Thread(target=self.host.new_id) for _ in range(8)]:
                    each.start()
                    each.join()
            case "http":
                session = self.host.session(self.config.url, headers={"X-Own": "1"}, budget=Budget("us", 100, 1))
                answer = session.request("POST", "/echo", data=b"\x00\xff", params={"q": "é"}, accept=[418])
                self.host.state["answer"] = [answer.status_code, answer.json(), answer.headers["X-Way"]]
                session.request("GET", "/refused")

    def streams(self) -> Sequence[Stream]:
        return [
            Stream(
                "people", (Field("id"), Field("kind", options=("a", "b"))), key=("id",), writes=frozenset({"create"})
            )
        ]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        self.host.state["seen"] = {"at": self.host.now(), "cursor": cursor}
        yield Page([{"id": "1", **ODD}], ("id", *ODD))
        yield Page(pl.DataFrame({"id": ["2"], "at": [datetime(2024, 5, 1)]}), ("id", "at"))
        match self.config.does:
            case "die":
                os.kill(os.getpid(), 9)
            case "exit":
                os._exit(3)
            case "hang":
                time.sleep(60)
            case "chatter":
                for _ in range(600):
                    self.host.log.info("still at it")
                    time.sleep(0.1)
            case "babble":
                for number in range(3, 10):
                    with suppress(OSError):
                        os.write(number, b"x" * 100)
        broken = (BrokenRow("row 3", "raw", "why"),)
        yield Page([], ("id",), {"at": 1}, complete=True, deleted=("9",), merged={"7": "8"}, broken=broken)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        return [{key.field: key.value} for key in keys]

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        with self.host.renewing("token") as secret:
            secret.keep(f"{secret.value}-renewed")
        return [
            Result("ok", remote_id=each.idempotency_key, updated_at=self.host.now(), stored=dict(each.values))
            for each in operations
        ]


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    return [ConnectorInfo("sample", "sample:Sample")]
