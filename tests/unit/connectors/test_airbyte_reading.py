"""What a manifest's process prints, as pages: what is read, what counts as complete, and how it may go wrong."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest
from servers.manifest import ended, fault, log, record, state, stream, write_engine
from unit.connectors.programs import cursors, noted, read, rows

from synchub.api import AuthenticationError, ConfigurationError, PluginError, RetryLater, SynchubError
from synchub.testing.host import LocalHost
from synchub_connectors.airbyte.connector import Airbyte
from synchub_connectors.airbyte.settings import AirbyteSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_engine(tmp_path)
    return tmp_path


def manifest(folder: Path, *lines: Any, own: dict[str, Any] | None = None, **said: Any) -> Airbyte:
    """A connector over the stand-in for airbyte-cdk. `said` are the manifest's settings, `own` those of the connector."""
    settings = {"streams": [stream()], "lines": list(lines), "note": str(folder / "note"), **said}
    config = AirbyteSettings.model_validate({"manifest": "people.yaml", "settings": settings, **(own or {})})
    return Airbyte(config, LocalHost("people", folder))


def test_a_stream_is_what_the_catalog_says(folder: Path) -> None:
    compound = stream("tags", source_defined_primary_key=[["person", "id"], ["tag"]])
    people, tags = manifest(folder, streams=[stream(incremental=True), compound]).streams()
    assert [(field.name, field.type, field.writable) for field in people.fields] == [
        ("id", "integer", False),
        ("mail", "text", False),
        ("changed", "datetime", False),
        ("notes", "text", False),
    ]
    assert (people.key, people.updated_at, people.incremental, people.writes) == (("id",), "changed", True, frozenset())
    assert (tags.key, tags.updated_at, tags.incremental) == (("person.id", "tag"), None, False)


def test_a_cursor_that_is_no_time_does_not_say_when(folder: Path) -> None:
    (found,) = manifest(folder, streams=[stream(incremental=True, default_cursor_field=["id"])]).streams()
    assert (found.updated_at, found.incremental) == (None, True)


def test_a_whole_read_that_ended_well_is_complete(folder: Path) -> None:
    pages = read(manifest(folder, record(1, mail="a@x.org"), record(2, mail="b@x.org"), state({"seen": 2}), ended()))
    assert rows(pages) == [{"id": 1, "mail": "a@x.org"}, {"id": 2, "mail": "b@x.org"}]
    assert [page.complete for page in pages] == [False, True]
    assert cursors(pages) == []


@pytest.mark.parametrize("lines", [[], [ended("INCOMPLETE")], [ended(of="others")], [ended("RUNNING")]])
def test_a_stream_that_is_not_said_to_have_ended_is_not_complete(folder: Path, lines: list[Any]) -> None:
    assert not read(manifest(folder, record(1), *lines))[-1].complete


def test_what_only_changed_is_never_complete_and_goes_on_from_the_last_state(folder: Path) -> None:
    lines = [record(1), state({"at": 1}), record(2), state({"at": 2}), state({"at": 9}, "others"), ended()]
    pages = read(manifest(folder, *lines, streams=[stream(incremental=True)]))
    assert not any(page.complete for page in pages)
    kept = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "people"}, "stream_state": {"at": 2}}}
    assert cursors(pages) == [{"state": [kept]}]

    read(manifest(folder, *lines, streams=[stream(incremental=True)]), cursors(pages)[-1])
    called = [each for each in noted(folder) if each[0][1] == "read"]
    assert "--state" not in called[0][2]
    assert called[1][2]["--state"] == [kept]
    (chosen,) = called[1][2]["--catalog"]["streams"]
    assert (chosen["stream"]["name"], chosen["sync_mode"]) == ("people", "incremental")


def test_a_state_of_all_streams_is_kept_beside_that_of_one(folder: Path) -> None:
    whole = {"type": "STATE", "state": {"type": "GLOBAL", "global": {"shared_state": {"lsn": 7}}}}
    pages = read(manifest(folder, whole, state({"at": 1}), ended(), streams=[stream(incremental=True)]))
    (cursor,) = cursors(pages)
    assert [each["type"] for each in cursor["state"]] == ["GLOBAL", "STREAM"]


def test_a_state_stands_only_for_records_that_were_handed_out(folder: Path) -> None:
    many = [record(number) for number in range(5_000)]
    lines = [*many, state({"at": 1}), record(6_000), state({"at": 2}), ended()]
    seen = 0
    for page in read(manifest(folder, *lines, streams=[stream(incremental=True)])):
        seen += len(page.rows)  # type: ignore[arg-type]
        if page.cursor is not None:
            at = page.cursor["state"][0]["stream"]["stream_state"]["at"]
            assert seen >= {1: 5_000, 2: 5_001}[at]
    assert at == 2


