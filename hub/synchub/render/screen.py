"""Consoles: where rendered reports are drawn."""

from __future__ import annotations

import io
from typing import IO

from rich.console import Console, RenderableType
from rich.theme import Theme

THEME = Theme(
    {
        "create": "green",
        "update": "yellow",
        "delete": "red",
        "conflict": "bold magenta",
        "bad": "bold red",
        "good": "green",
        "wait": "bold yellow",
        "head": "bold",
        "name": "bold cyan",
        "quiet": "dim",
    },
    inherit=True,
)

PIPE_WIDTH = 120
"""Columns where there is no terminal to ask."""


def console(file: IO[str], *, color: bool | None = None, width: int | None = None) -> Console:
    """A console on `file`. color: None means on a terminal only, and never where NO_COLOR is set."""
    terminal = file.isatty()
    return Console(
        file=file,
        theme=THEME,
        width=width or (None if terminal else PIPE_WIDTH),
        force_terminal=True if color else None,
        color_system="auto" if color is not False else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def text(renderable: RenderableType, *, width: int = PIPE_WIDTH, color: bool = False) -> str:
    """A report drawn into a string, without colours unless asked for."""
    out = io.StringIO()
    console(out, color=color, width=width).print(renderable)
    # A table pads its last column; nobody wants that in a file.
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def svg(renderable: RenderableType, *, title: str, width: int = 100) -> str:
    """A report as an SVG picture of a terminal."""
    recorder = Console(
        file=io.StringIO(),
        theme=THEME,
        width=width,
        record=True,
        force_terminal=True,
        highlight=False,
        markup=False,
        emoji=False,
        color_system="truecolor",
        no_color=False,
    )
    recorder.print(renderable)
    return recorder.export_svg(title=title, unique_id="plan")  # else every drawing would differ
