"""Walking data and its pydantic declaration side by side: which declaration speaks of which value."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from synchub.config.problems import KeyPath


@dataclass(frozen=True, slots=True)
class Place:
    """A value of the data together with what the declarations say it has to be."""

    path: KeyPath
    annotation: Any
    value: Any

    @property
    def model(self) -> type[BaseModel] | None:
        return next((option for option in options(self.annotation) if is_model(option)), None)

    @property
    def forms(self) -> list[str]:
        """The patterns that a text here must have, where it may also be something else."""
        return patterns(self.annotation)

    @property
    def secret(self) -> bool:
        return any(option in (SecretStr, SecretBytes) for option in options(self.annotation))


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys that a table of this model may hold, with pydantic's knowledge of each."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def places(annotation: Any, value: Any, path: KeyPath = ()) -> Iterator[Place]:
    """Every value of the data that the declarations speak of, from the outside in."""
    yield Place(path, annotation, value)
    for option in options(annotation):
        if isinstance(value, dict):
            for key, declared in _children(option, value).items():
                yield from places(declared, value[key], (*path, key))
        elif isinstance(value, list) and typing.get_origin(option) in (tuple, list, set, frozenset, Sequence):
            for number, element in enumerate(value):
                yield from places(typing.get_args(option)[0], element, (*path, number))


def _children(option: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    """For the keys of a table that are declared: what their values have to be."""
    if is_model(option):
        return {key: field.annotation for key, field in keys(option).items() if key in value}
    if typing.get_origin(option) in (dict, Mapping):
        return dict.fromkeys(value, typing.get_args(option)[1])
    return {}


def options(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type: `Annotated[int, …] | None` is int and None."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return options(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return tuple(option for part in typing.get_args(annotation) for option in options(part))
    return (annotation,)


def patterns(annotation: Any) -> list[str]:
    """The patterns that the texts among the alternatives of a type must have."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [pattern for part in typing.get_args(annotation) for pattern in patterns(part)]
    fields = [detail for detail in getattr(annotation, "__metadata__", ()) if isinstance(detail, FieldInfo)]
    return [str(inner.pattern) for field in fields for inner in field.metadata if hasattr(inner, "pattern")]


def is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def nested_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that a model's tables hold, at any depth, in the order of the declarations; each once."""
    found: dict[type[BaseModel], None] = {}

    def visit(annotation: Any) -> None:
        for option in options(annotation):
            if is_model(option):
                if option not in found:
                    found[option] = None
                    for field in keys(option).values():
                        visit(field.annotation)
            else:
                for inner in typing.get_args(option):
                    visit(inner)

    for field in keys(model).values():
        visit(field.annotation)
    return list(found)
