"""What was sent by a machine: bounces, automatic replies, mailing lists, no-reply addresses. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from synchub_connectors.email.headers import address_of, line, people

AutoKind = Literal["", "bounce", "reply", "list", "bulk", "generated"]

_SERVICE = re.compile(
    r"(?:(?:no|not|never|do-?not|dont)[-_.]?(?:answer|reply)s?|nobody|mailer[-_.]?daemon|postmaster|"
    r"bounces?|reply)(?:[-_.+=].*)?|owner-.+|.*-(?:bounces?|owner|request|unsubscribe)(?:\+.*)?|"
    r".*(?:no-?reply|donotreply)"
)
_MAILTO = re.compile(r"mailto:([^>?\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Own:
    """One's own addresses, and whole domains. All in lower case."""

    addresses: frozenset[str]
    domains: frozenset[str] = frozenset()

    def __contains__(self, address: object) -> bool:
        text = str(address)
        return text in self.addresses or text.rpartition("@")[2] in self.domains

    @classmethod
    def of(cls, written: tuple[str, ...]) -> Own:
        """From texts like `ann@example.com`, and `@example.com` for everybody there."""
        lower = [text.strip().lower() for text in written if "@" in text]
        return cls(
            addresses=frozenset(text for text in lower if not text.startswith("@")),
            domains=frozenset(text[1:] for text in lower if text.startswith("@")),
        )


def is_service(address: str) -> bool:
    """Whether nobody reads mail to this address: no-reply@, mailer-daemon@, bounces, list administration."""
    return _SERVICE.fullmatch(address.partition("@")[0]) is not None


def list_address(headers: Mapping[str, str]) -> str:
    """The address of the mailing list that a message came through, if it names it."""
    found = _MAILTO.search(line(headers, "list-post", 500))
    return address_of(found[1]) if found else ""


def automatic(headers: Mapping[str, str], own: Own) -> AutoKind:
    """Which kind of machine sent a message; empty for a person.

    A list that is one's own address (a group that hands sales@ to the team) makes nothing automatic.
    """
    submitted = line(headers, "auto-submitted", 100).lower()
    precedence = line(headers, "precedence", 100).lower()
    if _is_bounce(headers):
        return "bounce"
    if submitted.startswith("auto-replied") or _is_reply(headers, precedence):
        return "reply"
    if headers.get("return-path", "").replace(" ", "") == "<>":
        return "bounce"
    if _is_own_list(headers, own):
        return ""
    if "list-id" in headers or "list-post" in headers or precedence == "list":
        return "list"
    if "list-unsubscribe" in headers or precedence in ("bulk", "junk"):
        return "bulk"
    return "generated" if submitted.startswith("auto-") else ""


def _is_bounce(headers: Mapping[str, str]) -> bool:
    report = line(headers, "content-type", 500).lower()
    senders = people(headers.get("from", ""))
    return (
        "x-failed-recipients" in headers
        or (report.startswith("multipart/report") and "disposition-notification" not in report)
        or any(sender.address.startswith(("mailer-daemon@", "postmaster@")) for sender in senders)
    )


def _is_reply(headers: Mapping[str, str], precedence: str) -> bool:
    return (
        precedence in ("auto_reply", "auto-reply")
        or "x-autoreply" in headers
        or "x-autorespond" in headers
        or line(headers, "content-type", 500).lower().startswith("multipart/report")
    )


def _is_own_list(headers: Mapping[str, str], own: Own) -> bool:
    if list_address(headers) in own:
        return True
    name = line(headers, "list-id", 500).lower().rpartition("<")[2].rstrip("> ")
    return any(address.replace("@", ".") == name for address in own.addresses)