def test_a_stream_may_be_read_whole_although_it_need_not(folder: Path) -> None:
    lines = [record(1), state({"at": 1}), ended()]
    connector = manifest(folder, *lines, streams=[stream(incremental=True)], own={"full": ("people",)})
    assert not connector.streams()[0].incremental
    pages = read(connector, {"state": [{"at": 1}]})
    assert pages[-1].complete
    called = noted(folder)[-1][2]
    assert "--state" not in called
    assert called["--catalog"]["streams"][0]["sync_mode"] == "full_refresh"


def test_only_fields_that_are_wanted_are_kept_and_parents_are_passed_over(folder: Path) -> None:
    lines = [record(7, "parents"), record(1, mail="a", notes="long"), ended()]
    assert rows(read(manifest(folder, *lines), fields=("id", "mail"))) == [{"id": 1, "mail": "a"}]


# Sources that go wrong


def test_a_process_that_dies_half_way_is_tried_later_and_nothing_is_complete(folder: Path) -> None:
    lines = [*(record(number) for number in range(5_000)), state({"at": 1}), record(6_000)]
    connector = manifest(folder, *lines, log=["MemoryError"], exit=137)
    pages = []
    with pytest.raises(RetryLater) as raised:  # noqa: PT012 - what came before it counts
        for page in connector.read("people", None, ()):
            pages.append(page)
    assert "people.yaml ended with exit code 137" in raised.value.happened
    assert "MemoryError" in raised.value.happened
    assert len(rows(pages)) == 5_000
    assert not any(page.complete for page in pages)


def test_a_process_that_hangs_is_ended_with_all_that_it_started(folder: Path) -> None:
    began = time.monotonic()
    connector = manifest(folder, record(1), hang=60, own={"silence": 0.4})
    with pytest.raises(RetryLater, match=r"people\.yaml said nothing for 0\.4 seconds"):
        read(connector)
    assert time.monotonic() - began < 20
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    assert not any(b"declarative" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


def test_a_record_of_fifty_megabytes_is_read(folder: Path) -> None:
    (row,) = rows(read(manifest(folder, {"long": 50_000_000}, ended())))
    assert len(row["notes"]) == 50_000_000


@pytest.mark.parametrize("line", [{"long": 2_000_000}, {"endless": 2_000_000}])
def test_a_line_that_does_not_end_ends_the_read(folder: Path, line: Any) -> None:
    with pytest.raises(ConfigurationError, match="more than 1000000 bytes") as raised:
        read(manifest(folder, record(1), line, hang=60, own={"longest_line": 1_000_000}))
    assert "longest_line" in raised.value.next_step


def test_noise_is_named_and_stops_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    odd = [{"type": "ANALYTICS"}, {"type": "LOG"}, {"type": "TRACE", "trace": {"type": "ESTIMATE"}}, {"kind": 5}]
    lines = ["Hello!", "", "[1, 2]", "[" * 50_000, *odd, {"type": "CATALOG", "catalog": {"streams": [{}]}}]
    with caplog.at_level(logging.WARNING):
        pages = read(manifest(folder, *lines, record(1), ended()))
    assert rows(pages) == [{"id": 1}]
    assert pages[-1].complete
    assert "printed what is no message: Hello!" in caplog.text


@pytest.mark.parametrize(
    "damaged", ['{"type": "RECORD", "record": {"str', '{"type": "RECORD", "record": {"stream": "people", "data": 5}}']
)
def test_a_damaged_line_is_set_aside_and_read_again(folder: Path, damaged: str) -> None:
    lines = [record(1), state({"at": 1}), damaged, record(2), state({"at": 2}), ended()]
    pages = read(manifest(folder, *lines))
    assert rows(pages) == [{"id": 1}, {"id": 2}]
    assert not pages[-1].complete
    assert [broken.raw for page in pages for broken in page.broken] == [damaged]

    (cursor,) = cursors(read(manifest(folder, *lines, streams=[stream(incremental=True)])))
    assert cursor["state"][0]["stream"]["stream_state"] == {"at": 1}


@pytest.mark.parametrize(
    ("line", "kind", "told"),
    [
        (fault("Status Code: 503. Error: gone", "transient_error"), RetryLater, "could not be read: Status Code: 503"),
        (fault("KeyError: 'email'"), RetryLater, "could not be read: KeyError: 'email'"),
        (
            fault("Something went wrong in the connector. See", trace="a.FirstError: one\n\nb.LastError: two\n"),
            RetryLater,
            "could not be read: two",
        ),
        (
            fault("Something went wrong", trace="x.Error: set the `AIRBYTE_ENABLE_UNSAFE_CODE` environment variable"),
            ConfigurationError,
            "comes with Python code of its own, which is not run",
        ),
        (fault("HTTP Status Code: 401. Error: no", "config_error"), AuthenticationError, "was refused: HTTP Status Co"),
        (fault("'x' is a required property", "config_error"), ConfigurationError, "says: 'x' is a required property"),
        (
            fault(
                "Error starting the sync. Blah. Error: bad", trace="Traceback\njsonschema.ValidationError: 'Foo' is\n"
            ),
            ConfigurationError,
            "can't be run: 'Foo' is",
        ),
        (fault("Error starting the sync. Blah. Error: bad"), ConfigurationError, "can't be run: bad"),
    ],
)
@pytest.mark.parametrize("code", [0, 1])
def test_what_went_wrong_is_told_by_whose_fault_it_is(
    folder: Path, line: Any, kind: type[SynchubError], told: str, code: int
) -> None:
    connector = manifest(folder, record(1), line, fault("During the sync, the following…"), ended(), exit=code)
    with pytest.raises(kind) as raised:
        read(connector)
    assert type(raised.value) is kind
    assert f"people.yaml {told}" in raised.value.happened
    assert raised.value.not_done
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ({"status": "FAILED", "message": "'HTTP Status Code: 403. Error: Forbidden'"}, AuthenticationError),
        ({"status": "FAILED", "message": "Exhausted available request attempts. ConnectionError: x"}, RetryLater),
        (
            {"status": "FAILED", "message": "Config validation error: 'token' is a required property"},
            ConfigurationError,
        ),
        (None, PluginError),
    ],
)
def test_a_check_that_fails_says_why(folder: Path, status: Any, kind: type[SynchubError]) -> None:
    with pytest.raises(kind):
        manifest(folder, **({"status": status} if status else {})).check()


