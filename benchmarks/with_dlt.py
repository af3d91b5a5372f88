"""dlt as its manual has it, run by the Python of .venv-peers: with_dlt.py pages|csv|table FROM TO"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.sql_database import sql_table


@dlt.resource(name="copied", write_disposition="replace")
def pages(url: str) -> Iterator[Any]:
    """All pages of benchmarks.crm."""
    cursor = JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")
    client = RESTClient(base_url=url, paginator=cursor, data_selector="results")
    yield from client.paginate("crm/v3/objects/contacts", params={"limit": 100})


@dlt.resource(name="copied", write_disposition="replace")
def rows(path: str) -> Iterator[Any]:
    """All rows of a CSV."""
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def main(what: str, source: str, target: str) -> None:
    sources = {
        "pages": lambda: pages(source),
        "csv": lambda: rows(source),
        "table": lambda: sql_table(source, table="customers").apply_hints(write_disposition="replace"),
    }
    there = dlt.destinations.sqlalchemy if target.startswith("sqlite") else dlt.destinations.postgres
    pipeline = dlt.pipeline("bench", destination=there(target), dataset_name="copied", pipelines_dir=".dlt-bench")
    pipeline.run(sources[what]())


if __name__ == "__main__":
    main(*sys.argv[1:])
