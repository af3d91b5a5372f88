"""What passes the door of a connector, as plain tables and back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, SecretStr

from synchub import errors
from synchub.api import ArrowStream, BrokenRow, Field, Page, Stream, SynchubError

KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, SynchubError) and kind is not SynchubError
}


def settings(model: BaseModel) -> Any:
    """What a connector's settings were made from, secrets revealed: only what was said."""
    return _revealed(model.model_dump(by_alias=True, exclude_unset=True))


def _revealed(value: Any) -> Any:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Mapping():
            return {key: _revealed(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_revealed(each) for each in value]
        case Enum():
            return value.value
        case PurePath():
            return str(value)
    return value


def table(thing: Any) -> dict[str, Any]:
    """A dataclass of the interface as a table; what is in it stays as it is, but for other such."""
    assert is_dataclass(thing)
    return (
        asdict(thing) if isinstance(thing, Stream) else {each.name: getattr(thing, each.name) for each in fields(thing)}
    )


def stream(said: Mapping[str, Any]) -> Stream:
    inner = tuple(Field(**{**each, "options": tuple(each["options"])}) for each in said["fields"])
    lists = {name: tuple(said[name]) for name in ("key", "matching_keys")}
    return Stream(**{**said, **lists, "fields": inner, "writes": frozenset(said["writes"])})


def page(said: Page) -> tuple[dict[str, Any], bytes]:
    """A page as a table, and its rows as Arrow data if that is what they are."""
    body = arrow(said.rows) if isinstance(said.rows, ArrowStream) else b""
    rows = [] if isinstance(said.rows, ArrowStream) else list(said.rows)
    broken = [table(each) for each in said.broken]
    return {**table(said), "rows": rows, "broken": broken, "merged": dict(said.merged)}, body


def page_of(said: Mapping[str, Any], body: bytes) -> Page:
    broken = tuple(BrokenRow(**each) for each in said["broken"])
    rows = frame(body) if body else said["rows"]
    names = {name: tuple(said[name]) for name in ("fields", "deleted")}
    return Page(**{**said, **names, "rows": rows, "broken": broken})


def arrow(rows: ArrowStream) -> bytes:
    import polars as pl

    out = io.BytesIO()
    pl.DataFrame(rows).write_ipc_stream(out)
    return out.getvalue()


def frame(body: bytes) -> ArrowStream:
    import polars as pl

    return pl.read_ipc_stream(io.BytesIO(body))


def error(raised: SynchubError) -> dict[str, Any]:
    more = {name: getattr(raised, name) for name in ("after", "problems") if hasattr(raised, name)}
    said = {name: getattr(raised, name) for name in ("happened", "not_done", "next_step")}
    return {"kind": type(raised).__name__, **said, **more}


def error_of(said: Mapping[str, Any]) -> SynchubError:
    """The error that the other side raised. One of no known kind is the plugin's own fault."""
    kind = KINDS.get(str(said.get("kind")), errors.PluginError)
    texts = {name: str(said.get(name) or "") for name in ("not_done", "next_step")}
    if kind is errors.RetryLater:
        after = said.get("after")
        return errors.RetryLater(
            str(said["happened"]), **texts, after=after if isinstance(after, int | float) else None
        )
    if kind is errors.ConfigurationError:
        problems = tuple(map(str, said.get("problems") or ()))
        return errors.ConfigurationError(str(said["happened"]), **texts, problems=problems)
    return kind(str(said["happened"]), **texts)
