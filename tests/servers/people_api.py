"""People behind a plain HTTP interface: every kind of paging, OAuth 2 with tokens that rotate, ETags, batches, faults."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from servers.serving import serving

Person = dict[str, Any]


class Seen(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Faults:
    """What goes wrong next: answers that are given instead, by method and path, and answers that get lost."""

    instead: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    lost: dict[tuple[str, str], int] = field(default_factory=dict)


class PeopleApi(ThreadingHTTPServer):
    """`people` by id. `size` people are on a page. `now` is the server's clock; every write moves `changed`."""

    daemon_threads = True

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.now = now
        self.people: dict[int, Person] = {}
        self.deleted: dict[int, datetime] = {}
        self.repeated: dict[str, int] = {}
        self.size = 3
        self.tokens = {"first-token"}
        self.refresh_token = "refresh-0"
        self.application = ("app", "app-secret")
        self.handed_out = 0
        self.ignores_filters = False
        self.needs_etag = False
        self.faults = Faults()
        self.seen: list[Seen] = []
        self.lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def add(self, **values: Any) -> int:
        number = max([0, *self.people, *self.deleted]) + 1
        self.people[number] = {"id": number, "version": 1, **values, "changed": _stamp(self.now())}
        return number

    def edit(self, number: int, **values: Any) -> None:
        person = self.people[number]
        person.update(values, version=person["version"] + 1, changed=_stamp(self.now()))

    def remove(self, number: int) -> None:
        del self.people[number]
        self.deleted[number] = self.now()

    def asked(self, method: str, path: str) -> list[Seen]:
        return [one for one in self.seen if (one.method, one.path) == (method, path)]

    def answer(self, seen: Seen) -> Answer:
        if seen.path == "/oauth/token":
            return self._token(seen)
        given = seen.headers.get("Authorization", "").removeprefix("Bearer ") or seen.query.get("key", "")
        if given not in self.tokens:
            return _error(401, "unknown token")
        match [part for part in seen.path.split("/") if part][1:], seen.method:
            case ["people", kind], "GET" if not kind.isdecimal():
                return self._list(kind, seen)
            case ["people"], "GET":
                return self._list("cursor", seen)
            case ["deleted"], "GET":
                since = datetime.fromisoformat(seen.query["since"])
                return Answer(200, {"ids": [number for number, at in self.deleted.items() if at >= since]})
            case ["people"], "POST":
                return self._create(seen)
            case ["people", "bulk"], method:
                return self._bulk(seen, method)
            case ["people", number], method if number.isdecimal():
                return self._one(seen, int(number), method)
            case _:
                return _error(404, "no such address")

    def _list(self, kind: str, seen: Seen) -> Answer:
        query = seen.query
        found = [person for person in self.people.values() if self._wanted(person, query)]
        start = {
            "page": (int(query.get("page") or 1) - 1) * self.size,
            "after": sum(person["id"] <= int(query.get("after") or 0) for person in found),
        }.get(kind, int(query.get("offset") or query.get("cursor") or 0))
        page, end = found[start : start + self.size], start + self.size
        body: dict[str, Any] = {"data": page, "total": len(found), "more": end < len(found)}
        headers = {}
        if end < len(found):
            address = f"{self.url}/people/{kind}?{urlencode({**query, 'offset': end})}"
            body |= {"next": str(end), "links": {"next": address}}
            headers["Link"] = f'<{self.url}/people>; rel="first", <{address}>; rel="next"'
        return Answer(200, page if kind == "link" else body, headers)

    def _wanted(self, person: Person, query: dict[str, str]) -> bool:
        if self.ignores_filters:
            return True
        since, emails = query.get("since"), query.get("email")
        late = since is None or datetime.fromisoformat(person["changed"]) >= datetime.fromisoformat(since)
        return late and (emails is None or (person.get("email") or "") in emails.split(","))

    def _create(self, seen: Seen) -> Answer:
        key = seen.headers.get("Idempotency-Key", "")
        if key in self.repeated:
            return Answer(200, {"person": self.people[self.repeated[key]]})
        made = self._make(seen.body.get("person", seen.body))
        if made.status == 201 and key:
            self.repeated[key] = made.body["person"]["id"]
        return made

    def _make(self, values: Person) -> Answer:
        same = [one for one in self.people.values() if values.get("email") and one.get("email") == values["email"]]
        if same:
            return Answer(409, {"error": {"message": "is there already", "person": same[0]["id"]}})
        if not values.get("name"):
            return Answer(422, {"error": {"message": "name must not be empty", "field": "name"}})
        number = self.add(**{name: value for name, value in values.items() if name != "ref"})
        return Answer(201, {"person": self.people[number]}, {"Location": f"{self.url}/people/{number}"})

    def _one(self, seen: Seen, number: int, method: str) -> Answer:
        person = self.people.get(number)
        if person is None:
            return _error(404, "no such person")
        tag = f'"{person["version"]}"'
        told = seen.headers.get("If-Match")
        if method != "GET" and ((told is None and self.needs_etag) or told not in (None, tag)):
            return _error(412 if told else 428, "was changed meanwhile")
        if method == "DELETE":
            self.remove(number)
            return Answer(204)
        if method != "GET" and seen.body.get("name", "x") in (None, ""):
            return Answer(422, {"error": {"message": "name must not be empty", "field": "name"}})
        if method == "PUT":
            kept = {name: person[name] for name in ("id", "version")}
            person.clear()
            person.update(kept)
        if method in ("PUT", "PATCH"):
            self.edit(number, **{name: value for name, value in seen.body.items() if name not in ("id", "version")})
        return Answer(200, person, {"ETag": f'"{person["version"]}"'})

    def _bulk(self, seen: Seen, method: str) -> Answer:
        results = []
        for item in seen.body["people"]:
            if method == "POST":
                done = self._make(item)
            else:
                one = seen._replace(body={key: value for key, value in item.items() if key not in ("id", "ref")})
                done = self._one(one, int(item["id"]), "PATCH" if method == "PATCH" else "DELETE")
            told = done.body if isinstance(done.body, dict) else {}
            results.append({"status": done.status, "ref": item.get("ref"), "id": item.get("id"), **told})
        return Answer(200, {"results": results})

    def _token(self, seen: Seen) -> Answer:
        form = seen.body
        given = (form.get("client_id"), form.get("client_secret"))
        if seen.headers.get("Authorization", "").startswith("Basic "):
            decoded = base64.b64decode(seen.headers["Authorization"].removeprefix("Basic ")).decode()
            given = tuple(decoded.split(":"))  # type: ignore[assignment]
        if given != self.application:
            return Answer(401, {"error": "invalid_client"})
        self.handed_out += 1
        told = {"access_token": f"access-{self.handed_out}", "expires_in": 3600, "token_type": "bearer"}
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.refresh_token:
                return Answer(
                    400, {"error": "invalid_grant", "error_description": "the refresh token was used already"}
                )
            self.refresh_token = told["refresh_token"] = f"refresh-{self.handed_out}"
        self.tokens.add(told["access_token"])
        return Answer(200, told)


class _Handler(BaseHTTPRequestHandler):
    server: PeopleApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        form = "form" in (self.headers.get("Content-Type") or "")
        body: Any = dict(parse_qsl(raw.decode(), keep_blank_values=True)) if form else json.loads(raw) if raw else {}
        seen = Seen(self.command, unquote(parts.path), dict(parse_qsl(parts.query)), dict(self.headers), body)
        faults, what = self.server.faults, (seen.method, seen.path)
        with self.server.lock:
            self.server.seen.append(seen)
            waiting = faults.instead.get(what)
            answer = waiting.pop(0) if waiting else self.server.answer(seen)
            faults.lost[what] = faults.lost.get(what, 0) - 1
            lost = faults.lost[what] >= 0
        if lost:
            self.close_connection = True
            return
        text = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response_only(answer.status)
        for name, value in {
            "Date": self.date_time_string(),
            "Content-Length": str(len(text)),
            **answer.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.now().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *arguments: object) -> None:
        return


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"error": {"message": message}})


@contextmanager
def people_api(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[PeopleApi]:
    with serving(PeopleApi(now)) as server:
        yield server
