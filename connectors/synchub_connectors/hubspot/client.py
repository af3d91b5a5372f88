"""The questions that are asked of HubSpot, each as one call."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from synchub.api import Budget, ConfigurationError, Host, HttpSession, PluginError, RetryLater
from synchub_connectors.hubspot.kinds import BATCH, Kind

if TYPE_CHECKING:
    import requests

VERSION = "v3"
ASSOCIATIONS = "v4"
PAGE = 100
SEARCH_PAGE = 200
LONGEST_QUERY = 6000
"""Characters of property names in an address; beyond, servers on the way begin to refuse it."""
Told = dict[str, Any]
"""One object as HubSpot tells it."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list: objects, the token of the next page if there is one, and the server's own time."""

    objects: list[Told]
    after: str | None
    at: datetime


class Client:
    """Searching has a budget of its own there, and so a session of its own here."""

    def __init__(self, host: Host, *, url: str, token: str, requests_per_10_seconds: int) -> None:
        account = f"hubspot {url} {hashlib.sha256(token.encode()).hexdigest()[:16]}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        budget = Budget(account, requests_per_10_seconds, 10.0)
        searches = Budget(f"{account} search", 4, 1.0)
        self._host = host
        self._http: HttpSession = host.session(url, headers=headers, budget=budget)
        self._search: HttpSession = host.session(url, headers=headers, budget=searches)

    def properties(self, kind: Kind) -> list[Told]:
        """The definitions of a kind's properties."""
        return self._results(self._get(f"crm/{VERSION}/properties/{kind.name}", {}))

    def page(
        self,
        kind: Kind,
        names: Sequence[str],
        *,
        after: str | None = None,
        archived: bool = False,
        limit: int = PAGE,
    ) -> ListPage:
        """A page in the order of ids. Pages go on behind an id, so what changes meanwhile shifts nothing."""
        long = sum(len(name) + 3 for name in names) > LONGEST_QUERY
        params: dict[str, Any] = {"limit": limit, "archived": "true" if archived else "false"}
        if names and not long:
            params["properties"] = ",".join(names)
        if after is not None:
            params["after"] = after
        if kind.linked:
            params["associations"] = "contacts"
        response = self._get(f"crm/{VERSION}/objects/{kind.name}", params)
        told = self._body(response)
        objects = self._results_of(told)
        if long and not archived:
            objects = _with_links(self.read(kind, [one["id"] for one in objects], names), objects)
        following = told.get("paging", {}).get("next", {}).get("after")
        return ListPage(objects, following, self._time(response))

    def read(self, kind: Kind, values: Sequence[str], names: Sequence[str], *, by: str | None = None) -> list[Told]:
        """The objects with some ids (or values of a unique property) that there are, without their links."""
        found: list[Told] = []
        for part in _parts(values, BATCH):
            asked: Told = {"inputs": [{"id": value} for value in part], "properties": list(names)}
            asked["propertiesWithHistory"] = []
            if by is not None:
                asked["idProperty"] = by
            found += self._results(self._ask(self._http, f"{_objects(kind)}/batch/read", asked))
        return found

    def search(self, kind: Kind, filters: Sequence[Told], names: Sequence[str], *, sort: str) -> list[Told]:
        """The first page of a search, in ascending order. It lags behind what was written."""
        asked = {
            "filterGroups": [{"filters": list(filters)}],
            "sorts": [sort],
            "properties": list(names),
            "limit": SEARCH_PAGE,
            "after": "0",
        }
        return self._results(self._ask(self._search, f"{_objects(kind)}/search", asked))

    def links(self, kind: Kind, ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the contacts of each object; one without any is left out."""
        found: dict[str, list[str]] = {}
        for part in _parts(ids, BATCH):
            asked = {"inputs": [{"id": one} for one in part]}
            path = f"crm/{ASSOCIATIONS}/associations/{kind.name}/contacts/batch/read"
            for told in self._results(self._ask(self._http, path, asked)):
                found[str(told["from"]["id"])] = [str(link["toObjectId"]) for link in told["to"]]
        return found

    def write(self, kind: Kind, what: str, inputs: Sequence[Told]) -> requests.Response:
        """A batch of writes. Changes may be sent twice, creations never. The caller reads refusals."""
        asked = {"inputs": list(inputs)}
        path = f"{_objects(kind)}/batch/{what}"
        return self._http.request("POST", path, json=asked, safe_to_repeat=what != "create")

    def _get(self, path: str, params: Mapping[str, Any]) -> requests.Response:
        return self._checked(self._http.request("GET", path, params=params))

    def _ask(self, session: HttpSession, path: str, asked: Told) -> requests.Response:
        # These POSTs only read, so a lost answer may be asked for again.
        return self._checked(session.request("POST", path, json=asked, safe_to_repeat=True))

    def _checked(self, response: requests.Response) -> requests.Response:
        """The answer, unless HubSpot refused a question that should not be refusable."""
        status = response.status_code
        if status < 300:
            return response
        told = said(response)
        if status == 404:
            raise ConfigurationError(
                f"{self._host.system} does not know the address it was asked at: {told}",
                not_done="Nothing was read.",
                next_step=f"Check url of {self._host.system} in hub.toml; HubSpot's is https://api.hubapi.com",
            )
        if status >= 500:
            raise RetryLater(f"{self._host.system} failed ({status}): {told}", not_done="Nothing was read.")
        raise PluginError(
            f"{self._host.system} refused a question ({status}): {told}",
            not_done="Nothing was read.",
            next_step="Please report this with the text above: the hubspot connector asked wrongly.",
        )

    def _results(self, response: requests.Response) -> list[Told]:
        return self._results_of(self._body(response))

    def _results_of(self, told: Told) -> list[Told]:
        results = told.get("results")
        if not isinstance(results, list):
            raise RetryLater(
                f"{self._host.system} answered without results.",
                not_done="Nothing was read.",
                next_step="Run the sync again later; if it stays so, check url in hub.toml.",
            )
        return results

    def _body(self, response: requests.Response) -> Told:
        told = body(response)
        if told is None:
            raise RetryLater(
                f"{self._host.system} answered with something else than JSON.",
                not_done="Nothing was read.",
                next_step="Run the sync again later; if it stays so, check url in hub.toml.",
            )
        return told

    def _time(self, response: requests.Response) -> datetime:
        """The server's own time: cursors must not depend on how well our clock goes."""
        try:
            return parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return self._host.now()


def body(response: requests.Response) -> Told | None:
    """The JSON object of an answer; None if it is none."""
    try:
        told = response.json()
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def said(response: requests.Response) -> str:
    """What an answer that is an error says, short."""
    told = body(response) or {}
    return str(told.get("message") or response.text)[:300]


def _objects(kind: Kind) -> str:
    return f"crm/{VERSION}/objects/{kind.name}"


def _with_links(objects: list[Told], listed: list[Told]) -> list[Told]:
    links = {told["id"]: told.get("associations", {}) for told in listed}
    return [{**told, "associations": links.get(told["id"], {})} for told in objects]


def _parts(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]
