"""Sessions against real servers on loopback, and against error shapes that no server here can make."""

from __future__ import annotations

import gzip
import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import responses
from servers.scripted import Scripted, scripted
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import SSLError as UrllibSSLError

from synchub.api import Budget
from synchub.errors import AuthenticationError, ConfigurationError, RetryLater
from synchub.http import Sessions
from synchub.http.session import LARGEST_ANSWER, Session
from synchub.http.transport import Transport
from synchub.http.waiting import PATIENCE, TRIES
from synchub.testing.crm import StandInCrm
from synchub.testing.host import LocalHost

TOKEN = "pat-very-secret"
BATCH = "/crm/v3/objects/contacts/batch/create"
ANN = {"inputs": [{"properties": {"email": "ann@example.com"}}]}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LocalHost]:
    host = LocalHost("crm", tmp_path, secrets=(TOKEN,))
    yield host
    host.close()


@pytest.fixture
def crm(host: LocalHost) -> Iterator[StandInCrm]:
    with StandInCrm(token=TOKEN, clock=host.now) as crm:
        yield crm


@pytest.fixture
def session(host: LocalHost, crm: StandInCrm) -> Session:
    return open_session(host, crm.url)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def open_session(host: LocalHost, url: str) -> Session:
    session = host.session(url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert isinstance(session, Session)
    return session


def sessions(host: LocalHost, transport: Callable[[], Transport] = Transport) -> Sessions:
    return Sessions(now=host.now, sleep=host.sleep, monotonic=lambda: host.now().timestamp(), transport=transport)


# What is sent.


def test_paths_are_joined_and_headers_sent(host: LocalHost, server: Scripted) -> None:
    open_session(host, server.url + "/api/").request("GET", "/v3/x", params={"q": "ä&b"})
    seen = server.seen[0]
    assert seen.path == "/api/v3/x?q=%C3%A4%26b"
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["User-Agent"].startswith("synchub/")


def test_a_whole_address_of_the_same_server_is_followed(host: LocalHost, server: Scripted) -> None:
    answer = open_session(host, server.url + "/api").request("GET", f"{server.url}/next?after=5")
    assert answer.text == "fine"
    assert server.seen[0].path == "/next?after=5"


def test_a_whole_address_of_another_server_is_refused(host: LocalHost, server: Scripted) -> None:
    with scripted() as other, pytest.raises(ConfigurationError, match="another server"):
        open_session(host, server.url).request("GET", f"{other.url}/next")
    assert other.seen == []


def test_what_netrc_says_is_not_sent(
    host: LocalHost, server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine example.org login ann password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with responses.RequestsMock() as mock:
        mock.get("https://example.org/x", body="fine")
        open_session(host, "https://example.org").request("GET", "x")
        assert mock.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_cookies_are_not_kept(host: LocalHost, server: Scripted) -> None:
    server.script["/login"] = (200, {"Set-Cookie": "session=1; Path=/"}, b"")
    session = open_session(host, server.url)
    session.request("GET", "/login")
    session.request("GET", "/x")
    assert "Cookie" not in server.seen[1].headers


def test_credentials_over_plain_http_are_refused(host: LocalHost) -> None:
    with pytest.raises(ConfigurationError, match="readable on the way"):
        open_session(host, "http://crm.example.com")


def test_credentials_in_parameters_over_plain_http_are_refused(host: LocalHost) -> None:
    with pytest.raises(ConfigurationError, match="readable on the way"):
        host.session("http://crm.example.com").request("GET", "x", params={"api_key": "1"})


def test_the_address_is_judged_once_the_name_is_known(host: LocalHost, server: Scripted) -> None:
    guarded = sessions(host, lambda: Transport(refuse=lambda address: address == "127.0.0.1"))
    with pytest.raises(ConfigurationError, match="no system can have"):
        guarded.open(f"http://localhost:{server.server_port}").request("GET", "x")
    assert server.seen == []
    assert host.slept == []


# What is taken and what is raised.


@pytest.mark.parametrize("status", [200, 204, 400, 404, 409, 410, 412, 422, 501])
def test_other_answers_are_the_callers(host: LocalHost, server: Scripted, status: int) -> None:
    server.script["/x"] = (status, {}, b"")
    assert open_session(host, server.url).request("GET", "/x").status_code == status
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials(host: LocalHost, server: Scripted, status: int) -> None:
    server.script["/x"] = (status, {}, f"token {TOKEN} expired".encode())
    with pytest.raises(AuthenticationError) as refused:
        open_session(host, server.url).request("GET", "/x")
    assert "crm" in refused.value.happened
    assert "expired" in refused.value.happened
    assert refused.value.next_step
    assert TOKEN not in str(refused.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_status_that_the_caller_accepts_is_returned_at_once(host: LocalHost, server: Scripted, status: int) -> None:
    server.script["/x"] = (status, {}, b"")
    assert open_session(host, server.url).request("GET", "/x", accept=[status]).status_code == status
    assert host.slept == []


# What is sent again.


@pytest.mark.parametrize("status", [423, 429, 477, 503])
def test_what_was_turned_away_is_sent_again_even_if_it_creates(session: Session, crm: StandInCrm, status: int) -> None:
    crm.fail(next=3, status=status, path="batch/create")
    assert session.request("POST", BATCH, json=ANN).status_code == 201
    assert len(crm.contacts()) == 1
    assert len(crm.requests) == 4


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_what_may_have_been_done_is_not_sent_again(session: Session, crm: StandInCrm, status: int) -> None:
    crm.fail(status=status, path="batch/create")
    with pytest.raises(RetryLater) as given_up:
        session.request("POST", BATCH, json=ANN)
    assert "not known" in given_up.value.not_done
    assert len(crm.requests) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_a_read_is_sent_again(session: Session, crm: StandInCrm, status: int) -> None:
    crm.fail(next=2, status=status)
    assert session.request("GET", "/crm/v3/objects/contacts").status_code == 200


def test_the_caller_may_say_that_a_post_is_safe(session: Session, crm: StandInCrm) -> None:
    crm.fail(next=2, status=502)
    asked = {"inputs": [{"id": "1"}], "properties": []}
    path = "/crm/v3/objects/contacts/batch/read"
    assert session.request("POST", path, json=asked, safe_to_repeat=True).status_code == 207


@pytest.mark.parametrize("lose", [StandInCrm.drop_answer, StandInCrm.truncate_answer])
def test_a_create_without_an_answer_is_never_sent_again(
    session: Session, crm: StandInCrm, lose: Callable[[StandInCrm, str], None]
) -> None:
    lose(crm, "batch/create")
    with pytest.raises(RetryLater) as given_up:
        session.request("POST", BATCH, json=ANN)
    assert "not known" in given_up.value.not_done
    assert len(crm.contacts()) == 1


@pytest.mark.parametrize("lose", [StandInCrm.drop_answer, StandInCrm.truncate_answer, StandInCrm.reset])
def test_a_read_without_an_answer_is_sent_again(
    session: Session, crm: StandInCrm, lose: Callable[[StandInCrm, str, int], None]
) -> None:
    lose(crm, "contacts", 2)
    assert session.request("GET", "/crm/v3/objects/contacts").json() == {"results": []}
    assert len(crm.requests) == 3


def test_a_create_that_nobody_listened_to_is_sent_again(host: LocalHost, crm: StandInCrm) -> None:
    session = open_session(host, crm.url)
    crm.stop()
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            crm.start()

    waiting = Sessions(now=host.now, sleep=nap, monotonic=lambda: 0.0)
    session = waiting.open(crm_url(session), headers={"Authorization": f"Bearer {TOKEN}"})
    assert session.request("POST", BATCH, json=ANN).status_code == 201
    assert len(crm.contacts()) == 1


def crm_url(session: Session) -> str:
    return session.base_url


def test_no_answer_in_time(host: LocalHost) -> None:
    with responses.RequestsMock() as mock:
        mock.post("https://crm.example.com/x", body=requests.ReadTimeout("read timed out"))
        with pytest.raises(RetryLater, match="did not answer in time"):
            open_session(host, "https://crm.example.com").request("POST", "x")
        assert len(mock.calls) == 1


def test_no_connection_in_time_is_tried_again(host: LocalHost) -> None:
    with responses.RequestsMock() as mock:
        mock.post("https://crm.example.com/x", body=requests.ConnectTimeout("timed out"))
        mock.post("https://crm.example.com/x", body="fine")
        assert open_session(host, "https://crm.example.com").request("POST", "x").text == "fine"


# How long.


def test_retry_after_is_honoured(session: Session, crm: StandInCrm, host: LocalHost) -> None:
    crm.fail(next=2, status=503, retry_after=7)
    session.request("GET", "/crm/v3/objects/contacts")
    assert len(host.slept) == 2
    assert all(7 <= seconds < 8 for seconds in host.slept)


def test_retry_after_as_a_date(session: Session, crm: StandInCrm, host: LocalHost) -> None:
    crm.fail(status=503, retry_after="Wed, 01 May 2024 09:00:20 GMT")
    session.request("GET", "/crm/v3/objects/contacts")
    assert 20 <= host.slept[0] < 21


def test_without_a_word_the_waits_double(session: Session, crm: StandInCrm, host: LocalHost) -> None:
    crm.fail(next=5, status=503)
    session.request("GET", "/crm/v3/objects/contacts")
    for number, seconds in enumerate(host.slept):
        assert 0.25 * 2**number <= seconds <= 0.5 * 2**number


def test_tries_are_limited(session: Session, crm: StandInCrm) -> None:
    crm.fail(next=99, status=503, retry_after=2)
    with pytest.raises(RetryLater) as given_up:
        session.request("GET", "/crm/v3/objects/contacts")
    assert len(crm.requests) == TRIES
    assert given_up.value.after == 2
    assert given_up.value.next_step


def test_a_long_wait_is_left_to_the_caller(session: Session, crm: StandInCrm, host: LocalHost) -> None:
    crm.fail(status=429, retry_after=PATIENCE + 1)
    with pytest.raises(RetryLater) as given_up:
        session.request("GET", "/crm/v3/objects/contacts")
    assert given_up.value.after == PATIENCE + 1
    assert host.slept == []


def test_waits_in_all_are_limited(session: Session, crm: StandInCrm, host: LocalHost) -> None:
    crm.fail(next=99, status=503, retry_after=50)
    with pytest.raises(RetryLater):
        session.request("GET", "/crm/v3/objects/contacts")
    assert sum(host.slept) <= PATIENCE


def test_a_system_may_be_given_less_patience(host: LocalHost, crm: StandInCrm) -> None:
    crm.fail(next=99, status=503)
    opened = sessions(host)
    session = opened.open(crm.url, headers={"Authorization": f"Bearer {TOKEN}"}, patience=1)
    with pytest.raises(RetryLater):
        session.request("GET", "/crm/v3/objects/contacts")
    assert 0 < sum(host.slept) <= 1
    assert 1 < len(crm.requests) < TRIES
    opened.close()


def test_sessions_of_one_account_share_its_budget(host: LocalHost, server: Scripted) -> None:
    opened = sessions(host)
    budget = Budget("crm", 3, 10.0)
    one, two = opened.open(server.url, budget=budget), opened.open(server.url, budget=budget)
    other = opened.open(server.url, budget=Budget("shop", 3, 10.0))
    for _ in range(2):
        one.request("GET", "x")
        two.request("GET", "x")
        other.request("GET", "x")
    assert len(host.slept) == 1
    assert 10.0 <= host.slept[0] < 10.1
    opened.close()


def test_within_its_budget_nobody_is_turned_away(host: LocalHost, crm: StandInCrm) -> None:
    crm.rate_limit(5, 10.0)
    session = host.session(crm.url, headers={"Authorization": f"Bearer {TOKEN}"}, budget=Budget("crm", 5, 10.0))
    for _ in range(23):
        session.request("GET", "/crm/v3/objects/contacts")
    assert {request.status for request in crm.requests} == {200}


def test_one_who_is_turned_away_holds_back_the_whole_account(host: LocalHost, server: Scripted) -> None:
    opened = sessions(host)
    budget = Budget("crm", 100, 10.0)
    one, two = opened.open(server.url, budget=budget), opened.open(server.url, budget=budget)
    server.script["/full"] = (429, {"Retry-After": str(PATIENCE + 30)}, b"")
    with pytest.raises(RetryLater):
        one.request("GET", "/full")
    two.request("GET", "/x")
    assert host.slept == [pytest.approx(PATIENCE + 30)]
    opened.close()


# Redirects.


def test_a_redirect_on_the_same_server_keeps_the_credentials(host: LocalHost, server: Scripted) -> None:
    server.script["/old"] = (302, {"Location": "/new?x=1"}, b"")
    assert open_session(host, server.url).request("GET", "/old").text == "fine"
    assert server.seen[1].headers["Authorization"] == f"Bearer {TOKEN}"


def test_another_server_gets_no_header_of_ours(host: LocalHost, server: Scripted) -> None:
    with scripted() as other:
        server.script["/old"] = (302, {"Location": f"{other.url}/new"}, b"")
        session = host.session(server.url, headers={"Authorization": TOKEN, "X-Team": "sales"})
        assert session.request("GET", "/old", headers={"X-Request": "1"}).text == "fine"
        assert not {"Authorization", "X-Team", "X-Request"} & other.seen[0].headers.keys()


def test_a_redirect_to_the_machine_itself_is_refused(host: LocalHost, server: Scripted) -> None:
    server.script["/old"] = (302, {"Location": "http://169.254.169.254/latest"}, b"")
    with pytest.raises(ConfigurationError, match="no system can have"):
        open_session(host, server.url).request("GET", "/old")


def test_a_redirect_to_a_file_is_refused(host: LocalHost, server: Scripted) -> None:
    server.script["/old"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(ConfigurationError, match="not an http address"):
        open_session(host, server.url).request("GET", "/old")


def test_a_redirect_to_plain_http_gets_no_credentials(host: LocalHost) -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://crm.example.com/x", status=301, headers={"Location": "http://crm.example.com/x"})
        answer = open_session(host, "https://crm.example.com")
        mock.get("http://crm.example.com/x", body="fine")
        answer.request("GET", "x")
        assert "Authorization" not in mock.calls[1].request.headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_write_is_not_sent_after_a_redirect(host: LocalHost, server: Scripted, status: int) -> None:
    server.script["/old"] = (status, {"Location": "/new"}, b"")
    with pytest.raises(ConfigurationError, match="has moved"):
        open_session(host, server.url).request("POST", "/old", json={"email": "ann@example.com"})
    assert len(server.seen) == 1


def test_see_other_after_a_write_is_read_without_the_body(host: LocalHost, server: Scripted) -> None:
    server.script["/jobs"] = (303, {"Location": "/jobs/1"}, b"")
    assert open_session(host, server.url).request("POST", "/jobs", json={"email": "ann@x.de"}).text == "fine"
    assert (server.seen[1].method, server.seen[1].body) == ("GET", b"")


def test_redirects_end(host: LocalHost, server: Scripted) -> None:
    server.script["/a"] = (302, {"Location": "/b"}, b"")
    server.script["/b"] = (302, {"Location": "/a"}, b"")
    with pytest.raises(ConfigurationError, match="without end"):
        open_session(host, server.url).request("GET", "/a")
    assert len(server.seen) < 10


# What comes back.


def test_a_packed_answer_is_unpacked(host: LocalHost, server: Scripted) -> None:
    server.script["/x"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"name": "Ann"}'))
    assert open_session(host, server.url).request("GET", "/x").json() == {"name": "Ann"}


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_that_is_too_large_is_not_taken(host: LocalHost, server: Scripted, packed: bool) -> None:
    large = bytes(LARGEST_ANSWER + 1)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.script["/x"] = (200, headers, gzip.compress(large, 1) if packed else large)
    with pytest.raises(RetryLater, match="more than 50 MB"):
        open_session(host, server.url).request("GET", "/x")
    assert len(server.seen) == 1


def test_the_body_of_a_redirect_is_bounded_too(host: LocalHost, server: Scripted) -> None:
    # It breaks off beyond what is taken: reading on to there would show.
    headers = {"Location": "/y", "Content-Length": str(2 * LARGEST_ANSWER)}
    server.script["/x"] = (302, headers, bytes(LARGEST_ANSWER + 2**17))
    with pytest.raises(RetryLater, match="more than 50 MB"):
        open_session(host, server.url).request("GET", "/x")


def test_no_secret_in_logs_and_errors(host: LocalHost, server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="synchub")
    server.script[f"/{TOKEN}"] = (503, {}, b"")
    with pytest.raises(RetryLater) as given_up:
        open_session(host, server.url).request("GET", f"/{TOKEN}", params={"email": "ann@example.com"})
    told = [record.getMessage() for record in caplog.records if record.name.startswith("synchub")]
    assert any("GET /*** -> 503" in line for line in told)
    assert not any(TOKEN in line or "ann@example.com" in line for line in told)
    assert TOKEN not in str(given_up.value)


# Certificates.


def test_a_wrong_certificate_is_a_setting_to_correct(host: LocalHost) -> None:
    wrong = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
    reason = MaxRetryError(HTTPSConnectionPool("crm.example.com"), "/x", UrllibSSLError(wrong))
    with responses.RequestsMock() as mock:
        mock.get("https://crm.example.com/x", body=requests.exceptions.SSLError(reason))
        with pytest.raises(ConfigurationError, match="certificate"):
            open_session(host, "https://crm.example.com").request("GET", "x")
    assert host.slept == []


def test_a_stray_line_end_in_a_token_is_a_setting_to_correct(host: LocalHost, server: Scripted) -> None:
    session = host.session(server.url, headers={"Authorization": "Bearer x\n"})
    with pytest.raises(ConfigurationError, match="stray line ends") as refused:
        session.request("GET", "/x")
    assert "Bearer x" not in str(refused.value)
