"""env:NAME in hub.toml: which names are not set, and the data with what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synchub.config.problems import KeyPath
from synchub.secrets import is_reference

ENV = "env:"


def texts(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text in some data, with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from texts(inner, (*path, number))


def unset(data: Any, environ: Mapping[str, str]) -> list[tuple[KeyPath, str]]:
    """The places of references to environment variables that are not set, with the variables' names."""
    return [
        (path, text.removeprefix(ENV))
        for path, text in texts(data)
        if text.startswith(ENV) and is_reference(text) and text.removeprefix(ENV) not in environ
    ]


def substituted(value: Any, environ: Mapping[str, str]) -> Any:
    """The data with each env:NAME that is set replaced by its value; other references stay."""
    if isinstance(value, str):
        return environ.get(value.removeprefix(ENV), value) if value.startswith(ENV) else value
    if isinstance(value, dict):
        return {key: substituted(inner, environ) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [substituted(inner, environ) for inner in value]
    return value
