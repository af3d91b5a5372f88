"""Phones: what columns are sure of against the library itself, over many numbers and regions."""

from __future__ import annotations

import random

import phonenumbers
import polars as pl
import pytest

from synchub.mapping.forms import Unreadable, read, read_one
from synchub.mapping.phones import phone_form

REGIONS = (
    "DE",
    "US",
    "GB",
    "FR",
    "IT",
    "AT",
    "CH",
    "ES",
    "NL",
    "BR",
    "AR",
    "MX",
    "AU",
    "JP",
    "CN",
    "IN",
    "CA",
    "RU",
    "SE",
    "LT",
)


def by_library(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(number) and number.national_number
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else None


def written(number: phonenumbers.PhoneNumber, dice: random.Random) -> str:
    formats = phonenumbers.PhoneNumberFormat
    text = phonenumbers.format_number(number, dice.choice([formats.E164, formats.INTERNATIONAL, formats.NATIONAL]))
    if text.startswith("+") and dice.random() < 0.3:
        text = "00" + text[1:]
    if dice.random() < 0.2:
        text = text.replace(" ", dice.choice(["-", ".", "/", "", "  "]))
    if dice.random() < 0.1:
        text += dice.choice(["x12", " ext. 345", " x 9"])
    return text


def real_numbers(count: int, dice: random.Random) -> list[str]:
    """Examples of all countries, their last digits changed, as people write them."""
    examples = [
        example
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    texts = []
    for _ in range(count):
        example = dice.choice(examples)
        number = phonenumbers.PhoneNumber()
        number.merge_from(example)
        digits = dice.randint(1, 5)
        number.national_number = number.national_number // 10**digits * 10**digits + dice.randrange(10**digits)
        texts.append(written(number, dice))
    return texts


def random_numbers(count: int, dice: random.Random) -> list[str]:
    starts = [
        "",
        "0",
        "00",
        "+",
        "+49",
        "+49 (0)",
        "0049",
        "011",
        "1",
        "+1",
        "49",
        "+44",
        "0044 0",
        "+39 0",
        "+55",
        "90",
    ]
    return [
        dice.choice(starts)
        + "".join(dice.choice("0123456789" if dice.random() < 0.9 else " -/().") for _ in range(dice.randint(1, 15)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_columns_agree_with_the_library(region: str) -> None:
    dice = random.Random(region)
    texts = real_numbers(3000, dice) + random_numbers(3000, dice)
    sure = _sure(texts, region)
    assert sure.null_count() < 0.85 * len(texts)
    for text, number in zip(texts, sure, strict=True):
        if number is not None:
            assert number == by_library(text, region), text


def test_columns_agree_with_the_library_on_every_country() -> None:
    dice = random.Random(1)
    texts = []
    for code, regions in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(regions[0], None)
        starts = ["", "0", "1", "8", "06", "9", (metadata.national_prefix if metadata else None) or ""]
        for _ in range(150):
            digits = "".join(dice.choices("0123456789", k=dice.randint(3, 14)))
            texts.append(f"+{code}{dice.choice(starts)}{digits}")
    sure = _sure(texts, "DE")
    assert sure.null_count() < 0.8 * len(texts)
    for text, number in zip(texts, sure, strict=True):
        if number is not None:
            assert number == by_library(text, "DE"), text


def test_columns_agree_with_the_library_at_home_in_every_country() -> None:
    dice = random.Random(2)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        assert metadata is not None
        starts = ["", "", "0", "1", "8", "00", metadata.national_prefix or "", str(metadata.country_code)]
        texts = [dice.choice(starts) + "".join(dice.choices("0123456789", k=dice.randint(3, 12))) for _ in range(60)]
        for text, number in zip(texts, _sure(texts, region), strict=True):
            if number is not None:
                assert number == by_library(text, region), (region, text)


def _sure(texts: list[str], region: str) -> pl.Series:
    form = phone_form(region)
    assert form.sure is not None
    return form.sure(pl.Series(texts))


@pytest.mark.parametrize("region", ["DE", "US", "GB", "FR"])
def test_common_spellings_never_wait_for_the_library(region: str) -> None:
    spellings = {
        "DE": ["+49 30 %07d", "0049 30 %07d", "030 %07d", "(030) %07d", "030/%07d", "+49 (0)30 %07d"],
        "US": ["+1 212 555%04d", "(212) 555-%04d", "212-555-%04d", "212.555.%04d", "+1-212-555-%04dx12"],
        "GB": ["+44 20 7123%04d", "020 7123 %04d", "+44 (0)20 7123%04d"],
        "FR": ["+33 1 23 45 %04d", "01 23 45 %04d", "0033 1 23 45 %04d"],
    }[region]
    texts = [spelling % number for spelling in spellings for number in range(20)]
    assert _sure(texts, region).null_count() == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("030 123456", "+4930123456"),
        ("+49 (0) 30 / 12 34 56", "+4930123456"),
        ("0049-30-123456", "+4930123456"),
        ("tel:+49-30-123456", "+4930123456"),
        ("+43 1 58858-0", "+431588580"),
        ("+39 06 1234 5678", "+390612345678"),
        ("030 123456 ext. 12", "+4930123456"),
    ],
)
def test_one_number_many_spellings(text: str, number: str) -> None:
    assert read_one(phone_form("DE"), text) == number


def test_double_zero_is_a_plus_even_where_it_is_not_dialled() -> None:
    assert read_one(phone_form("US"), "0044 20 7123 4567") == "+442071234567"


@pytest.mark.parametrize("text", ["abc", "1", "000000", "+999 123456", "ann@example.com", "0" * 60])
def test_what_is_no_number_is_told(text: str) -> None:
    with pytest.raises(Unreadable, match=r"is not a phone number \(region DE\)"):
        read_one(phone_form("DE"), text)


def test_a_number_written_out_is_read_as_itself() -> None:
    dice = random.Random(7)
    numbers = read(phone_form("DE"), pl.Series(real_numbers(4000, dice) + random_numbers(2000, dice))).values
    again = read(phone_form("DE"), numbers).values
    changed = numbers.to_frame("one").with_columns(two=again).filter(pl.col("one").ne_missing(pl.col("two")))
    assert changed.rows() == []
