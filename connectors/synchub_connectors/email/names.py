"""A display name taken apart into first and last name, as far as that is safe. Pure."""

from __future__ import annotations

import re

_TITLES = frozenset(
    {
        "dr",
        "prof",
        "professor",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "sir",
        "herr",
        "frau",
        "mag",
        "dipl",
        "ing",
        "mme",
        "monsieur",
        "madame",
        "sr",
        "sra",
        "dott",
    }
)
_SUFFIXES = frozenset(
    {"jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "msc", "bsc", "ma", "ba", "esq", "cpa", "pmp"}
)
_PARTICLES = frozenset(
    {
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "das",
        "dos",
        "do",
        "du",
        "la",
        "le",
        "les",
        "ter",
        "ten",
        "te",
        "zu",
        "zur",
        "zum",
        "vom",
        "al",
        "el",
        "bin",
        "ibn",
        "ben",
        "af",
        "av",
        "y",
    }
)
_NOT_A_PERSON = frozenset(
    {
        "gmbh",
        "ag",
        "kg",
        "inc",
        "ltd",
        "llc",
        "llp",
        "corp",
        "co",
        "company",
        "bv",
        "sa",
        "sarl",
        "srl",
        "plc",
        "team",
        "support",
        "sales",
        "info",
        "service",
        "services",
        "office",
        "marketing",
        "newsletter",
        "billing",
        "accounts",
        "admin",
        "notifications",
        "group",
        "hello",
        "contact",
        "customer",
        "kundenservice",
    }
)
_ADDITION = re.compile(r"\s*[|(\[{/].*$|\s+[-–—]\s.*$|\s+(?:via|from|at)\s.*$", re.IGNORECASE)


def split_name(name: str) -> tuple[str, str]:
    """First and last name of "First Last", "Last, First" and the like.

    Both are empty where it would be a guess: one word alone, companies, and names with digits.
    """
    text = _ADDITION.sub("", name).strip()
    before, comma, after = (part.strip() for part in text.partition(","))
    if comma and _plain(after.split(" ")[0]) not in _SUFFIXES:
        first, last = _bare(after.partition(",")[0]), _bare(before)
    else:
        first, last = _given_and_family(_bare(before))
    if not first or not last or not all(_personal(word) for word in first + last):
        return "", ""
    return " ".join(first), " ".join(last)


def _personal(word: str) -> bool:
    return _plain(word) not in _NOT_A_PERSON and not any(letter.isdigit() for letter in word)


def _plain(word: str) -> str:
    return word.strip(".,").lower()


def _bare(text: str) -> list[str]:
    """The words of a name without titles before it and degrees after it."""
    words = text.split()
    while words and _plain(words[0]) in _TITLES:
        words.pop(0)
    while len(words) > 1 and _plain(words[-1]) in _SUFFIXES:
        words.pop()
    return words


def _given_and_family(words: list[str]) -> tuple[list[str], list[str]]:
    if len(words) < 2:
        return [], words
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return words[:start], words[start:]
