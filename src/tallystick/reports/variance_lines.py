"""Variance lines: what each was used and billed in two windows, and its effects, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, PLACES, dollars, picodollars, plain, rounded, total
from tallystick.core.question import Question
from tallystick.core.select import conjunction, select
from tallystick.query.charge_groups import BILLED, Figure, label
from tallystick.query.charge_source import from_sums
from tallystick.query.facts import UNREPORTED, Billed
from tallystick.query.filters import column, wanted, within, within_any
from tallystick.query.owners import attribution, known, messages
from tallystick.reports.variance_words import Part
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Pair, summed

_UNIT, _COUNTED, _ASKED = "unit", "counted", "asked"
_SIDES = (0, 1)
"""The window before, and the one that is asked about."""
_FIGURES = tuple(f"{name}_{side}" for name in ("quantity", "billed") for side in _SIDES)
_QUANTITY = Figure(f"coalesce(quantity, 0)::DECIMAL(38, {PLACES})", BILLED.condition)
"""The quantity of a charge in the place of what was billed, to be split as that is, to 12 places."""


def effects_of(
    engine: Engine, windows: tuple[Question, Question], dims: Sequence[str], owners: Owners
) -> tuple[list[Part], list[Message], list[Billed | None]]:
    """The effects of every line with the group that it is of, what to say of them, and what each window was billed.

    The split is made within each key or person, whatever is asked by or held fixed, so that one line has one split.
    The last is None by owner: there it is a question of its own.
    """
    owned = tuple(name for name in OWNED if windows[1].owned)
    pool_names = (*SUBJECTS, *owned)
    terms = conjunction(*wanted(engine, CHARGES, windows[1].where_of(*TERMS)))
    before, after = (replace(each, by=(*pool_names, *TERMS), where=each.where_but(*TERMS)) for each in windows)
    beside: list[Message] = []
    if owned:
        rows, beside = _attributed_both(engine, (before, after), owners, terms)
    else:
        rows = _summed(engine, before, after, terms)
    pool = itemgetter(*pool_names, _UNIT)
    pairs: list[Pair[tuple[tuple[str, ...], str, str, str] | None]] = []
    uncounted, kinds = 0, set()
    for row in rows:
        old, new = (picodollars(amount) if (amount := row[f"billed_{side}"]) is not None else 0 for side in _SIDES)
        quantities: list[int | None] = [None, None]
        if not row[_COUNTED]:
            if row[_ASKED] and old != new:
                uncounted += new - old
                kinds.add(row["kind"])
        else:
            quantities = [int(row[f"quantity_{side}"] or 0) for side in _SIDES]
        name = (tuple(row[dim] for dim in dims), row["key"], row["actor"], row["model"]) if row[_ASKED] else None
        pairs.append(Pair(pool(row), name, quantities[0], quantities[1], old, new))
    parts = [Part(*name, effect) for name, effect in summed(pairs).items() if name]
    if kinds:
        amount, listed = plain(rounded(dollars(uncounted))), ", ".join(sorted(kinds))
        unsaid = "whose quantity the reports do not say: all of it is in volume"
        beside.append(note(f"{amount} USD of the change is of {listed} {unsaid}."))
    if owned:
        beside.append(note("A key that went from one owner to another is less volume there and more here."))
    return parts, beside, [None if owned else _billed(rows, side) for side in _SIDES]


def _billed(rows: Sequence[Mapping[str, Any]], side: int) -> Billed:
    """What one window was billed, of what is asked."""
    names = (f"billed_{side}", f"unreported_{side}")
    return Billed(*(total([row[name] for row in rows if row[_ASKED] and row[name] is not None]) for name in names))


def _summed(engine: Engine, before: Question, after: Question, terms: str) -> list[dict[str, Any]]:
    """Quantity and US dollars of every line in two windows."""
    windows = (before, after)
    sums = {"quantity": "quantity", "billed": "billed", "unreported": f"CASE WHEN {UNREPORTED} THEN billed END"}
    groups = (*(f"{column(name)} AS {name}" for name in before.by), _UNIT, f"quantity IS NOT NULL AS {_COUNTED}")
    query = select(*groups, f"{terms} AS {_ASKED}").from_("ledger.charges").group_by("ALL")
    query = query.where("billed IS NOT NULL", within_any([question.window for question in windows]))
    for side, question in zip(_SIDES, windows, strict=True):
        inside = within(question.window)
        query = query.select(*(f"sum({sql}) FILTER ({inside}) AS {name}_{side}" for name, sql in sums.items()))
    return list(engine.rows(from_sums(engine, query.where(*wanted(engine, CHARGES, before.where)))))


def _attributed_both(
    engine: Engine, windows: tuple[Question, Question], owners: Owners, terms: str
) -> tuple[list[dict[str, Any]], list[Message]]:
    """The same by owners, and what to say of their shares."""
    beside: list[Message] = []
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for side, question in zip(_SIDES, windows, strict=True):
        rows, attributed = _attributed(engine, question, owners, terms)
        beside += attributed
        for row in rows:
            figures = {f"{name}_{side}": row.pop(name) for name in ("quantity", "billed")}
            line = lines.setdefault(tuple(row.values()), row | dict.fromkeys(_FIGURES))
            line.update(figures)
    return [*lines.values()], beside


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
