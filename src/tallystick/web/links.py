"""Links: where a cell of an answer leads: a name to its page, a time to that time, a figure to its charges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from tallystick.address import WHERE, Address
from tallystick.catalog import entry
from tallystick.core.dimensions import TIMES
from tallystick.core.filter import EXCEPT, filter_texts
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.query.groups import NO_VALUE
from tallystick.query.pivot import BUT_PRIORITY, PRIORITY, TIERS_APART
from tallystick.query.report import ChargeSum, Form, Parameter, Row
from tallystick.web.controls import chosen_names

if TYPE_CHECKING:
    from tallystick.core.question import Question

LINES = "charges"
"""The report of single charges."""
SUBJECTS = {"key": "key", "actor": "person", "team": "team", "model": "model", "workspace": "workspace"}
"""The dimensions whose values have a page of their own, and the path of it."""
DEEPER = ("team", "workspace", "key", "actor", "model", "kind")
"""By what a question is asked on that is held to one value of a dimension, the first that is free."""
ADDED = "Click for its charges, which add up to it."
COMPUTED = "Click for the charges that it is computed from."
"""What stands behind a figure that leads to charges."""
CALLED = {"person": "actor"}
"""Dimensions that a report calls otherwise than charges do."""
FINER = {"month": "day", "week": "day", "day": ""}
"""The grain by which one time of a grain is asked on."""


def subject(dimension: str, value: str) -> str:
    """Return the address of the page of a value."""
    return f"/{SUBJECTS[dimension]}/{quote(value, safe='')}"


def month(name: str, organization: str) -> str:
    """Return the address of the page of a month, of one organization where it is named."""
    return (
        f"/month/{name}{'?' if organization else ''}{urlencode({'organization': organization} if organization else {})}"
    )


def finding(id_: str, address: Address) -> str:
    """Return the address of the page of a finding, which the question `asked` lists."""
    where = urlencode([pair for pair in address.pairs if pair[0].startswith(WHERE)])
    return f"/anomaly/{quote(id_, safe='')}{'?' if where else ''}{where}"


def narrowed(address: Address, dimension: str, value: str, window: Window | None = None) -> str:
    """Return where a value of a dimension leads: its page, its time, or the same question held to it.

    A time leads no further than the `window` that was asked about.
    """
    if value in NO_VALUE:
        return ""
    if dimension in SUBJECTS:
        return subject(dimension, value)
    if dimension in TIMES:
        return _timed(address, dimension, value, window)
    return held(address, dimension, value)


def held(address: Address, dimension: str, value: str) -> str:
    """Return the question held to a value, by the next dimension in its place; nothing for the rest of others."""
    if value in NO_VALUE:
        return ""
    narrow = address.narrowed(dimension, value)
    if (parameter := _grouping(address.report)) is None:
        return narrow.url
    names = chosen_names(parameter, address)
    rest = [name for name in names if name != dimension]
    dimensions = {*rest, *(name.removesuffix(EXCEPT) for name, _ in narrow.filters)}
    further = [name for name in DEEPER if name in parameter.choices and name not in dimensions]
    if dimension in names and not [name for name in rest if name not in TIMES]:
        rest += further[:1]
    return narrow.having(parameter.name, ",".join(rest)).url


def _timed(address: Address, grain: str, value: str, window: Window | None) -> str:
    """The question held to a time, by the next finer grain where there is one."""
    parameter = _grouping(address.report)
    if grain not in FINER or parameter is None:
        return ""
    days = span(grain, value)
    days = days & window if window and (days & window) else days
    bare = address.having("month").having("since", str(days.start.date())).having("until", str((days.end - DAY).date()))
    names = [name for name in chosen_names(parameter, address) if name not in TIMES]
    names = [name for name in (FINER[grain],) if name in parameter.choices] + names
    names = names or [name for name in DEEPER if name in parameter.choices][:1]
    return bare.having(parameter.name, ",".join(names)).url


def _grouping(report: str) -> Parameter | None:
    """What a report is grouped by, where it knows its dimensions."""
    parameters = entry(report).report.parameters
    return next((known for known in parameters if known.name == "by" and known.choices), None)


def lines(question: Question, figure: str, row: Row, dimensions: Iterable[str] = ()) -> str:
    """Return the address of the charges behind a figure of an answer's row; nothing where they cannot be listed.

    `dimensions` are those that tell the row, times among them; none tell a total.
    """
    report = entry(question.report).report
    charges = behind(question.report, figure, row)
    if not charges or question.zone:
        return ""
    known = {*_filters(LINES)}
    # where charges say themselves what they are of, columns that no charge has tell nothing more
    names = [name for name in dimensions if not charges.where or name in {*known, *TIMES}]
    group = {name: str(row[name]) for name in names}
    if NO_VALUE & {*group.values()} or (report.subjects and not group):
        return ""
    group = {name: value for name, value in group.items() if name in (report.subjects or group)}
    window = _charged_days(question, charges, {name: value for name, value in group.items() if name in TIMES})
    where = {} if report.subjects else filter_texts(question.where)
    for name in (name for name in group if name not in TIMES):
        where = _held(where, CALLED.get(name, name), group[name])
    if charges.kinds and "kind" in where:
        return ""
    where |= {"kind": list(charges.kinds)} if charges.kinds else {}
    for name, value in charges.where:
        where[name] = [*where.get(name, ()), value]
    if not window or {name.removesuffix(EXCEPT) for name in where} - known:
        return ""
    pairs = [(f"{WHERE}{name}", text) for name, texts in where.items() for text in texts]
    days = (("since", str(window.start.date())), ("until", str((window.end - DAY).date())))
    return Address(LINES, (*days, *pairs, *((("half", charges.half),) if charges.half else ()))).url


def _charged_days(question: Question, charges: ChargeSum, times: Mapping[str, str]) -> Window | None:
    """The days of the charges behind a figure at the times of its row; None where no whole days are."""
    if times and ("hour" in times or charges.before or charges.both):
        return None
    window = question.against if charges.before else question.window
    if charges.both and question.against:
        window = Window(
            min(question.window.start, question.against.start), max(question.window.end, question.against.end)
        )
    window = charges.days(window) if charges.days and window else window
    for grain, value in times.items():
        window = window and window & span(grain, value)
    return window


def behind(report: str, figure: str, row: Row) -> ChargeSum | None:
    """Return the charges behind a figure of a report's row, None where there are none."""
    charges = entry(report).report.charges.get(figure)
    return charges(row) if callable(charges) else charges


