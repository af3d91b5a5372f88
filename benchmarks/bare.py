"""All pages of benchmarks.crm into a SQLite table, as short as that can be done by hand: bare.py URL FILE"""

from __future__ import annotations

import sqlite3
import sys

import orjson
import requests


def main(url: str, file: str) -> None:
    session, names = requests.Session(), None
    after: str | None = ""
    with sqlite3.connect(file) as database:
        while after is not None:
            told = orjson.loads(session.get(f"{url}/crm/v3/objects/contacts?limit=100{after}", timeout=60).content)
            rows = [one["properties"] for one in told["results"]]
            if names is None:
                names = list(rows[0])
                database.execute(f"CREATE TABLE contacts ({', '.join(f'{name} TEXT' for name in names)})")
            marks = ", ".join("?" for _ in names)
            database.executemany(f"INSERT INTO contacts VALUES ({marks})", (tuple(row.values()) for row in rows))
            following = told.get("paging")
            after = f"&after={following['next']['after']}" if following else None


if __name__ == "__main__":
    main(*sys.argv[1:])
