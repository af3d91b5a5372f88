"""Where keys and values stand in a file."""

from __future__ import annotations

import tomllib

import pytest

from synchub.config.source import LARGEST, locate, parse_source, read_source

TEXT = '''\
top = 1
[a . "b c"]
x.y."z" = [1, { deep = "ü", after = 2 }]
many = """
[not.a.header]
"""
[[list]]
[list.inner]
k = 1
  [[list]]
  inner = { k = [
[ 2 ],
  3] }
'''


def test_the_text_is_right() -> None:
    assert tomllib.loads(TEXT)["list"][1]["inner"]["k"] == [[2], 3]


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("top",), (1, 1), (1, 7)),
        (("a",), (2, 2), (2, 2)),
        (("a", "b c"), (2, 6), (2, 6)),
        (("a", "b c", "x"), (3, 1), (3, 1)),
        (("a", "b c", "x", "y"), (3, 3), (3, 3)),
        (("a", "b c", "x", "y", "z"), (3, 5), (3, 11)),
        (("a", "b c", "x", "y", "z", 1), (3, 15), (3, 15)),
        (("a", "b c", "x", "y", "z", 1, "deep"), (3, 17), (3, 24)),
        (("a", "b c", "x", "y", "z", 1, "after"), (3, 29), (3, 37)),
        (("a", "b c", "many"), (4, 1), (4, 8)),
        (("list", 0), (7, 1), (7, 1)),
        (("list", 0, "inner"), (8, 7), (8, 7)),
        (("list", 0, "inner", "k"), (9, 1), (9, 5)),
        (("list", 1), (10, 3), (10, 3)),
        (("list", 1, "inner", "k", 0), (12, 1), (12, 1)),
        (("list", 1, "inner", "k", 1), (13, 3), (13, 3)),
        (("a", "b c", "missing"), (2, 6), (2, 6)),
        (("missing",), (1, 1), (1, 1)),
        ((), (1, 1), (1, 1)),
    ],
)
def test_positions(path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int]) -> None:
    found = locate(TEXT)
    assert found.at(path, "key") == key
    assert found.at(path, "value") == value


def test_what_looks_like_a_header_in_a_text_is_none() -> None:
    assert ("not",) not in locate(TEXT).keys


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"a = \n", "f:1:5: this is not TOML: invalid value"),
        (b'a = "x', "f:1:7: this is not TOML: unterminated string"),
        (b"a = 1\n\nb = [", "f:3:6: this is not TOML: invalid value"),
        ("ü = 1".encode(), "f:1:1: this is not TOML: invalid statement"),
    ],
)
def test_malformed_text(raw: bytes, place: str) -> None:
    assert str(parse_source(raw, "f")) == place


def test_a_huge_file_is_not_read(tmp_path: object) -> None:
    import pathlib

    assert isinstance(tmp_path, pathlib.Path)
    file = tmp_path / "hub.toml"
    with file.open("wb") as opened:
        opened.truncate(LARGEST + 1)
    assert str(read_source(file, "hub.toml")) == "hub.toml:1:1: the file is larger than 4 MiB: split it"
