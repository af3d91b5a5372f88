"""What happens in the systems before the run that is killed. Each ends with the command that will be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from acceptance.office import ANN, BOB, Foreign, Office
from kill.program import Command
from kill.scene import CrmClock, Scene

from synchub.testing.crm import StandInCrm

COLUMNS = {"email": "TEXT", "first_name": "TEXT", "last_name": "TEXT", "job_title": "TEXT", "city": "TEXT"}
CY, DAN, EVE, FAY = "cy@coe.example", "dan@dee.example", "eve@eck.example", "fay@fox.example"
SYNC = Command("sync", {})

CRM = Foreign(
    {"connector": "hubspot", "token": "env:CRM_TOKEN", "url": "env:CRM_URL"},
    "contacts",
    'entity = "contact"\nkey = "hs_object_id"\nupdated_at = "lastmodifieddate"\n\n[fields]\nhub_id = "synchub_id"\n'
    'email = "email"\nother_emails = "hs_additional_emails"\nfirst_name = "firstname"\nlast_name = "lastname"\n'
    'job_title = "jobtitle"\ncity = "city"\n',
)
TARGET = Foreign(
    {"connector": "sql", "url": "env:TARGET_URL"},
    "people",
    'entity = "contact"\nkey = "id"\nupdated_at = "changed_at"\n\n[fields]\nemail = "email"\nfirst_name = "first_name"\n'
    'last_name = "last_name"\njob_title = "job_title"\ncity = "city"\n',
)


@dataclass(frozen=True)
class Scenario:
    """`begin` makes the systems and what happened so far, and returns the command to be killed.

    `faults`: how the CRM treats the run that is killed. `blind`: systems that can't be asked for single records.
    `may_ask`: what nobody answered and no read shows may end in a question; what was to be made is there once, or not
    at all.
    """

    name: str
    begin: Callable[[Scene], Command]
    crm: bool = False
    target: bool = False
    blind: tuple[str, ...] = ()
    batch: int | None = 2
    faults: Callable[[StandInCrm], None] | None = None
    may_ask: bool = False


def first_sync(scene: Scene) -> Command:
    """Three systems that know some of the same people meet for the first time."""
    office = Office(scene.folder, COLUMNS, systems=("crm", "shop", "fair"), lists=("fair",))
    office["crm"].add(email=ANN, first_name="Ann", job_title="CEO")
    office["crm"].add(email=BOB, last_name="Ray")
    office["shop"].add(email=ANN.title(), last_name="Lee", city="Ulm")
    office["shop"].add(email=CY, first_name="Cy")
    office.sheets["fair"].add(email=BOB, first_name="Bob", city="Hof")
    office.sheets["fair"].add(email=DAN, first_name="Dan")
    return SYNC


def creates(scene: Scene) -> Command:
    """Five new people in one system are entered in two others, in several batches."""
    office = Office(scene.folder, COLUMNS, systems=("crm", "shop", "fair"), lists=("fair",))
    office["crm"].add(email=ANN, first_name="Ann")
    scene.sync()
    for email in (BOB, CY, DAN, EVE, FAY):
        office["crm"].add(email=email, first_name=email[:3].title(), city="Ulm")
    return SYNC


def edits(scene: Scene) -> Command:
    """People were changed in a database and in the CRM, one of them in both; hours apart, so that no read from a cursor
    brings what was read before."""
    cursors = {"cursors": {"people": "changed_at"}}
    office = Office(
        scene.folder, COLUMNS, foreign={"crm": CRM}, rules={"city": "prefer shop"}, settings={"shop": cursors}
    )
    assert scene.crm is not None
    assert isinstance(scene.crm.clock, CrmClock)
    scene.crm.clock.behind = timedelta(hours=5)
    ids = {email: scene.crm.create_contact(email=email, firstname="A", city="Ulm") for email in (ANN, BOB, CY)}
    office["shop"].add(email=ANN, first_name="A", city="Ulm")
    scene.sync()
    scene.sync()
    scene.crm.clock.behind = timedelta(hours=3)
    scene.crm.edit(ids[ANN], jobtitle="CEO", city="Kiel")
    scene.crm.clock.behind = timedelta()
    scene.crm.edit(ids[BOB], jobtitle="CTO", firstname="")
    office["shop"].edit(ANN, city="Bonn", last_name="Lee")
    office["shop"].edit(BOB, job_title="Buyer")
    office["shop"].edit(CY, last_name="Coe")
    earlier = f"{datetime.now(UTC) - timedelta(hours=3):%Y-%m-%d %H:%M:%S}"
    office["shop"].ask("UPDATE people SET changed_at = ? WHERE email = ?", earlier, CY)
    return SYNC


def deletes(scene: Scene) -> Command:
    """People deleted in one system are deleted in a second, archived in the CRM, and one was edited meanwhile."""
    members = {
        name: {"on_delete": way, "limits": {"deletes": 10}} for name, way in (("shop", "propagate"), ("crm", "archive"))
    }
    office = Office(scene.folder, COLUMNS, systems=("desk", "shop", "crm"), foreign={"crm": CRM}, members=members)
    for email in (ANN, BOB, CY, DAN):  # the last one stays: its number would be given away again
        office["desk"].add(email=email, first_name="A")
    scene.sync()
    scene.sync()
    office["desk"].remove(ANN, BOB, CY)
    office["shop"].edit(CY, job_title="CEO")
    office["shop"].add(email=EVE)
    return SYNC


def merged(scene: Scene) -> Command:
    """Two contacts were merged in the CRM; one more is new, and one was changed."""
    office = Office(scene.folder, COLUMNS, systems=("crm", "shop"), foreign={"crm": CRM})
    assert scene.crm is not None
    ann = scene.crm.create_contact(email=ANN, firstname="Ann")
    other = scene.crm.create_contact(email="ann@home.example", lastname="Lee")
    bob = scene.crm.create_contact(email=BOB)
    scene.sync()
    scene.sync()
    scene.crm.merge(ann, other)
    scene.crm.create_contact(email=CY)
    scene.crm.edit(bob, jobtitle="CEO")
    office["shop"].edit(ANN, city="Ulm")
    return SYNC


def lost_answers(scene: Scene) -> Command:
    """People are entered in the CRM, and the answer to the first is lost, and that to looking for it."""
    office = Office(scene.folder, COLUMNS, systems=("crm", "shop"), foreign={"crm": CRM})
    assert scene.crm is not None
    scene.crm.create_contact(email=ANN)
    scene.sync()
    scene.sync()
    for email in (BOB, CY, DAN):
        office["shop"].add(email=email, first_name=email[:3].title())
    scene.crm.create_contact(email=EVE)
    return SYNC


def opt_out(scene: Scene) -> Command:
    """One person opts out in one system, another is changed."""
    columns = {**COLUMNS, "opted_out": "INTEGER", "consent_at": "TEXT"}
    office = Office(scene.folder, columns, systems=("crm", "shop", "club"), members={"club": {"create": False}})
    for email in (ANN, BOB):
        office["crm"].add(email=email, opted_out=0)
        office["club"].add(email=email)
    scene.sync()
    scene.sync()
    office["shop"].edit(ANN, opted_out=1, city="Ulm")
    office["crm"].edit(BOB, city="Hof")
    return SYNC


def quarantine(scene: Scene) -> Command:
    """One row can be understood at last and a person asks for it again, another can't be any more."""
    office = Office(scene.folder, {**COLUMNS, "birthday": "TEXT"}, systems=("crm", "fair"), lists=("fair",))
    for email, day in ((ANN, "1980-02-31"), (BOB, "1981-03-01"), (CY, "1982-04-01")):
        office.sheets["fair"].add(email=email, birthday=day)
    scene.sync()
    scene.sync()
    office.sheets["fair"].edit(ANN, birthday="1980-02-28")
    office.sheets["fair"].edit(BOB, birthday="last March")
    office.sheets["fair"].add(email=DAN, birthday="1983-05-01")
    scene.run(Command("retry", {}))
    return SYNC


