"""A sound connector to a system that speaks HTTP, and connectors that go wrong on the line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic import Field as Setting

from synchub.api import (
    AuthenticationError,
    Connector,
    ConnectorInfo,
    Cursor,
    Field,
    Host,
    Key,
    Operation,
    Page,
    PluginError,
    Result,
    RetryLater,
    Row,
    Stream,
    hookimpl,
)

FIELDS = ("id", "email", "name")
PAGE = 10
LONGEST = 100_000


@hookimpl
def synchub_connectors() -> list[ConnectorInfo]:
    kinds = [Wired, *BROKEN]
    return [
        ConnectorInfo(
            kind.__name__.lower(), f"conformance.broken.wire:{kind.__name__}", mappings="conformance.broken.mappings"
        )
        for kind in kinds
    ]


class Server(ThreadingHTTPServer):
    """People behind a token. Two can have the same address; nobody is ever changed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.people: dict[str, dict[str, Any]] = {}
        self.token = "key-to-the-server"
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def put(self, values: Mapping[str, Any]) -> dict[str, Any]:
        name = str(len(self.people) + 1)
        self.people[name] = {**dict.fromkeys(FIELDS), **values, "id": name}
        return self.people[name]

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else each answer waits for an acknowledgement

    def do_GET(self) -> None:
        after = int(self.path.rpartition("=")[2] or 0)
        people = [row for row in self.server.people.values() if int(row["id"]) > after]
        self.answer(200, people[:PAGE])

    def do_POST(self) -> None:
        values = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fits = set(values) <= set(FIELDS) and all(len(str(value)) < LONGEST for value in values.values())
        self.answer(201, self.server.put(values)) if fits else self.answer(400, {"message": "no such field or value"})

    def answer(self, status: int, told: Any) -> None:
        if self.headers["Authorization"] != f"Bearer {self.server.token}":
            status, told = 401, {"message": "who are you?"}
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: str = Setting(description="Where the server is.")
    token: SecretStr = Setting(description="What it lets in.")


class Wired(Connector):
    """Reads pages and makes people, one request each. The server tells no times and lets two have one address."""

    Config = Settings

    def __init__(self, config: Settings, host: Host) -> None:
        headers = {"Authorization": f"Bearer {config.token.get_secret_value()}"}
        self.http = host.session(config.url, headers=headers)

    def check(self) -> None:
        self.page("0")

    def streams(self) -> Sequence[Stream]:
        fields = tuple(Field(name, writable=name != "id") for name in FIELDS)
        return [Stream("people", fields, key=("id",), matching_keys=("email",), writes=frozenset({"create"}))]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        after = "0"
        while rows := self.page(after):
            after = rows[-1]["id"]
            yield Page(rows, FIELDS)
        yield Page([], FIELDS, complete=True)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        wanted = {(key.field, key.value) for key in keys}
        rows = [row for page in self.read(stream, None, ()) for row in page.rows]  # type: ignore[union-attr]
        return [row for row in rows if any((name, value) in wanted for name, value in row.items())]

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        return [self.create(operation) for operation in operations]

    def page(self, after: str) -> list[dict[str, Any]]:
        return self.http.request("GET", "people", params={"after": after}).json()  # type: ignore[no-any-return]

    def create(self, operation: Operation) -> Result:
        try:
            response = self.post(operation.values)
        except RetryLater as later:
            return Result("retry", reason=later.happened)
        told = response.json()
        if response.status_code == 400:
            return Result("rejected", reason=told["message"])
        return Result("ok", told["id"], stored=told)

    def post(self, values: Row) -> Any:
        return self.http.request("POST", "people", json=dict(values))


class Impatient(Wired):
    """It waits a second, however long it was told to wait."""

    def page(self, after: str) -> list[dict[str, Any]]:
        while True:
            response = self.http.request("GET", "people", params={"after": after}, accept=(429,))
            if response.status_code != 429:
                return response.json()  # type: ignore[no-any-return]


class Dateless(Wired):
    """It knows no dates in Retry-After."""

    def __init__(self, config: Settings, host: Host) -> None:
        super().__init__(config, host)
        self.host = host

    def page(self, after: str) -> list[dict[str, Any]]:
        while True:
            response = self.http.request("GET", "people", params={"after": after}, accept=(429,))
            if response.status_code != 429:
                return response.json()  # type: ignore[no-any-return]
            asked = response.headers["Retry-After"]
            self.host.sleep(int(asked) if asked.isdecimal() else 0)


class Despairing(Wired):
    """It gives up at the first error of the server."""

    def page(self, after: str) -> list[dict[str, Any]]:
        response = self.http.request("GET", "people", params={"after": after}, accept=(503,))
        if response.status_code == 503:
            raise PluginError("the server failed")
        return response.json()  # type: ignore[no-any-return]


class Forgiving(Wired):
    """An error of the server is the end of the list."""

    def page(self, after: str) -> list[dict[str, Any]]:
        response = self.http.request("GET", "people", params={"after": after}, accept=(500,))
        return response.json() if response.ok else []


class Anonymous(Wired):
    """Where its token is not taken there is nobody."""

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        try:
            yield from super().read(stream, cursor, fields)
        except AuthenticationError:
            yield Page([], FIELDS, complete=True)


class Insisting(Wired):
    """It sends a create again if the answer is lost."""

    def post(self, values: Row) -> Any:
        return self.http.request("POST", "people", json=dict(values), safe_to_repeat=True)


class Judging(Wired):
    """A create whose answer is lost is rejected for good."""

    def create(self, operation: Operation) -> Result:
        result = super().create(operation)
        return Result("rejected", reason=result.reason) if result.status == "retry" else result


BROKEN: dict[type[Wired], set[str]] = {
    Impatient: {"waits-for-seconds", "waits-for-a-date"},
    Dateless: {"waits-for-a-date"},
    Despairing: {"server-errors"},
    Forgiving: {"half-read-is-not-complete", "server-errors"},
    Anonymous: {"expired-token"},
    Insisting: {"lost-answers"},
    Judging: {"lost-answers"},
}
"""Each fault, and the rules that name it."""
