"""The types country and language: ISO codes, from codes and from their names in English and German."""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final

import polars as pl
import pycountry

from synchub.mapping.forms import Form, Unreadable, lookup

_COUNTRIES: Final = {
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "great britain": "GB",
    "grossbritannien": "GB",
    "schottland": "GB",
    "vereinigtes konigreich": "GB",
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "america": "US",
    "vereinigte staaten von amerika": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "russia": "RU",
    "russland": "RU",
    "south korea": "KR",
    "korea": "KR",
    "sudkorea": "KR",
    "north korea": "KP",
    "nordkorea": "KP",
    "czech republic": "CZ",
    "tschechien": "CZ",
    "turkey": "TR",
    "turkei": "TR",
    "ivory coast": "CI",
    "elfenbeinkuste": "CI",
    "swaziland": "SZ",
    "burma": "MM",
    "macedonia": "MK",
    "mazedonien": "MK",
    "vatican": "VA",
    "vatikan": "VA",
    "bosnien": "BA",
    "bosnia": "BA",
    "moldawien": "MD",
    "weissrussland": "BY",
    "emirates": "AE",
    "uae": "AE",
    "vae": "AE",
    "kosovo": "XK",
    "brd": "DE",
    "suisse": "CH",
    "svizzera": "CH",
    "osterreich": "AT",
    "espana": "ES",
    "italia": "IT",
    "belgique": "BE",
    "belgie": "BE",
    "nederland": "NL",
    "polska": "PL",
    "sverige": "SE",
    "norge": "NO",
    "danmark": "DK",
    "suomi": "FI",
    "brasil": "BR",
    "eire": "IE",
    "republic of ireland": "IE",
    "taiwan": "TW",
}
"""Names in use that ISO 3166 doesn't know, folded. XK is no ISO code, but what everyone writes for Kosovo."""

_LANGUAGES: Final = {
    "francais": "fr",
    "espanol": "es",
    "castellano": "es",
    "italiano": "it",
    "portugues": "pt",
    "nederlands": "nl",
    "polski": "pl",
    "svenska": "sv",
    "dansk": "da",
    "norsk": "no",
    "suomi": "fi",
    "cestina": "cs",
    "magyar": "hu",
    "turkce": "tr",
    "romana": "ro",
    "hrvatski": "hr",
    "greek": "el",
    "mandarin": "zh",
    "farsi": "fa",
    "schweizerdeutsch": "de-CH",
    "american english": "en-US",
    "british english": "en-GB",
    "brazilian": "pt-BR",
}

_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:\.[Uu][Tt][Ff]-?8)?")


def country_form() -> Form:
    """A country as ISO 3166 alpha-2, from any ISO code or a name in English or German."""
    return _coded(_country)


def language_form() -> Form:
    """A language: its ISO 639 code, with script and region as far as given, from a tag or a name."""
    return _coded(_language)


def _coded(parse: Callable[[str], str]) -> Form:
    def sure(texts: pl.Series) -> pl.Series:
        # Such columns hold few different texts: most are told apart by one look at each.
        distinct = texts.drop_nulls().unique()
        codes = distinct.filter(distinct.str.contains("^[A-Za-z]{2}$")).to_list()
        values: list[str | None] = []
        for code in codes:
            try:
                values.append(parse(code))
            except Unreadable:
                values.append(None)
        return lookup(texts, codes, values)

    return Form(parse, sure)


def _country(text: str) -> str:
    code = _country_names().get(_folded(text))
    if code is None:
        raise Unreadable("is not a country")
    return code


def _language(text: str) -> str:
    match = _TAG.fullmatch(text)
    if match:
        code = _language_names().get(match[1].lower())
        if code is not None and len(code) <= 3:
            script = f"-{match[2].title()}" if match[2] else ""
            return code + script + (f"-{match[3].upper()}" if match[3] else "")
    code = _language_names().get(_folded(text))
    if code is None:
        raise Unreadable("is not a language")
    return code


@cache
def _country_names() -> dict[str, str]:
    german = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, ["de"], fallback=True)
    names: dict[str, str] = {}
    for country in pycountry.countries:
        spoken = [getattr(country, kind, None) for kind in ("common_name", "name", "official_name")]
        for name in spoken:
            if name:
                names.setdefault(_folded(name), country.alpha_2)
                names.setdefault(_folded(german.gettext(name)), country.alpha_2)
                names.setdefault(_folded(name.partition(",")[0]), country.alpha_2)
    names |= _COUNTRIES
    for country in pycountry.countries:
        names[country.alpha_2.lower()] = names[country.alpha_3.lower()] = country.alpha_2
    return names | {"xk": "XK"}


@cache
def _language_names() -> dict[str, str]:
    german = gettext.translation("iso639-3", pycountry.LOCALES_DIR, ["de"], fallback=True)
    names = dict(_LANGUAGES)
    codes: dict[str, str] = {}
    for language in pycountry.languages:
        short = getattr(language, "alpha_2", None)
        if short is None:
            codes[language.alpha_3] = language.alpha_3
            continue
        names.setdefault(_folded(language.name), short)
        names.setdefault(_folded(language.name.partition(" (")[0]), short)
        names.setdefault(_folded(german.gettext(language.name)), short)
        for code in (short, language.alpha_3, getattr(language, "bibliographic", None)):
            if code:
                codes[code] = short
    return names | codes


def _folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in bare if not unicodedata.combining(letter)).split())
