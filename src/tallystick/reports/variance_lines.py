"""Variance lines: what each was used and billed in two windows, and its effects, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, PLACES, plain, rounded, total
from tallystick.core.question import Question
from tallystick.core.select import conjunction, select
from tallystick.query.charge_groups import BILLED, Figure, label
from tallystick.query.charge_source import from_sums
from tallystick.query.facts import UNREPORTED, Billed
from tallystick.query.filters import column, wanted, within, within_any
from tallystick.query.owners import attribution, known, messages
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Amount, Effects, Line, effects

_UNIT, _COUNTED, _ASKED = "unit", "counted", "asked"
_QUANTITY = Figure(f"coalesce(quantity, 0)::DECIMAL(38, {PLACES})", BILLED.condition)
"""The quantity of a charge in the place of what was billed, to be split as that is, to 12 places."""


def effects_of(
    engine: Engine, windows: tuple[Question, Question], dims: Sequence[str], owners: Owners
) -> tuple[list[tuple[tuple[str, ...], Effects]], list[Message], list[Billed | None]]:
    """The effects of every line with the group that it is of, what to say of them, and what each window was billed.

    The split is made within each key or person, whatever is asked by or held fixed, so that one line has one split.
    The last is None by owner: there it is a question of its own.
    """
    owned = tuple(name for name in OWNED if windows[1].owned)
    pool_names = (*SUBJECTS, *owned)
    names = (*pool_names, _UNIT, *TERMS, _COUNTED, _ASKED)
    terms = conjunction(*wanted(engine, CHARGES, windows[1].where_of(*TERMS)))
    before, after = (replace(each, by=(*pool_names, *TERMS), where=each.where_but(*TERMS)) for each in windows)
    beside: list[Message] = []
    if owned:
        read_rows = []
        for question in (before, after):
            rows, attributed = _attributed(engine, question, owners, terms)
            read_rows.append(rows)
            beside += attributed
    else:
        read_rows = _summed(engine, before, after, terms)
    read: list[dict[Line, Amount]] = []
    billed: list[Billed | None] = []
    for rows in read_rows:
        asked = [row for row in rows if row[_ASKED]]
        sums = (total([row[name] for row in asked if row.get(name) is not None]) for name in ("billed", "unreported"))
        billed.append(None if owned else Billed(*sums))
        read.append({_line(row, names): Amount(_quantity(row), row["billed"]) for row in rows})
    line_effects = []
    uncounted: list[Decimal] = []
    kinds: set[str] = set()
    indexes = {name: index for index, name in enumerate(names)}
    group_indexes, kind = tuple(indexes[name] for name in dims), indexes["kind"]
    for (pool, line), effect in effects(read[0], read[1]).items():
        *_, is_counted, is_asked = line
        if not is_asked:
            continue
        cells = (*pool, *line)
        line_effects.append((tuple(cells[index] for index in group_indexes), effect))
        if not is_counted and effect.change:
            uncounted.append(effect.change)
            kinds.add(cells[kind])
    if uncounted:
        amount, listed = plain(rounded(total(uncounted))), ", ".join(sorted(kinds))
        unsaid = "whose quantity the reports do not say: all of it is in volume"
        beside.append(note(f"{amount} USD of the change is of {listed} {unsaid}."))
    if owned:
        beside.append(note("A key that went from one owner to another is less volume there and more here."))
    return line_effects, beside, billed


def _line(row: Mapping[str, Any], names: Sequence[str]) -> Line:
    """The line of a row: its pool up to its unit, and what tells it from others in there; flags are empty or not."""
    cells = [row[name] for name in names]
    end = len(names) - len(TERMS) - 2
    return tuple(cells[:end]), (*cells[end:-2], *("1" if flag else "" for flag in cells[-2:]))


def _quantity(row: Mapping[str, Any]) -> int | None:
    return int(row["quantity"]) if row[_COUNTED] else None


def _summed(engine: Engine, before: Question, after: Question, terms: str) -> list[list[dict[str, Any]]]:
    """Quantity and US dollars of every line of two questions, which differ by their windows alone."""
    windows = (before, after)
    sums = {"quantity": "quantity", "billed": "billed", "unreported": f"CASE WHEN {UNREPORTED} THEN billed END"}
    groups = (
        *(f"{column(name)} AS {name}" for name in windows[0].by),
        _UNIT,
        f"quantity IS NOT NULL AS {_COUNTED}",
        f"{terms} AS {_ASKED}",
    )
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


def _attributed(
    engine: Engine, question: Question, owners: Owners, terms: str
) -> tuple[list[dict[str, Any]], list[Message]]:
    """The same by owners: the quantity of a shared charge is split as its dollars are, so it counts in 12th places."""
    known(question, owners)
    apart = {_UNIT: _UNIT, _COUNTED: "quantity IS NOT NULL", _ASKED: terms}
    money = attribution(engine, question, owners, further=apart)
    used = attribution(engine, question, owners, _QUANTITY, further=apart)
    columns = {name: label(name) for name in question.by}
    by = [*columns.values(), *apart]
    by += [name for name in OWNED if name in question.where and name not in by]
    counts = {tuple(row[name] for name in by): row["billed"] for row in used.sums(by)}
    sums: dict[tuple[Any, ...], tuple[int, Decimal]] = {}
    for row in money.sums(by):
        if all(question.where[name].takes(row[name]) for name in OWNED if name in question.where):
            key = tuple(row[name] for name in (*columns.values(), *apart))
            count, billed = sums.get(key, (0, Decimal(0)))
            units = int(EXACT.scaleb(counts.get(tuple(row[name] for name in by), Decimal(0)), PLACES))
            sums[key] = (count + units, EXACT.add(billed, row["billed"]))
    names = (*columns, *apart)
    rows = [
        dict(zip(names, key, strict=True)) | {"quantity": count, "billed": billed}
        for key, (count, billed) in sums.items()
    ]
    return rows, messages(owners, money)
