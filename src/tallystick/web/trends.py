"""Trends: the course of each of a few values as a small line, to stand beside its amount.

Money becomes a float here for a coordinate alone. A day whose amount is unknown breaks the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.web.series import UNKNOWN, Course, Series

HEIGHT = 20


@dataclass(frozen=True, slots=True)
class Trend:
    """A line and the area under it, as SVG paths in a box `width` wide and HEIGHT high."""

    line: str
    area: str
    width: int
    label: str


def trends(course: Course | None) -> Mapping[str, Trend]:
    """Return the trend of each series by its value, each drawn against its own largest day."""
    return {series.value: _trend(series, course) for series in course.series} if course else {}


def _trend(series: Series, course: Course) -> Trend:
    amounts = [float(amount or 0) for amount in series.amounts]
    top = max(*amounts, 0.0, 1e-9)
    runs: list[list[str]] = [[]]
    for index, amount in enumerate(amounts):
        if course.slots[index].state in UNKNOWN:
            runs.append([])
        else:
            runs[-1].append(f"{index} {HEIGHT - 1 - max(amount, 0.0) / top * (HEIGHT - 3):.1f}")
    drawn = [run for run in runs if run]
    line = "".join(f"M{'L'.join(run)}" for run in drawn)
    area = "".join(f"M{_base(run[0])}L{'L'.join(run)}L{_base(run[-1])}Z" for run in drawn)
    days = len(course.slots)
    return Trend(line, area, max(days - 1, 1), f"Trend of {series.name} over {days} days")


def _base(point: str) -> str:
    return f"{point.partition(' ')[0]} {HEIGHT}"
