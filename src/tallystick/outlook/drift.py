"""Drift of what should be constant: a sequential test finds small lasting moves that no single day shows.

Each day of a measure is compared with the median of its first weeks, in deviations. What goes the same way adds up,
less half a deviation a day (CUSUM), and is a drift when the sum passes the alarm. It began on the day after the sum was
last zero. From there the next weeks are the new measure of things, so that a step is listed once and a slope again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, NamedTuple

from tallystick.core.causes import (
    BILL_NOT_READ,
    NEW_SERVICE,
    NEW_TOKENS,
    NO_USAGE,
    NOT_BILLED,
    NOT_BILLED_YET,
    USAGE_NOT_READ,
)
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import note
from tallystick.core.money import rounded
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.select import select
from tallystick.core.text import choose
from tallystick.core.time import Grain, Window
from tallystick.core.time_words import When
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, within
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted
from tallystick.query.report import Parameter, Report, Where, narrowed_by

SINCE = "90d"
WHERE = ("organization", "workspace", "model")
"""What the days can be held to."""
HISTORY = timedelta(days=90)
"""How long before the days that are asked about is read."""
RECENT = timedelta(days=7)
"""A move that was seen so long ago is no longer news."""
LEARN = 21
"""Days whose median is what should stay."""
SLACK, ALARM, MOST = 0.5, 8.0, 3.0
"""Deviations a day that do not count, the sum that is a drift, and the most that one day counts."""
THIN = 0.05
"""A day with less than this part of a usual one says nothing."""
WITHOUT = (NO_USAGE, NEW_SERVICE, NEW_TOKENS)
"""Causes of a bill that should have use, and has none."""
INCOMPLETE = (NOT_BILLED_YET, BILL_NOT_READ, USAGE_NOT_READ)
"""Causes of charges of a day of which one half is not known: it says nothing."""
ALL = "all models"
_PLACES = 4


class Measure(NamedTuple):
    """A ratio that should be constant: its name, what it is of, its least deviation, whether it is one of dollars."""

    name: str
    part: str
    whole: str
    floor: float
    by_model: bool = False
    money: bool = True


MEASURES = (
    Measure("billed to list price", "billed_listed", "listed", 0.002, by_model=True),
    Measure("share allocated", "allocated", "billed", 0.01),
    Measure("share without use", "alone", "billed", 0.005),
    Measure("tokens without a price", "unpriced", "tokens", 0.005, money=False),
    Measure("tokens not billed", "refused", "tokens", 0.005, money=False),
)
HEADINGS = (
    Heading("measure", Kind.DIMENSION),
    Heading("model", Kind.DIMENSION),
    Heading("since", Kind.TEXT),
    Heading("seen", Kind.TEXT, drop_order=2),
    Heading("before", Kind.RATIO),
    Heading("after", Kind.RATIO),
    Heading("a_day", Kind.MONEY, "USD"),
    Heading("organization", Kind.DIMENSION, drop_order=1),
)
"""`a_day` is what the move comes to on a usual day since, in US dollars, of ratios of dollars."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A move: the indexes of the days since when and when it was seen, the medians before and since."""

    start: int
    seen: int
    before: float
    after: float


def drifts(values: Sequence[float], floor: float) -> Iterator[Drift]:
    """Yield the moves in a series of ratios; a smaller move than two `floor` is none."""
    first = 0
    while len(values) - first > LEARN:
        own = values[first : first + LEARN]
        usual = median(own)
        scale = max(floor, 1.4826 * median(abs(value - usual) for value in own))
        sums, starts = [0.0, 0.0], [first + LEARN, first + LEARN]
        for index in range(first + LEARN, len(values)):
            strays = (values[index] - usual) / scale
            for side, stray in enumerate((strays, -strays)):
                sums[side] = max(0.0, sums[side] + min(stray, MOST) - SLACK)
                starts[side] = starts[side] if sums[side] else index + 1
            side = int(sums[1] > sums[0])
            if sums[side] < ALARM:
                continue
            after = median(values[starts[side] : index + 1])
            if abs(after - usual) >= 2 * floor:
                yield Drift(starts[side], index, usual, after)
            first = starts[side]
            break
        else:
            return


