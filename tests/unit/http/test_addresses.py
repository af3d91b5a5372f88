from __future__ import annotations

import pytest

from synchub.errors import ConfigurationError
from synchub.http.addresses import is_loopback, parse, require_private, same_origin


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.1.1/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0/",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
    ],
)
def test_addresses_of_the_machine_itself_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no system can have"):
        parse(url)


@pytest.mark.parametrize("url", ["ftp://example.com/", "example.com", "file:///etc/passwd", "https://", "https:///x"])
def test_only_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an http address"):
        parse(url)


@pytest.mark.parametrize("url", ["https://example.com:port/", "https://[::1/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an address"):
        parse(url)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse("https://ann:hunter2@example.com/")
    assert "hunter2" not in str(refused.value)


def test_a_password_in_an_address_that_is_none_is_not_repeated_either() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse("ftp://ann:hunter2@example.com/?key=hunter3")
    assert "hunter" not in str(refused.value)


def test_private_networks_are_allowed() -> None:
    assert parse("https://10.0.0.7:8443/api").hostname == "10.0.0.7"
    assert parse("http://192.168.1.2/").hostname == "192.168.1.2"


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "cookie", "access_token", "client_secret", "PASSWORD"])
def test_credentials_over_plain_http_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="readable on the way"):
        require_private(parse("http://crm.example.com/"), ["Accept", name])


@pytest.mark.parametrize(
    "url", ["https://crm.example.com/", "http://localhost:1/", "http://127.0.0.1/", "http://[::1]/"]
)
def test_credentials_over_tls_or_to_this_machine_are_fine(url: str) -> None:
    require_private(parse(url), ["Authorization"])


def test_plain_http_without_credentials_is_fine() -> None:
    require_private(parse("http://crm.example.com/"), ["Accept", "Content-Type"])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("https://a.example/x", "https://a.example:443/y", True),
        ("https://a.example/", "https://A.EXAMPLE/", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.a.example/", False),
    ],
)
def test_one_server_is_scheme_host_and_port(one: str, other: str, expected: bool) -> None:
    assert same_origin(parse(one), parse(other)) is expected
