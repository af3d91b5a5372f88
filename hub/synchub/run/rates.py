"""Exchange rates: of the day, from the European Central Bank's table or a plugin, and once used, used for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import text

from synchub.api import Rates
from synchub.record.store import Store


class PinnedRates:
    """Looks a rate up once; what was found is kept in the store and never asked for again."""

    def __init__(self, store: Store, sources: Mapping[str, Callable[[], Rates]]) -> None:
        self._store = store
        self._sources = sources
        self._known: dict[tuple[str, str, str], str | None] = {}

    def rate(self, source: str, target: str, day: str) -> str | None:
        """How many units of `target` one unit of `source` bought on `day` (ISO date); None if nobody knows."""
        key = (source, target, day)
        if key not in self._known:
            self._known[key] = self._stored(key) or self._find(key)
        return self._known[key]

    def _stored(self, key: tuple[str, str, str]) -> str | None:
        query = text("SELECT value FROM rate WHERE source = :source AND target = :target AND day = :day")
        with self._store.read() as tx:
            return tx.execute(query, dict(zip(("source", "target", "day"), key, strict=True))).scalar()

    def _find(self, key: tuple[str, str, str]) -> str | None:
        for source in [*(make() for make in self._sources.values()), self._bank]:
            found = source.rate(*key)
            if found is not None:
                return found
        return None

    def pin(self, tx: Any) -> None:
        """Keep the rates that were used."""
        used = [
            dict(zip(("source", "target", "day", "value"), (*key, value), strict=True))
            for key, value in self._known.items()
            if value
        ]
        if used:
            tx.execute(
                text(
                    "INSERT INTO rate (source, target, day, value) VALUES (:source, :target, :day, :value) ON CONFLICT DO NOTHING"
                ),
                used,
            )

    @cached_property
    def _bank(self) -> Rates:
        return EuropeanCentralBank()


class EuropeanCentralBank:
    """The table that the library CurrencyConverter bundles; a day without a rate takes the last one before it."""

    def __init__(self) -> None:
        self._tables: dict[frozenset[str], Any] = {}

    @cached_property
    def _lines(self) -> list[list[str]]:
        from currency_converter.currency_converter import CURRENCY_FILE, get_lines_from_zip

        return [line.split(",") for line in get_lines_from_zip(Path(CURRENCY_FILE).read_bytes())]

    def _table(self, wanted: frozenset[str]) -> Any:
        """A converter of these currencies: it takes a second to make one of all that there are."""
        from currency_converter import CurrencyConverter

        table = CurrencyConverter(
            None,
            fallback_on_missing_rate=True,
            fallback_on_missing_rate_method="last_known",
            fallback_on_wrong_date=True,
            decimal=True,
        )
        places = [0, *(place for place, name in enumerate(self._lines[0]) if name in wanted | {"USD"})]
        table.load_lines(",".join(line[place] for place in places) for line in self._lines)
        return table

    def rate(self, source: str, target: str, day: str) -> str | None:
        pair = frozenset((source, target))
        if not pair <= {*filter(None, self._lines[0][1:]), "EUR"}:
            return None
        if pair not in self._tables:
            self._tables[pair] = self._table(pair)
        return format(Decimal(self._tables[pair].convert(1, source, target, date=date.fromisoformat(day))), "f")
