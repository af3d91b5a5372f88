"""A CRM whose pages were encoded before anybody asks, so that it is not what is measured:

    python -m benchmarks.crm --rows 50000 --latency 0.1 --limit 190

It speaks as much of HubSpot's interface as the built-in connector needs to read contacts and to update them. The first part
of a path names an account: all hold the same people, each has a count of requests of its own. `--limit` is how many
it takes in ten seconds that slide; then it answers 429. Searches find nothing: nobody edits anything here by hand.
`/told` says what was asked for (see `Told`).
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any

import orjson

from benchmarks.people import FIELDS, contacts
from synchub.testing.crm.properties import Property, predefined

NATIVE = {
    "first_name": "firstname",
    "last_name": "lastname",
    "job_title": "jobtitle",
    "street": "address",
    "postal_code": "zip",
}
"""How the CRM calls what it does not call as everybody does."""
PAGE = 100
SPAN = 10.0
LONG_AGO = "2025-01-01T00:00:00.000Z"
_AFTER = re.compile(rb"[?&]after=(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_NOTHING = b'{"total":0,"results":[]}'


class Account:
    """What one account was asked for, by when; and whether it takes one more."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lately: deque[float] = deque()
        self.times: list[float] = []
        self.batches: list[float] = []
        self.refused = 0
        self.updated = 0

    def takes(self, path: bytes) -> bool:
        now = time.monotonic()
        while self._lately and self._lately[0] <= now - SPAN:
            self._lately.popleft()
        if self._limit and len(self._lately) >= self._limit:
            self.refused += 1
            return False
        self._lately.append(now)
        self.times.append(now)
        if b"/batch/" in path:
            self.batches.append(now)
        return True

    def told(self) -> dict[str, Any]:
        """Requests taken and refused, rows updated, seconds from the first request to the last; and of the whole spans of
        ten seconds since the first batch, how many requests came in each."""
        spans = [0] * int((self.batches[-1] - self.batches[0]) / SPAN) if self.batches else []
        for at in self.batches:
            place = int((at - self.batches[0]) / SPAN)
            if place < len(spans):
                spans[place] += 1
        seconds = self.times[-1] - self.times[0] if self.times else 0.0
        return {
            "requests": len(self.times),
            "refused": self.refused,
            "updated": self.updated,
            "seconds": seconds,
            "spans": spans,
        }


class Crm:
    """The people, their pages as they travel, and the accounts."""

    def __init__(self, rows: int, latency: float, limit: int) -> None:
        self.latency, self._limit = latency, limit
        self._people = {one["id"]: one for one in map(_person, contacts(rows))}
        self._pages = _pages(list(self._people.values()))
        defined = [*predefined()["contacts"].values(), Property("revenue", own=True)]
        self._properties = orjson.dumps({"results": [one.definition() for one in defined]})
        self._accounts: dict[bytes, Account] = {}

    def answer(self, path: bytes, body: bytes) -> tuple[int, bytes]:
        """The status and the body."""
        if path == b"/told":
            return 200, orjson.dumps({name.decode(): one.told() for name, one in self._accounts.items()})
        name = path.split(b"/", 2)[1]
        account = self._accounts.setdefault(name, Account(self._limit))
        if not account.takes(path):
            return 429, b'{"status":"error","message":"too many","policyName":"TEN_SECONDLY_ROLLING"}'
        if b"/properties/" in path:
            return 200, self._properties
        if path.endswith(b"/search") or b"archived=true" in path:
            return 200, _NOTHING
        if path.endswith((b"/batch/read", b"/batch/update")):
            return 200, self._batch(account, orjson.loads(body), changes=path.endswith(b"update"))
        if b"/objects/contacts?" in path:
            after = _AFTER.search(path)
            return 200, self._pages[int(after[1]) // PAGE if after else 0]
        return 404, b'{"status":"error","message":"no such address"}'

    def _batch(self, account: Account, asked: Mapping[str, Any], *, changes: bool) -> bytes:
        results = []
        for each in asked["inputs"]:
            person = self._people[each["id"]]
            if changes:
                person["properties"].update(each["properties"])
                account.updated += 1
            results.append({**person, "objectWriteTraceId": each.get("objectWriteTraceId")})
        return orjson.dumps({"status": "COMPLETE", "results": results})


class Door(asyncio.Protocol):
    """One connection, kept open: a request, its answer after the latency, the next request."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._came, 0, end)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._came) < whole:
            return
        path, body = self._came.split(b" ", 2)[1], self._came[end + 4 : whole]
        self._came = self._came[whole:]
        status, told = self._crm.answer(path, body)
        wait = b"Retry-After: 1\r\n" if status == 429 else b""
        head = b"HTTP/1.1 %d .\r\nDate: %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
        answer = head % (status, formatdate(usegmt=True).encode(), wait, len(told)) + told
        if self._crm.latency and path != b"/told":
            asyncio.get_running_loop().call_later(self._crm.latency, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _person(contact: tuple[str, ...]) -> dict[str, Any]:
    """A contact as the interface tells it; its ids are not row numbers, and days are written as the CRM does."""
    record, values = str(1_000_000 + int(contact[0])), dict(zip(FIELDS, contact[1:], strict=True))
    if "." in values["birthday"]:
        values["birthday"] = "-".join(reversed(values["birthday"].split(".")))
    own = {"hs_object_id": record, "createdate": LONG_AGO, "lastmodifieddate": LONG_AGO, "hs_merged_object_ids": None}
    properties = {NATIVE.get(name, name): value for name, value in values.items()} | own
    return {
        "id": record,
        "properties": properties,
        "createdAt": LONG_AGO,
        "updatedAt": LONG_AGO,
        "archived": False,
    }


def _pages(people: Sequence[Mapping[str, Any]]) -> list[bytes]:
    pages = []
    for start in range(0, max(len(people), 1), PAGE):
        body: dict[str, Any] = {"results": people[start : start + PAGE]}
        if start + PAGE < len(people):
            body["paging"] = {"next": {"after": str(start + PAGE)}}
        pages.append(orjson.dumps(body))
    return pages


async def _serve(crm: Crm) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Door(crm), "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crm", description="A CRM that answers at once.")
    parser.add_argument("--rows", type=int, default=50_000, help="contacts (50,000)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer (0)")
    parser.add_argument("--limit", type=int, default=0, help="requests that an account may send in 10 seconds (any)")
    asked = parser.parse_args()
    asyncio.run(_serve(Crm(asked.rows, asked.latency, asked.limit)))


if __name__ == "__main__":
    main()
