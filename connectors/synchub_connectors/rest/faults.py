"""What is wrong with a description, told with its place: `synchub check` shows line and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Fault = tuple[tuple[str, ...], str]
"""Where, from the model that is looked at; and what. An empty text: the key is missing."""


class Part(BaseModel):
    """Base of all that a description says."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def refuse(faults: Iterable[Fault]) -> None:
    """Raise all faults at once, if there are any. Called by validators."""
    texts: dict[tuple[str, ...], list[str]] = {}
    for place, text in faults:
        texts.setdefault(place, []).append(text)
    told: list[InitErrorDetails] = []
    for place, some in texts.items():
        if "" in some:
            told.append({"type": "missing", "loc": place, "input": {}})
        else:
            error = PydanticCustomError("fault", "{text}", {"text": "; ".join(some)})
            told.append({"type": error, "loc": place, "input": None})
    if told:
        raise ValidationError.from_exception_data("description", told)


def of_kind(
    part: BaseModel, kind: str, needed: Mapping[str, tuple[str, ...]], allowed: Mapping[str, tuple[str, ...]]
) -> list[Fault]:
    """What a part of one kind misses, and what belongs to other kinds. `needed` and `allowed`: the keys of each kind."""
    own = {*needed[kind], *allowed.get(kind, ())}
    every = {key for keys in (*needed.values(), *allowed.values()) for key in keys}
    faults: list[Fault] = [((key,), "") for key in needed[kind] if key not in part.model_fields_set]
    for key in sorted((every - own) & part.model_fields_set):
        takes = f"takes {', '.join(sorted(own))}" if own else "takes nothing"
        faults.append(((key,), f'does not belong to kind = "{kind}", which {takes}'))
    return faults


def meant(word: str, known: Iterable[str]) -> str:
    """The known word that was meant, as the end of a sentence."""
    names = sorted(set(known))
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f": did you mean '{close[0]}'?"
    return f": known: {', '.join(names)}" if names else ""
