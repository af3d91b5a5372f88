"""Folders with a hub in them, one for each kind of job."""

from __future__ import annotations

from pathlib import Path

from benchmarks.crm import NATIVE
from benchmarks.people import FIELDS

_HUB = """
[hub]
name = "bench"
region = "DE"
timezone = "Europe/Berlin"
store = "{store}"
"""
_EUR = '{ native = "revenue", currency = "EUR" }'


def file(path: Path, name: str = "fair") -> str:
    """A system that is a CSV or a workbook."""
    return f'[systems.{name}]\nconnector = "spreadsheet"\npath = "{path}"\nkey = "id"\n'


def database(name: str, url: str, *, cursor: bool = False) -> str:
    """A system that is a database."""
    cursors = 'cursors = { customers = "updated_at" }\n' if cursor else ""
    return f'[systems.{name}]\nconnector = "sql"\nurl = "{url}"\n{cursors}'


def crm(name: str, url: str, requests: int) -> str:
    """A system that is an account of benchmarks.crm, and how many requests it may be sent in ten seconds."""
    settings = f'connector = "hubspot"\nurl = "{url}/{name}"\ntoken = "env:CRM_TOKEN"\n'
    return f"[systems.{name}]\n{settings}requests_per_10_seconds = {requests}\n"


def member(name: str, stream: str, *settings: str, sync: str = "contacts") -> str:
    return (
        f"[syncs.{sync}.members.{name}]\n"
        + "\n".join([f'stream = "{stream}"', f'mapping = "{name}"', *settings])
        + "\n"
    )


def sync(entity: str = "contact", name: str = "contacts") -> str:
    return f'[syncs.{name}]\nentity = "{entity}"\n'


def write_hub(folder: Path, store: str, *parts: str) -> None:
    """hub.toml; mappings come with `write_mapping`."""
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "hub.toml").write_text("\n".join([_HUB.format(store=store), *parts]))


def write_mapping(folder: Path, name: str, *, key: str = "id", **special: str) -> None:
    """All 13 fields, by their own names unless `special` says otherwise."""
    lines = [f"{field} = {special.get(field, chr(34) + field + chr(34))}" for field in FIELDS]
    (folder / f"mappings/{name}.toml").write_text(
        f'entity = "contact"\nkey = "{key}"\n\n[fields]\n' + "\n".join(lines) + "\n"
    )


def write_database_mapping(folder: Path, name: str) -> None:
    """The same for a table whose amounts are plain numbers."""
    write_mapping(folder, name, revenue=_EUR)


def write_crm_mapping(folder: Path, name: str) -> None:
    """The same for benchmarks.crm."""
    write_mapping(folder, name, key="hs_object_id", **{field: f'"{native}"' for field, native in NATIVE.items()})


def write_event_mapping(folder: Path, name: str) -> None:
    (folder / f"mappings/{name}.toml").write_text(
        'entity = "event"\nkey = "id"\n\n[fields]\ncontact = { native = "email", by = "email" }\n'
        'occurred_at = "at"\ntype = "kind"\nsubject = "page"\n'
    )