def _days(
    context: Context, window: Window, where: Mapping[str, Filter]
) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
    """The sums of each ended day that is whole, of each organization and model and of all its models."""
    tokens = "quantity) FILTER (unit = 'tokens'"
    query = (
        select(
            "organization",
            "model",
            "day",
            "sum(billed) AS billed",
            "sum(billed) FILTER (billed IS NOT NULL AND list IS NOT NULL) AS billed_listed",
            "sum(list) FILTER (billed IS NOT NULL AND list IS NOT NULL) AS listed",
            "sum(billed) FILTER (method = 'allocated') AS allocated",
            f"sum(billed) FILTER ({among('cause', WITHOUT)}) AS alone",
            f"sum({tokens}) AS tokens",
            f"sum({tokens} AND priced IS NULL) AS unpriced",
            f"sum({tokens} AND cause = '{NOT_BILLED}') AS refused",
            f"bool_or({among('cause', INCOMPLETE)}) AS incomplete",
        )
        .from_("ledger.charges")
        .where(within(window, months=True), *wanted(context.engine, CHARGES, where))
        .group_by("organization", "model", "day")
    )
    rows = sorted(context.engine.rows(from_sums(context.engine, query)), key=lambda row: row["day"])
    incomplete = {(row["organization"], row["day"]) for row in rows if row["incomplete"]}
    groups: dict[tuple[str, str], dict[date, dict[str, Any]]] = {}
    for row in rows:
        if (row["organization"], row["day"]) in incomplete:
            continue
        for model in (row["model"], ALL):
            day = groups.setdefault((row["organization"], model), {}).setdefault(row["day"], {"day": row["day"]})
            for name, value in row.items():
                if name not in {"organization", "model", "day", "incomplete"}:
                    day[name] = day.get(name, 0.0) + float(value or 0)
    for (organization, model), days in sorted(groups.items()):
        yield organization, model, list(days.values())


def _rows(context: Context, window: Window, since: date, where: Mapping[str, Filter]) -> Iterator[tuple[Cell, ...]]:
    for organization, model, days in _days(context, window, where):
        for measure in MEASURES:
            if measure.by_model == (model == ALL):
                continue
            usual = median([day[measure.whole] for day in days] or [0.0])
            judged = [day for day in days if day[measure.whole] > THIN * usual]
            values = [day[measure.part] / day[measure.whole] for day in judged]
            for drift in drifts(values, measure.floor):
                start = judged[drift.start]["day"]
                if start < since:
                    continue
                typical = median([day[measure.whole] for day in judged[drift.start : drift.seen + 1]])
                move = (drift.after - drift.before) * typical
                yield (
                    measure.name,
                    model,
                    str(start),
                    str(judged[drift.seen]["day"]),
                    _ratio(drift.before),
                    _ratio(drift.after),
                    rounded(Decimal(repr(move))) if measure.money else None,
                    organization,
                )


def _ratio(value: float) -> Decimal:
    return rounded(Decimal(repr(value)), _PLACES)


def answer(context: Context, since: When | None = None, where: Where = None) -> Table:
    """The moves that began since a day, the newest first; InvalidQuestion for a filter that drift cannot be held to."""
    question = context.question("drift", (), (since or SINCE, "today", None), where, known=WHERE)
    for name in question.where:
        if name not in WHERE:
            raise InvalidQuestion(f"Drift cannot be held to {name!r}.", choose(name, WHERE))
    today = Grain.DAY.floor(context.now)
    window = Window(question.window.start - HISTORY, min(question.window.end, today))
    rows = sorted(
        _rows(context, window, question.window.start.date(), question.where),
        key=lambda row: (str(row[2]), str(row[0]), str(row[1])),
        reverse=True,
    )
    coverage, covered = cover(context.engine, CHARGES, question, context.now)
    about = note(
        f"Each is compared with the median of its first {LEARN} days. A move is listed once it has lasted for days; "
        "`a_day` is an estimate. `reconcile` explains a day, `diff` what was restated."
    )
    table = Table(question, HEADINGS, rows, {}, (*covered, about), coverage, context.engine.version.identity)
    return context.warned(table)


def news(context: Context) -> list[str]:
    """Return a sentence for each move that was seen in the last week."""
    since = str(context.now.date() - RECENT)
    sentences = []
    for row in answer(context).rows:
        if str(row["seen"]) >= since:
            of_model = "" if row["model"] == ALL else f" of {row['model']}"
            move = f"{_percent(row['before'])} to {_percent(row['after'])} since {row['since']}"
            sentences.append(f"{str(row['measure']).capitalize()}{of_model}: {move}: tallystick drift")
    return sentences


def _percent(ratio: Cell) -> str:
    return f"{rounded(Decimal(str(ratio)) * 100, 1)} %"


REPORT = Report(
    answer,
    (
        Parameter(
            "since",
            "First day or period on which a move can begin, as 2026-10-01 or 30d.",
            default=SINCE,
            metavar="WHEN",
        ),
        narrowed_by(WHERE),
    ),
    "Looks at what each model is billed to its list price, at the shares of the bill that are allocated or have no "
    "use, and at tokens without a price or not billed. Small moves add up until they are sure.",
    nothing="Nothing drifts: prices paid and shares of the bill stay what they were.",
)