EVENTS = """
[systems.calls]
connector = "sql"
url       = "sqlite:///calls.db"

[syncs.activity]
entity = "event"

[syncs.activity.members.calls]
stream    = "call"
mapping   = "calls"
direction = "in"

[syncs.activity.members.crm]
stream    = "notes"
mapping   = "hubspot-notes"
direction = "out"
"""
CALLS = """
entity = "event"
key    = "id"

[fields]
contact     = { native = "mail", by = "email" }
occurred_at = "at"
subject     = "about"
type        = { constant = "call" }
"""


def events(scene: Scene) -> Command:
    """Calls become notes in the CRM; the contact of one is new there."""
    office = Office(scene.folder, COLUMNS, systems=("crm", "shop"), foreign={"crm": CRM})
    (scene.folder / "hub.toml").write_text((scene.folder / "hub.toml").read_text() + EVENTS)
    (scene.folder / "mappings/calls.toml").write_text(CALLS)
    engine = sa.create_engine(f"sqlite:///{scene.folder}/calls.db")
    assert scene.crm is not None
    scene.crm.create_contact(email=ANN)
    with engine.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE call (id INTEGER PRIMARY KEY, mail TEXT, at TEXT, about TEXT)")
        tx.exec_driver_sql(f"INSERT INTO call VALUES (1, '{ANN}', '2026-01-01 10:00:00', 'An offer')")
    scene.sync()
    scene.sync()
    office["shop"].add(email=BOB)
    with engine.begin() as tx:
        for number, email in enumerate((ANN, BOB, ANN, CY), start=2):
            tx.exec_driver_sql(
                f"INSERT INTO call VALUES ({number}, '{email}', '2026-01-0{number} 10:00:00', 'Call {number}')"
            )
    engine.dispose()
    return SYNC


