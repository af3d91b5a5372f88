"""Contacts and events, the same for the same number of rows: 14 columns, phones and dates and amounts written in several
ways."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

FIELDS = (
    "email",
    "first_name",
    "last_name",
    "phone",
    "company",
    "job_title",
    "street",
    "city",
    "postal_code",
    "country",
    "birthday",
    "revenue",
    "lead_score",
)
Contact = tuple[str, ...]


def contacts(rows: int) -> Iterator[Contact]:
    """id and FIELDS of each contact; half as many distinct phones as rows."""
    chance = random.Random(1)
    areas = ("30", "40", "89", "221")
    phones = [
        f"{chance.choice(('+49', '0'))}{chance.choice(areas)}{chance.choice(('', ' '))}{chance.randrange(10**6, 10**7)}"
        for _ in range(max(rows // 2, 1))
    ]
    firsts, lasts = [f"First{n}" for n in range(2000)], [f"Last{n}" for n in range(5000)]
    for number in range(rows):
        day = (str(chance.randrange(1950, 2005)), f"{chance.randrange(1, 13):02}", f"{chance.randrange(1, 29):02}")
        yield (
            str(number),
            f"person{number}@example{number % 997}.com",
            chance.choice(firsts),
            chance.choice(lasts),
            phones[number % len(phones)],
            f"Company {number % 3000}",
            chance.choice(("CEO", "Buyer", "Sales")),
            f"Street {number % 700}",
            f"City {number % 300}",
            f"{10000 + number % 80000}",
            chance.choice(("DE", "AT", "Germany", "CH")),
            ".".join(reversed(day)) if number % 3 == 0 else "-".join(day),
            chance.choice((f"{number % 1000}.50", "€ 1.234,50", "12,00 EUR", f"{number % 77} USD")),
            str(number % 100),
        )


def write_csv(path: Path, rows: int) -> None:
    """The contacts as a CSV with a head line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("id", *FIELDS))
        out.writerows(contacts(rows))


def write_xlsx(path: Path, rows: int) -> None:
    """The contacts as a workbook of one sheet."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("leads")
    sheet.append(("id", *FIELDS))
    for contact in contacts(rows):
        sheet.append(contact)
    book.save(path)


def write_events(path: Path, rows: int, people: int) -> None:
    """Visits of the contacts as a CSV."""
    chance = random.Random(2)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("id", "email", "kind", "page", "at"))
        for number in range(rows):
            who, day, second = chance.randrange(people), number % 28 + 1, number % 86400
            at = f"2024-05-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
            out.writerow((number, f"person{who}@example{who % 997}.com", "visit", f"/page/{number % 500}", at))
