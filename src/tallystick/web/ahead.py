"""Ahead: a course of days with the days to come as expected, and with flags on the days that stand out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tallystick.address import Address
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.outlook.forecast_model import Method
from tallystick.query.report import Row
from tallystick.web.links import finding
from tallystick.web.series import AHEAD, Course, Expected, Flag, Slot

RANGES = (80, 50)
"""The ranges that are drawn, in percent, the widest first."""


def ahead(course: Course, forecast: Table) -> Course:
    """Return a course by day with what a forecast by day expects: of days that are not known, and of those to come."""
    expected = {str(row["day"]): expected_day for row in forecast.rows if (expected_day := _expected(row))}
    last = max((slot.time for slot in course.slots), default="")
    further = tuple(Slot(day, AHEAD, "") for day in sorted(expected) if day > last)
    slots = (*course.slots, *further)
    nothing = (None,) * len(further)
    return replace(
        course,
        slots=slots,
        series=tuple(replace(series, amounts=(*series.amounts, *nothing)) for series in course.series),
        earlier=(*course.earlier, *nothing) if course.earlier else (),
        expected={index: expected[slot.time] for index, slot in enumerate(slots) if slot.time in expected},
    )


def _expected(row: Row) -> Expected | None:
    """What a row of a forecast by day expects; None of a day that is known, or of which nothing is."""
    amount = row["expected"]
    if row["method"] == Method.KNOWN or not isinstance(amount, Decimal):
        return None
    ranges = {}
    for percent in RANGES:
        low, high = row[f"low_{percent}"], row[f"high_{percent}"]
        if isinstance(low, Decimal) and isinstance(high, Decimal):
            ranges[percent] = low, high
    return Expected(amount, ranges)


def flagged(course: Course, anomalies: Table, address: Address) -> Course:
    """Return a course by day with a flag for each finding of an answer on its days; `asked` is its question."""
    return replace(course, flags=tuple(_flags(course, anomalies, address)))


def _flags(course: Course, anomalies: Table, address: Address) -> Iterator[Flag]:
    days = [slot.time for slot in course.slots if slot.state != AHEAD]
    for row in anomalies.rows:
        since, until = str(row["since"]), str(row["until"] or row["seen"])
        hit = [index for index, day in enumerate(days) if since <= day and (row["until"] is None or day <= until)]
        if hit and isinstance(above := row["above"], Decimal):
            name = "all of it" if row["level"] == "organization" else safe(str(row["subject_name"]))
            words = f"{name}: {row['cause']}, {course.text(above)} USD above expectation ({row['state']})"
            yield Flag(hit[0], hit[-1], str(row["state"]), words, finding(str(row["finding"]), address))
