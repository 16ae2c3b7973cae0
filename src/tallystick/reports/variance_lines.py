"""Variance lines: what each was used and billed in two windows, and its effects, by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, PLACES, plain, rounded, total
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.query.charge_groups import BILLED, Figure, label
from tallystick.query.charge_source import from_sums
from tallystick.query.facts import UNREPORTED, Billed
from tallystick.query.filters import column, wanted, within, within_any
from tallystick.query.owners import attribution, known, messages
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Amount, Effects, Line, effects

WHO = (*SUBJECTS, "team", "cost_center")
"""Dimensions within each of whose groups the split is made, where it is asked by them."""
_UNIT, _COUNTED = "unit", "counted"
_QUANTITY = Figure(f"coalesce(quantity, 0)::DECIMAL(38, {PLACES})", BILLED.condition)
"""The quantity of a charge in the place of what was billed, to be split as that is, to 12 places."""


def effects_of(
    engine: Engine, windows: tuple[Question, Question], dims: Sequence[str], owners: Owners
) -> tuple[list[tuple[tuple[str, ...], Effects]], list[Message], list[Billed | None]]:
    """The effects of every line with the group that it is of, what to say of them, and what each window was billed.

    The last is None by owner: there it is a question of its own.
    """
    inner = tuple(dict.fromkeys((*dims, "organization", *TERMS)))
    pool_names = [name for name in inner if name in WHO]
    read: list[dict[Line, Amount]] = []
    beside: list[Message] = []
    billed: list[Billed | None] = []
    before, after = (replace(question, by=inner) for question in windows)
    if after.owned:
        read_rows = []
        for question in (before, after):
            rows, attributed = _attributed(engine, question, owners)
            read_rows.append(rows)
            beside += attributed
    else:
        read_rows = _summed(engine, before, after)
    for rows in read_rows:
        sums = (total([row[name] for row in rows if row.get(name) is not None]) for name in ("billed", "unreported"))
        billed.append(None if after.owned else Billed(*sums))
        amounts: dict[Line, Amount] = {}
        for row in rows:
            pool = (*(row[name] for name in pool_names), row[_UNIT])
            line = (*(row[name] for name in TERMS), str(row[_COUNTED]))
            amounts[pool, line] = Amount(int(row["quantity"]) if row[_COUNTED] else None, row["billed"])
        read.append(amounts)
    line_effects = []
    uncounted: list[Decimal] = []
    kinds: set[str] = set()
    for (pool, line), effect in effects(read[0], read[1]).items():
        line_fields = dict(zip((*pool_names, _UNIT, *TERMS, _COUNTED), (*pool, *line), strict=True))
        line_effects.append((tuple(line_fields[name] for name in dims), effect))
        if line_fields[_COUNTED] == str(False) and effect.change:
            uncounted.append(effect.change)
            kinds.add(line_fields["kind"])
    if uncounted:
        amount, names = plain(rounded(total(uncounted))), ", ".join(sorted(kinds))
        unsaid = "whose quantity the reports do not say: all of it is in volume"
        beside.append(note(f"{amount} USD of the change is of {names} {unsaid}."))
    if scopes := " and ".join(name for name in dims if name in WHO):
        beside.append(note(f"The split is made within each {scopes}: what moves between them is volume."))
    return line_effects, beside, billed


def _summed(engine: Engine, *windows: Question) -> list[list[dict[str, Any]]]:
    """Quantity and US dollars of every line of each of these questions, which differ by their windows alone."""
    sums = {"quantity": "quantity", "billed": "billed", "unreported": f"CASE WHEN {UNREPORTED} THEN billed END"}
    groups = (*(f"{column(name)} AS {name}" for name in windows[0].by), _UNIT, f"quantity IS NOT NULL AS {_COUNTED}")
    query = select(*groups).from_("ledger.charges").group_by("ALL")
    query = query.where("billed IS NOT NULL", within_any([question.window for question in windows]))
    for index, question in enumerate(windows):
        inside = within(question.window)
        query = query.select(*(f"sum({sql}) FILTER ({inside}) AS {name}_{index}" for name, sql in sums.items()))
    rows = engine.rows(from_sums(engine, query.where(*wanted(engine, CHARGES, windows[0].where))))
    return [
        [row | {name: row[f"{name}_{index}"] for name in sums} for row in rows if row[f"billed_{index}"] is not None]
        for index, _ in enumerate(windows)
    ]


def _attributed(engine: Engine, question: Question, owners: Owners) -> tuple[list[dict[str, Any]], list[Message]]:
    """The same by owners: the quantity of a shared charge is split as its dollars are, so it counts in 12th places."""
    known(question, owners)
    apart = {_UNIT: _UNIT, _COUNTED: "quantity IS NOT NULL"}
    money = attribution(engine, question, owners, further=apart)
    used = attribution(engine, question, owners, _QUANTITY, further=apart)
    columns = {name: label(name) for name in question.by}
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
