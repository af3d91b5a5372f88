"""Jobs over a paged API: see benchmarks.crm for what answers. Of more than 50,000 contacts only so many are taken."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import hubs, peers
from benchmarks.bench import Bench
from benchmarks.measuring import Failed, Measured, synchub
from benchmarks.people import FIELDS, contacts
from benchmarks.servers import crm

MOST = 50_000
LATENCY = 0.1
BUDGET, ENOUGH = 190, 1000
"""Requests in ten seconds: what a paid account has, and more than a job here sends."""
TOKEN = {"CRM_TOKEN": "benchmark"}


def pages(bench: Bench) -> Iterator[Measured]:
    """J9: a hundred contacts a page, into the hub."""
    rows = min(bench.rows, MOST)
    with crm(rows) as server:
        _write_hub(bench, server.url, ["crm"])
        yield _sync("J9", "paged API → hub", bench, rows)
        if bench.peers:
            yield from peers.pages(bench.folder, server.url, rows)


def five_at_once(bench: Bench) -> Iterator[Measured]:
    """J10: five such systems of the same people side by side, each answer a tenth of a second late."""
    rows, names = min(bench.rows, MOST), [f"crm{number}" for number in range(1, 6)]
    with crm(rows, latency=LATENCY) as server:
        _write_hub(bench, server.url, names)
        done = _sync("J10", "five paged APIs → hub, 100 ms latency", bench, 5 * rows)
        told = [server.told(name) for name in names]
    bound = LATENCY * max(one["requests"] for one in told)
    reading = max(one["seconds"] for one in told) + LATENCY
    note = f"read in {reading / bound:.2f}, all in {done.wall / bound:.2f} of one's serial bound, {bound:.1f} s"
    yield replace(done, note=note)


def updates(bench: Bench) -> Iterator[Measured]:
    """J12: every contact changed in a file, and so in the CRM, by batches of a hundred within the account's budget."""
    rows = min(bench.rows, MOST)
    leads = bench.folder / "leads.csv"
    _write_leads(leads, rows, {})
    with crm(rows, limit=BUDGET) as server:
        _write_hub(bench, server.url, ["crm"], hubs.file(leads), hubs.member("fair", "leads"), requests=BUDGET)
        hubs.write_mapping(bench.folder, "fair")
        _sync("J12", "", bench, rows)
        before = server.told("crm")
        _write_leads(leads, rows, {"job_title": "Chief of Change"})
        done = _sync("J12", "updates of a paged API", bench, rows)
        told = server.told("crm")
    if before["updated"] or told["updated"] != rows:
        raise Failed(f"the CRM was told of {before['updated']} changes before any and of {told['updated']}, not {rows}")
    yield replace(done, note=_budget(told))


def _budget(told: Mapping[str, Any]) -> str:
    spans = told["spans"]
    used = f"{sum(spans) / len(spans) / BUDGET:.1%} of the budget used" if spans else "too short to say of its budget"
    return f"{used}, {told['refused']} × 429"


def _write_hub(bench: Bench, url: str, names: list[str], *others: str, requests: int = ENOUGH) -> None:
    """A hub of such systems, which are only read if there is nobody else."""
    direction = 'direction = "both"' if others else 'direction = "in"'
    hubs.write_hub(
        bench.folder,
        bench.hub_store,
        *(hubs.crm(name, url, requests) for name in names),
        hubs.sync(),
        *(hubs.member(name, "contacts", direction) for name in names),
        *others,
    )
    for name in names:
        hubs.write_crm_mapping(bench.folder, name)


def _sync(job: str, what: str, bench: Bench, rows: int) -> Measured:
    return synchub(job, what, bench.folder, "sync", rows=rows, env=TOKEN)


def _write_leads(path: Path, rows: int, changed: dict[str, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, ("id", *FIELDS))
        out.writeheader()
        for contact in contacts(rows):
            out.writerow(dict(zip(("id", *FIELDS), contact, strict=True)) | changed)