def source(report: str, figure: str, row: Row) -> str:
    """Return what is behind a figure, in a sentence: charges that add up to it, others, or why there are none."""
    charges = behind(report, figure, row)
    if charges is None:
        return entry(report).report.no_charges
    return ADDED if charges.column else COMPUTED


def _held(where: dict[str, list[str]], name: str, value: str) -> dict[str, list[str]]:
    """Filters held to a value of a dimension too."""
    if name == TIERS_APART[0] and value == BUT_PRIORITY:
        without = f"{name}{EXCEPT}"
        return where | {without: [*where.get(without, ()), PRIORITY]}
    return {dimension: texts for dimension, texts in where.items() if dimension != name} | {name: [value]}


def span(grain: str, value: str) -> Window:
    """Return the days of a time as an answer writes it: 2026-10-01, or 2026-10."""
    return Grain(grain).around(midnight(date.fromisoformat(f"{value}-01" if grain == "month" else value)))


def leading(report: str) -> tuple[str, ...]:
    """Return the dimensions whose values lead on in an answer that is grouped by none: what its rows are told by."""
    return entry(report).report.subjects or (_filters(report) if report == LINES else ())


def _filters(report: str) -> tuple[str, ...]:
    """The dimensions that a report can be held to."""
    parameters = entry(report).report.parameters
    return next((parameter.choices for parameter in parameters if parameter.form is Form.WHERE), ())
