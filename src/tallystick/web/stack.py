"""Stack: a course as an SVG of stacked columns that is as wide as its place, without a script.

Money becomes a float here for a coordinate alone; what is read is text of the exact amount. A length across is in
percent, one upright in pixels, so that no letter is stretched. The amounts of the axis stand in an SVG of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from math import ceil, floor, log10

from tallystick.web.series import AHEAD, UNKNOWN, Course, Expected, Flag, Series, Slot

HEIGHT, ABOVE, BELOW, AXIS = 302, 10, 30, 46
STRIP = 5
"""Pixels of the strip under a column that says its state."""
LEAST = 0.05
"""Pixels of a part that is drawn at least."""
LABELS = 6
"""Names of times that stand under a chart at most."""
LANE, LANES = 10, 3
"""Pixels of a lane of flags above a chart, and how many lanes it has at most."""
STATES = {
    "absent": "? not in the ledger",
    "running": "… not ended yet",
    "not billed yet": "not billed yet",
    "provisional": "provisional",
    AHEAD: "to come",
}
"""What a state of a day means, in the legend and beside a column."""
Deeper = Callable[[Slot], str]
"""Where a column leads."""
Charges = Callable[[Slot, Series | None], str]
"""Where a series of a column leads, or the sum of all."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The amounts at the bottom and the top of a chart."""

    low: float
    high: float
    above: int = ABOVE

    def y(self, value: float) -> float:
        """Where an amount stands, in pixels from above."""
        return self.above + (HEIGHT - self.above - BELOW) * (self.high - value) / ((self.high - self.low) or 1.0)

    @property
    def step(self) -> float:
        """The round amount between two of about four lines."""
        rough = (self.high - self.low) / 4
        power = 10.0 ** floor(log10(rough))
        return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)

    @property
    def amounts(self) -> list[float]:
        """The round amounts that have a line."""
        return [count * self.step for count in range(ceil(self.low / self.step), floor(self.high / self.step) + 1)]


def stack(course: Course, deeper: Deeper, charges: Charges) -> str:
    """Return the chart: a column leads deeper, and so does each part of it; to its charges where nothing is deeper.

    Series have the classes s0, s1, ..., for their colors.
    """
    lanes = lanes_of(course.flags)
    scale = _scale(course, ABOVE + LANE * len(lanes))
    step = 100 / max(len(course.slots), 1)
    marks = [_rule(scale.y(amount)) for amount in scale.amounts if amount]
    marks += _flags(lanes, scale, step)
    for index, slot in enumerate(course.slots):
        marks.append(_column(course, slot, index, scale, step, deeper(slot), charges))
        if expected := course.expected.get(index):
            marks.append(_band(expected, index, scale, step))
    marks.append(f'<line class="zero" x1="0" x2="100%" y1="{scale.y(0):.1f}" y2="{scale.y(0):.1f}"/>')
    for index, amount in enumerate(course.earlier):
        if amount is not None:
            left, y = index * step, scale.y(float(amount))
            marks.append(
                f'<line class="earlier" x1="{left + 0.07 * step:.3f}%" x2="{left + 0.93 * step:.3f}%" '
                f'y1="{y:.1f}" y2="{y:.1f}"/>'
            )
    for index in _labelled(course):
        text = escape(_short(course.slots[index].time, course.grain))
        last = index == len(course.slots) - 1 and index > 2 * LABELS  # of narrow columns, whose name is wider
        name, x = ("time last", 100.0) if last else ("time", (index + 0.5) * step)
        marks.append(f'<text class="{name}" x="{x:.3f}%" y="{HEIGHT - 5}">{text}</text>')
    label = escape(f"{course.figure.name.replace('_', ' ')} by {course.grain}", quote=True)
    return (
        f"{_axis(scale)}"
        f'<svg class="stack" role="group" aria-label="{label}" width="100%" height="{HEIGHT}">{"".join(marks)}</svg>'
    )


