"""Picture: the Chart of a Section as SVG, the same on every machine.

Money becomes a float here and nowhere else: a coordinate on paper has a hundredth of a point, and nothing is ever
computed from it. What is read in a picture is text, made from the exact amount as in a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from html import escape
from math import ceil, floor, log10

from tallystick.core.document import Section
from tallystick.core.question import Cell, Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown

FONT = "Libertinus Serif"
"""The font in typst; a web page sets its own over it. Nothing is measured: places come from counts of letters."""
WIDTH, NARROW = 680, 320
"""Points across a page, and across a telephone."""
LETTER = 6.0
"""Points that a letter of 10 points takes, on the safe side."""
NAME = 20
"""Points of the width for each letter of a name in a picture; a longer name is whole in the table."""
BARS = 40
COLUMNS = 400
"""More than these are no picture: the table says it better."""
INK, PALE, GRID = "#1d2a38", "#6b7783", "#e4e8ec"
SHADES = ("#2f5d8a", "#a9c0d6", "#6f7f8f", "#d8c9a3")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, the words under it, and what it shows for those who cannot see it."""

    svg: str
    caption: str
    description: str


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place along the picture: its name, and for each series its coordinate (None: unknown) and its text."""

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]


def picture(section: Section, width: int = WIDTH) -> Picture | None:
    """The picture of a section, so many points wide; None where it has no chart, nothing to draw, or too much."""
    if not (chart := section.chart) or not (table := section.table):
        return None
    slots = _slots(table, chart.along, chart.of, in_time=chart.kind == "columns")
    known = [value for slot in slots for value in slot.values if value is not None]
    if not known or len(slots) > (COLUMNS if chart.kind == "columns" else BARS):
        return None
    series = [safe(name) for name in chart.of]
    draw = _columns if chart.kind == "columns" else _bars
    units = {heading.unit for heading in table.headings if heading.name in chart.of and heading.unit}
    caption = ", ".join((" and ".join(series), *sorted(units))) + f", by {safe(chart.along)}."
    if len(known) < len(slots) * len(series):
        caption += " A ? is unknown, not zero." if any("?" in slot.texts for slot in slots) else ""
    readings = "; ".join(
        f"{slot.name} {' and '.join('unknown' if text == '?' else text for text in slot.texts)}"
        for slot in slots
        if any(slot.texts)
    )
    return Picture(draw(slots, series, known, width), caption, f"{caption} {readings}.")


def _slots(table: Table, along: str, names: Sequence[str], *, in_time: bool) -> list[_Slot]:
    """The rows as places of the picture; in time, in its order, and with a place for each day that has no row."""
    headings = {heading.name: heading for heading in table.headings}
    rows = [(shown(row[along], headings[along]), row) for row in table.rows]
    slots = [
        _Slot(
            name,
            tuple(_coordinate(row[column]) for column in names),
            tuple("?" if row[column] is None else shown(row[column], headings[column]) for column in names),
        )
        for name, row in rows
    ]
    if not in_time or not all(_DAY.fullmatch(slot.name) for slot in slots):
        return slots
    have = {slot.name for slot in slots}
    absent = {str(day) for day in table.coverage.get("absent", ())} if slots else set()
    return sorted(
        [
            *slots,
            *(
                _Slot(day, (None,) * len(names), ("?" if day in absent else "",) * len(names))
                for day in _days(have, absent)
            ),
        ],
        key=lambda slot: slot.name,
    )


def _days(have: set[str], absent: set[str]) -> list[str]:
    """The days between the first and the last that are not there, and what the ledger does not have."""
    dates = {day for day in have | absent if _DAY.fullmatch(day)}
    if not dates:
        return []
    first, last = (date.fromisoformat(day) for day in (min(dates), max(dates)))
    days = (str(first + timedelta(days=count)) for count in range((last - first).days + 1))
    return [day for day in days if day not in have]


def _coordinate(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | Decimal) else None


def _columns(slots: list[_Slot], series: list[str], known: list[float], breadth: int) -> str:
    """Columns beside each other along time; each labelled where there is room, else the largest and the smallest."""
    height, margin = 190.0, 56.0
    longest = max(len(text) for slot in slots for text in slot.texts)
    width = min(breadth - (96.0 if breadth == WIDTH else 66.0), len(slots) * 60.0 * (1 + len(series)))
    step = width / len(slots)
    column = step * 0.78 / len(series)
    roomy = longest * LETTER <= step / len(series)
    stride = -(-int(max(len(slot.name) for slot in slots) * LETTER + 8) // max(int(step), 1))
    low, high = min(0.0, *known), max(0.0, *known)
    room = (high - low or 1.0) * 0.12
    bottom, top = low - room if low else 0.0, high + room if high else 0.0

    def y(value: float) -> float:
        return height * (top - value) / (top - bottom)

    marks = [] if roomy else [*_axis(bottom, top, y, width)]
    for index, slot in enumerate(slots):
        for number, (value, text) in enumerate(zip(slot.values, slot.texts, strict=True)):
            edge = step * (index + 0.11) + column * number
            middle = edge + column / 2
            if value is not None:
                marks.append(_bar(edge, y(value), column, y(0) - y(value), number))
            if value is not None and (roomy or value in {max(known), low}):
                marks.append(_text(middle, y(value) + (14 if value < 0 else -2), text))
            if text == "?":
                marks.append(_text(middle, y(0) - 3, text, color=PALE, bold=True))
        if index % stride == 0:
            marks.append(_text(step * (index + 0.5), height + 17, _short(slot.name, breadth // NAME), color=PALE))
    marks.append(_line(0, y(0), width, y(0), PALE))
    return _svg(marks, series, breadth, margin=margin, height=height + 26)


def _bars(slots: list[_Slot], series: list[str], known: list[float], breadth: int) -> str:
    """Bars under each other, each with its name at the left and its amount at its end."""
    most = breadth // NAME
    names = max(min(max(len(slot.name) for slot in slots), most), 4) * LETTER + 14
    width = breadth - names - 8
    step = 22.0 if len(series) == 1 else 8.0 + 15 * len(series)
    bar = step * 0.72 / len(series)
    low, high = min(0.0, *known), max(0.0, *known)
    room = (high - low or 1.0) * (max(len(text) for slot in slots for text in slot.texts) * LETTER + 10) / (width * 0.7)
    lowest, highest = low - room if low else 0.0, high + room

    def x(value: float) -> float:
        return width * (value - lowest) / (highest - lowest)

    marks = []
    for index, slot in enumerate(slots):
        marks.append(_text(-8, step * (index + 0.5) + 3, _short(slot.name, most), "end"))
        for number, (value, text) in enumerate(zip(slot.values, slot.texts, strict=True)):
            top = step * (index + 0.14) + bar * number
            end = value or 0.0
            if value is not None:
                marks.append(_bar(x(0), top, x(value) - x(0), bar, number))
            side = "end" if end < 0 else "start"
            marks.append(_text(x(end) + (-5 if end < 0 else 5), top + bar / 2 + 3, text, side))
    height = step * len(slots)
    marks.append(_line(x(0), 0, x(0), height, PALE))
    return _svg(marks, series, breadth, margin=names, height=height + 4)


def _axis(low: float, high: float, y: Callable[[float], float], width: float) -> Iterator[str]:
    """A pale line and a round amount at about four heights."""
    rough = (high - low) / 4
    power = floor(log10(rough))
    factor = next(factor for factor in (10, 5, 2, 1) if factor <= max(1.0, 1.4 * rough / 10**power))
    step = Decimal(factor).scaleb(power)
    for count in range(ceil(low / float(step)), floor(high / float(step)) + 1):
        tick = step * count
        yield _line(0, y(float(tick)), width, y(float(tick)), GRID)
        yield _text(-6, y(float(tick)) + 3, f"{tick.normalize():,f}", "end", color=PALE)


def _bar(x: float, y: float, width: float, height: float, number: int) -> str:
    """A bar from a corner; width and height below zero lead to the left and upwards from there."""
    x, y, width, height = min(x, x + width), min(y, y + height), abs(width), abs(height)
    shade = SHADES[number % len(SHADES)]
    return f'<path d="M{x:.2f},{y:.2f}h{width:.2f}v{height:.2f}h{-width:.2f}Z" fill="{shade}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, color: str) -> str:
    return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{color}" stroke-width="0.8"/>'


def _text(x: float, y: float, text: str, anchor: str = "middle", *, color: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" fill="{color}"{weight}>{escape(text)}</text>'


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _svg(marks: list[str], series: list[str], breadth: int, *, margin: float, height: float) -> str:
    """The whole picture; several series are named above it, each after a square of its shade."""
    above, offset = 8.0, 0.0
    if len(series) > 1:
        above = 28.0
        for number, name in enumerate(_short(name, breadth // NAME) for name in series):
            square = f'<rect x="{offset:.2f}" y="-20" width="8" height="8" fill="{SHADES[number % len(SHADES)]}"/>'
            marks += [square, _text(offset + 14, -13, name, "start")]
            offset += len(name) * LETTER + 34
    size = f'width="{breadth}" height="{above + height:.0f}" viewBox="0 0 {breadth} {above + height:.0f}"'
    group = f'<g transform="translate({margin:.2f},{above:.2f})" font-family="{FONT}" font-size="10">'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{group}{"".join(marks)}</g></svg>'
