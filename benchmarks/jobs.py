"""The jobs. Those that begin with the same hub are measured one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import hubs, over_http, peers
from benchmarks.bench import Bench
from benchmarks.inside import inside
from benchmarks.measuring import Measured, synchub
from benchmarks.people import FIELDS, write_csv, write_events, write_xlsx
from benchmarks.servers import TABLE


def file_to_postgresql(bench: Bench) -> Iterator[Measured]:
    """J1: a CSV into an empty hub and on to PostgreSQL. J5: the same again, nothing changed and no cursor."""
    leads, shop = bench.shared("leads.csv", write_csv), bench.server.database()
    bench.server.run(shop, TABLE.format(name="customers"))
    _write_file_hub(bench, leads, bench.server.url(shop))
    yield synchub("J1", "CSV → hub → PostgreSQL", bench.folder, "sync", rows=bench.rows)
    _expect(bench, shop, bench.rows)
    yield synchub("J5", "CSV compared whole, nothing changed", bench.folder, "sync", rows=bench.rows)
    if bench.peers:
        yield from peers.file_to_postgresql(bench.folder, leads, bench.server, bench.rows)


def file_to_sqlite(bench: Bench) -> Iterator[Measured]:
    """J2: a CSV into an empty hub and on to SQLite."""
    leads = bench.shared("leads.csv", write_csv)
    peers.sqlite(bench.folder / "shop.db", TABLE)
    _write_file_hub(bench, leads, "sqlite:///shop.db")
    yield synchub("J2", "CSV → hub → SQLite", bench.folder, "sync", rows=bench.rows)
    if bench.peers:
        yield from peers.file_to_sqlite(bench.folder, leads, bench.rows)


def between_databases(bench: Bench) -> Iterator[Measured]:
    """J3: PostgreSQL to PostgreSQL, first. J4: nothing changed, by cursor. J6: some changed, merged and written."""
    crm, shop = _filled(bench), bench.server.database()
    bench.server.run(shop, TABLE.format(name="customers"))
    hubs.write_hub(
        bench.folder,
        bench.hub_store,
        hubs.database("crm", bench.server.url(crm), cursor=True),
        hubs.database("shop", bench.server.url(shop), cursor=True),
        hubs.sync(),
        hubs.member("crm", "customers"),
        hubs.member("shop", "customers"),
    )
    hubs.write_database_mapping(bench.folder, "crm")
    hubs.write_database_mapping(bench.folder, "shop")
    yield synchub("J3", "PostgreSQL → hub → PostgreSQL", bench.folder, "sync", rows=bench.rows)
    _expect(bench, shop, bench.rows)
    # A table that was filled at once looks new for a minute, to whoever reads from a cursor: its rows are dated like those
    # of the other.
    bench.server.run(
        shop,
        "UPDATE customers SET updated_at = timestamptz '2025-01-01' + id * interval '1 second'",
        "CREATE INDEX ON customers (updated_at)",
        "VACUUM ANALYZE customers",
    )
    synchub("J4", "", bench.folder, "sync")
    yield synchub("J4", "nothing changed, by cursor", bench.folder, "sync", rows=0)
    with inside(bench.folder) as served:
        served.run("J4", "")
        yield served.run("J4", "the same inside a running serve")
    some = max(bench.rows // 100, 1)
    _change(bench, crm, some, "Chief of Change")
    yield synchub("J6", f"{some:,} of {bench.rows:,} changed", bench.folder, "sync", rows=some)
    if bench.peers:
        yield from peers.between_databases(bench.folder, bench.server, crm, bench.rows)


def workbook(bench: Bench) -> Iterator[Measured]:
    """J7: a workbook into the hub alone."""
    leads = bench.shared("leads.xlsx", write_xlsx)
    hubs.write_hub(bench.folder, bench.hub_store, hubs.file(leads), hubs.sync(), hubs.member("fair", "leads"))
    hubs.write_mapping(bench.folder, "fair")
    yield synchub("J7", "XLSX → hub", bench.folder, "sync", rows=bench.rows)


def events(bench: Bench) -> Iterator[Measured]:
    """J8: five times as many events as contacts into the hub, attached to them, and on to PostgreSQL."""
    leads, shop, count = bench.shared("leads.csv", write_csv), bench.server.database(), 5 * bench.rows
    visits = bench.shared("visits.csv", lambda path, rows: write_events(path, 5 * rows, rows))
    table = "CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text, at timestamptz, kind text, page text)"
    bench.server.run(shop, table)
    hubs.write_hub(
        bench.folder,
        bench.hub_store,
        hubs.file(leads),
        hubs.file(visits, "web"),
        hubs.database("shop", bench.server.url(shop)),
        hubs.sync(),
        hubs.member("fair", "leads"),
        hubs.sync("event", "activity"),
        hubs.member("web", "visits", 'direction = "in"', sync="activity"),
        hubs.member("shop", "visits", 'direction = "out"', sync="activity"),
    )
    hubs.write_mapping(bench.folder, "fair")
    hubs.write_event_mapping(bench.folder, "web")
    hubs.write_event_mapping(bench.folder, "shop")
    synchub("J8", "", bench.folder, "sync", "contacts")
    yield synchub("J8", "events CSV → hub → PostgreSQL", bench.folder, "sync", "activity", rows=count)
    synchub("J8", "", bench.folder, "sync", "activity")
    yield synchub("J8", "nothing new", bench.folder, "sync", "activity", rows=0)


def three_systems(bench: Bench) -> Iterator[Measured]:
    """J11: three systems of everybody; a hundred changes here and there."""
    names = [_filled(bench) for _ in range(3)]
    systems = dict(zip(("crm", "shop", "support"), names, strict=True))
    hubs.write_hub(
        bench.folder,
        bench.hub_store,
        *(hubs.database(name, bench.server.url(place), cursor=True) for name, place in systems.items()),
        hubs.sync(),
        *(hubs.member(name, "customers") for name in systems),
    )
    for name in systems:
        hubs.write_database_mapping(bench.folder, name)
    synchub("J11", "", bench.folder, "sync")
    for place in names:
        bench.server.run(
            place, "UPDATE customers SET updated_at = updated_at - interval '1 day'", "VACUUM ANALYZE customers"
        )
    synchub("J11", "", bench.folder, "sync")
    for number, place in enumerate(names):
        _change(bench, place, 33, f"Changed {number}", first=number * 40)
    yield synchub("J11", "three systems, 99 changes", bench.folder, "sync", rows=99)
    with inside(bench.folder) as served:
        served.run("J11", "")
        for number, place in enumerate(names):
            _change(bench, place, 33, f"Changed again {number}", first=200 + number * 40)
        yield served.run("J11", "99 others, inside a running serve", rows=99)


def start(bench: Bench) -> Iterator[Measured]:
    """How long the shortest commands take, in a hub that is there."""
    leads = bench.shared("leads.csv", write_csv)
    hubs.write_hub(bench.folder, bench.hub_store, hubs.file(leads), hubs.sync(), hubs.member("fair", "leads"))
    hubs.write_mapping(bench.folder, "fair")
    synchub("start", "", bench.folder, "sync")
    for words in (("--version",), ("--help",), ("status",)):
        best = min(
            (synchub("start", " ".join(words), bench.folder, *words) for _ in range(5)), key=lambda one: one.wall
        )
        yield best


JOBS: dict[str, Callable[[Bench], Iterator[Measured]]] = {
    "J1": file_to_postgresql,
    "J2": file_to_sqlite,
    "J3": between_databases,
    "J4": between_databases,
    "J5": file_to_postgresql,
    "J6": between_databases,
    "J7": workbook,
    "J8": events,
    "J9": over_http.pages,
    "J10": over_http.five_at_once,
    "J11": three_systems,
    "J12": over_http.updates,
    "start": start,
}


def _write_file_hub(bench: Bench, leads: Path, shop: str) -> None:
    """A hub of a CSV and a shop's database."""
    hubs.write_hub(
        bench.folder,
        bench.hub_store,
        hubs.file(leads),
        hubs.database("shop", shop),
        hubs.sync(),
        hubs.member("fair", "leads"),
        hubs.member("shop", "customers"),
    )
    hubs.write_mapping(bench.folder, "fair")
    hubs.write_database_mapping(bench.folder, "shop")


