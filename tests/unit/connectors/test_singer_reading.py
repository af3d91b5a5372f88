"""What a tap prints, as pages: what is read, what counts as complete, and how a tap may go wrong."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest
from servers.tap import record, schema, state, stream, write_tap
from unit.connectors.programs import cursors, noted, read, rows

from synchub.api import ConfigurationError, PluginError, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.singer.connector import Singer
from synchub_connectors.singer.settings import SingerSettings

INCREMENTAL = {"replication-method": "INCREMENTAL", "replication-key": "changed"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tap(tmp_path)
    return tmp_path


def tap(folder: Path, *lines: Any, own: dict[str, Any] | None = None, **said: Any) -> Singer:
    """A connector over the tap of tests. `said` are the tap's settings, `own` those of the connector."""
    settings = {"streams": [stream()], "lines": list(lines), "note": str(folder / "note"), **said}
    config = SingerSettings.model_validate({"tap": "./tap-fake", "settings": settings, **(own or {})})
    return Singer(config, LocalHost("people", folder))


def test_a_stream_is_what_the_catalog_says(folder: Path) -> None:
    (found,) = tap(folder, streams=[stream(**INCREMENTAL)]).streams()
    assert [(field.name, field.type, field.writable) for field in found.fields] == [
        ("id", "integer", False),
        ("mail", "text", False),
        ("name", "text", False),
        ("changed", "datetime", False),
        ("notes", "text", False),
    ]
    assert (found.key, found.updated_at, found.incremental, found.writes) == (("id",), "changed", True, frozenset())


def test_a_whole_read_that_ended_well_is_complete(folder: Path) -> None:
    pages = read(tap(folder, schema(), record(1, mail="a@x.org"), record(2, mail="b@x.org"), state({"seen": 2})))
    assert rows(pages) == [{"id": 1, "mail": "a@x.org"}, {"id": 2, "mail": "b@x.org"}]
    assert [page.complete for page in pages] == [False, True]
    assert cursors(pages) == []


def test_what_only_changed_is_never_complete_and_goes_on_from_the_last_state(folder: Path) -> None:
    lines = [schema(), record(1), state({"at": 1}), record(2), state({"at": 2})]
    pages = read(tap(folder, *lines, streams=[stream(**INCREMENTAL)]))
    assert not any(page.complete for page in pages)
    assert cursors(pages) == [{"state": {"at": 2}}]

    read(tap(folder, *lines, streams=[stream(**INCREMENTAL)]), cursors(pages)[-1])
    assert noted(folder)[1][2].keys() == {"--config", "--catalog"}
    assert noted(folder)[3][2]["--state"] == {"at": 2}


def test_a_tap_that_does_not_say_how_it_reads_keeps_its_state_and_is_not_taken_for_complete(folder: Path) -> None:
    streams = [stream(**{"replication-method": None})]
    pages = read(tap(folder, schema(), record(1), state({"at": 1}), streams=streams))
    assert cursors(pages) == [{"state": {"at": 1}}]
    assert not any(page.complete for page in pages)
    (entry,) = noted(folder)[-1][2]["--catalog"]["streams"]
    assert "replication_method" not in entry


def test_a_state_stands_only_for_records_that_were_handed_out(folder: Path) -> None:
    many = [record(number) for number in range(5_000)]
    lines = [schema(), *many, state({"at": 1}), record(6_000), state({"at": 2})]
    pages = read(tap(folder, *lines, streams=[stream(**INCREMENTAL)]))
    seen = 0
    for page in pages:
        seen += len(page.rows)  # type: ignore[arg-type]
        assert page.cursor != {"state": {"at": 1}} or seen >= 5_000
        assert page.cursor != {"state": {"at": 2}} or seen == 5_001
    assert cursors(pages)[-1] == {"state": {"at": 2}}


def test_a_stream_may_be_read_whole_although_the_tap_would_not(folder: Path) -> None:
    connector = tap(
        folder, schema(), record(1), state({"at": 1}), streams=[stream(**INCREMENTAL)], own={"full": ("people",)}
    )
    assert not connector.streams()[0].incremental
    pages = read(connector, {"state": {"at": 1}})
    assert pages[-1].complete
    called = noted(folder)[-1][2]
    assert "--state" not in called
    assert called["--catalog"]["streams"][0]["replication_method"] == "FULL_TABLE"


