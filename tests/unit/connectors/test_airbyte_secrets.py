"""Secrets of a manifest: in its configuration file and nowhere else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from servers.manifest import ended, fault, log, record, stream, write_engine

from synchub.api import ConfigurationError, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.airbyte.connector import Airbyte
from synchub_connectors.airbyte.settings import AirbyteSettings

TOKEN = "s3cr3t-of-the-source"
CHOICE = {"oneOf": [{"properties": {"refresh": {"airbyte_secret": True}}}, {"properties": {"key": {}}}]}


def source(folder: Path, *lines: Any, host: LocalHost | None = None, **said: Any) -> Airbyte:
    write_engine(folder, {"properties": {"token": {"airbyte_secret": True}, "auth": CHOICE, "streams": {}}})
    settings = {"streams": [stream()], "lines": list(lines), "note": str(folder / "note"), **said}
    secrets = {"token": TOKEN, "auth.refresh": "first-refresh"}
    config = AirbyteSettings.model_validate({"manifest": "people.yaml", "settings": settings, "secrets": secrets})
    return Airbyte(config, host or LocalHost("people", folder))


def test_they_are_in_a_private_file_and_not_among_the_arguments(tmp_path: Path) -> None:
    list(source(tmp_path, record(1), ended()).read("people", None, ()))
    for line in (tmp_path / "note").read_text().splitlines():
        arguments, environ, files, paths = json.loads(line)
        assert files["--config"]["token"] == TOKEN
        assert files["--config"]["auth"] == {"refresh": "first-refresh"}
        assert TOKEN not in json.dumps([arguments, environ])
        for name, (path, mode) in paths.items():
            if name != "--manifest-path":
                assert mode == 0o600
                assert not Path(path).exists()


def test_a_source_that_tells_them_is_not_quoted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = [f"token is {TOKEN}", log(f"sent {TOKEN}", "WARN"), fault(f"401 for {TOKEN}"), f'{{"type": "RECORD {TOKEN}']
    connector = source(tmp_path, *lines, log=[f"on stderr {TOKEN}"], exit=1)
    with caplog.at_level(logging.DEBUG), pytest.raises(RetryLater) as raised:
        list(connector.read("people", None, ()))
    assert "401 for ***" in raised.value.happened
    assert "sent ***" in caplog.text
    assert TOKEN not in caplog.text + str(raised.value)


@pytest.mark.parametrize("settings", [{"auth": {"refresh": "open"}}, {"auth": {"refresh": "x", "key": "y"}}])
def test_one_that_stands_in_the_open_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    write_engine(tmp_path, {"properties": {"token": {"airbyte_secret": True}, "auth": CHOICE}})
    config = AirbyteSettings.model_validate({"manifest": "people.yaml", "settings": settings})
    for call in ("check", "streams"):
        with pytest.raises(ConfigurationError, match=r"^auth\.refresh stands under `settings`") as raised:
            getattr(Airbyte(config, LocalHost("people", tmp_path)), call)()
        assert "`secrets`" in raised.value.next_step


def test_a_token_that_was_replaced_is_kept_and_every_new_one_is_hidden(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = LocalHost("people", tmp_path)
    host.kept["secrets", "auth.refresh"] = "first-refresh"
    new = {"token": TOKEN, "auth": {"refresh": "second-refresh", "access": "new-access-token"}}
    control = {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": new}}}
    connector = source(tmp_path, control, log("got new-access-token", "WARN"), record(1), ended(), host=host)
    with caplog.at_level(logging.INFO):
        list(connector.read("people", None, ()))
        list(connector.read("people", None, ()))
    assert host.kept["secrets", "auth.refresh"] == "second-refresh"
    last = json.loads((tmp_path / "note").read_text().splitlines()[-1])
    assert last[2]["--config"]["auth"] == {"refresh": "second-refresh"}
    assert "new-access-token" not in caplog.text


def test_a_setting_can_not_be_secret_and_open() -> None:
    with pytest.raises(ValidationError, match="token stands under settings and under secrets"):
        AirbyteSettings.model_validate({"manifest": "x", "settings": {"token": "a"}, "secrets": {"token": "b"}})