def lanes_of(flags: Sequence[Flag]) -> list[list[Flag]]:
    """Return flags in lanes, none beside another of its lane; those that find no room are in the table alone."""
    lanes: list[list[Flag]] = []
    for flag in flags:
        free = (
            lane
            for lane in lanes
            if all(flag.last < neighbour.first or neighbour.last < flag.first for neighbour in lane)
        )
        if lane := next(free, None):
            lane.append(flag)
        elif len(lanes) < LANES:
            lanes.append([flag])
    return lanes


def _flags(lanes: list[list[Flag]], scale: Scale, step: float) -> Iterator[str]:
    """A bar above the days of each flag, which leads to its page; its days are tinted down to their columns."""
    for number, lane in enumerate(lanes):
        y = 1 + number * LANE
        for flag in lane:
            left, width = (flag.first + 0.07) * step, (flag.last - flag.first + 0.86) * step
            words, state = escape(flag.words, quote=True), flag.state.replace(" ", "-")
            tint = _rect(left, y + 3, width, scale.y(0) - y - 3, f"tint {state}")
            bar = _rect(left, y, width, LANE, "area") + _rect(left, y + 2, width, LANE - 5, f"flag {state}")
            yield f'{tint}<a href="{escape(flag.url, quote=True)}" aria-label="{words}" data-tip="{words}">{bar}</a>'


def _band(expected: Expected, index: int, scale: Scale, step: float) -> str:
    """What a day is expected to come to: a line, on the bands of its ranges."""
    parts = [
        _rect(index * step, scale.y(float(high)), step, scale.y(float(low)) - scale.y(float(high)), f"band p{percent}")
        for percent, (low, high) in expected.ranges.items()
    ]
    y = scale.y(float(expected.amount))
    bare = "" if expected.ranges else " bare"
    ends = f'x1="{index * step:.3f}%" x2="{(index + 1) * step:.3f}%" y1="{y:.1f}" y2="{y:.1f}"'
    line = f'<line class="expected{bare}" {ends}/>'
    return f'<g class="ahead" aria-hidden="true">{"".join(parts)}{line}</g>'


def range_text(course: Course, expected: Expected, percent: int) -> str:
    """Return a range in words; nothing where too few days are known for one."""
    ends = expected.ranges.get(percent)
    return " to ".join(course.text(end) for end in ends) if ends else ""


def _scale(course: Course, above: int) -> Scale:
    columns = [[float(series.amounts[index] or 0) for series in course.series] for index in range(len(course.slots))]
    earlier = [float(amount) for amount in course.earlier if amount is not None]
    for expectation in course.expected.values():
        earlier += [float(expectation.amount), *(float(end) for ends in expectation.ranges.values() for end in ends)]
    high = max((*(sum(value for value in column if value > 0) for column in columns), *earlier, 0.0))
    low = min((*(sum(value for value in column if value < 0) for column in columns), *earlier, 0.0))
    return Scale(low * 1.06, high * 1.06 or 1.0, above)


def _column(course: Course, slot: Slot, index: int, scale: Scale, step: float, page: str, charges: Charges) -> str:
    """One time: its parts on each other, behind them a link that says what it is; each part leads where it does."""
    left, width = (index + 0.13) * step, step * 0.74
    parts = []
    up = down = 0.0
    for number, series in enumerate(course.series):
        value = float(series.amounts[index] or 0)
        base = up if value >= 0 else down
        top, bottom = sorted((scale.y(base), scale.y(base + value)))
        if bottom - top >= LEAST:
            part = _rect(left, top, width, bottom - top, f"s{number}")
            url = escape(page or charges(slot, series), quote=True)
            parts.append(f'<a href="{url}" tabindex="-1">{part}</a>' if url else part)
        if value >= 0:
            up += value
        else:
            down += value
    title = escape(_title(course, slot, index), quote=True)
    area = _rect(index * step, scale.above, step, HEIGHT - scale.above - BELOW, "area")
    area += _state(slot, index, step, scale, empty=not parts)
    if page:
        ends = index == len(course.slots) - 1 or course.slots[index + 1].state == AHEAD
        stop = "0" if ends and slot.state != AHEAD else "-1"
        area = f'<a href="{escape(page, quote=True)}" aria-label="{title}" tabindex="{stop}">{area}</a>'
    else:
        area = f'<g role="img" aria-label="{title}">{area}</g>'
    return f'<g class="column" data-tip="{title}">{area}<g aria-hidden="true">{"".join(parts)}</g></g>'


