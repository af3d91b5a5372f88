"""One request and its answer: address, credentials, rate, JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import orjson

from synchub.api import AuthenticationError, Budget, ConfigurationError, Host, PluginError, RetryLater
from synchub_connectors.rest import templates
from synchub_connectors.rest.auth import credentials
from synchub_connectors.rest.places import MISSING, filled, text
from synchub_connectors.rest.settings import RestSettings

if TYPE_CHECKING:
    import requests

LONGEST_HOLD = 120.0
"""Seconds that a rate header may make us wait; beyond, what is left is for the next run."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`told` is the JSON of the answer; MISSING if it is none. `at` is the server's own time."""

    status: int
    headers: Mapping[str, str]
    told: Any
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `path` is below the description's address, or a whole address below it."""

    method: str
    path: str
    params: Mapping[str, Any]
    body: Any = None
    headers: Mapping[str, str] | None = None
    safe: bool = True
    """Whether it may be sent twice."""


class Client:
    """Sends requests to the system that a description describes."""

    def __init__(self, host: Host, config: RestSettings) -> None:
        described = config.description
        self.host = host
        self.errors = described.errors
        self.values = config.plain()
        self._rate = described.rate
        self._url = _address(host, config)
        values = config.all()
        self._credentials = credentials(host, described.auth, values)
        self._params = templates.fill(described.params, self.values)
        known = "\0".join(f"{name}={value}" for name, value in sorted(values.items()))
        account = f"rest {self._url} {hashlib.sha256(known.encode()).hexdigest()[:16]}"
        budget = Budget(account, described.rate.requests, described.rate.seconds)
        headers = templates.fill(described.headers, values)
        names = {name.lower() for name in headers}
        self._json = {} if "content-type" in names else {"Content-Type": "application/json"}
        headers |= {} if "accept" in names else {"Accept": "application/json"}
        self._http = host.session(self._url, headers=headers, budget=budget)
        self._hold_until: datetime | None = None

    def send(self, asked: Asked, *, accept: Collection[int] = ()) -> Answer:
        """Send a request. Statuses in `accept` are answers, also where they would be errors otherwise."""
        own = self._credentials.headers()
        response = self._request(asked, own, {*accept, 401})
        if response.status_code == 401 and self._credentials.renewed(own):
            response = self._request(asked, self._credentials.headers(), {*accept, 401})
        if response.status_code == 401 and 401 not in accept:
            raise AuthenticationError(
                f"{self.host.system} refused the credentials (401): {self.said(_json(response)) or 'no reason given'}",
                not_done="The request was not carried out.",
                next_step=f"Renew the credentials of {self.host.system}; then: synchub check",
            )
        self._note_rate(response.headers)
        return Answer(response.status_code, response.headers, _json(response), self._time(response), response.url)

    def read(self, asked: Asked, *, accept: Collection[int] = ()) -> Answer:
        """Ask a question. Raises unless it is answered well; a status in `accept` is returned, too."""
        retried = [int(status) for status, meaning in self.errors.statuses.items() if meaning == "retry"]
        answer = self.send(asked, accept=(*accept, *retried))
        if answer.status in accept or (answer.status < 300 and not self.failed(answer)):
            return answer
        told, what = self.said(answer.told) or "no reason given", f"{asked.method} {urlsplit(asked.path).path}"
        if answer.status >= 500 or answer.status in retried:
            raise RetryLater(
                f"{self.host.system} failed ({answer.status}) at {what}: {told}", not_done="Nothing was read."
            )
        raise ConfigurationError(
            f"{self.host.system} refused a question ({answer.status}), {what}: {told}",
            not_done="Nothing was read.",
            next_step="Correct the description of this call, or give the hub's account the right to it.",
        )

    def failed(self, answer: Answer) -> bool:
        """Whether an answer is a refusal although its status is a good one."""
        if (
            self.errors.ok is not None
            and answer.told is not MISSING
            and filled(answer.told, self.errors.ok) is not True
        ):
            return True
        return bool(filled(answer.told, self.errors.failed)) if answer.told is not MISSING else False

    def said(self, told: Any) -> str:
        """What an answer says in words, short."""
        found = text(told, self.errors.reason) or text(told, "error.message") or text(told, "error")
        return " ".join(found.split())[:300]

    def asked(self, call: Any, values: Mapping[str, Any]) -> Asked:
        """A call of the description that only reads, with its placeholders filled in."""
        known = {**self.values, **values}
        path = templates.path(call.path, known)
        if path is None:
            raise PluginError("A value leads out of the address that it is part of.", not_done="Nothing was asked.")
        body = templates.fill(getattr(call, "body", {}), known) if getattr(call, "method", "GET") == "POST" else None
        return Asked(getattr(call, "method", "GET"), path, templates.fill(call.params, known), body)

    def below(self, address: str, here: str) -> str:
        """The next page's address, as an answer named it: it must be below the description's."""
        whole = urljoin(here, address)
        base, there = urlsplit(self._url), urlsplit(whole)
        root = base.path.rstrip("/") + "/"
        inside = (there.scheme, there.netloc) == (base.scheme, base.netloc) and f"{there.path}/".startswith(root)
        if not inside or "/../" in f"{there.path}/":
            raise ConfigurationError(
                f"{self.host.system} named an address outside of its own as the next page: {there.netloc}{there.path}",
                not_done="It was not asked.",
                next_step="Correct `url` of the description, if that is where it lives.",
            )
        return whole

    def _request(self, asked: Asked, own: Mapping[str, str], accept: Collection[int]) -> requests.Response:
        self._wait()
        sent = None if asked.body is None else orjson.dumps(asked.body)
        # A next page's whole address brings its parameters along; the key to the door may be missing in it.
        whole = asked.path.startswith(("http://", "https://"))
        params = {**({} if whole else self._params), **asked.params, **self._credentials.params()}
        return self._http.request(
            asked.method,
            asked.path,
            params={name: _plain(value) for name, value in params.items()},
            data=sent,
            headers={**(asked.headers or {}), **own, **({} if sent is None else self._json)},
            safe_to_repeat=asked.safe,
            accept=sorted(accept),
        )

    def _wait(self) -> None:
        until = self._hold_until
        seconds = (until - self.host.now()).total_seconds() if until is not None else 0.0
        if seconds > LONGEST_HOLD:
            raise RetryLater(f"{self.host.system} takes no more requests for now.", after=seconds)
        if seconds > 0:
            self.host.sleep(seconds)

    def _note_rate(self, headers: Mapping[str, str]) -> None:
        """When none are left, the next request waits until there are more."""
        if self._rate.remaining is None or self._rate.reset is None:
            return
        left, reset = _number(headers.get(self._rate.remaining)), _number(headers.get(self._rate.reset))
        if left is not None and reset is not None and left < 1:
            since = 0.0 if self._rate.reset_is == "time" else self.host.now().timestamp()
            self._hold_until = datetime.fromtimestamp(min(since + reset, 32503680000.0), UTC)

    def _time(self, response: requests.Response) -> datetime:
        """The server's own time: cursors must not depend on how well our clock goes."""
        try:
            told = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return self.host.now()
        return told if told.tzinfo else told.replace(tzinfo=UTC)


def _address(host: Host, config: RestSettings) -> str:
    url = (config.url or str(templates.fill(config.description.url, config.plain()))).rstrip("/")
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "::1") or (parts.hostname or "").startswith("127.")
    if config.description.auth.kind != "none" and parts.scheme == "http" and not local:
        raise ConfigurationError(
            f"Credentials would travel to {parts.hostname} over plain http, readable on the way.",
            not_done=f"{host.system} was not reached.",
            next_step="Write https:// in hub.toml or in the description.",
        )
    return url


def _json(response: requests.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return MISSING


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
