"""The types that count: number, integer and money."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import Final

import polars as pl

from synchub.mapping.currencies import SYMBOLS, digits_of, is_currency
from synchub.mapping.forms import Form, Unreadable, evaluate

POINT_REGIONS: Final = frozenset(
    (
        "AU",
        "BD",
        "BW",
        "CA",
        "CN",
        "EG",
        "GB",
        "GH",
        "GT",
        "HK",
        "HN",
        "IE",
        "IL",
        "IN",
        "JP",
        "KE",
        "KR",
        "LK",
        "MT",
        "MX",
        "MY",
        "NG",
        "NI",
        "NP",
        "NZ",
        "PA",
        "PH",
        "PK",
        "PR",
        "SG",
        "SV",
        "TH",
        "TW",
        "TZ",
        "UG",
        "US",
        "ZA",
        "ZW",
    )
)
"""Regions that write a decimal point, so that the comma in 1,234 parts thousands there."""

_PLAIN: Final = r"^[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?$"
_CANONICAL: Final = r"^-?[0-9]{1,30}(?:\.[0-9]{1,30})? [A-Z]{3}$"
_GROUPS: Final = re.compile(r"\d{1,3}(?:([,.' \u00a0\u202f\u2019])\d{3})(?:\1\d{3})*")
_LONGEST: Final = 100
_MOST_DIGITS: Final = 30
_MOST_DECIMALS: Final = 60
_CODE_FIRST: Final = re.compile(r"([A-Za-z]{3})\s*([+-]?\s*[\d.,'’\s]+)")
_CODE_LAST: Final = re.compile(r"([+-]?\s*[\d.,'’\s]+?)\s*([A-Za-z]{3})")


def number_form(region: str) -> Form:
    """A decimal number: with a decimal point, or as people in `region` write it."""
    return Form(lambda text: plain(decimal_of(text, region)), _sure_number)


def integer_form(region: str) -> Form:
    """A number without a fraction."""

    def parse(text: str) -> str:
        value = decimal_of(text, region, what="whole number")
        if value != value.to_integral_value():
            raise Unreadable("is not a whole number")
        return plain(value)

    def sure(texts: pl.Series) -> pl.Series:
        whole = pl.when(~pl.col("n").str.contains(".", literal=True)).then(pl.col("n"))
        return evaluate(whole, n=_sure_number(texts))

    return Form(parse, sure)


def money_form(currency: str, region: str) -> Form:
    """An amount and its currency: "12.50 EUR". `currency` is that of amounts that name none."""

    def parse(text: str) -> str:
        amount, named = _split(text, currency)
        return money(decimal_of(amount, region, what="amount of money"), named)

    return Form(parse, lambda texts: _sure_money(texts, currency))


def money(amount: Decimal, currency: str) -> str:
    """The canonical text of an amount: at least as many decimals as the currency has."""
    digits = digits_of(currency)
    text = plain(amount)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(digits, '0')} {currency}" if fraction or digits else f"{whole} {currency}"


def convert(text: str, rate: str, target: str) -> str:
    """A canonical amount in another currency, rounded to that currency's smallest coin, without its name."""
    with localcontext() as context:
        context.prec = 80
        exact = Decimal(text.partition(" ")[0]) * Decimal(rate)
        coin = Decimal(1).scaleb(-digits_of(target))
        return format(exact.quantize(coin, rounding=ROUND_HALF_EVEN) + 0, "f")


