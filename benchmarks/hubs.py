"""Folders with a hub in them, one for each kind of job."""

from __future__ import annotations

from pathlib import Path

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


def write_mapping(folder: Path, name: str, **special: str) -> None:
    """All 13 fields, by their own names unless `special` says otherwise."""
    lines = [f"{field} = {special.get(field, chr(34) + field + chr(34))}" for field in FIELDS]
    (folder / f"mappings/{name}.toml").write_text(
        'entity = "contact"\nkey = "id"\n\n[fields]\n' + "\n".join(lines) + "\n"
    )


def write_database_mapping(folder: Path, name: str) -> None:
    """The same for a table whose amounts are plain numbers."""
    write_mapping(folder, name, revenue=_EUR)


def write_event_mapping(folder: Path, name: str) -> None:
    (folder / f"mappings/{name}.toml").write_text(
        'entity = "event"\nkey = "id"\n\n[fields]\ncontact = { native = "email", by = "email" }\n'
        'occurred_at = "at"\ntype = "kind"\nsubject = "page"\n'
    )
