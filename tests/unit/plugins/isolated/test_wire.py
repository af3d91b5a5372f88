"""Frames: what goes in comes out, and what is no frame harms nobody."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from synchub.plugins.isolated import wire


class Own(StrEnum):
    ONE = "one"


def through(head: Any, body: bytes = b"") -> tuple[Any, bytes]:
    file = io.BytesIO()
    wire.send(file, head, body)
    file.seek(0)
    return wire.receive(lambda count: file.read(min(count, 7)))


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 1.5, None, True, "é", {"deep": []}]},
        {
            "sum": Decimal("1.10"),
            "day": date(2024, 5, 1),
            "at": datetime(2024, 5, 1, 10, tzinfo=UTC),
            "raw": b"\x00\xff",
        },
        [10**30, -(10**30)],
        [10**30, Decimal("1.10")],
        {"": "", "\0": "x"},
    ],
)
def test_plain_values_arrive_as_they_are(value: Any) -> None:
    said, body = through(value, b"body")
    assert (said, body) == (value, b"body")
    assert repr(said) == repr(value)


def test_what_is_of_a_class_of_its_own_arrives_plain() -> None:
    assert through([(1, 2), {3}, Own.ONE])[0] == [[1, 2], [3], "one"]


def test_what_is_not_plain_is_refused_with_nothing_written() -> None:
    file = io.BytesIO()
    with pytest.raises(TypeError, match="object"):
        wire.send(file, {"x": object()})
    assert file.getvalue() == b""


@pytest.mark.parametrize("text", [b"", b"printed by somebody, and long enough to be a head", b"\xff" * 100])
def test_what_is_no_frame_is_broken(text: bytes) -> None:
    with pytest.raises(wire.Broken):
        wire.receive(io.BytesIO(text).read)
