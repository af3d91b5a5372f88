"""Cost against size as a picture: what each job took at each size, wall and processor time and memory, both axes in decades.

The figures lie beside the picture, as CSV: a size that is not measured again stays in it as it was.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path

from benchmarks.measuring import Measured

WIDTH, HEIGHT = 270, 200
"""One of the three fields, in pixels."""
LEFT, TOP, GAP = 60, 60, 84
COLOURS = (("#0969da", "#58a6ff"), ("#bc4c00", "#f0883e"), ("#1a7f37", "#3fb950"), ("#8250df", "#bc8cff"))
"""For each job: on a light and on a dark ground."""
STYLE = """text { font: 12px sans-serif; fill: #1f2328 } .grid { stroke: #d1d9e0 } .title { font-weight: bold }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #3d444d } }"""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a job took with so many contacts; `day`: when that was measured."""

    job: str
    rows: int
    wall: float
    cpu: float
    memory: int
    day: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Whole decades, from the one below the least value to the one above the greatest."""

    first: int
    last: int
    length: int

    def place(self, value: float) -> float:
        return (math.log10(value) - self.first) / (self.last - self.first) * self.length

    def marks(self) -> Iterator[tuple[float, int]]:
        for power in range(self.first, self.last + 1):
            yield (power - self.first) / (self.last - self.first) * self.length, power


def keep(picture: Path, found: Sequence[Measured], *, size: int, day: date) -> None:
    """Add what was measured at one size, and draw the picture anew. Of each job the first counts: others are its peers."""
    kept = {(one.job, one.rows): one for one in _read(picture.with_suffix(".csv"))}
    for one in reversed(found):
        kept[one.job, size] = Figure(one.job, size, round(one.wall, 2), round(one.cpu, 2), round(one.memory), str(day))
    figures = sorted(kept.values(), key=lambda one: (one.job, one.rows))
    with picture.with_suffix(".csv").open("w", newline="") as file:
        out = csv.DictWriter(file, [field.name for field in fields(Figure)], lineterminator="\n")
        out.writeheader()
        out.writerows(map(asdict, figures))
    picture.write_text(drawn(figures))


def _read(file: Path) -> list[Figure]:
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return [
            Figure(row["job"], int(row["rows"]), float(row["wall"]), float(row["cpu"]), int(row["memory"]), row["day"])
            for row in csv.DictReader(lines)
        ]


def drawn(figures: Sequence[Figure]) -> str:
    """The picture as SVG, readable on a light and on a dark ground."""
    jobs = list(dict.fromkeys(one.job for one in figures))
    styles = [STYLE]
    for number, job in enumerate(jobs):
        light, dark = COLOURS[number % len(COLOURS)]
        styles.append(f".{job} {{ stroke: {light}; fill: {light} }}")
        styles.append(f"@media (prefers-color-scheme: dark) {{ .{job} {{ stroke: {dark}; fill: {dark} }} }}")
    kinds: list[tuple[str, str, Callable[[Figure], float]]] = [
        ("Wall", " s", lambda one: one.wall),
        ("Processor", " s", lambda one: one.cpu),
        ("Memory", " MB", lambda one: one.memory),
    ]
    parts = [
        f'<g transform="translate({LEFT + place * (WIDTH + GAP)} {TOP})">{_field(figures, *kind)}</g>'
        for place, kind in enumerate(kinds)
    ]
    wide, high = LEFT + 3 * (WIDTH + GAP), TOP + HEIGHT + 50
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img">'
    title = f"<title>Wall and processor time and memory against rows: {', '.join(jobs)}</title>"
    return "\n".join([head, title, "<style>", *styles, "</style>", _legend(jobs), *parts, "</svg>"]) + "\n"


def _legend(jobs: Sequence[str]) -> str:
    return "".join(
        f'<circle class="{job}" cx="{LEFT + 5 + 60 * place}" cy="16" r="4"/><text x="{LEFT + 14 + 60 * place}" y="20">{job}</text>'
        for place, job in enumerate(jobs)
    )


def _field(figures: Sequence[Figure], title: str, unit: str, value: Callable[[Figure], float]) -> str:
    across = _axis([one.rows for one in figures], WIDTH)
    up = _axis([value(one) for one in figures], HEIGHT)
    parts = [f'<text class="title" x="0" y="-14">{title}</text>']
    for x, power in across.marks():
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{HEIGHT}"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT + 18}" text-anchor="middle">{_short(power)}</text>')
    for y, power in up.marks():
        parts.append(f'<path class="grid" d="M0 {HEIGHT - y:.1f}H{WIDTH}"/>')
        parts.append(f'<text x="-6" y="{HEIGHT - y + 4:.1f}" text-anchor="end">{10**power:,}{unit}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT + 38}" text-anchor="middle">contacts</text>')
    for job in dict.fromkeys(one.job for one in figures):
        points = [(across.place(one.rows), HEIGHT - up.place(value(one))) for one in figures if one.job == job]
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path class="{job}" style="fill: none" stroke-width="2" d="M{line}"/>')
        parts += [f'<circle class="{job}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points]
    return "\n".join(parts)


def _axis(values: Sequence[float], length: int) -> Axis:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Axis(first, max(last, first + 1), length)


def _short(power: int) -> str:
    if power < 0:
        return f"{10.0**power:g}"
    for least, name in ((6, "M"), (3, "k")):
        if power >= least:
            return f"{10 ** (power - least)}{name}"
    return str(10**power)
