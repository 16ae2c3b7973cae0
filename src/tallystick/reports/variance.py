"""Variance: why what was billed changed between two windows: price, volume and mix, in total and by any dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlglot import exp

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, PLACES, plain, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.time import DAY, Grain, Window
from tallystick.core.time_words import When, month_of, window
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.coverage import cover, matched, priority
from tallystick.query.filters import column, wanted, within
from tallystick.query.grouping import OTHERS
from tallystick.query.names import named, organizations
from tallystick.query.owners import OWNED, attribution, known, lines, messages, owned, unasked
from tallystick.query.pivot import Measure, Pivot
from tallystick.query.report import WHERE, Form, Parameter, Report, Where, by, days
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Amount, Effects, Line, effects

WHO = ("organization", "workspace", "key", "actor", "product", "team", "cost_center")
"""Dimensions within each of whose groups the split is made, where it is asked by them."""
WHAT = ("model", "kind", "tier", "context", "geo", "speed")
"""What tells the lines of a group apart, whatever is asked."""
MONEY = ("before", "after", "change", "price", "volume", "mix")

VARIANCE = Pivot(
    name="variance",
    meaning="Why what was billed changed between two months: price, volume and mix",
    money=True,
    dimensions=(*WHO, *WHAT),
    by=("model",),
    measures=tuple(Measure(name, Kind.MONEY, "USD", name) for name in MONEY),
    order="change",
    refused=dict.fromkeys(("day", "week", "month"), "it compares two windows as wholes."),
)
_NOTE = (
    "price: today's use at the new effective rates, less at the old ones. volume: every line grown as the total did. "
    "mix: lines that grew more or less than that, came or went, at the old rates."
)
_SPANS = "Write --against 2026-09, 2026-Q2 or 2026-09-01..2026-09-07, both days included."
_UNIT, _COUNTED = "unit", "counted"


def answer(engine: Engine, question: Question, now: datetime, owners: Owners | None = None) -> Table:
    """The three effects of each group from `question.against` to `question.window`, largest absolute change first.

    Columns: the dimensions of `by`, then USD `before`, `after`, `change`, `price`, `volume`, `mix`, and `growth`, the
    change to `before`, a ratio. `before + price + volume + mix = after` in each row and in the totals, to the
    picodollar. Raises InvalidQuestion where the question cannot be.
    """
    VARIANCE.check(question)
    owners = owners or Owners()
    if question.against is None:
        raise InvalidQuestion("A change is between two windows, and one was named.", "Name another with --against.")
    before = replace(question, window=question.against)
    by_organization = "organization" not in (*question.by, *question.where) and len(organizations(engine)) > 1
    dims = (*(("organization",) if by_organization else ()), *question.by)
    line_effects, split = _effects(engine, (before, question), dims, owners)
    groups: dict[tuple[str, ...], list[Effects]] = {}
    for group, effect in line_effects:
        groups.setdefault(group, []).append(effect)
    rows = _largest(
        [(group, Effects.sum(group_effects)) for group, group_effects in groups.items()],
        question.top,
        int(by_organization),
    )
    total_effect = Effects.sum([effect for _, effect in line_effects])
    coverage, covered = _coverage(engine, unasked(question, owners) if owned(question) else question, before, now)
    present = (coverage["against"]["present"], coverage["present"])
    headings, cells = _laid_out(engine, dims, rows, present)
    return Table(
        question,
        headings,
        cells,
        dict(zip((*MONEY, "growth"), _figures(total_effect, present), strict=True)),
        (*covered, *((*split, note(_NOTE)) if all(present) else ())),
        coverage,
        engine.version.spoken,
    )


def windows(
    month: When | None, against: str | None, since: When | None, until: When | None, now: datetime
) -> tuple[Window, Window]:
    """Return what is compared and with what: a month with the one before it, or a span with as long a one before it.

    Of a month that runs the ended days are compared with the same days of the month before.

    `against` is a word for a month or another span, or `SINCE..UNTIL`. InvalidQuestion where one cannot be.
    """
    if since is None and until is None:
        current = month_of(month, now)
        before = Grain.MONTH.around(current.start - DAY)
        if against is None and current.end > Grain.DAY.floor(now) > current.start:  # it runs: as many days before
            current = Window(current.start, Grain.DAY.floor(now))
            before = before & Window(before.start, before.start + (current.end - current.start))
    else:
        current = window(since, until, now, month=month)
        before = Window(current.start - (current.end - current.start), current.start)
    if against is not None:
        start, dots, end = against.partition("..")
        try:
            before = window(start, end if dots else start, now)
        except InvalidQuestion as wrong:
            raise InvalidQuestion(f"--against {against}: {wrong.what}", _SPANS) from None
    if current == before:
        raise InvalidQuestion("Both windows are the same, so nothing changed.", _SPANS)
    return current, before


def _effects(
    engine: Engine, windows: tuple[Question, Question], dims: Sequence[str], owners: Owners
) -> tuple[list[tuple[tuple[str, ...], Effects]], list[Message]]:
    """The effects of every line with the group that it is of, and what to say of them."""
    inner = tuple(dict.fromkeys((*dims, "organization", *WHAT)))
    pool_names = [name for name in inner if name in WHO]
    read: list[dict[Line, Amount]] = []
    beside: list[Message] = []
    for question in windows:
        line_question = replace(question, by=inner)
        rows, attributed = (
            _attributed(engine, line_question, owners) if owned(question) else (_summed(engine, line_question), [])
        )
        beside += attributed
        amounts: dict[Line, Amount] = {}
        for row in rows:
            pool, line = (
                (*(row[name] for name in pool_names), row[_UNIT]),
                (*(row[name] for name in WHAT), str(row[_COUNTED])),
            )
            amounts[pool, line] = Amount(int(row["quantity"]) if row[_COUNTED] else None, row["billed"])
        read.append(amounts)
    line_effects = []
    uncounted: list[Decimal] = []
    kinds: set[str] = set()
    for (pool, line), effect in effects(read[0], read[1]).items():
        line_fields = dict(zip((*pool_names, _UNIT, *WHAT, _COUNTED), (*pool, *line), strict=True))
        line_effects.append((tuple(line_fields[name] for name in dims), effect))
        if line_fields[_COUNTED] == str(False) and effect.change:
            uncounted.append(effect.change)
            kinds.add(line_fields["kind"])
    if uncounted:
        beside.append(
            note(
                f"{plain(rounded(total(uncounted)))} USD of the change is of {', '.join(sorted(kinds))} whose quantity "
                "the reports do not say: all of it is in volume."
            )
        )
    if within_ := [name for name in dims if name in WHO]:
        beside.append(
            note(f"The split is made within each {' and '.join(within_)}: what moves between them is volume.")
        )
    return line_effects, beside


def _summed(engine: Engine, question: Question) -> list[dict[str, Any]]:
    """Quantity and US dollars of every line of a question."""
    query = (
        exp.select(
            *(exp.alias_(column(name), name) for name in question.by),
            _UNIT,
            exp.alias_(exp.maybe_parse("quantity IS NOT NULL"), _COUNTED),
            exp.alias_(exp.maybe_parse("sum(quantity)"), "quantity"),
            exp.alias_(exp.maybe_parse("sum(billed)"), "billed"),
        )
        .from_(exp.table_(CHARGES.name, db="ledger"))
        .where("billed IS NOT NULL", within(question.window, months=True), *wanted(engine, CHARGES, question.where))
        .group_by(*(exp.Literal.number(position) for position in range(1, len(question.by) + 3)))
    )
    rows: list[dict[str, Any]] = engine.ask(query).to_pylist()
    return rows


def _attributed(engine: Engine, question: Question, owners: Owners) -> tuple[list[dict[str, Any]], list[Message]]:
    """The same by owners: the quantity of a shared charge is split as its dollars are, so it counts in 12th places."""
    known(question, owners)
    extra_columns = [
        exp.column(_UNIT),
        exp.column("quantity"),
        exp.alias_(exp.maybe_parse("quantity IS NOT NULL"), _COUNTED),
    ]
    charges = engine.ask(lines(engine, question).select(*extra_columns))
    money = attribution(engine, question, owners, charges)
    used = attribution(engine, question, owners, _as_money(charges))
    columns = {name: name if name in OWNED else f"by_{name}" for name in question.by}
    by = [*columns.values(), _UNIT, _COUNTED]
    by += [name for name in OWNED if name in question.where and name not in by]
    counts = {tuple(row[name] for name in by): row["billed"] for row in used.sums(by)}
    sums: dict[tuple[Any, ...], tuple[int, Decimal]] = {}
    for row in money.sums(by):
        if all(question.where[name].takes(row[name]) for name in OWNED if name in question.where):
            key = tuple(row[name] for name in (*columns.values(), _UNIT, _COUNTED))
            count, billed = sums.get(key, (0, Decimal(0)))
            units = int(EXACT.scaleb(counts.get(tuple(row[name] for name in by), Decimal(0)), PLACES))
            sums[key] = (count + units, EXACT.add(billed, row["billed"]))
    names = (*columns, _UNIT, _COUNTED)
    rows = [
        dict(zip(names, key, strict=True)) | {"quantity": count, "billed": billed}
        for key, (count, billed) in sums.items()
    ]
    return rows, messages(owners, money)


def _as_money(charges: pa.Table) -> pa.Table:
    """The charges with their quantity in the place of what was billed, to be split as that is, to 12 places."""
    units = charges["quantity"].fill_null(0).cast(pa.decimal128(38, PLACES))
    return charges.set_column(charges.schema.get_field_index("billed"), "billed", units)


def _largest(rows: list[tuple[tuple[str, ...], Effects]], top: int | None, leading: int) -> list[Any]:
    """The rows by absolute change; past `top` the rest in one, or one for each group of the `leading` dimensions."""
    rows.sort(key=lambda entry: (-abs(entry[1].change), entry[0]))
    if top is None or len(rows) <= top:
        return rows
    rest: dict[tuple[str, ...], list[Effects]] = {}
    for group, effect in rows[top:]:
        rest.setdefault((*group[:leading], *(OTHERS for _ in group[leading:])), []).append(effect)
    return [*rows[:top], *((group, Effects.sum(group_effects)) for group, group_effects in rest.items())]


def _coverage(
    engine: Engine, question: Question, before: Question, now: datetime
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of the window, and in `against` that of the one before; what to say of both."""
    coverages: list[dict[str, Any]] = []
    beside: list[Message] = []
    for word, side_question in (("Before", replace(question, window=before.window)), ("After", question)):
        coverage, covered = cover(engine, CHARGES, side_question, now)
        coverage["billed"], split = matched(engine, side_question)
        beside += [
            replace(message, text=f"{word}: {message.text}")
            for message in (*priority(engine, CHARGES, side_question), *covered, *split)
        ]
        coverages.append(coverage)
    old, new = coverages
    if old["present"] and new["present"] and old["present"] != new["present"]:
        text = f"{old['present']} billed days are compared with {new['present']}: what that makes is volume."
        beside.insert(0, warning(text))
    return new | {"against": old}, beside


