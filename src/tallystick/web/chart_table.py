"""Chart table: the figures of a chart as a table, a row for each time, for print and for who cannot see the chart."""

from __future__ import annotations

from tallystick.web.grid import Grid, Head, Text
from tallystick.web.series import Course
from tallystick.web.stack import STATES, Charges, Deeper


def chart_table(course: Course, deeper: Deeper, charges: Charges) -> Grid:
    """Return the table of a chart; a time leads deeper, each figure to its charges."""
    unit = course.figure.unit or ""
    names = [series.name for series in course.series] if course.dimension else []
    heads = [Head(course.grain, "", figure=False), Head("all", unit, figure=True)]
    heads += [Head(name, "", figure=True) for name in names]
    heads += [Head(course.before, "", figure=True)] if course.earlier else []
    heads.append(Head("state", "", figure=False))
    rows = []
    for index, slot in enumerate(course.slots):
        unknown = slot.text == "unknown"
        cells = [
            Text(slot.time, deeper(slot)),
            Text(slot.text, "" if unknown else charges(slot, None), unknown=unknown),
        ]
        for series in course.series if course.dimension else ():
            amount = series.amounts[index]
            cells.append(Text("") if amount is None else Text(course.text(amount), charges(slot, series)))
        if course.earlier:
            earlier = course.earlier[index]
            cells.append(Text("" if earlier is None else course.text(earlier)))
        cells.append(Text(STATES.get(slot.state, "settled")))
        rows.append(tuple(cells))
    return Grid(tuple(heads), tuple(rows), (), "", 0)