def test_a_cursor_can_be_chosen_where_the_tap_leaves_it_open(folder: Path) -> None:
    connector = tap(folder, schema(), record(1), own={"cursors": {"people": "changed"}})
    assert connector.streams()[0].incremental
    read(connector)
    (entry,) = noted(folder)[-1][2]["--catalog"]["streams"]
    own = next(each["metadata"] for each in entry["metadata"] if each["breadcrumb"] == [])
    assert (own["replication-method"], own["replication-key"]) == ("INCREMENTAL", "changed")


def test_the_wanted_stream_alone_is_selected_in_new_words_and_in_old(folder: Path) -> None:
    streams = [stream("others", selected=True), stream()]
    pages = read(tap(folder, schema("others"), record(7, "others"), schema(), record(1), streams=streams))
    assert rows(pages) == [{"id": 1}]
    chosen = {
        entry["stream"]: (entry["metadata"][0]["metadata"]["selected"], entry["schema"]["selected"])
        for entry in noted(folder)[-1][2]["--catalog"]["streams"]
    }
    assert chosen == {"others": (False, False), "people": (True, True)}


def test_an_old_tap_gets_its_catalog_as_properties(folder: Path) -> None:
    read(tap(folder, schema(), own={"properties": True}))
    assert noted(folder)[-1][2].keys() == {"--config", "--properties"}


def test_a_tap_that_can_not_discover_is_told_what_there_is(folder: Path) -> None:
    (folder / "catalog.json").write_text(json.dumps({"streams": [stream()]}))
    connector = tap(folder, schema(), record(1), own={"catalog": "catalog.json"})
    assert rows(read(connector)) == [{"id": 1}]
    assert len(noted(folder)) == 1


def test_a_field_that_a_record_does_not_name_is_not_said_to_be_empty(folder: Path) -> None:
    lines = [schema(), record(1, mail="a@x.org", name="Ann"), record(2, mail="b@x.org"), record(3, mail=None, name="C")]
    pages = [page for page in read(tap(folder, *lines), fields=("id", "mail", "name")) if page.rows]
    assert [(page.fields, [row["id"] for row in page.rows]) for page in pages] == [  # type: ignore[union-attr]
        (("id", "mail", "name"), [1, 3]),
        (("id", "mail"), [2]),
    ]


def test_only_fields_that_are_wanted_are_kept_whole_tables_for_paths_into_them(folder: Path) -> None:
    lines = [schema(), record(1, mail="a", name={"first": "A"}, notes="long")]
    assert rows(read(tap(folder, *lines), fields=("id", "name.first"))) == [{"id": 1, "name": {"first": "A"}}]


# Taps that go wrong


@pytest.mark.parametrize(("code", "said"), [(1, "exit code 1"), (-9, "signal 9")])
def test_a_tap_that_dies_is_tried_later_and_nothing_is_complete(folder: Path, code: int, said: str) -> None:
    lines = [schema(), *(record(number) for number in range(5_000)), state({"at": 1}), record(6_000)]
    streams = [stream(**INCREMENTAL)]
    if code > 0:
        connector = tap(folder, *lines, streams=streams, log=["it began", "KeyError: 'email'"], exit=code)
    else:
        connector = tap(folder, *lines, streams=streams, log=["KeyError: 'email'"], hang=60)
    pages = []
    with pytest.raises(RetryLater) as raised:  # noqa: PT012 - what came before it counts
        for page in connector.read("people", None, ()):
            pages.append(page)
            if code < 0:
                _kill_child()
    assert said in raised.value.happened
    assert "KeyError: 'email'" in raised.value.happened
    assert len(rows(pages)) == 5_000
    assert not any(page.complete for page in pages)


def _kill_child() -> None:
    """As when the machine runs out of memory: the tap, the only process that this one started, is gone."""
    me = str(os.getpid())
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = status.read_text().rpartition(")")[2].split()[1]
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == me and b"tap-fake" in command:
            os.kill(int(status.parent.name), 9)


def test_a_tap_that_falls_silent_is_ended(folder: Path) -> None:
    began = time.monotonic()
    connector = tap(folder, schema(), record(1), hang=60, own={"silence": 0.4})
    with pytest.raises(RetryLater, match=r"said nothing for 0\.4 seconds"):
        read(connector)
    assert time.monotonic() - began < 20


