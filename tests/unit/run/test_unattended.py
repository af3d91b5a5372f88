"""What `serve` asks of a real hub: when syncs are due, systems that are left alone, notices, files that change."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from servers.scripted import scripted
from unit.run.conftest import START, SYNC, Office

from synchub.record import journal
from synchub.run.hub import Hub
from synchub.run.told.looking import look_at_status
from synchub.run.unattended import Unattended
from synchub.schedule import lateness
from synchub.spec.answers import Failing
from synchub.spec.options import RunOptions, Silent
from synchub.spec.reports import Notice

LATE = timedelta(seconds=lateness("test", "contacts", 20))
DOWN = Failing("fair", 4, 0, 4_000_000_000_000_000, "fair does not answer.")
NOTICE = Notice("system_down", "test", "fair", "The system fair failed 3 runs in a row.", START)
LOG = logging.getLogger("synchub.serve")


@pytest.fixture
def hourly(office: Office) -> Office:
    file = office.folder / "hub.toml"
    file.write_text(
        file.read_text().replace(SYNC, SYNC.replace("[syncs.contacts]", "[syncs.contacts]\nschedule = '0 * * * *'", 1))
    )
    return office


@contextmanager
def unattended(office: Office, *, at: float = 0) -> Iterator[Unattended]:
    office.minutes = at
    with office.opened() as hub:
        yield Unattended(hub)


def test_a_sync_without_a_schedule_has_no_turn(office: Office):
    with unattended(office) as own:
        assert own.turns() == ()


def test_a_sync_is_due_at_once_and_then_by_the_table_of_runs(hourly: Office):
    with unattended(hourly) as own:
        (turn,) = own.turns()
    assert (turn.due, turn.run, turn.state, turn.last_done) == (START, 0, None, None)

    hourly.sync(at=10)
    with unattended(hourly, at=600) as own:
        (turn,) = own.turns()
    assert turn.due == START + timedelta(hours=1) + LATE
    assert (turn.run, turn.state, turn.last_done) == (1, "done", START + timedelta(minutes=10))


def test_a_run_that_broke_off_is_due_at_once(hourly: Office):
    hourly.sync(at=0)
    with hourly.opened() as hub, hub.store.write() as tx:
        journal.begin(tx, sync="contacts", entity="contact", kind="sync", now=1, holder="somebody")

    with unattended(hourly, at=1) as own:
        assert own.turns()[0].due == START + timedelta(minutes=1)


def test_an_undo_is_no_run_of_the_sync(hourly: Office):
    hourly.sync(at=0)
    with hourly.opened() as hub, hub.store.write() as tx:
        journal.begin(tx, sync="contacts", entity="contact", kind="undo", now=1, holder="somebody")

    with unattended(hourly, at=1) as own:
        assert own.turns()[0].run == 1


def test_syncs_of_entities_that_others_refer_to_come_first(hourly: Office):
    file = hourly.folder / "hub.toml"
    text = file.read_text()
    activity = (
        "\n[syncs.activity]\nentity = 'event'\nschedule = '0 * * * *'\n"
        "[syncs.activity.members.shop]\nstream = 'visits'\nmapping = 'visits'\ndirection = 'in'\n"
    )
    file.write_text(text.replace("[syncs.contacts]", activity + "\n[syncs.contacts]", 1))
    hourly.write(
        "mappings/visits.toml", 'entity = "event"\nkey = "id"\n[fields]\ncontact = { native = "mail", by = "email" }\n'
    )
    with unattended(hourly) as own:
        assert [turn.sync for turn in own.turns()] == ["contacts", "activity"]


def test_what_is_known_of_systems_outlives_the_process(hourly: Office):
    shop = Failing("shop", 1, 5, None, "no answer")
    with unattended(hourly) as own:
        own.note([DOWN, shop], [])
        own.note([Failing("shop", 2, 6, None, "no answer")], [])
    with unattended(hourly) as own:
        assert own.failing() == {"fair": DOWN, "shop": Failing("shop", 2, 6, None, "no answer")}
        own.note([], ["fair", "shop"])
        assert own.failing() == {}


def test_a_system_that_is_left_alone_takes_no_part_and_gets_later_what_it_missed(hourly: Office):
    hourly.sync(at=0)
    hourly.edit("customers.csv", 0, town="Ulm", changed="2026-05-01T09:00:00Z")
    (hourly.folder / "leads.csv").rename(hourly.folder / "away.csv")  # nobody even looks
    report = hourly.sync(at=120, paused={"fair": "It is left alone."})

    shop, fair = report.members
    assert (report.state, shop.problem, fair.problem, fair.read) == ("incomplete", "", "It is left alone.", 0)
    (hourly.folder / "away.csv").rename(hourly.folder / "leads.csv")
    report = hourly.sync(at=180)
    assert report.state == "done"
    assert hourly.rows("leads.csv")[0]["City"] == "Ulm"


def test_status_tells_what_is_left_alone_and_what_comes_next(hourly: Office):
    hourly.sync(at=0)
    with unattended(hourly, at=5) as own:
        own.note([DOWN, Failing("shop", 1, 5, None, "no answer"), Failing("removed", 9, 5, 10, "")], [])
    with hourly.opened() as hub:
        status = look_at_status(hub)

    assert [(one.system, one.failures, one.problem) for one in status.paused] == [("fair", 4, "fair does not answer.")]
    assert status.syncs[0].next_run == START + timedelta(hours=1) + LATE


def test_connectors_are_made_anew_for_each_run(hourly: Office):
    with hourly.opened() as opened:
        hub = Hub(opened)
        hub.sync((), RunOptions(), Silent())
        made = dict(opened.connectors)
        hub.unattended.let_go()
        hub.sync((), RunOptions(), Silent())

        assert made.keys() == opened.connectors.keys()
        assert not {id(one) for one in made.values()} & {id(one) for one in opened.connectors.values()}


@pytest.mark.parametrize("name", ["hub.toml", "mappings/shop.toml", "mappings/more.toml", "syncs/more.toml"])
def test_files_that_decide_are_watched(hourly: Office, name: str):
    text = (hourly.folder / "hub.toml").read_text()
    hourly.write("hub.toml", f'include = ["syncs/*.toml"]\n{text}')
    with unattended(hourly) as own:
        before = own.files()
        assert own.files() == before
        file = hourly.folder / name
        hourly.write(name, (file.read_text() if file.exists() else "") + "\n# changed\n")
        assert own.files() != before


def test_a_file_that_is_broken_or_gone_is_a_change_and_no_error(hourly: Office):
    with unattended(hourly) as own:
        before = own.files()
        hourly.write("hub.toml", "[hub")
        broken = own.files()
        Path(hourly.folder / "hub.toml").unlink()
        assert len({before, broken, own.files()}) == 3


def test_a_notice_is_posted_as_json(hourly: Office):
    with scripted() as chat:
        notify(hourly, f"{chat.url}/hooks/T0secret?room=1")
        with unattended(hourly) as own:
            own.tell(NOTICE, LOG)
            own.tell(NOTICE, LOG)
    first, _ = chat.seen
    assert (first.method, first.path) == ("POST", "/hooks/T0secret?room=1")
    assert json.loads(first.body) == {
        "kind": "system_down",
        "hub": "test",
        "subject": "fair",
        "text": "The system fair failed 3 runs in a row.",
        "at": "2026-05-01T08:00:00+00:00",
    }


def test_a_notice_that_nobody_takes_is_logged_without_the_address(hourly: Office, caplog: pytest.LogCaptureFixture):
    with scripted() as chat:
        chat.script["/hooks/T0secret"] = (404, {}, b"no such room")
        notify(hourly, f"{chat.url}/hooks/T0secret")
        with unattended(hourly) as own:
            own.tell(NOTICE, LOG)

    (record,) = caplog.records
    assert "could not be posted" in record.getMessage()
    assert "T0secret" not in record.getMessage()
    assert hourly.redactor.redact("/hooks/T0secret") == "***"


def test_a_plugin_is_told_of_a_notice(hourly: Office):
    hourly.write(
        "plugins/chat.py",
        "from pathlib import Path\nfrom synchub.api import hookimpl\n\n@hookimpl\ndef synchub_notice(notice):\n"
        "    Path(__file__).with_name('told').write_text(notice.kind + ' ' + notice.subject)\n",
    )
    with unattended(hourly) as own:
        own.tell(NOTICE, LOG)

    assert (hourly.folder / "plugins" / "told").read_text() == "system_down fair"


def notify(office: Office, address: str) -> None:
    office.environ["NOTIFY_URL"] = address
    office.write("hub.toml", f'{(office.folder / "hub.toml").read_text()}\n[serve]\nnotify = "env:NOTIFY_URL"\n')