def _filled(bench: Bench) -> str:
    """A database with a table of everybody, entered long ago."""
    name = bench.server.database()
    leads = bench.shared("leads.csv", write_csv)
    raw = ", ".join(f"{field} text" for field in ("id", *FIELDS))
    day = "CASE WHEN birthday LIKE '__.%' THEN to_date(birthday, 'DD.MM.YYYY') ELSE birthday::date END"
    columns = {field: field for field in FIELDS} | {
        "birthday": day,
        "revenue": "lead_score::numeric * 100",
        "lead_score": "lead_score::numeric",
    }
    bench.server.run(name, TABLE.format(name="customers"), f"CREATE UNLOGGED TABLE raw ({raw})")
    bench.server.copy(name, "COPY raw FROM STDIN (FORMAT csv, HEADER)", leads)
    bench.server.run(
        name,
        f"INSERT INTO customers ({', '.join(FIELDS)}, updated_at) SELECT {', '.join(columns[field] for field in FIELDS)}, "
        "timestamptz '2025-01-01' + row_number() OVER () * interval '1 second' FROM raw",
        "DROP TABLE raw",
        "CREATE INDEX ON customers (updated_at)",
        "VACUUM ANALYZE customers",
    )
    return name


def _change(bench: Bench, name: str, count: int, title: str, *, first: int = 0) -> None:
    bench.server.run(
        name,
        f"UPDATE customers SET job_title = '{title}', updated_at = now() WHERE id > {first} AND id <= {first + count}",
    )


def _expect(bench: Bench, name: str, rows: int) -> None:
    count = bench.server.run(name, "SELECT count(*) FROM customers")
    if count != [(rows,)]:
        raise SystemExit(f"the table has {count} rows, not {rows}")