def test_a_tap_whose_reader_is_slow_is_not_taken_for_stuck(folder: Path) -> None:
    lines = [schema(), *(record(number, notes="x" * 500) for number in range(10_000))]
    reading = tap(folder, *lines, own={"silence": 4}).read("people", None, ())
    assert not next(reading).complete
    time.sleep(5)  # longer than it may be silent, and it waits: the pipe is full
    assert list(reading)[-1].complete


def test_a_record_of_fifty_megabytes_is_read_and_a_larger_one_ends_the_read(folder: Path) -> None:
    (row,) = rows(read(tap(folder, schema(), {"long": 50_000_000})))
    assert len(row["notes"]) == 50_000_000
    with pytest.raises(ConfigurationError, match="more than 1000000 bytes") as raised:
        read(tap(folder, schema(), record(1), {"long": 2_000_000}, own={"longest_line": 1_000_000}))
    assert "longest_line" in raised.value.next_step


def test_noise_is_named_and_stops_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = ["Hello, I am tap-fake!", schema(), "", "[1, 2]", "[" * 50_000, record(1), '{"no": "type"}']
    with caplog.at_level(logging.WARNING):
        pages = read(tap(folder, *lines))
    assert rows(pages) == [{"id": 1}]
    assert pages[-1].complete
    assert "printed what is no message: Hello, I am tap-fake!" in caplog.text


@pytest.mark.parametrize("damaged", ['{"type": "RECORD", "stream": "peo', '{"type": "RECORD", "stream": "people"}'])
def test_a_damaged_line_is_set_aside_and_read_again(folder: Path, damaged: str) -> None:
    lines = [schema(), record(1), state({"at": 1}), damaged, record(2), state({"at": 2})]
    pages = read(tap(folder, *lines))
    assert rows(pages) == [{"id": 1}, {"id": 2}]
    assert not pages[-1].complete
    assert [broken.raw for page in pages for broken in page.broken] == [damaged]

    assert cursors(read(tap(folder, *lines, streams=[stream(**INCREMENTAL)]))) == [{"state": {"at": 1}}]


def test_a_tap_that_passes_over_the_stream_has_not_seen_that_it_is_empty(folder: Path) -> None:
    assert not read(tap(folder, schema("others")))[-1].complete
    assert read(tap(folder, schema()))[-1].complete


def test_numbers_that_json_has_not_are_read(folder: Path) -> None:
    line = '{"type": "RECORD", "stream": "people", "record": {"id": 123456789012345678901234567890, "notes": NaN}}'
    (row,) = rows(read(tap(folder, schema(), line)))
    assert row["id"] == 123456789012345678901234567890


def test_messages_that_are_not_about_rows_are_passed_over(folder: Path) -> None:
    version = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1}
    assert rows(read(tap(folder, schema(), version, record(1)))) == [{"id": 1}]


def test_rows_in_files_of_the_tap_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="hands its rows over in files") as raised:
        read(tap(folder, schema(), {"type": "BATCH", "stream": "people", "manifest": []}))
    assert "batch_config" in raised.value.next_step


def test_discovery_that_fails_says_why(folder: Path) -> None:
    with pytest.raises(RetryLater, match=r"exit code 2.*no such host"):
        tap(folder, discover_exit=2, log=["no such host"]).check()


def test_a_banner_before_the_catalog_is_passed_over(folder: Path) -> None:
    assert tap(folder, banner="tap-fake 1.0\n").streams()


def test_what_is_no_catalog_is_named(folder: Path) -> None:
    (folder / "tap-fake").write_text("#!/bin/sh\necho usage: tap-fake\n")
    with pytest.raises(PluginError, match="printed no catalog, but: usage: tap-fake"):
        tap(folder).streams()


def test_a_tap_that_is_not_there_says_how_to_install_it(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        tap(folder, own={"tap": "tap-nowhere-to-be-found"}).check()
    assert "synchub plugin add singer:tap-nowhere-to-be-found" in raised.value.next_step
    with pytest.raises(ConfigurationError, match="can't be started: No such file"):
        tap(folder, own={"tap": "./gone"}).check()


def test_a_read_that_nobody_finishes_leaves_no_process_and_no_file(folder: Path) -> None:
    lines = [schema(), *(record(number) for number in range(5_000))]
    reading = tap(folder, *lines, hang=60).read("people", None, ())
    next(reading)
    (config, _) = noted(folder)[-1][3]["--config"]
    assert Path(config).exists()
    reading.close()  # type: ignore[attr-defined]
    assert not Path(config).parent.exists()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    assert not any(b"tap-fake" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)
