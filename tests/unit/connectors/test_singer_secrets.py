"""Secrets of a tap: in its configuration file and nowhere else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from servers.tap import record, schema, stream, write_tap

from synchub.api import RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.singer.connector import Singer
from synchub_connectors.singer.settings import SingerSettings

TOKEN = "s3cr3t-of-the-tap"


def tap(folder: Path, *lines: Any, host: LocalHost | None = None, **said: Any) -> Singer:
    write_tap(folder)
    settings = {"streams": [stream()], "lines": list(lines), "note": str(folder / "note"), **said}
    secrets = {"token": TOKEN, "auth.refresh": "first-refresh"}
    config = SingerSettings.model_validate({"tap": "./tap-fake", "settings": settings, "secrets": secrets})
    return Singer(config, host or LocalHost("people", folder))


def test_they_are_in_a_private_file_and_not_among_the_arguments(tmp_path: Path) -> None:
    list(tap(tmp_path, schema(), record(1)).read("people", None, ()))
    for line in (tmp_path / "note").read_text().splitlines():
        arguments, environ, files, paths = json.loads(line)
        assert files["--config"]["token"] == TOKEN
        assert files["--config"]["auth"] == {"refresh": "first-refresh"}
        assert TOKEN not in json.dumps([arguments, environ])
        for path, mode in paths.values():
            assert mode == 0o600
            assert not Path(path).exists()


def test_the_environment_of_the_hub_stays_with_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB_URL", "postgresql://me:secret@db/shop")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    connector = tap(tmp_path)
    connector.streams()
    (_, environ, _, _) = json.loads((tmp_path / "note").read_text())
    assert {"SHOP_DB_URL", "PYTHONPATH"} & environ.keys() == set()
    assert "PATH" in environ


def test_a_tap_that_tells_them_is_not_quoted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    connector = tap(tmp_path, f"token is {TOKEN}", schema(), log=[f"401 for {TOKEN}"], exit=1)
    with caplog.at_level(logging.DEBUG), pytest.raises(RetryLater) as raised:
        list(connector.read("people", None, ()))
    assert "401 for ***" in raised.value.happened
    assert "token is ***" in caplog.text
    assert TOKEN not in caplog.text + str(raised.value)


def test_a_token_that_the_tap_replaced_is_kept_and_used_from_then_on(tmp_path: Path) -> None:
    host = LocalHost("people", tmp_path)
    host.kept["secrets", "auth.refresh"] = "first-refresh"
    connector = tap(tmp_path, schema(), host=host, config={"auth": {"refresh": "second-refresh"}})
    list(connector.read("people", None, ()))
    assert host.kept["secrets", "auth.refresh"] == "second-refresh"
    last = json.loads((tmp_path / "note").read_text().splitlines()[-1])
    assert last[2]["--config"]["auth"]["refresh"] == "second-refresh"


def test_a_setting_can_not_be_secret_and_open(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="token stands under settings and under secrets"):
        SingerSettings.model_validate({"tap": "x", "settings": {"token": "a"}, "secrets": {"token": "b"}})
