"""Which addresses may be reached, and which of them with credentials. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from synchub.errors import ConfigurationError

FORBIDDEN = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",
        "fe80::/10",
        "0.0.0.0/32",
        "::/128",
        # Where cloud providers outside the link-local range answer with a machine's own credentials.
        "fd00:ec2::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
SECRET_NAME = re.compile(r"auth|cookie|key|token|secret|passw|signature|session", re.IGNORECASE)


def parse(url: str) -> SplitResult:
    """The parts of an absolute http(s) address that may be reached. Raises ConfigurationError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"{_shown(url)} is not an address: {error}.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError(
            f"{_shown(url)} is not an http address.", next_step="Write it as https://HOST/PATH in hub.toml."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"The address of {host} holds a user name or password.",
            next_step="Take it out of the address and use the setting for it, with a reference to a secret.",
        )
    if forbidden(host):
        raise forbidden_address(host)
    return parts


def forbidden(host: str) -> bool:
    """Whether `host` is an IP address that no system can have. Names are judged once they are resolved."""
    address = _ip(host)
    return address is not None and any(address in network for network in FORBIDDEN)


def forbidden_address(host: str) -> ConfigurationError:
    return ConfigurationError(
        f"{host} is an address inside this machine's own network or cloud that no system can have.",
        not_done="Nothing was sent there.",
        next_step="Correct the address in hub.toml. If the system sent it, ask who runs that system.",
    )


def is_loopback(host: str) -> bool:
    address = _ip(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def same_origin(one: SplitResult, other: SplitResult) -> bool:
    """Whether two addresses are of one server, so that credentials for the one may go to the other."""
    return (one.scheme, one.hostname, _port(one)) == (other.scheme, other.hostname, _port(other))


def require_private(parts: SplitResult, names: Iterable[str]) -> None:
    """Raise ConfigurationError if any of `names` (of headers and parameters) is a credential and would travel
    readable for all."""
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return
    if any(SECRET_NAME.search(name) for name in names):
        raise ConfigurationError(
            f"Credentials would travel to {parts.hostname} over plain http, readable on the way.",
            not_done="Nothing was sent.",
            next_step="Write https:// in hub.toml.",
        )


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _shown(url: str) -> str:
    return repr(url.partition("?")[0].rpartition("@")[2][:200])
