"""The journal: what an operation was to change, as this version writes it and as earlier ones did."""

from __future__ import annotations

import polars as pl
import pytest

from synchub.record.codec import pack
from synchub.record.journal import changed

CHANGE = {"to.city": "Bonn", "as.city": "Bonn", "was.city": "", "to.revenue": "5", "as.revenue": "5.00 EUR"}


@pytest.mark.parametrize(
    "stored",
    [
        pack(pl.DataFrame(CHANGE), list(CHANGE))[0],
        '{"to.city":"Bonn","as.city":"Bonn","was.city":"","to.revenue":"5","as.revenue":"5.00 EUR"}',
    ],
    ids=["now", "earlier"],
)
def test_what_an_operation_was_to_change(stored: str) -> None:
    assert changed(stored) == CHANGE


@pytest.mark.parametrize("stored", ["", "{}"])
def test_an_operation_that_changes_no_field(stored: str) -> None:
    assert changed(stored) == {}
