"""The `[[tests]]` of a mapping file, run without any system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from synchub.mapping.compiled import CompiledMapping
from synchub.mapping.forms import Unreadable, read_one
from synchub.mapping.kinds import canonical_form
from synchub.mapping.native import native_frame, native_text
from synchub.mapping.outward import TO, WHY_NOT
from synchub.model import BLANK, VALUE
from synchub.spec.answers import Difference, MappingTestResult
from synchub.spec.mapping import MappingFile, MappingTest

_COUNTED = ("number", "integer", "money")
"""Types whose native texts are compared by what they mean: 110 and 110.00 are the same."""


def run_tests(name: str, compiled: CompiledMapping, mapping: MappingFile) -> list[MappingTestResult]:
    """Run every test of a mapping. Only the fields that a test names on its right side are compared.

    A canonical value may be written in any spelling of its type; "" stands for a value that was cleared. A
    native field that a test doesn't name is empty; the key may be left out.
    """
    results = []
    for number, test in enumerate(mapping.tests, start=1):
        differences: list[Difference] = []
        problem = ""
        try:
            differences = _outward(compiled, test) if test.direction == "out" else _inward(compiled, test)
        except Unreadable as error:
            problem = str(error)
        results.append(MappingTestResult(name, number, test.direction, tuple(differences), problem))
    return results


def _inward(compiled: CompiledMapping, test: MappingTest) -> list[Difference]:
    frame = native_frame([test.native], compiled.natives)
    named = [pl.when(pl.col(key) == BLANK).then(pl.lit("1")).otherwise(key).alias(key) for key in compiled.keys]
    mapped = compiled.inward(frame.with_columns(named))
    if mapped.frame.is_empty():
        raise Unreadable("; ".join(f"{field}: {reason}" for field, reason in _reasons(mapped.errors)))
    row = mapped.frame.row(0, named=True)
    differences = []
    for field, expected in _canonical(compiled, test.canonical).items():
        got = row.get(VALUE + field)
        if got != expected:
            differences.append(Difference(field, expected, got))
    return differences


def _reasons(errors: pl.DataFrame) -> list[tuple[str, str]]:
    return errors.select("field", "reason").rows()


def _outward(compiled: CompiledMapping, test: MappingTest) -> list[Difference]:
    golden = _canonical(compiled, test.canonical)
    frame = pl.DataFrame({name: [text] for name, text in golden.items()} or {"": [None]})
    row = compiled.outward(frame).row(0, named=True)
    fields = {compiled.native_target(field): field for field in compiled.outward_fields}
    differences = []
    for native, value in test.native.items():
        expected = native_text(value) or BLANK
        field = fields.get(native)
        got = None if field is None else row[TO + field]
        if field is not None and row[WHY_NOT + field] is not None:
            got = f"not sent: {row[WHY_NOT + field]}"
        if got is None or field is None or not _same(compiled, field, expected, got):
            differences.append(Difference(native, expected, got))
    return differences


def _same(compiled: CompiledMapping, field: str, expected: str, got: str) -> bool:
    if expected == got or compiled.fields[field].declaration.type not in _COUNTED:
        return expected == got
    one, other = compiled.comparable(field, pl.Series([expected, got]))
    return bool(one == other)


def _canonical(compiled: CompiledMapping, given: Mapping[str, Any]) -> dict[str, str]:
    """What a test says in TOML, as canonical text."""
    found = {}
    for name, value in given.items():
        if name not in compiled.entity.fields:
            raise Unreadable(f"'{name}' is no field of {compiled.entity.name}")
        form = canonical_form(compiled.entity.fields[name], compiled.entity, compiled.settings)
        try:
            found[name] = read_one(form, native_text(value) or BLANK)
        except Unreadable as error:
            raise Unreadable(f"{name} in the test: {error}") from None
    return found
