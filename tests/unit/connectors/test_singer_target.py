"""A target of Singer: what it is given, what counts as written, and what is told of one that fails."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from servers.target import TOKEN, write_target

from synchub.api import ConfigurationError, Operation, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.singer_target.apart import DOWN, STARTS, loaded_apart
from synchub_connectors.singer_target.connector import SingerTarget
from synchub_connectors.singer_target.settings import TargetSettings

STREAMS = {"people": {"email": "text", "score": "number", "tags": "set", "born": "date", "seen": "datetime"}}
ANN = {"hub_id": "a-1", "email": "ann@example.org", "score": Decimal("12345678901234567.10"), "tags": ["a", "b"]}


def target(folder: Path, *, token: str = TOKEN, silence: float = 30, **said: Any) -> SingerTarget:
    write_target(folder)
    own = {name: said.pop(name) for name in ("deleted_at", "key", "streams", "batch") if name in said}
    settings = {"file": str(folder / "rows.json"), "given": str(folder / "given"), "note": str(folder / "note"), **said}
    given = {"target": "./target-fake", "streams": STREAMS, "settings": settings, "silence": silence, **own}
    config = TargetSettings.model_validate({**given, "secrets": {"token": token}})
    return SingerTarget(config, LocalHost("warehouse", folder))


def create(**values: Any) -> Operation:
    return Operation("create", None, {**ANN, **values}, "one")


def given(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "given").read_text().splitlines()]


def test_it_is_given_a_schema_whole_records_and_a_state(tmp_path: Path) -> None:
    born, seen = date(1990, 1, 2), datetime(2024, 5, 6, 7, 8, tzinfo=UTC)
    (result,) = target(tmp_path).write("people", [create(born=born, seen=seen)])
    assert result.status == "ok"
    assert result.remote_id == "a-1"
    assert result.stored == {**ANN, "born": born, "seen": seen}
    schema, record, state = given(tmp_path)
    assert schema["key_properties"] == ["hub_id"]
    kinds = {name: about["type"] for name, about in schema["schema"]["properties"].items()}
    assert kinds["hub_id"] == "string"
    assert kinds["score"] == ["null", "number"]
    assert kinds["tags"] == ["null", "array"]
    assert schema["schema"]["properties"]["seen"]["format"] == "date-time"
    assert record["record"] == {
        "hub_id": "a-1",
        "email": "ann@example.org",
        "score": 12345678901234567.10,
        "tags": ["a", "b"],
        "born": "1990-01-02",
        "seen": "2024-05-06T07:08:00Z",
    }
    assert state["type"] == "STATE"


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    from synchub_connectors.singer_target.lines import record

    line = record("people", {"score": Decimal("12345678901234567.10")}, datetime.now(UTC))
    assert b'"score":12345678901234567.10' in line


def test_a_field_that_is_not_known_is_refused_for_its_record_alone(tmp_path: Path) -> None:
    results = target(tmp_path).write("people", [create(phone="1"), create(hub_id="a-2")])
    assert [result.status for result in results] == ["rejected", "ok"]
    assert "phone" in results[0].reason
    assert [each["record"]["hub_id"] for each in given(tmp_path) if each["type"] == "RECORD"] == ["a-2"]


def test_an_update_is_loaded_under_the_key_it_was_made_with(tmp_path: Path) -> None:
    update = Operation("update", "a-1", {"email": "new@example.org"}, "two")
    (result,) = target(tmp_path).write("people", [update])
    assert result.status == "ok"
    assert given(tmp_path)[1]["record"] == {
        **dict.fromkeys(STREAMS["people"]),
        "hub_id": "a-1",
        "email": "new@example.org",
    }


def test_deletes_are_a_time_in_a_field_if_there_is_one(tmp_path: Path) -> None:
    (without,) = target(tmp_path).streams()
    assert without.writes == {"create", "update"}
    connector = target(tmp_path, deleted_at="_sdc_deleted_at")
    (stream,) = connector.streams()
    assert stream.writes == {"create", "update", "archive"}
    connector.write("people", [create(), Operation("archive", "a-2", {}, "two", before={**ANN, "hub_id": "a-2"})])
    schema, first, second, _ = given(tmp_path)
    assert schema["schema"]["properties"]["_sdc_deleted_at"]["format"] == "date-time"
    assert first["record"]["_sdc_deleted_at"] is None
    assert second["record"]["_sdc_deleted_at"]
    assert second["record"]["email"] == "ann@example.org"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"deaf": True}, "ended without a word"),
        ({"exit": 3}, "ended with exit code 3"),
        ({"die_at": 1}, "was killed by signal 9"),
        ({"die_at": 2}, "was killed by signal 9"),
        ({"hang": 60, "silence": 0.4}, "said nothing for 0.4 seconds and was ended"),
        ({"exit": 1, "log": [f"401 for {TOKEN}"]}, "It said last: 401 for ***"),
    ],
)
def test_nothing_counts_as_written_before_it_says_so_and_ends_well(
    tmp_path: Path, said: dict[str, Any], told: str
) -> None:
    """One that printed the state and then failed may have lost what it held: that is sent again too."""
    with pytest.raises(RetryLater) as raised:
        target(tmp_path, **said).write("people", [create()])
    assert told in raised.value.happened
    assert "sent again" in str(raised.value)


def test_one_bad_record_holds_up_no_others(tmp_path: Path) -> None:
    people = [create(hub_id=f"a-{number}", email=f"person{number}@example.org") for number in range(40)]
    results = target(tmp_path, bad="person17@").write("people", people)
    assert [place for place, result in enumerate(results) if result.status != "ok"] == [17]
    assert results[17].status == "retry"
    assert "a record is bad" in results[17].reason
    assert len(json.loads((tmp_path / "rows.json").read_text())) == 39


def test_one_that_is_down_is_not_started_for_every_record(tmp_path: Path) -> None:
    people = [create(hub_id=f"a-{number}") for number in range(1000)]
    with pytest.raises(RetryLater):
        target(tmp_path, token="not-mine").write("people", people)
    assert len((tmp_path / "note").read_text().splitlines()) == 7


def test_one_that_hangs_is_started_once(tmp_path: Path) -> None:
    with pytest.raises(RetryLater):
        target(tmp_path, hang=60, silence=0.4).write("people", [create(), create(hub_id="a-2")])
    assert len((tmp_path / "note").read_text().splitlines()) == 1


@pytest.mark.parametrize("bad", [{0}, {999}, {1, 500}, {3, 4, 5}, set(range(0, 1000, 2))])
def test_parts_are_tried_until_the_bad_are_alone_or_it_is_enough(bad: set[int]) -> None:
    starts: list[tuple[int, int]] = []

    def load(first: int, last: int) -> bool:
        starts.append((first, last))
        return not bad & set(range(first, last))

    done = loaded_apart(1000, load)
    assert len(starts) <= STARTS
    assert not any(done[place] for place in bad)
    if len(bad) <= 3:
        assert {place for place, loaded in enumerate(done) if not loaded} == bad
    else:
        assert len(starts) == DOWN


def test_one_that_ends_before_it_took_all_is_told_by_how_it_ended(tmp_path: Path) -> None:
    many = [create(hub_id=f"a-{number}", email="x" * 100_000) for number in range(50)]
    with pytest.raises(RetryLater) as raised:
        target(tmp_path, token="not-mine").write("people", many)
    assert "target-fake ended with exit code 1" in raised.value.happened
    assert "the token is wrong: ***" in raised.value.happened


def test_secrets_are_in_a_private_file_and_nowhere_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        target(tmp_path, log=[f"token {TOKEN}"]).write("people", [create()])
    (line,) = (tmp_path / "note").read_text().splitlines()
    arguments, environ, mode = json.loads(line)
    assert mode == 0o600
    assert TOKEN not in json.dumps([arguments, environ])
    assert not Path(arguments[arguments.index("--config") + 1]).exists()
    assert "token ***" in caplog.text
    assert TOKEN not in caplog.text


def test_check_gives_it_a_state_alone(tmp_path: Path) -> None:
    target(tmp_path).check()
    assert [message["type"] for message in given(tmp_path)] == ["STATE"]
    with pytest.raises(RetryLater):
        target(tmp_path, token="wrong").check()


def test_a_record_without_its_key_is_a_mistake_in_the_mapping(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        target(tmp_path).write("people", [Operation("create", None, {"email": "ann@example.org"}, "one")])
    assert 'hub_id = "hub_id"' in str(raised.value)
    assert not (tmp_path / "given").exists()


def test_one_that_is_not_there_is_told_how_to_get(tmp_path: Path) -> None:
    config = TargetSettings.model_validate({"target": "target-that-nobody-has", "streams": STREAMS})
    with pytest.raises(ConfigurationError) as raised:
        SingerTarget(config, LocalHost("warehouse", tmp_path)).check()
    assert "plugin add singer:target-that-nobody-has" in str(raised.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"streams": {}},
        {"streams": {"people": {"hub_id": "text"}}},
        {"streams": {"people": {"email": "varchar"}}},
        {"deleted_at": "email"},
        {"deleted_at": "hub_id"},
        {"settings": {"token": "x"}, "secrets": {"token": "y"}},
    ],
)
def test_settings_that_can_not_be(wrong: dict[str, Any]) -> None:
    sound = {"target": "target-x", "streams": {"people": {"email": "text"}}}
    TargetSettings.model_validate(sound)
    with pytest.raises(ValidationError) as raised:
        TargetSettings.model_validate({**sound, **wrong})
    assert "input_value" not in str(raised.value)