def _state(slot: Slot, index: int, step: float, scale: Scale, *, empty: bool) -> str:
    """How the state of a time is drawn: hatched under its column, and in its place where its amount is not known."""
    if slot.state in {"", AHEAD}:
        return ""
    name, left = slot.state.replace(" ", "-"), index * step
    if not empty or slot.state not in UNKNOWN:
        return _rect(left, scale.y(scale.low) + 3, step, STRIP, f"state {name}", "hatch")
    body = _rect(left + 0.13 * step, scale.above, 0.74 * step, scale.y(0) - scale.above, f"state {name}", "hatch")
    sign = f'<text class="unknown" x="{left + step / 2:.3f}%" y="{scale.y(0) - 8:.1f}">{UNKNOWN[slot.state]}</text>'
    return body + sign


def _title(course: Course, slot: Slot, index: int) -> str:
    """What a column is, in words, a line for each of its parts."""
    unit = f" {course.figure.unit}" if course.figure.unit else ""
    day = f"{date.fromisoformat(slot.time):%a} {slot.time}" if course.grain == "day" else slot.time
    lines = [f"{day}: {slot.text}{unit if slot.text != 'unknown' else ''}" if slot.text else f"{day}: {AHEAD}"]
    if expected := course.expected.get(index):
        lines.append(f"expected {course.text(expected.amount)}{unit}")
        lines += [
            f"{percent} % range {range_text(course, expected, percent)}" for percent in sorted(expected.ranges)[::-1]
        ]
    if slot.state and slot.text:
        lines.append(STATES[slot.state])
    if len(course.series) > 1:
        parts = [(amount, series.name) for series in course.series if (amount := series.amounts[index])]
        lines += [f"{name}: {course.text(amount)}" for amount, name in sorted(parts, key=lambda part: -part[0])]
    if course.earlier and (amount := course.earlier[index]) is not None:
        lines.append(f"{course.before}: {course.text(amount)}")
    lines += [flag.words for flag in course.flags if flag.first <= index <= flag.last]
    return "\n".join(lines)


def _axis(scale: Scale) -> str:
    """The amounts of the lines, in an SVG left of the chart."""
    texts = []
    for amount in scale.amounts:
        text = f"{amount:,.10g}" if scale.step < 1 else f"{amount:,.0f}"
        texts.append(f'<text class="amount" x="{AXIS - 8}" y="{scale.y(amount) + 4:.1f}">{escape(text)}</text>')
    return f'<svg class="axis" width="{AXIS}" height="{HEIGHT}" aria-hidden="true">{"".join(texts)}</svg>'


def _rule(y: float) -> str:
    return f'<line class="rule" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'


def _rect(left: float, top: float, width: float, height: float, name: str, pattern: str = "") -> str:
    fill = f' fill="url(#{pattern})"' if pattern else ""
    return f'<rect class="{name}"{fill} x="{left:.3f}%" y="{top:.2f}" width="{width:.3f}%" height="{height:.2f}"/>'


def _labelled(course: Course) -> range:
    """The slots whose name stands under the chart: Mondays where they are days."""
    count = len(course.slots)
    if course.grain != "day" or count < 2 * LABELS:
        return range(0, count, ceil(count / LABELS) or 1)
    first = -date.fromisoformat(course.slots[0].time).weekday() % 7
    return range(first, count, 7 * ceil(count / (7 * LABELS)))


def _short(time: str, grain: str) -> str:
    if grain not in {"day", "week"}:
        return time
    day = date.fromisoformat(time)
    return f"{day.day} {day:%b}"
