"""Variance lines: what each was used and billed in two windows, and its effects, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, PLACES, dollars, picodollars, plain, rounded
from tallystick.core.question import Question
from tallystick.core.select import Select, conjunction, literal, select
from tallystick.query.charge_groups import BILLED, ChargeGroups, Figure, label, picodollars_sql
from tallystick.query.conditions import within, within_any
from tallystick.query.filters import column, wanted
from tallystick.query.month_source import from_months
from tallystick.query.names import organizations
from tallystick.query.owners import attribution, known, messages
from tallystick.query.spelling import spellings
from tallystick.reports.owned_lines import owned_effects
from tallystick.reports.variance_words import Part
from tallystick.store.engine import Engine
from tallystick.tally.effects_query import effects_query
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Pair, summed

_UNIT, _COUNTED, _ASKED = "unit", "counted", "asked"
_SIDES = (0, 1)
"""The window before, and the one that is asked about."""
_FIGURES = tuple(f"{name}_{side}" for name in ("quantity", "billed") for side in _SIDES)
_EFFECTS = ("billed_0", "billed_1", "price", "volume")
_USED = {"used": "sum(quantity)"}
_QUANTITY = Figure(f"coalesce(quantity, 0)::DECIMAL(38, {PLACES})", BILLED.condition)
"""The quantity of a charge in the place of what was billed, to be split as that is, to 12 places."""


def effects_of(
    engine: Engine, windows: tuple[Question, Question], dims: Sequence[str], owners: Owners
) -> tuple[list[Part], list[Message]]:
    """The effects of every line with the group that it is of, and what to say of them.

    The split is made within each key or person, whatever is asked by or held fixed, so that one line has one split.
    """
    owned = tuple(name for name in OWNED if windows[1].owned)
    pool = (*SUBJECTS, *owned, _UNIT)
    by = tuple(dict.fromkeys((*dims, "key", "actor", "model")))
    terms = conjunction(*wanted(engine, CHARGES, windows[1].where_of(*TERMS)))
    before, after = (
        replace(own_question, by=(*SUBJECTS, *owned, *TERMS), where=own_question.where_but(*TERMS))
        for own_question in windows
    )
    beside: list[Message] = []
    lines, rows = None if owned else _lines(engine, before, after, terms), None
    if lines:
        rows = engine.rows(effects_query(str(lines), pool, _ASKED, by))
    elif all(rule.how == "team" for rule in owners.rules):
        known(after, owners)
        spelling, terms_apart = spellings(engine), _apart(terms)
        groups = [
            ChargeGroups(engine, own_question, owners, spelling, further=terms_apart, beside=_USED)
            for own_question in (before, after)
        ]
        rows, beside = owned_effects(groups, owners, spelling, pool, by)
    if rows is not None and all(row["fits"] for row in rows):
        group, effect = itemgetter(*by), itemgetter(*_EFFECTS)
        sums: Mapping[tuple[str, ...], Sequence[int]] = {group(row): effect(row) for row in rows}
        uncounted = _Uncounted(
            sum(row["uncounted"] for row in rows),
            {kind for row in rows for kind in row["uncounted_kinds"] or ()},
        )
    elif lines:
        sums, uncounted = _split(engine.rows(lines), pool, by)
    else:
        shared, beside = _attributed_both(engine, (before, after), owners, terms)
        sums, uncounted = _split(shared, pool, by)
    places = [by.index(dim) for dim in dims]
    subject_of = itemgetter(*map(by.index, ("key", "actor", "model")))
    parts = [
        Part(tuple(group[place] for place in places), *subject_of(group), *effects) for group, effects in sums.items()
    ]
    if uncounted.kinds:
        amount, listed = plain(rounded(dollars(uncounted.change))), ", ".join(sorted(uncounted.kinds))
        words = "whose quantity the reports do not say: all of it is in volume"
        beside.append(note(f"{amount} USD of the change is of {listed} {words}."))
    if owned:
        beside.append(note("A key that went from one owner to another is less volume there and more here."))
    return parts, beside


@dataclass(frozen=True)
class _Uncounted:
    """The change, in picodollars, of lines whose quantity no report says, and of which kinds they are."""

    change: int
    kinds: set[str]


def _split(
    rows: Sequence[Mapping[str, Any]], pool: Sequence[str], by: Sequence[str]
) -> tuple[Mapping[tuple[str, ...], Sequence[int]], _Uncounted]:
    """The effects of the lines that are asked for, summed by columns, and what of them is not counted."""
    pool_of, group_of = itemgetter(*pool), itemgetter(*by)
    pairs: list[Pair[tuple[str, ...] | None]] = []
    change, kinds = 0, set()
    for row in rows:
        old, new = (int(row[f"billed_{side}"] or 0) for side in _SIDES)
        before, after = (int(row[f"quantity_{side}"] or 0) if row[_COUNTED] else None for side in _SIDES)
        if not row[_COUNTED] and row[_ASKED] and old != new:
            change += new - old
            kinds.add(row["kind"])
        pairs.append(Pair(pool_of(row), group_of(row) if row[_ASKED] else None, before, after, old, new))
    return {name: effect for name, effect in summed(pairs).items() if name}, _Uncounted(change, kinds)


def _lines(engine: Engine, before: Question, after: Question, terms: str) -> Select:
    """The query of the quantity and picodollars of every line in two windows."""
    windows = (before, after)
    columns = {name: column(name) for name in before.by}
    if len(known := organizations(engine)) == 1:  # a column of the folders' names is slow to group by
        columns["organization"] = literal(known[0])
    groups = (*(f"{sql} AS {name}" for name, sql in columns.items()), _UNIT, f"quantity IS NOT NULL AS {_COUNTED}")
    query = select(*groups, f"{terms} AS {_ASKED}").from_("ledger.charges").group_by("ALL")
    query = query.where("billed IS NOT NULL", within_any([question.window for question in windows]))
    for side, question in zip(_SIDES, windows, strict=True):
        inside = within(question.window)
        query = query.select(*(f"sum({name}) FILTER ({inside}) AS {name}_{side}" for name in ("quantity", "billed")))
    query = query.where(*wanted(engine, CHARGES, before.where))
    query = from_months(engine, query, *(question.window for question in windows))
    figures = (
        *(f"coalesce(quantity_{side}, 0)::HUGEINT AS quantity_{side}" for side in _SIDES),
        *(f"coalesce({picodollars_sql(f'billed_{side}')}, 0) AS billed_{side}" for side in _SIDES),
    )
    return select(f"* REPLACE ({', '.join(figures)})").from_(query.subquery("lines"))


def _apart(terms: str) -> dict[str, str]:
    """By what charges are told apart beside who and what they are of."""
    return {_UNIT: _UNIT, _COUNTED: "quantity IS NOT NULL", _ASKED: terms}


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
    terms_apart = _apart(terms)
    money = attribution(engine, question, owners, further=terms_apart, beside=_USED)
    columns = {name: label(name) for name in question.by}
    by = [*columns.values(), *terms_apart]
    by += [name for name in OWNED if name in question.where and name not in by]
    rows = money.sums(by, [*_USED])
    counts = {tuple(row[name] for name in by): Decimal(row["used"] or 0) for row in rows}
    if money.is_split:
        used = attribution(engine, question, owners, _QUANTITY, further=terms_apart)
        counts = {tuple(row[name] for name in by): row["billed"] for row in used.sums(by)}
    sums: dict[tuple[Any, ...], tuple[int, Decimal]] = {}
    for row in rows:
        if all(question.where[name].takes(row[name]) for name in OWNED if name in question.where):
            key = tuple(row[name] for name in (*columns.values(), *terms_apart))
            count, billed = sums.get(key, (0, Decimal(0)))
            units = int(EXACT.scaleb(counts.get(tuple(row[name] for name in by), Decimal(0)), PLACES))
            sums[key] = (count + units, EXACT.add(billed, row["billed"]))
    names = (*columns, *terms_apart)
    rows = [
        dict(zip(names, key, strict=True)) | {"quantity": count, "billed": picodollars(billed)}
        for key, (count, billed) in sums.items()
    ]
    return rows, messages(owners, money)