def test_a_check_that_goes_well_is_quiet(folder: Path) -> None:
    manifest(folder, status={"status": "SUCCEEDED"}).check()


def test_a_catalog_that_does_not_come_is_named(folder: Path) -> None:
    connector = manifest(folder)
    del connector._settings.settings["streams"]
    with pytest.raises(PluginError, match=r"people\.yaml was asked what there is and did not say"):
        connector.streams()


def test_what_is_not_installed_says_how_to_install_it(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="airbyte-source-x is not installed") as raised:
        manifest(folder, own={"manifest": "airbyte-source-x"}).check()
    assert "synchub plugin add airbyte:airbyte-source-x" in raised.value.next_step
    with pytest.raises(ConfigurationError, match=r"There is no manifest .*gone\.yaml"):
        manifest(folder, own={"manifest": "gone.yaml"}).check()
    (folder / "plugins" / ".venvs" / "airbyte-cdk" / "synchub.json").unlink()
    with pytest.raises(ConfigurationError, match="airbyte-cdk is not installed"):
        manifest(folder).check()


def test_a_manifest_that_is_no_yaml_says_where(folder: Path) -> None:
    python = folder / "plugins" / ".venvs" / "airbyte-cdk" / "bin" / "python"
    python.write_text("#!/bin/sh\necho 'expected a node in \"people.yaml\", line 3, column 1' >&2; exit 1\n")
    with pytest.raises(ConfigurationError, match=r"can't be read: expected a node in .*line 3, column 1"):
        manifest(folder).streams()


def test_code_of_others_runs_only_where_hub_toml_says_so(folder: Path) -> None:
    (folder / "components.py").write_text("")
    manifest(folder).streams()
    manifest(folder, own={"components": True}).streams()
    without, allowed = noted(folder)
    assert "--components-path" not in without[0]
    assert "AIRBYTE_ENABLE_UNSAFE_CODE" not in without[1]
    assert str(folder / "components.py") in allowed[0]
    assert allowed[1]["AIRBYTE_ENABLE_UNSAFE_CODE"] == "true"


def test_a_read_that_nobody_finishes_leaves_no_process_and_no_file(folder: Path) -> None:
    reading = manifest(folder, *(record(number) for number in range(5_000)), hang=60).read("people", None, ())
    next(reading)
    (config, _) = noted(folder)[-1][3]["--config"]
    assert Path(config).exists()
    reading.close()  # type: ignore[attr-defined]
    assert not Path(config).parent.exists()


def test_its_log_is_the_hubs_and_never_on_stdout(
    folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [log("began\nand more"), log("slow", "WARN"), record(1), ended()]
    with caplog.at_level(logging.INFO):
        read(manifest(folder, *lines, log=["on stderr"]))
    told = {(each.levelname, each.getMessage()) for each in caplog.records}
    assert {("INFO", "began"), ("WARNING", "slow"), ("INFO", "on stderr")} <= told
    assert capfd.readouterr().out == ""