def plain(value: Decimal) -> str:
    """A decimal as canonical text."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimal_of(text: str, region: str, *, what: str = "number") -> Decimal:
    """A number as people write it, with thousands parted or not. Raises Unreadable."""
    refusal = Unreadable(f"is not a{'n' if what[0] in 'aeiou' else ''} {what}")
    if len(text) > _LONGEST:
        raise refusal
    sign, body = ("-", text[1:].lstrip()) if text[:1] in "-−" else ("", text.removeprefix("+").lstrip())
    if not body[:1].isdigit() and body[:1] not in (".", ","):
        raise refusal
    try:
        value = Decimal(sign + _pointed(body, region))
    except InvalidOperation:
        raise refusal from None
    # An exponent may stand for a text of millions of digits.
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS or "_" in body:
        raise refusal
    if int(value.as_tuple().exponent) < -_MOST_DECIMALS:
        raise refusal
    return value


def _pointed(body: str, region: str) -> str:
    comma, point = body.rfind(","), body.rfind(".")
    if comma >= 0 and point >= 0:
        mark = "," if comma > point else "."
        whole, _, fraction = body.rpartition(mark)
        return f"{_ungrouped(whole)}.{fraction}"
    if comma >= 0:
        grouped = _GROUPS.fullmatch(body) is not None
        if grouped and (body.count(",") > 1 or region in POINT_REGIONS):
            return body.replace(",", "")
        whole, _, fraction = body.rpartition(",")
        return f"{_ungrouped(whole)}.{fraction}"
    if body.count(".") > 1:
        return _ungrouped(body)
    whole, mark, fraction = body.partition(".")
    return f"{_ungrouped(whole)}{mark}{fraction}"


def _ungrouped(whole: str) -> str:
    if whole.isdigit() or not _GROUPS.fullmatch(whole):
        return whole
    return re.sub(r"\D", "", whole)


def _split(text: str, currency: str) -> tuple[str, str]:
    minus = text.startswith(("-", "−"))
    body = text[1:].lstrip() if minus else text
    for pattern, code, amount in ((_CODE_FIRST, 1, 2), (_CODE_LAST, 2, 1)):
        match = pattern.fullmatch(body)
        if match and is_currency(match[code].upper()):
            return ("-" if minus else "") + match[amount].strip(), match[code].upper()
    for symbol, candidates in SYMBOLS.items():
        if body.startswith(symbol) or body.endswith(symbol):
            named = currency if currency in candidates else candidates[0]
            if len(candidates) > 1 and currency not in candidates and symbol == "kr":
                raise Unreadable("does not say which crown it means")
            amount_text = body.removeprefix(symbol) if body.startswith(symbol) else body.removesuffix(symbol)
            return ("-" if minus else "") + amount_text.strip(), named
    return text, currency


def _sure_number(texts: pl.Series) -> pl.Series:
    return _tidy(evaluate(pl.when(pl.col("t").str.contains(_PLAIN)).then("t"), t=texts))


def _tidy(texts: pl.Series) -> pl.Series:
    """Plain decimals without needless signs and zeros. In steps: Polars works out a part at each use."""
    bare = texts.str.strip_prefix("+").str.replace(r"^(-?)0+([0-9])", "${1}${2}")
    pointed = pl.col("t").str.contains(".", literal=True)
    short = pl.col("t").str.strip_chars_end("0").str.strip_chars_end(".")
    return evaluate(pl.when(pointed).then(short).otherwise("t").replace("-0", "0"), t=bare)


def _sure_money(texts: pl.Series, currency: str) -> pl.Series:
    text = pl.col("t")
    frame = (
        texts.to_frame("t")
        .with_columns(named=text.str.contains(_CANONICAL))
        .select(
            code=pl.when("named").then(text.str.tail(3)).otherwise(pl.lit(currency)),
            number=pl.when("named").then(text.str.head(-4)).when(text.str.contains(_PLAIN)).then(text),
        )
    )
    codes = [code for code in frame["code"].unique().to_list() if code is not None and is_currency(code)]
    parts = frame.with_columns(number=_tidy(frame["number"])).select(
        "code",
        digits=pl.col("code").replace_strict(
            codes, [digits_of(code) for code in codes], default=None, return_dtype=pl.Int64
        ),
        whole=pl.col("number").str.extract(r"^([^.]*)"),
        fraction=pl.col("number").str.extract(r"\.(.*)$").fill_null(""),
    )
    fraction, digits = pl.col("fraction"), pl.col("digits")
    filled = (
        pl.when(digits == 2)
        .then(fraction.str.pad_end(2, "0"))
        .when(digits == 3)
        .then(fraction.str.pad_end(3, "0"))
        .otherwise(fraction)
    )
    point = pl.when((fraction != "") | (digits > 0)).then(pl.lit(".")).otherwise(pl.lit(""))
    amount = pl.concat_str("whole", point, filled, pl.lit(" "), "code")
    return parts.select(pl.when(digits.is_not_null()).then(amount)).to_series()
