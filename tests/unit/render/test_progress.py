"""Progress: bars on a terminal, seldom lines elsewhere."""

from __future__ import annotations

import io
import threading

from synchub.render.progress import EVERY, Lines, progress_on


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_come_at_most_every_two_seconds_and_at_the_end():
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, clock=clock)
    lines.start("reading crm", 5000)
    for _ in range(50):
        clock.now += 0.1
        lines.advance("reading crm", 100)
    lines.finish("reading crm")

    told = out.getvalue().splitlines()
    assert len(told) == 3
    assert told[0].startswith("reading crm: 2,")
    assert told[0].endswith(" of 5,000")
    assert told[-1] == "reading crm: 5,000, done"


def test_a_step_of_unknown_length_tells_its_count():
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, clock=clock)
    lines.start("reading\x1b[2J")
    clock.now = EVERY
    lines.advance("reading\x1b[2J", 7)

    assert out.getvalue() == "reading\\x1b[2J: 7\n"


def test_of_a_short_step_nothing_is_told():
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, clock=clock)
    clock.now = 10.0
    lines.start("reading crm", 5)
    clock.now += EVERY / 2
    lines.advance("reading crm", 5)
    lines.finish("reading crm")

    assert out.getvalue() == ""


def test_several_threads_may_tell_at_once():
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, clock=clock)
    lines.start("writing")
    clock.now = EVERY

    def work() -> None:
        for _ in range(1000):
            lines.advance("writing")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.finish("writing")

    assert out.getvalue().endswith("writing: 4,000, done\n")


def test_where_there_is_no_terminal_there_are_lines():
    with progress_on(io.StringIO()) as progress:
        assert isinstance(progress, Lines)


def test_on_a_terminal_there_is_a_bar_that_goes_away():
    out = Terminal()
    with progress_on(out) as progress:
        progress.start("reading [bold]crm", 10)
        progress.advance("reading [bold]crm", 3)
        progress.start("reading [bold]crm", 20)
        progress.finish("reading [bold]crm")
        progress.start("writing")
        progress.finish("writing")

    assert "reading [bold]crm" in out.getvalue()
    assert "3/3" in out.getvalue()
