"""The rest connector says who it is, over real HTTP: fixed credentials, and OAuth 2 with tokens that end and rotate."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from servers.people_api import Answer, PeopleApi, people_api
from unit.connectors.described import description, rest

from synchub.api import AuthenticationError, ConfigurationError, Key, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.rest.connector import Rest

SECRETS = {"client_secret": "app-secret", "refresh_token": "refresh-0"}


@pytest.fixture
def host() -> Iterator[LocalHost]:
    host = LocalHost("people", secrets=("app-secret", "first-token"))
    host.kept["secrets", "refresh_token"] = "refresh-0"
    yield host
    host.close()


@pytest.fixture
def api(host: LocalHost) -> Iterator[PeopleApi]:
    with people_api(host.now) as api:
        api.add(name="Ann")
        yield api


def oauth(host: LocalHost, api: PeopleApi, kind: str = "refresh_token", **more: Any) -> Rest:
    auth = {
        "kind": kind,
        "token_url": api.url.replace("/v1", "/oauth/token"),
        "client_id": "app",
        "client_secret": "{client_secret}",
        **more,
    }
    auth |= {"refresh_token": "{refresh_token}"} if kind == "refresh_token" else {}
    secrets = SECRETS if kind == "refresh_token" else {"client_secret": "app-secret"}
    return rest(host, api, description(auth=auth), **secrets)


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"kind": "bearer", "token": "{token}"}, ("Authorization", "Bearer first-token")),
        ({"kind": "basic", "user": "ann", "password": "{token}"}, ("Authorization", "Basic YW5uOmZpcnN0LXRva2Vu")),
        ({"kind": "header", "name": "X-Api-Key", "value": "Key {token}"}, ("X-Api-Key", "Key first-token")),
    ],
)
def test_headers(host: LocalHost, api: PeopleApi, auth: dict[str, Any], header: tuple[str, str]) -> None:
    api.tokens = {"first-token", "Basic YW5uOmZpcnN0LXRva2Vu", ""}
    rest(host, api, description(auth=auth)).check()
    assert api.seen[-1].headers[header[0]] == header[1]


def test_a_key_in_the_address_and_in_that_of_the_next_page(host: LocalHost, api: PeopleApi) -> None:
    for _ in range(4):
        api.add(name="x")
    told = description(
        auth={"kind": "query", "name": "key", "value": "{token}"},
        streams__people__read={"path": "people/link", "paging": {"kind": "link"}},
    )
    assert len(list(rest(host, api, told).read("people", None, []))) == 2
    assert [one.query["key"] for one in api.seen] == ["first-token", "first-token"]


def test_client_credentials(host: LocalHost, api: PeopleApi) -> None:
    connector = oauth(host, api, "client_credentials", scope="people", params={"audience": "x"})
    connector.check()
    connector.check()
    (asked,) = api.asked("POST", "/oauth/token")
    assert asked.body == {
        "grant_type": "client_credentials",
        "audience": "x",
        "scope": "people",
        "client_id": "app",
        "client_secret": "app-secret",
    }


def test_the_application_in_a_header(host: LocalHost, api: PeopleApi) -> None:
    oauth(host, api, "client_credentials", client_in="header").check()
    assert "client_secret" not in api.asked("POST", "/oauth/token")[0].body


def test_a_token_is_renewed_before_it_ends_and_when_it_is_refused(host: LocalHost, api: PeopleApi) -> None:
    connector = oauth(host, api)
    connector.check()
    host.sleep(3500)
    connector.check()
    assert len(api.asked("POST", "/oauth/token")) == 1
    host.sleep(60)
    connector.check()
    assert len(api.asked("POST", "/oauth/token")) == 2
    api.tokens.clear()
    connector.check()
    assert (len(api.asked("POST", "/oauth/token")), host.kept["secrets", "refresh_token"]) == (3, "refresh-3")


def test_a_refresh_token_that_rotates_is_kept(host: LocalHost, api: PeopleApi) -> None:
    """Two connectors, as in two processes: the second uses what the first has kept, not what it was made with."""
    first, second = oauth(host, api), oauth(host, api)
    first.check()
    second.check()
    api.tokens.clear()
    first.check()
    assert [one.body["refresh_token"] for one in api.asked("POST", "/oauth/token")] == [
        "refresh-0",
        "refresh-1",
        "refresh-2",
    ]


def test_many_at_once_renew_once(host: LocalHost, api: PeopleApi) -> None:
    connector = oauth(host, api)
    connector.check()
    api.tokens.clear()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: connector.lookup("people", [Key("id", "1")]), range(8)))
    assert len(api.asked("POST", "/oauth/token")) == 2


def test_a_refresh_token_that_does_not_rotate_is_left_where_it_is(
    host: LocalHost, api: PeopleApi, caplog: pytest.LogCaptureFixture
) -> None:
    host.kept.clear()
    answer = Answer(200, {"access_token": "first-token"})
    api.faults.instead["POST", "/oauth/token"] = [answer]
    oauth(host, api, rotates=False, client_secret="{client_secret}").check()
    assert (host.kept, caplog.messages) == ({}, [])
    oauth(host, api, rotates=False).check()
    assert caplog.messages == ["people: a new refresh token came and is not kept: write rotates = true under [auth]"]
    assert host._redact("refresh-1") == "***"


def test_what_is_not_said_is_not_sent(host: LocalHost, api: PeopleApi) -> None:
    """An application without a secret, and no wish for rights."""
    api.application = ("app", None)  # type: ignore[assignment]
    auth = {"kind": "refresh_token", "client_id": "app", "refresh_token": "{refresh_token}"}
    auth["token_url"] = api.url.replace("/v1", "/oauth/token")
    rest(host, api, description(auth=auth), refresh_token="refresh-0").check()
    sent = {"grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": "app"}
    assert api.asked("POST", "/oauth/token")[0].body == sent


def test_refusals_say_what_to_do_and_no_secret(host: LocalHost, api: PeopleApi) -> None:
    api.refresh_token = "another"
    with pytest.raises(
        AuthenticationError, match=r"refused the refresh token \(400\): the refresh token was used"
    ) as caught:
        oauth(host, api).check()
    assert "Authorize the hub anew" in caught.value.next_step
    api.application = ("app", "other")
    with pytest.raises(AuthenticationError, match="the application's id and secret") as caught:
        oauth(host, api, "client_credentials").check()
    assert "app-secret" not in str(caught.value)


def test_a_system_that_is_down_does_not_refuse(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["POST", "/oauth/token"] = [Answer(520)]
    with pytest.raises(RetryLater, match=r"handed out no access token \(520\)"):
        oauth(host, api).check()


def test_access_tokens_are_hidden(host: LocalHost, api: PeopleApi) -> None:
    oauth(host, api).check()
    assert host._redact("access-1") == "***"


def test_no_credentials_over_plain_http(host: LocalHost) -> None:
    auth = {"kind": "query", "name": "k", "value": "{token}"}
    config = Rest.Config(description=description(auth=auth), url="http://people.example.com", secrets={"token": "t"})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="over plain http"):
        Rest(config, host)
