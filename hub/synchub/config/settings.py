"""What the declarations can't tell about [hub] and [serve]: whether a time zone, a region, a currency exists."""

from __future__ import annotations

import re
import zoneinfo

from synchub.config.document import Document
from synchub.config.problems import Problem, did_you_mean
from synchub.secrets import is_reference, url_password
from synchub.spec.hub import HubSettings, ServeSettings

STORES = ("sqlite", "postgresql")


def settings_problems(settings: HubSettings, document: Document) -> list[Problem]:
    """Everything wrong with [hub] beyond the form of its values. References are passed over."""
    checks = {
        "store": _store_flaw,
        "timezone": _timezone_flaw,
        "region": _region_flaw,
        "currency": _currency_flaw,
    }
    problems = []
    for name in settings.model_fields_set & checks.keys():
        value = getattr(settings, name)
        flaw = None if is_reference(value) else checks[name](value)
        if flaw:
            problems.append(document.problem(("hub", name), *flaw, part="value"))
    return problems


LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})")
"""HOST:PORT; an IPv6 address in brackets."""


def place_of(listen: str) -> tuple[str, int] | None:
    """Host and port of what `listen` says; None if it is no such thing."""
    match = LISTEN.fullmatch(listen)
    return (match[1].strip("[]"), int(match[2])) if match and int(match[2]) < 65536 else None


def serve_problems(settings: ServeSettings, document: Document) -> list[Problem]:
    """Everything wrong with [serve] beyond the form of its values. References are passed over."""
    problems = []
    if settings.listen != "off" and not is_reference(settings.listen) and place_of(settings.listen) is None:
        fix = 'write HOST:PORT, such as "127.0.0.1:9464", or "off"'
        problems.append(
            document.problem(("serve", "listen"), f"'{settings.listen}' is no HOST:PORT", fix, part="value")
        )
    notify = settings.notify
    if notify is not None and not is_reference(notify) and not notify.startswith(("https://", "http://")):
        fix = 'write an address that begins with https://, or "env:NAME"'
        problems.append(document.problem(("serve", "notify"), "notices can't be posted there", fix, part="value"))
    return problems


def _store_flaw(url: str) -> tuple[str, str] | None:
    kind = url.partition(":")[0].partition("+")[0]
    if url_password(url):
        return "'store' holds a password in clear text", 'write "env:NAME" or "keyring:NAME"'
    if kind in STORES and ":" in url:
        return None
    return "the store must be a URL of SQLite or PostgreSQL", 'for example "sqlite:///hub.db"'


def _timezone_flaw(name: str) -> tuple[str, str] | None:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        fix = did_you_mean(name, zoneinfo.available_timezones()) or 'for example "Europe/Berlin"'
        return f"unknown time zone '{name}'", fix
    return None


def _region_flaw(code: str) -> tuple[str, str] | None:
    # Imported here: only a hub that names a region pays for the list of them.
    import pycountry

    if pycountry.countries.get(alpha_2=code) is not None:
        return None
    meant = {"UK": "GB", "EN": "GB"}.get(code)
    fix = f"did you mean '{meant}'?" if meant else "write the ISO 3166 code of a country, such as DE"
    return f"unknown region '{code}'", fix


def _currency_flaw(code: str) -> tuple[str, str] | None:
    import pycountry

    if pycountry.currencies.get(alpha_3=code) is not None:
        return None
    return f"unknown currency '{code}'", "write the ISO 4217 code, such as EUR"
