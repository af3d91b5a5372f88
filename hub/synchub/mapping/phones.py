"""The type phone: E.164 by the `phonenumbers` library, its rules for common numbers applied to columns.

The library understands 14 to 30 thousand numbers a second. Its rules for a number without peculiarities are
few: find the calling code, take away the trunk prefix, check the length. They are read from its own metadata
and applied here only where nothing else in it could have a say; every other number goes to the library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers
import polars as pl
from phonenumbers import PhoneMetadata

from synchub.mapping.forms import Form, Unreadable

_SHAPE: Final = r"^\(?(\+?)([0-9 \-./()]*?[0-9])\)?(?: ?(?:x|ext\.? ?)[0-9]{1,5})?$"
_LONGEST: Final = 40
_FEW: Final = 8
"""So few numbers of one country are not worth a pass over columns."""


def phone_form(region: str) -> Form:
    """A phone number that could exist; one without a calling code is of `region`. Extensions go."""

    def parse(text: str) -> str:
        for candidate in _candidates(text):
            number = _number(candidate, region)
            while number is not None and number.italian_leading_zero and number.national_number:
                # The library would strip a second trunk prefix if it read its own answer.
                again = _number(_e164(number), region)
                if again == number:
                    break
                number = again
            if number is not None and number.national_number:
                return _e164(number)
        raise Unreadable(f"is not a phone number (region {region})")

    return Form(parse, lambda texts: _sure(texts, region))


def _number(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _candidates(text: str) -> tuple[str, ...]:
    # 00 stands for + in most of the world; people write it also where it doesn't, as in the US.
    return (text, f"+{text[2:]}") if text.startswith("00") else (text,)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A country's numbering plan, as far as columns need it. `strips`: a trunk prefix simply goes."""

    code: str
    lengths: frozenset[int]
    viable: str
    prefix: str | None
    strips: bool


def _sure(texts: pl.Series, region: str) -> pl.Series:
    distinct = texts.drop_nulls().unique().alias("text")
    split = distinct.to_frame().select(
        "text",
        plus=pl.col("text").str.extract(_SHAPE, 1),
        digits=pl.col("text").str.extract(_SHAPE, 2).str.replace_all(r"[^0-9]", ""),
    )
    split = split.filter(pl.col("digits").is_not_null() & (pl.col("text").str.len_chars() <= _LONGEST))
    known = pl.concat([_international(split, region), _national(split, region)])
    return texts.replace_strict(known["text"], known["number"], default=None, return_dtype=pl.String)


def _international(split: pl.DataFrame, region: str) -> pl.DataFrame:
    own = _metadata(region)
    double_zero = pl.lit(own is not None and own.international_prefix == "00") & pl.col("digits").str.contains(
        "^00[1-9]"
    )
    codes = "|".join(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    full = (
        split.select(
            "text",
            full=pl.when(pl.col("plus") == "+").then("digits").when(double_zero).then(pl.col("digits").str.slice(2)),
        )
        .with_columns(code=pl.col("full").str.extract(f"^({codes})"))
        .filter(pl.col("code").is_not_null())
        .select("text", "code", national=pl.col("full").str.slice(pl.col("code").str.len_chars()))
    )
    found = [_nothing()]
    for (code,), numbers in full.partition_by("code", as_dict=True).items():
        plan = _plan(phonenumbers.region_code_for_country_code(int(code)))
        if plan is not None and len(numbers) >= _FEW:
            found.append(_numbers(numbers, plan))
    return pl.concat(found)


def _national(split: pl.DataFrame, region: str) -> pl.DataFrame:
    own, plan = _metadata(region), _plan(region)
    if own is None or plan is None or own.country_code is None:
        return _nothing()
    if phonenumbers.region_code_for_country_code(own.country_code) != region:
        return _nothing()
    digits = pl.col("digits")
    abroad = digits.str.contains(f"^(?:{own.international_prefix})") if own.international_prefix else pl.lit(False)
    plain = split.filter(
        (pl.col("plus") == "") & ~digits.str.starts_with("00") & ~abroad & ~digits.str.starts_with(plan.code)
    )
    return _numbers(plain.select("text", national="digits"), plan)


def _numbers(numbers: pl.DataFrame, plan: _Plan) -> pl.DataFrame:
    """Texts and their E.164 numbers, for those national numbers that the plan leaves no doubt about."""
    national = pl.col("national")
    if plan.prefix is None:
        stripped = national
    else:
        pattern = f"^(?:{plan.prefix})"
        bare = national.str.replace(pattern, "")
        sure = pl.lit(plan.strips) & ~national.str.contains(plan.viable) & ~bare.str.contains(pattern)
        stripped = pl.when(~national.str.contains(pattern)).then(national).when(sure).then(bare)
    # Zeros alone are possible by their length, but nobody's number.
    possible = stripped.str.contains("[1-9]") & stripped.str.len_chars().is_in(sorted(plan.lengths))
    return numbers.select("text", number=pl.when(possible).then(pl.lit(f"+{plan.code}") + stripped)).drop_nulls()


@cache
def _plan(region: str) -> _Plan | None:
    metadata = _metadata(region)
    if metadata is None or metadata.general_desc is None:
        return None
    description = metadata.general_desc
    prefix = metadata.national_prefix_for_parsing or None
    if prefix is not None and re.search(r"\(\?[=!<]|\\[1-9]", prefix):
        return None
    return _Plan(
        code=str(metadata.country_code),
        lengths=frozenset(description.possible_length),
        viable=f"^(?:{description.national_number_pattern})$",
        prefix=prefix,
        strips=not metadata.national_prefix_transform_rule,
    )


def _metadata(region: str) -> PhoneMetadata | None:
    return PhoneMetadata.metadata_for_region(region, None)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"text": pl.String, "number": pl.String})