def _figures(effect: Effects, present: tuple[int, int]) -> tuple[Cell, ...]:
    """The figures of a row; of a window of which no day is known nothing is, so neither is what changed."""
    before, after = (side if days else None for side, days in zip((effect.before, effect.after), present, strict=True))
    if before is None or after is None:
        return (before, after, *(None,) * 5)
    growth = ratio(effect.change, before)
    return (before, after, effect.change, effect.price, effect.volume, effect.mix, growth)


def _laid_out(
    engine: Engine, dims: Sequence[str], rows: list[tuple[tuple[str, ...], Effects]], present: tuple[int, int]
) -> tuple[tuple[Heading, ...], list[tuple[Cell, ...]]]:
    names = named(engine, dims)
    headings: list[Heading] = []
    for name in dims:
        headings.append(Heading(name, Kind.DIMENSION))
        headings += [Heading(f"{name}_name", Kind.NAME)] if name in names else []
    headings += [Heading(name, Kind.MONEY, "USD", int(name == "before")) for name in MONEY]
    headings.append(Heading("growth", Kind.RATIO, rank=2))
    cells: list[tuple[Cell, ...]] = []
    for group, effect in rows:
        ids: list[Cell] = []
        for name, value in zip(dims, group, strict=True):
            ids += [value, names[name](value)] if name in names else [value]
        cells.append((*ids, *_figures(effect, present)))
    return tuple(headings), cells


def _ask(
    context: Context,
    month: When | None,
    against: str | None,
    since: When | None,
    until: When | None,
    by: tuple[str, ...],
    where: Where,
    top: int | None,
) -> Table:
    window, before = windows(month, against, since, until, context.now)
    question = replace(context.question("variance", by, where=where, top=top), window=window, against=before)
    return context.warned(answer(context.engine, question, context.now, context.owners_of(question)))


REPORT = Report(
    _ask,
    (
        Parameter(
            "against",
            "What it is compared with: a month, another period, or both ends. By default what comes before it.",
            metavar="MONTH|SINCE..UNTIL",
        ),
        *days("the last ended month, alone"),
        by(("model",)),
        WHERE,
        Parameter("top", "The N largest changes; the rest in one row.", Form.COUNT, metavar="N"),
    ),
    "before + price + volume + mix = after, in each row and in total, to the picodollar. By any of organization, "
    "workspace, key, actor, product, team, cost_center, model, kind, tier, context, geo, speed; the largest change "
    "first.",
    strict="Exit with 1 where days of either are absent, or a bill is late.",
    failing=lambda table: table.incomplete,
)
