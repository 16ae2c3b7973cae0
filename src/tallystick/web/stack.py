"""Stack: a course as an SVG of stacked columns that is as wide as its place, without a script.

Money becomes a float here for a coordinate alone; what is read is text of the exact amount. A length across is in
percent, one upright in pixels, so that no letter is stretched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from math import ceil, floor, log10

from tallystick.formats.shown import shown
from tallystick.web.series import Course, Slot

HEIGHT, ABOVE, BELOW = 210, 18, 22
LEAST = 0.05
"""Pixels of a part that is drawn at least."""
LABELS = 9
"""Names of times that stand under a chart at most."""
TRANSLATION = {"absent": "not in the ledger"}


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> float:
        return ABOVE + (HEIGHT - ABOVE - BELOW) * (self.high - value) / ((self.high - self.low) or 1.0)


def stack(course: Course, link: Callable[[Slot], str]) -> str:
    """Return the chart; `link` says where a column leads. Series have the classes s0, s1, ..., for their colors."""
    columns = [[float(series.amounts[index] or 0) for series in course.series] for index in range(len(course.slots))]
    high = max((sum(value for value in column if value > 0) for column in columns), default=0.0)
    low = min((sum(value for value in column if value < 0) for column in columns), default=0.0)
    scale = _Scale(low * 1.06, high * 1.06 or 1.0)
    step = 100 / max(len(course.slots), 1)
    marks = [*_axis(scale)]
    every = ceil(len(course.slots) / LABELS)
    for index, slot in enumerate(course.slots):
        marks.append(_column(course, slot, index, columns[index], scale, step, link(slot)))
        if index % every == 0:
            x = (index + 0.5) * step
            marks.append(
                f'<text class="time" x="{x:.3f}%" y="{HEIGHT - 6}">{escape(_short(slot.time, course.grain))}</text>'
            )
    marks.append(f'<line class="zero" x1="0" x2="100%" y1="{scale.y(0):.1f}" y2="{scale.y(0):.1f}"/>')
    label = escape(f"{course.figure.name.replace('_', ' ')} by {course.grain}", quote=True)
    return f'<svg class="stack" role="group" aria-label="{label}" width="100%" height="{HEIGHT}">{"".join(marks)}</svg>'


def _column(course: Course, slot: Slot, index: int, values: list[float], scale: _Scale, step: float, url: str) -> str:
    """One time: its parts on each other, in a link that says what it is."""
    left, width = (index + 0.1) * step, step * 0.8
    parts = []
    up = down = 0.0
    for number, value in enumerate(values):
        base = up if value >= 0 else down
        top, bottom = sorted((scale.y(base), scale.y(base + value)))
        if bottom - top >= LEAST:
            parts.append(_rect(left, top, width, bottom - top, f"s{number}"))
        if value >= 0:
            up += value
        else:
            down += value
    if slot.state == "absent":
        parts.append(_rect(left, ABOVE, width, scale.y(0) - ABOVE, "absent"))
        parts.append(f'<text class="unknown" x="{left + width / 2:.3f}%" y="{scale.y(0) - 6:.1f}">?</text>')
    elif slot.state:
        top = scale.y(up)
        parts.append(_rect(left, top, width, max(scale.y(down) - top, 1), slot.state.replace(" ", "-")))
    title = escape(_title(course, slot, index), quote=True)
    area = _rect(index * step, ABOVE, step, HEIGHT - ABOVE - BELOW, "area")
    body = f"{area}{''.join(parts)}"
    if not url:
        return f'<g role="img" aria-label="{title}" data-tip="{title}">{body}</g>'
    return f'<a href="{escape(url, quote=True)}" aria-label="{title}" data-tip="{title}">{body}</a>'


def _title(course: Course, slot: Slot, index: int) -> str:
    """What a column is, in words, a line for each of its parts."""
    unit = f" {course.figure.unit}" if course.figure.unit else ""
    state = f" ({TRANSLATION.get(slot.state, slot.state)})" if slot.state else ""
    lines = [f"{slot.time}: {slot.text}{unit if slot.text != 'unknown' else ''}{state}"]
    if len(course.series) > 1:
        lines += [
            f"{series.name}: {shown(amount, course.figure)}"
            for series in course.series
            if (amount := _cell(series.amounts[index], course)) is not None and amount
        ]
    return "\n".join(lines)


def _cell(amount: Decimal | None, course: Course) -> Decimal | int | None:
    """An amount as the cell it was: a count is whole."""
    return int(amount) if amount is not None and course.figure.kind == "count" else amount


def _axis(scale: _Scale) -> list[str]:
    """Lines at about four round amounts, each with its amount."""
    rough = (scale.high - scale.low) / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    marks = []
    for count in range(ceil(scale.low / step), floor(scale.high / step) + 1):
        y = scale.y(count * step)
        amount = f"{count * step:,.10g}" if step < 1 else f"{count * step:,.0f}"
        if count:
            marks.append(f'<line class="rule" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
            marks.append(f'<text class="amount" x="2" y="{y - 3:.1f}">{escape(amount)}</text>')
    return marks


def _rect(left: float, top: float, width: float, height: float, name: str) -> str:
    return f'<rect class="{name}" x="{left:.3f}%" y="{top:.2f}" width="{width:.3f}%" height="{height:.2f}"/>'


def _short(time: str, grain: str) -> str:
    return time[5:] if grain in {"day", "week"} else time
