"""Chart table: the figures of a chart as a table, a row for each time, for print and for who cannot see the chart."""

from __future__ import annotations

from tallystick.web.ahead import RANGES
from tallystick.web.grid import Grid, Head, Text
from tallystick.web.series import AHEAD, Course
from tallystick.web.stack import STATES, Charges, Deeper, range_text


def chart_table(course: Course, deeper: Deeper, charges: Charges) -> Grid:
    """Return the table of a chart; a time leads deeper, each figure to its charges."""
    unit = course.figure.unit or ""
    names = [series.name for series in course.series] if course.dimension else []
    heads = [Head(course.grain, "", figure=False), Head("all", unit, figure=True)]
    heads += [Head(name, "", figure=True) for name in names]
    heads += [Head(course.before, "", figure=True)] if course.earlier else []
    if course.expected:
        heads += [
            Head("expected", unit, figure=True),
            *(Head(f"{percent} % range", unit, figure=True) for percent in RANGES),
        ]
    heads.append(Head("state", "", figure=False))
    heads += [Head("anomalies", "", figure=False)] if course.flags else []
    rows = []
    for index, slot in enumerate(course.slots):
        unknown = slot.text == "unknown"
        cells = [
            Text(slot.time, deeper(slot)),
            Text(slot.text, "" if unknown or slot.state == AHEAD else charges(slot, None), unknown=unknown),
        ]
        for series in course.series if course.dimension else ():
            amount = series.amounts[index]
            cells.append(Text("") if amount is None else Text(course.text(amount), charges(slot, series)))
        if course.earlier:
            earlier = course.earlier[index]
            cells.append(Text("" if earlier is None else course.text(earlier)))
        cells += _expected(course, index) if course.expected else ()
        cells.append(Text(STATES.get(slot.state, "settled")))
        if course.flags:
            flags = [flag for flag in course.flags if flag.first <= index <= flag.last]
            cells.append(Text("; ".join(flag.words for flag in flags), flags[0].url if flags else ""))
        rows.append(tuple(cells))
    return Grid(tuple(heads), tuple(rows), (), "", 0)


def _expected(course: Course, index: int) -> list[Text]:
    """The cells of what a time is expected to come to."""
    if (expected := course.expected.get(index)) is None:
        return [Text(""), *(Text("") for _ in RANGES)]
    return [Text(course.text(expected.amount)), *(Text(range_text(course, expected, percent)) for percent in RANGES)]
