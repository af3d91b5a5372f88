"""Stopping: by signals, at safe points, and at last without one."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from synchub.serve.stopping import Pulse, Stop, Stopped, on_signals


def test_a_run_breaks_off_between_two_steps_and_not_at_the_end_of_one():
    stop, beats = Stop(), []
    pulse = Pulse(stop, lambda: beats.append(1))
    pulse.start("reading crm")
    pulse.advance("reading crm", 100)
    stop.ask()

    pulse.finish("reading crm")  # whatever it was is done: what came of it is not thrown away
    for step in (pulse.start, pulse.advance):
        with pytest.raises(Stopped):
            step("writing crm")
    assert len(beats) == 5


def test_a_wait_for_a_system_ends_at_once():
    stop = Stop()
    threading.Timer(0.05, stop.ask).start()
    began = time.monotonic()

    with pytest.raises(Stopped):
        stop.sleep(60)
    assert time.monotonic() - began < 30


def test_stopping_is_not_taken_for_a_fault():
    assert not issubclass(Stopped, Exception)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_to_stop(number: signal.Signals):
    stop, late, before = Stop(), [], signal.getsignal(number)
    with on_signals(stop, lambda: late.append(1)):
        os.kill(os.getpid(), number)
        stop.wait(30)
        assert stop.asked
    assert late == []
    assert signal.getsignal(number) is before


def test_what_comes_to_no_safe_point_is_ended_without_one():
    stop, ended = Stop(), threading.Event()
    with on_signals(stop, ended.set, seconds=0.1):
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended.wait(30)
        assert stop.asked


def test_a_second_signal_ends_it_at_once():
    stop, ended = Stop(), threading.Event()
    with on_signals(stop, ended.set, seconds=600):
        os.kill(os.getpid(), signal.SIGINT)
        stop.wait(30)
        os.kill(os.getpid(), signal.SIGINT)
        assert ended.wait(30)


def test_nobody_asked():
    stop = Stop()
    with on_signals(stop, lambda: None):
        stop.wait(0)
    assert not stop.asked
