"""Links: where a cell of an answer leads: a name to its page, a time to that time, a figure to its charges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

from tallystick.catalog import entry
from tallystick.core.dimensions import TIMES
from tallystick.core.filter import EXCEPT, spoken
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.query.grouping import OTHERS
from tallystick.query.report import Form
from tallystick.web.address import WHERE, Address

if TYPE_CHECKING:
    from tallystick.core.question import Question

LINES = "charges"
"""The report of single charges."""
SUBJECTS = {"key": "key", "actor": "person", "team": "team", "model": "model", "workspace": "workspace"}
"""The dimensions whose values have a page of their own, and the path of it."""


def subject(dimension: str, value: str) -> str:
    """Return the address of the page of a value."""
    return f"/{SUBJECTS[dimension]}/{quote(value, safe='')}"


def narrowed(address: Address, dimension: str, value: str) -> str:
    """Return where a value of a dimension leads: its page, its time, or the same question held to it."""
    if value == OTHERS:
        return ""
    if dimension in SUBJECTS:
        return subject(dimension, value)
    if dimension in {"day", "month"}:
        rest = address.having("month").having("since", value).having("until", value)
        names = [name for name in _by(address) if name != dimension]
        return rest.having("by", ",".join(names) or "model").url
    if dimension in TIMES:
        return ""
    return address.narrowed(dimension, value).url


def lines(question: Question, figure: str, group: Mapping[str, str]) -> str:
    """Return the address of the charges that a figure of an answer's row sums; nothing where they cannot be listed.

    `group` has the row's dimensions, times among them.
    """
    report = entry(question.report).report
    known = _filters(LINES)
    charges = report.charges.get(figure)
    if not charges or question.zone or OTHERS in group.values() or (report.subjects and not group):
        return ""
    where = {} if report.subjects else spoken(question.where)
    group = {name: value for name, value in group.items() if name in (report.subjects or group)}
    window = question.against if charges.before else question.window
    for name, value in group.items():
        if name in TIMES:
            if name == "hour" or charges.before or window is None:
                return ""
            window &= _span(name, value)
        else:
            where = {dimension: texts for dimension, texts in where.items() if dimension != name} | {name: [value]}
    if charges.kinds:
        if "kind" in where:
            return ""
        where |= {"kind": list(charges.kinds)}
    if window is None or {name.removesuffix(EXCEPT) for name in where} - {*known}:
        return ""
    pairs = [(f"{WHERE}{name}", text) for name, texts in where.items() for text in texts]
    days = (("since", str(window.start.date())), ("until", str((window.end - DAY).date())))
    return Address(LINES, (*days, *pairs, ("half", charges.half))).url


def _span(grain: str, value: str) -> Window:
    """The days of a time as an answer writes it: 2026-10-01, or 2026-10."""
    return Grain(grain).around(midnight(date.fromisoformat(f"{value}-01" if grain == "month" else value)))


def _filters(report: str) -> tuple[str, ...]:
    """The dimensions that a report can be held to."""
    parameters = entry(report).report.parameters
    return next((parameter.choices for parameter in parameters if parameter.form is Form.WHERE), ())


def _by(address: Address) -> list[str]:
    text = address.text("by")
    return [name.strip() for name in text.split(",") if name.strip()] if text else []