def undone(scene: Scene) -> Command:
    """A run is undone that changed people in two systems, entered one and deleted one."""
    office = Office(scene.folder, COLUMNS, members={"shop": {"on_delete": "propagate", "limits": {"deletes": 10}}})
    for email in (CY, ANN, BOB):
        office["crm"].add(email=email, first_name="A", city="Ulm")
    scene.sync()
    scene.sync()
    office["crm"].edit(ANN, city="Bonn")
    office["shop"].edit(BOB, first_name="Bob")
    office["crm"].remove(CY)
    office["crm"].add(email=DAN)
    (report,) = scene.sync()
    scene.sync()
    return Command("undo", {"run": report["run"]})


def parted(scene: Scene) -> Command:
    """A person parts two people who were taken for one; the next run gives back what was there."""
    office = Office(scene.folder, COLUMNS, systems=("crm", "shop"), foreign={"crm": CRM})
    assert scene.crm is not None
    scene.crm.create_contact(email=ANN, firstname="Ann", jobtitle="CEO")
    row = office["shop"].add(email=ANN, last_name="Ray", city="Hof")
    scene.crm.create_contact(email=BOB)
    scene.sync()
    scene.sync()
    scene.run(Command("split", {"key": ANN, "links": [f"shop:people:{row}"]}))
    return SYNC


def saved_plan(scene: Scene) -> Command:
    """A plan was saved, one of its people has been changed since."""
    office = Office(scene.folder, COLUMNS)
    for email in (ANN, BOB):
        office["crm"].add(email=email, city="Ulm")
    scene.sync()
    scene.sync()
    office["crm"].edit(ANN, city="Bonn")
    office["crm"].edit(BOB, city="Hof")
    office["crm"].add(email=CY)
    ((told,),) = scene.run(Command("plan", {"save": True}))["told"]
    office["shop"].edit(BOB, city="Kiel")
    office["crm"].add(email=DAN)
    return Command("sync", {"plan": told["plan"]})


def recomputed(scene: Scene) -> Command:
    """A rule was changed, and is applied to all that was said before."""
    office = Office(scene.folder, COLUMNS)
    for email in (ANN, BOB, CY):
        office["crm"].add(email=email, city="Ulm")
        office["shop"].add(email=email, city="Frankfurt")
    scene.sync()
    scene.sync()
    office.rules["city"] = "longest"
    office.settle()
    office["crm"].edit(ANN, first_name="Ann")
    return Command("sync", {"recompute": True})


def table(scene: Scene) -> Command:
    """A table in PostgreSQL: creates, changes and deletes both ways."""
    members = {"target": {"on_delete": "propagate", "limits": {"deletes": 10}}}
    office = Office(scene.folder, COLUMNS, systems=("shop", "target"), foreign={"target": TARGET}, members=members)
    assert scene.target is not None
    engine = sa.create_engine(scene.target)
    with engine.begin() as tx:
        tx.exec_driver_sql(
            "CREATE TABLE people (id SERIAL PRIMARY KEY, changed_at TIMESTAMP, email TEXT UNIQUE, first_name TEXT, "
            "last_name TEXT, job_title TEXT, city TEXT)"
        )
        tx.exec_driver_sql(f"INSERT INTO people (email, city) VALUES ('{ANN}', 'Ulm'), ('{BOB}', 'Hof')")
    for email in (ANN, CY):
        office["shop"].add(email=email, first_name="A")
    scene.sync()
    scene.sync()
    office["shop"].edit(ANN, city="Bonn")
    office["shop"].remove(CY)
    for email in (DAN, EVE, FAY):
        office["shop"].add(email=email)
    with engine.begin() as tx:
        tx.exec_driver_sql(f"UPDATE people SET last_name = 'Ray', changed_at = now() WHERE email = '{BOB}'")
        tx.exec_driver_sql("INSERT INTO people (email) VALUES ('gus@gay.example')")
    engine.dispose()
    return SYNC


def _two_lost(crm: StandInCrm) -> None:
    crm.drop_answer("contacts/batch/create")
    crm.drop_answer("contacts/batch/read")


SCENARIOS = (
    Scenario("first-sync", first_sync),
    Scenario("creates", creates),
    Scenario("creates-without-lookup", creates, blind=("shop", "fair")),
    Scenario("edits", edits, crm=True),
    Scenario("deletes", deletes, crm=True),
    Scenario("merged", merged, crm=True),
    Scenario("lost-answers", lost_answers, crm=True, faults=_two_lost),
    Scenario("opt-out", opt_out),
    Scenario("quarantine", quarantine),
    Scenario("events", events, crm=True),
    Scenario("events-without-lookup", events, crm=True, blind=("crm",), may_ask=True),
    Scenario("undo", undone),
    Scenario("split", parted, crm=True),
    Scenario("saved-plan", saved_plan),
    Scenario("recompute", recomputed),
    Scenario("postgresql-table", table, target=True),
)
