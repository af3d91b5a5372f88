"""Global options, errors and exit codes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from synchub.cli import run
from synchub.cli.session import Session
from synchub.errors import (
    AuthenticationError,
    BusyError,
    ConfigurationError,
    FatalError,
    GuardError,
    PluginError,
    RetryLater,
    SynchubError,
)
from synchub.spec.answers import StatusReport

STATUS = StatusReport("sqlite:///hub.db", (), ())


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ConfigurationError, 2),
        (GuardError, 3),
        (BusyError, 75),
        (AuthenticationError, 1),
        (RetryLater, 1),
        (PluginError, 1),
        (FatalError, 1),
    ],
)
def test_an_error_says_what_happened_what_was_not_done_and_what_to_do(call, hub, kind: type[SynchubError], code: int):
    hub.answers["status"] = kind("It went wrong.", not_done="Nothing was written.", next_step="Look.")
    done = call("status")

    assert done.code == code
    assert done.out == ""
    assert done.err.splitlines() == ["Error: It went wrong.", "Not done: Nothing was written.", "Next: Look."]


def test_all_problems_of_a_configuration_are_listed(call, hub):
    hub.answers["status"] = ConfigurationError("Wrong.", problems=tuple(f"hub.toml:{n}:1: wrong" for n in range(300)))
    err = call("status").err

    assert "  hub.toml:0:1: wrong\n" in err
    assert "… and 200 more" in err


def test_an_error_is_told_to_programs_too(call, hub):
    hub.answers["status"] = GuardError("Too many deletes.", next_step="Allow them.")
    done = call("status", "--json")

    assert done.code == 3
    assert done.json["command"] == "status"
    assert done.json["error"]["kind"] == "GuardError"
    assert done.json["error"]["next_step"] == "Allow them."
    assert "Error: Too many deletes." in done.err


def test_a_bug_is_one_line_and_debug_shows_where(call, hub):
    hub.answers["status"] = KeyError("oops")
    short, long = call("status"), call("--debug", "status")
    assert "Traceback (most recent call last)" in call("status", "--debug").err

    assert short.code == long.code == 1
    assert short.err.splitlines() == [
        "Error: KeyError: 'oops'",
        "Next: This is a bug in synchub. Run it again with --debug to see where.",
    ]
    assert "Traceback (most recent call last)" in long.err
    assert call("status", "--json").json["error"]["kind"] == "KeyError"


def test_an_error_cannot_steer_the_terminal(call, hub):
    hub.answers["status"] = RetryLater("shop said: \x1b[2J\nError: all is well")

    assert call("status").err == "Error: shop said: \\x1b[2J↵Error: all is well\n"


def test_secrets_that_are_known_are_in_no_error(call, folder: Path):
    def engine(session: Session):
        session.redactor.add("hunter2-secret")
        raise ValueError("refused: hunter2-secret")

    for args in (["status"], ["--debug", "status"], ["status", "--json"]):
        done = call(*args, engine=engine)
        assert "hunter2" not in done.out + done.err
        assert "***" in done.err


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_exits_with_130(call, hub, stop: BaseException):
    hub.answers["status"] = stop
    done = call("status")

    assert done.code == 130
    assert "Interrupted." in done.err
    assert "Traceback" not in done.err


def test_a_wrong_option_exits_with_2(call):
    done = call("status", "--nonsense")

    assert done.code == 2
    assert "--nonsense" in done.err


def test_nobody_reads_on(folder: Path):
    code = (
        "import sys\nfrom synchub.cli import run\n"
        "class Hub:\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, *e): pass\n"
        "    def status(self):\n"
        "        from synchub.spec.answers import StatusReport\n"
        "        return StatusReport('x', (), (), notes=tuple(str(n) for n in range(20000)))\n"
        f"sys.exit(run(['-C', {str(folder)!r}, 'status'], engine=lambda s: Hub(), environ={{}}))\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)

    assert done.returncode == 1
    assert done.stderr == ""


def test_the_file_is_found_upwards_from_where_it_was_started(folder: Path, hub, capsys):
    below = folder / "mappings/deep"
    below.mkdir(parents=True)
    seen: list[Path] = []

    def engine(session: Session):
        seen.append(session.config)
        hub.answers["status"] = STATUS
        return hub

    assert run(["-C", str(below), "status"], engine=engine, environ={}) == 0
    assert seen == [folder.resolve() / "hub.toml"]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_another_file_can_be_named(folder: Path, hub, call, how: str):
    (folder / "other.toml").write_text("")
    seen: list[Path] = []

    def engine(session: Session):
        seen.append(session.config)
        hub.answers["status"] = STATUS
        return hub

    if how == "option":
        call("--config", "other.toml", "status", engine=engine, environ={"SYNCHUB_CONFIG": "no.toml"})
    else:
        call("status", engine=engine, environ={"SYNCHUB_CONFIG": "other.toml"})

    assert seen == [folder.resolve() / "other.toml"]


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path, capsys):
    def engine(session: Session):
        raise AssertionError(session.config)

    assert run(["-C", str(tmp_path), "status"], engine=engine, environ={}) == 2
    assert "synchub init" in capsys.readouterr().err
    assert run(["--config", str(tmp_path / "x.toml"), "status"], engine=engine, environ={}) == 2
    assert "x.toml" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_strangers_file_is_used_only_if_it_is_named(folder: Path, hub, call):
    os.chown(folder / "hub.toml", 12345, 12345)
    hub.answers["status"] = STATUS

    def engine(session: Session):
        assert session.config
        return hub

    refused = call("status", engine=engine)
    assert refused.code == 2
    assert "belongs to another user" in refused.err
    assert call("--config", "hub.toml", "status", engine=engine).code == 0
    assert call("status", engine=engine, environ={"SYNCHUB_CONFIG": "hub.toml"}).code == 0


def logging_engine(hub):
    def engine(session: Session):
        session.redactor.add("hunter2-secret")
        log = logging.getLogger("synchub.test")
        log.debug("a detail")
        log.info("reading with %s", "hunter2-secret", extra={"system": "crm"})
        log.warning("crm is slow\nERROR forged \x1b[2J")
        log.error("it failed")
        hub.answers["status"] = STATUS
        return hub

    return engine


@pytest.mark.parametrize(
    ("flags", "levels"),
    [
        (["-q"], ["ERROR"]),
        ([], ["WARNING", "ERROR"]),
        (["-v"], ["INFO", "WARNING", "ERROR"]),
        (["-vv"], ["DEBUG", "INFO", "WARNING", "ERROR"]),
    ],
)
def test_logs_go_to_stderr_from_the_level_asked_for(call, hub, flags: list[str], levels: list[str]):
    done = call(*flags, "status", engine=logging_engine(hub))

    assert [line.split()[1] for line in done.err.splitlines()] == levels
    assert "it failed" not in done.out


def test_a_log_line_is_one_line_without_secrets(call, hub):
    err = call("-v", "status", engine=logging_engine(hub)).err

    assert "synchub.test: reading with ***" in err
    assert "crm is slow↵ERROR forged \\x1b[2J" in err


def test_logs_as_json_lines(call, hub):
    err = call("-v", "--log-format", "json", "status", engine=logging_engine(hub)).err
    first, second, _ = map(json.loads, err.splitlines())

    assert first["message"] == "reading with ***"
    assert (first["level"], first["logger"], first["system"]) == ("info", "synchub.test", "crm")
    assert second["message"].startswith("crm is slow\nERROR")
    assert "hunter2" not in err


def test_logging_ends_with_the_call(call, hub):
    before = logging.getLogger().handlers[:], logging.getLogger().level
    call("-vv", "status", engine=logging_engine(hub))

    assert (logging.getLogger().handlers, logging.getLogger().level) == before
