"""Saying who we are: fixed credentials, or access tokens that are fetched and renewed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Protocol

from synchub.api import AuthenticationError, Host, RetryLater
from synchub_connectors.rest.description import Auth
from synchub_connectors.rest.templates import PLACEHOLDER, fill

EARLY = timedelta(seconds=60)
"""How long before its end an access token is not used any more."""


class Credentials(Protocol):
    """What every request carries."""

    def headers(self) -> Mapping[str, str]: ...
    def params(self) -> Mapping[str, str]: ...
    def renewed(self, refused: Mapping[str, str]) -> bool:
        """Whether there are other headers now than those that were refused."""
        ...


def credentials(host: Host, auth: Auth, values: Mapping[str, str]) -> Credentials:
    """The credentials of a description, its placeholders filled in from `values`."""
    said: dict[str, Any] = fill(auth.model_dump(exclude={"kind", "rotates", "client_in"}), values)
    match auth.kind:
        case "bearer":
            return Fixed({"Authorization": f"Bearer {said['token']}"}, {})
        case "basic":
            return Fixed({"Authorization": basic(said["user"], said["password"])}, {})
        case "header":
            return Fixed({said["name"]: said["value"]}, {})
        case "query":
            return Fixed({}, {said["name"]: said["value"]})
        case "client_credentials" | "refresh_token":
            return AccessTokens(host, auth, said)
        case _:
            return Fixed({}, {})


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Fixed:
    """Credentials that stay the same."""

    def __init__(self, headers: Mapping[str, str], params: Mapping[str, str]) -> None:
        self._headers, self._params = headers, params

    def headers(self) -> Mapping[str, str]:
        return self._headers

    def params(self) -> Mapping[str, str]:
        return self._params

    def renewed(self, refused: Mapping[str, str]) -> bool:
        return False


class AccessTokens:
    """OAuth 2: an access token is fetched when it is first needed, shortly before it ends, and once it is refused."""

    def __init__(self, host: Host, auth: Auth, said: Mapping[str, Any]) -> None:
        self._host = host
        self._auth = auth
        self._said = said
        self._refresh_token = str(said["refresh_token"])
        self._http = host.session(said["token_url"], headers={"Accept": "application/json"})
        self._lock = Lock()
        self._token = ""
        self._until: datetime | None = None

    def headers(self) -> Mapping[str, str]:
        with self._lock:
            over = self._until is not None and self._host.now() >= self._until
            if not self._token or over:
                self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def params(self) -> Mapping[str, str]:
        return {}

    def renewed(self, refused: Mapping[str, str]) -> bool:
        with self._lock:
            if refused.get("Authorization") == f"Bearer {self._token}":  # else another thread was faster
                self._fetch()
            return True

    def _fetch(self) -> None:
        if self._auth.kind == "client_credentials":
            told = self._ask({"grant_type": "client_credentials"}, may_repeat=True)
        elif self._auth.rotates:
            name = PLACEHOLDER.findall(self._auth.refresh_token)[0]
            with self._host.renewing("secrets", name) as secret:
                told = self._refresh(secret.value)
                fresh = str(told.get("refresh_token") or secret.value)
                if fresh != secret.value:
                    secret.keep(fresh)
        else:
            told = self._refresh(self._refresh_token)
            fresh = str(told.get("refresh_token") or self._refresh_token)
            if fresh != self._refresh_token:
                self._host.hide(fresh)
                self._host.log.warning(
                    "%s: a new refresh token came and is not kept: write rotates = true under [auth]", self._host.system
                )
        self._take(told)

    def _refresh(self, token: str) -> dict[str, Any]:
        asked = {"grant_type": "refresh_token", "refresh_token": token}
        return self._ask(asked, may_repeat=not self._auth.rotates)

    def _ask(self, asked: dict[str, str], *, may_repeat: bool) -> dict[str, Any]:
        said, headers = self._said, {}
        form = {**asked, **said["params"]}
        form |= {"scope": said["scope"]} if said["scope"] else {}
        if self._auth.client_in == "header":
            headers["Authorization"] = basic(said["client_id"], said["client_secret"])
        else:
            form["client_id"] = said["client_id"]
            form |= {"client_secret": said["client_secret"]} if said["client_secret"] else {}
        response = self._http.request(
            "POST", said["token_url"], data=form, headers=headers, safe_to_repeat=may_repeat, accept=(400, 401, 403)
        )
        try:
            told = response.json()
        except ValueError:
            told = None
        if response.status_code >= 400 or not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
            raise self._refused(response.status_code, told if isinstance(told, dict) else {})
        return told

    def _take(self, told: Mapping[str, Any]) -> None:
        self._token = told["access_token"]
        self._host.hide(self._token)
        try:
            lasts = timedelta(seconds=float(told["expires_in"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            self._until = None
        else:
            self._until = self._host.now() + max(lasts - EARLY, lasts / 2)

    def _refused(self, status: int, told: Mapping[str, Any]) -> Exception:
        system, words = self._host.system, told.get("error_description") or told.get("error") or "no reason given"
        if status >= 500:
            return RetryLater(f"{system} handed out no access token ({status}).", not_done="It was not reached.")
        what = "the refresh token" if self._auth.kind == "refresh_token" else "the application's id and secret"
        return AuthenticationError(
            f"{system} refused {what} ({status}): {str(words)[:200]}",
            not_done="It was not reached.",
            next_step=f"Authorize the hub anew at {system}, keep the new secret with `synchub secret set`; "
            "then: synchub check",
        )
