"""Explanation of findings: their exact dollars, split by key, model and kind of token into price, volume and mix.

The charges of all findings, and of the days before them, are summed in one statement. Only what was expected is an
estimate: it is rounded to cents once, and all that follows from it is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tallystick.core.money import EXACT, nearest, ratio, rounded, total
from tallystick.core.select import select
from tallystick.outlook.anomalies.cells import INPUT, SPENT, Cell
from tallystick.outlook.anomalies.finding import Day, Finding, Part, Rates, finding_id
from tallystick.outlook.anomalies.sighting import Sighting
from tallystick.query.conditions import day_of
from tallystick.store.engine import Engine
from tallystick.tally.variance import Amount, Effects, Line, effects

BEFORE = 28
"""Days before a finding that it is compared with."""
FINE = 10**6
"""Quantities are counted in so many parts of a token, so that a part of what was used before is a whole number."""
MILLION = 1_000_000
_NOW, _THEN = "now", "then"
_WHO = ("workspace", "key", "actor")
_SPANS = {
    "number": "BIGINT",
    **dict.fromkeys((*Cell._fields, "role"), "VARCHAR"),
    **dict.fromkeys(("start", "until"), "DATE"),
}
"""The SQL types of what is read of each sighting, by day."""
Row = Mapping[str, Any]


def findings(
    engine: Engine, sightings: Sequence[Sighting], first: date, known: Sequence[bool], minimum: Decimal
) -> list[Finding]:
    """Make sightings exact, in their order; `first` is the day from which they count days, `minimum` in US dollars."""
    if not sightings:
        return []
    rows = _rows(engine, sightings, first)
    results = []
    for number, sighting in enumerate(sightings):
        own = rows.get(number, [])
        now, then = ([row for row in own if row["role"] == role] for role in (_NOW, _THEN))
        results.append(_finding(sighting, now, then, first, known, minimum))
    return results


def _rows(engine: Engine, sightings: Sequence[Sighting], first: date) -> dict[int, list[Row]]:
    """The sums of the charges of each sighting by day and line, and those of the days before, by line."""
    spans: list[dict[str, Any]] = []
    for number, sighting in enumerate(sightings):
        start, end = (first + timedelta(day) for day in (sighting.start, sighting.end + 1))
        for cell in sighting.cells:
            row = {"number": number, **cell._asdict()}
            spans.append(row | {"role": _NOW, "start": start, "until": end})
            spans.append(row | {"role": _THEN, "start": start - timedelta(BEFORE), "until": start})
    least, most = min(span["start"] for span in spans), max(span["until"] for span in spans)
    source = f"ledger.charges AS charges JOIN spans USING ({', '.join(Cell._fields)})"
    query = (
        select(
            "number",
            "role",
            f"CASE WHEN role = '{_NOW}' THEN day END AS day",
            *_WHO,
            "model",
            "kind",
            "unit",
            "quantity IS NOT NULL AS counted",
            f"sum({SPENT}) AS spent",
            "sum(quantity) AS quantity",
        )
        .from_(source)
        .where(f"month >= '{least:%Y-%m}' AND month <= '{most:%Y-%m}'", "day >= start AND day < until")
        .where(f"day >= {day_of(least)}")
        .group_by("ALL")
    )
    rows: dict[int, list[Row]] = {}
    for row in engine.beside(query, "spans", _SPANS, [tuple(span[name] for name in _SPANS) for span in spans]):
        rows.setdefault(row["number"], []).append(row)
    return rows


def _finding(
    sighting: Sighting,
    now: Sequence[Row],
    then: Sequence[Row],
    first: date,
    known: Sequence[bool],
    minimum: Decimal,
) -> Finding:
    days = _days(sighting, now, first, known)
    expected = total([day.expected for day in days])
    after, before = _amounts(now), {} if sighting.new else _amounts(then)
    before = _scaled(before, expected)
    if not before and expected:  # nothing tells what it would have been of: all lines alike
        before = _scaled(after, expected)
    by_line = effects(before, after)
    parts = [
        Part(workspace, key, actor, terms[0], terms[1], effect)
        for ((workspace, key, actor, _), terms), effect in by_line.items()
    ]
    model = total([effect.mix for effect in effects(_by_model(before), _by_model(after)).values()])
    since = first + timedelta(sighting.start)
    return Finding(
        finding_id(sighting.subject, since, rate=sighting.rate),
        sighting.subject,
        since,
        first + timedelta(sighting.end),
        first + timedelta(sighting.seen),
        sighting.state.value,
        sighting.measure,
        sighting.new,
        sighting.rate,
        sighting.running,
        len(sighting.parts),
        sighting.cells,
        days,
        sorted(_merged(parts), key=lambda part: (-part.effects.change, part.key, part.model, part.kind)),
        model,
        _rates(then),
        _rates(now),
        sum(known[max(0, sighting.start - BEFORE) : sighting.start]),
        sighting.deviations,
        sighting.far_days,
        minimum,
        sighting.goes_on,
    )


def _days(sighting: Sighting, now: Sequence[Row], first: date, known: Sequence[bool]) -> list[Day]:
    """Each day with what was spent, and what was expected, to cents; a day that nothing is known of is left out."""
    spent: dict[date, list[Decimal]] = {}
    for row in now:
        spent.setdefault(row["day"], []).append(row["spent"])
    days = []
    for number in range(sighting.start, sighting.end + 1):
        day = first + timedelta(number)
        if day not in spent and not known[number] and number not in sighting.above:
            continue
        amount = total(spent.get(day, []))
        above = rounded(Decimal(repr(sighting.above.get(number, 0.0))))
        days.append(Day(day, amount, max(Decimal(0), rounded(EXACT.subtract(amount, above))) if above else amount))
    return days


def _amounts(rows: Sequence[Row]) -> dict[Line, Amount]:
    """Quantity and dollars of each line, within each key or person."""
    amounts: dict[Line, Amount] = {}
    for row in rows:
        line = (
            (*(row[name] for name in _WHO), row["unit"] or "none"),
            (row["model"], row["kind"], str(row["counted"])),
        )
        quantity = int(row["quantity"]) * FINE if row["counted"] else None
        old = amounts.get(line)
        if old is not None:
            quantity = None if quantity is None or old.quantity is None else quantity + old.quantity
        amounts[line] = Amount(quantity, EXACT.add(old.billed, row["spent"]) if old else row["spent"])
    return amounts


def _scaled(amounts: Mapping[Line, Amount], expected: Decimal) -> dict[Line, Amount]:
    """The same lines in the same proportion, coming to what was expected, exactly."""
    billed = total([amount.billed for amount in amounts.values()])
    if billed <= 0 or expected <= 0:
        return {}
    scale = Fraction(expected) / Fraction(billed)
    scaled = {
        line: Amount(
            None if amount.quantity is None else round(amount.quantity * scale),
            nearest(Fraction(amount.billed) * scale),
        )
        for line, amount in amounts.items()
    }
    rest = EXACT.subtract(expected, total([amount.billed for amount in scaled.values()]))
    largest = max(scaled, key=lambda line: scaled[line].billed)
    scaled[largest] = Amount(scaled[largest].quantity, EXACT.add(scaled[largest].billed, rest))
    return scaled


def _by_model(amounts: Mapping[Line, Amount]) -> dict[Line, Amount]:
    """The lines of each model together."""
    models: dict[Line, Amount] = {}
    for (pool, terms), amount in amounts.items():
        line = (pool, (terms[0], terms[2]))
        old = models.get(line, Amount(0, Decimal(0)))
        quantity = None if amount.quantity is None or old.quantity is None else amount.quantity + old.quantity
        models[line] = Amount(quantity, EXACT.add(old.billed, amount.billed))
    return models


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    """One part for each key, model and kind."""
    groups: dict[tuple[str, ...], list[Effects]] = {}
    for part in parts:
        groups.setdefault((part.workspace, part.key, part.actor, part.model, part.kind), []).append(part.effects)
    for (workspace, key, actor, model, kind), group in groups.items():
        yield Part(workspace, key, actor, model, kind, Effects.sum(group))


def _rates(rows: Sequence[Row]) -> Rates:
    counted = [row for row in rows if row["unit"] == "tokens" and row["counted"]]
    tokens = sum(int(row["quantity"]) for row in counted)
    inputs = sum(int(row["quantity"]) for row in counted if row["kind"] in INPUT)
    read = sum(int(row["quantity"]) for row in counted if row["kind"] == "cache_read")
    spent = total([row["spent"] for row in counted])
    return Rates(ratio(read, inputs), ratio(spent * MILLION, tokens) if tokens else None)
