"""Telling plugins of runs and notices. A plugin that fails here is logged and stops nothing."""

from __future__ import annotations

import logging

from synchub.plugins.hooked import blame
from synchub.plugins.offers import Plugins
from synchub.spec.reports import Notice, RunReport


def run_started(plugins: Plugins, run: RunReport, log: logging.Logger) -> None:
    """Tell every observer that `run` has begun."""
    _tell(plugins, "synchub_run_started", log, run=run)


def run_ended(plugins: Plugins, report: RunReport, log: logging.Logger) -> None:
    """Tell every observer how a run ended."""
    _tell(plugins, "synchub_run_ended", log, report=report)


def noticed(plugins: Plugins, notice: Notice, log: logging.Logger) -> None:
    """Hand a notice to every observer."""
    _tell(plugins, "synchub_notice", log, notice=notice)


def _tell(plugins: Plugins, hook: str, log: logging.Logger, **told: RunReport | Notice) -> None:
    for observer in plugins.observers:
        if observer.hook != hook:
            continue
        try:
            observer.call(**told)
        except (Exception, SystemExit) as error:
            log.warning("%s of %s failed: %s", hook, observer.origin, blame(error))
