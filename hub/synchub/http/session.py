"""One HTTP session: a request is checked, paced, sent, repeated where that is safe, read within limits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import SplitResult, urljoin

import requests
from requests.adapters import BaseAdapter

import synchub
from synchub.http import answers, complaints
from synchub.http.addresses import is_loopback, parse, require_private, same_origin
from synchub.http.waiting import Trouble, Waiting

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
LARGEST_ANSWER = 50 * 1024 * 1024
REDIRECTS = 5
SAFE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    arguments: dict[str, Any]
    headers: dict[str, str]
    safe: bool
    accept: frozenset[int]


class _Requests(requests.Session):
    """Follows no redirect, and so never reads the body of one without a bound."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Session:
    """Implements `synchub.api.HttpSession`. Safe for threads, as many as it has connections."""

    def __init__(
        self,
        base: SplitResult,
        *,
        headers: dict[str, str],
        system: str,
        waiting: Waiting,
        transport: BaseAdapter,
        redact: Callable[[str], str],
        log: logging.Logger,
    ) -> None:
        self.system = system
        self._base = base
        self._headers = headers
        self._waiting = waiting
        self._redact = redact
        self._log = log
        self._http = _Requests()
        self._http.mount("https://", transport)
        self._http.mount("http://", transport)
        self._http.headers["User-Agent"] = f"synchub/{synchub.__version__}"
        # A proxy of the environment can't reach this machine's own loopback.
        self._http.trust_env = not is_loopback(base.hostname or "")
        # Without an auth of its own, requests would send what ~/.netrc says instead of our header.
        self._http.auth = lambda prepared: prepared
        # Systems know us by our header; a cookie would tie one request to another.
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    @property
    def base_url(self) -> str:
        return self._base.geturl()

    def request(  # noqa: PLR0913 - the arguments are those of the public interface
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        safe_to_repeat: bool | None = None,
        accept: Sequence[int] = (),
    ) -> requests.Response:
        """Send one request, see `synchub.api.HttpSession`.

        `path` is joined to the session's address. A whole address, as some systems name the next page, must
        be of the same server.
        """
        method = method.upper()
        whole = path.startswith(("http://", "https://"))
        url = path if whole else f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"
        target = parse(url)
        if not same_origin(self._base, target):
            raise complaints.elsewhere(self.system, target)
        form = data if isinstance(data, Mapping) else ()
        require_private(target, [*(headers or ()), *(params or ()), *form])
        request = _Request(
            method=method,
            url=url,
            arguments={"params": params, "json": json, "data": data},
            headers={**self._headers, **(headers or {})},
            safe=method in SAFE_METHODS if safe_to_repeat is None else safe_to_repeat,
            accept=frozenset(accept),
        )
        return self._persist(request)

    def close(self) -> None:
        self._http.close()

    def _persist(self, request: _Request) -> requests.Response:
        """Try until there is an answer, or no sense in trying."""
        try:
            return self._waiting.tries()(self._try, request)
        except Trouble as trouble:
            what = f"{request.method} {self._redact(parse(request.url).path)}"
            raise complaints.gave_up(self.system, what, trouble.meaning) from trouble.__cause__

    def _try(self, request: _Request) -> requests.Response:
        """One try, redirects included. Raises Trouble where another one may help."""
        try:
            with self._waiting.pace.turn():
                response = self._follow(request)
        except requests.RequestException as error:
            at_fault = complaints.settings_at_fault(self.system, error)
            raise at_fault or Trouble(answers.of_failure(error, safe=request.safe)) from error
        meaning = answers.of_status(response.status_code, response.headers, safe=request.safe, now=self._waiting.now())
        if meaning.do == "take" or response.status_code in request.accept:
            return response
        if meaning.do == "refused":
            raise complaints.refused(self.system, response.status_code, self._redact(response.text[:300]))
        if meaning.whole_account and meaning.after is not None:
            self._waiting.pace.hold(meaning.after)
        raise Trouble(meaning)

    def _follow(self, request: _Request) -> requests.Response:
        """Send, and follow redirects. Another server gets no header of ours, and only what a GET says."""
        method, url, headers, arguments = request.method, request.url, request.headers, request.arguments
        for _ in range(REDIRECTS + 1):
            response = self._send(method, url, headers=headers, arguments=arguments)
            location = response.headers.get("Location")
            if location is None or response.status_code not in (301, 302, 303, 307, 308):
                return response
            if response.status_code == 303:
                method = "GET"
            elif method not in ("GET", "HEAD"):
                raise complaints.moved(self.system, parse(urljoin(url, location)))
            here, url = parse(url), urljoin(url, location)
            there, arguments = parse(url), {}
            if not same_origin(here, there):
                headers = {}
            require_private(there, headers)
        raise complaints.in_circles(self.system)

    def _send(self, method: str, url: str, *, headers: dict[str, str], arguments: dict[str, Any]) -> requests.Response:
        with self._http.request(
            method,
            url,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
            **arguments,
        ) as response:
            self._read(response)
        path = self._redact(parse(url).path)
        size = len(response.content)
        self._log.debug("%s: %s %s -> %d, %d bytes", self.system, method, path, response.status_code, size)
        return response

    def _read(self, response: requests.Response) -> None:
        """Fetch the body, unpacked, up to the largest size taken."""
        body = bytearray()
        for chunk in response.iter_content(64 * 1024):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise complaints.too_large(self.system, LARGEST_ANSWER)
        # requests has no public way to bound an answer and then keep it.
        response._content = bytes(body)
