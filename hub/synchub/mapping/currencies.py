"""Currencies by ISO 4217: their codes, how many decimals each has, and the signs people write for them."""

from __future__ import annotations

from typing import Final

import pycountry

_NO_DECIMALS: Final = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_THREE_DECIMALS: Final = frozenset(
    (
        "BHD",
        "IQD",
        "JOD",
        "KWD",
        "LYD",
        "OMR",
        "TND",
    )
)
_RETIRED: Final = frozenset(
    (
        "ATS",
        "BEF",
        "BGN",
        "DEM",
        "ESP",
        "FIM",
        "FRF",
        "GRD",
        "HRK",
        "IEP",
        "ITL",
        "LTL",
        "LUF",
        "LVL",
        "NLG",
        "PTE",
        "SIT",
        "SKK",
        "EEK",
        "MTL",
        "CYP",
    )
)

SYMBOLS: Final[dict[str, tuple[str, ...]]] = {
    "US$": ("USD",),
    "AU$": ("AUD",),
    "CA$": ("CAD",),
    "NZ$": ("NZD",),
    "HK$": ("HKD",),
    "A$": ("AUD",),
    "C$": ("CAD",),
    "R$": ("BRL",),
    "$": ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "CLP", "COP", "ARS", "TWD"),
    "€": ("EUR",),
    "£": ("GBP",),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
    "₽": ("RUB",),
    "₺": ("TRY",),
    "₩": ("KRW",),
    "₪": ("ILS",),
    "₴": ("UAH",),
    "₫": ("VND",),
    "฿": ("THB",),
    "zł": ("PLN",),
    "Kč": ("CZK",),
    "Ft": ("HUF",),
    "Fr.": ("CHF",),
    "SFr.": ("CHF",),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "Euro": ("EUR",),
    "euro": ("EUR",),
}
"""A sign and what it may mean: the field's own currency if it is among them, else the first."""


def is_currency(code: str) -> bool:
    """Whether a text is a currency's code, today's or one that the euro replaced."""
    return len(code) == 3 and (code in _RETIRED or pycountry.currencies.get(alpha_3=code) is not None)


def digits_of(code: str) -> int:
    """How many decimals amounts in this currency have."""
    return 0 if code in _NO_DECIMALS else 3 if code in _THREE_DECIMALS else 2
