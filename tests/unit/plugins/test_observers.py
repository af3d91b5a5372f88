"""Plugins that are told of runs: all are told, and one that fails stops nothing."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from synchub.plugins import load, run_ended, run_started
from synchub.spec.reports import RunReport

NOTING = """
    from synchub.api import hookimpl
    seen = []

    @hookimpl
    def synchub_run_started(run):
        seen.append(("started", run.sync))

    @hookimpl
    def synchub_run_ended(report):
        seen.append(("ended", report.state))
"""
FAILING = """
    from synchub.api import hookimpl

    @hookimpl
    def synchub_run_ended(report):
        raise RuntimeError("the chat is down")
"""
REPORT = RunReport("1", "contacts", datetime(2024, 5, 1, tzinfo=UTC), None, "done")
LOG = logging.getLogger("synchub.test")


def test_observers_are_told_of_both_ends(install):
    plugins = load(None, entry_points=install("acme_notes", NOTING))

    run_started(plugins, REPORT, LOG)
    run_ended(plugins, REPORT, LOG)

    import acme_notes  # type: ignore[import-not-found]

    assert acme_notes.seen == [("started", "contacts"), ("ended", "done")]


def test_one_that_fails_is_logged_by_name_and_the_next_is_told(install, caplog: pytest.LogCaptureFixture):
    install("acme_failing", FAILING)
    plugins = load(None, entry_points=install("acme_notes", NOTING))

    run_ended(plugins, REPORT, LOG)

    import acme_notes

    assert acme_notes.seen == [("ended", "done")]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "synchub_run_ended of acme-failing 1.2 failed: RuntimeError: the chat is down" in record.getMessage()
