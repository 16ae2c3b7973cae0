"""Closed: the lines that a billing month is charged with: of a closed month those it was closed with, else a draft.

What was restated after a month was closed is charged in the first month that is open after the newest closed one: the
charges of today, attributed by the rules of the closing, less all that closed months hold for those days already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from tallystick.core.ledger_tables import CHARGES, CLOSED
from tallystick.core.money import plain
from tallystick.core.time import Grain, Window, instant
from tallystick.core.time_words import utc_month
from tallystick.query.names import organizations
from tallystick.query.spelling import spellings
from tallystick.store.engine import Engine
from tallystick.store.tables import schema
from tallystick.tally.attribute import FIGURES, figures
from tallystick.tally.owners import Owners
from tallystick.tally.reconcile.line_changes import changes
from tallystick.tally.rules import Rule, like

CHARGE, ADJUSTMENT = "charge", "adjustment"
RULES, PRICES, PROVISIONAL, CLOSING = "rules", "prices", "provisional", "closing"
"""What a row of `closed` is."""
BATCH = 65_536
"""Rows that are made text at a time, which bounds memory."""
_PARTS = ("team", "cost_center")
_DIMS = ("workspace", "key", "actor", "product", "model", "kind", "tier", "context", "geo", "speed")
_LINES = f"what IN ('{CHARGE}', '{ADJUSTMENT}')"
_WHO = ("key", "actor", "product")
_SAME = ("day", *_DIMS, "unit", *_PARTS, "rule", "how")
"""What tells the lines of a month apart where a restated one is compared with what it was."""


@dataclass(frozen=True, slots=True)
class Closing:
    """That a month was closed: when, as which version, with which digest of its rows.

    `billed` is what its charges and its adjustments came to then, US dollars.
    """

    month: str
    at: datetime
    version: int
    digest: str
    provisional: tuple[date, ...]
    billed: Mapping[str, Decimal]


@dataclass(frozen=True)
class Month:
    """The lines of one organization's billing month, one for each charge and team that has a part in it.

    `lines` has the columns of the table `closed`, `what` being charge or adjustment; `owners` are the rules that they
    are owned by, and `closing` is None for a draft.
    """

    organization: str
    name: str
    lines: pa.Table
    owners: Owners
    closing: Closing | None = None

    @property
    def at(self) -> datetime | None:
        """By when a name must have been seen to be meant; None for the newest."""
        return self.closing.at if self.closing else None

    @property
    def window(self) -> Window:
        """The UTC days of the month."""
        return utc_month(self.name)

    def billed(self, part: str) -> Decimal:
        """The exact US dollars of its charges or of its adjustments."""
        return pc.sum(self.lines.filter(pc.equal(self.lines["what"], part))["billed"]).as_py() or Decimal(0)


def closings(engine: Engine, organization: str) -> dict[str, Closing]:
    """The closed months of an organization, in their order."""
    rows = _rows(organization).where(exp.column("what").eq(exp.Literal.string(CLOSING))).order_by("month")
    by_month = {}
    for row in engine.ask(rows).to_pylist():
        details = json.loads(row["text"])
        days = tuple(map(date.fromisoformat, details["provisional"]))
        billed = {CHARGE: Decimal(details["billed"]), ADJUSTMENT: Decimal(details["adjustments"])}
        by_month[row["month"]] = Closing(
            row["month"], instant(details["at"]), details["version"], details["digest"], days, billed
        )
    return by_month


def month(engine: Engine, organization: str, name: str, owners: Owners, at: datetime | None = None) -> Month:
    """The lines of a billing month: those it was closed with, else its charges as `owners` own them.

    Names of a draft are meant as they are, or had been seen by `at`.

    The first month after the newest closed one has what was restated of closed months too, as adjustments.
    """
    known = closings(engine, organization)
    if name in known:
        rows = kept(engine, organization, name)
        lines = rows.filter(pc.is_in(rows["what"], pa.array([CHARGE, ADJUSTMENT])))
        return Month(organization, name, lines, rules(rows), known[name])
    draft = attributed(engine, organization, name, owners, at)
    if known and name == f"{Grain.MONTH.after(utc_month(max(known)).start):%Y-%m}":
        draft = pa.concat_tables([draft, adjustments(engine, organization, name)])
    return Month(organization, name, draft, owners)


def attributed(
    engine: Engine,
    organization: str,
    month: str,
    owners: Owners,
    names_by: datetime | None,
    days: Iterable[date] | None = None,
) -> pa.Table:
    """The charges of a month, or of these days in it, with their owners, in the columns of the table `closed`.

    Ids are spelt for the rules as they had been seen by `names_by`.
    """
    query = (
        exp.select("*")
        .from_(exp.table_(CHARGES.name, db="ledger"))
        .where(exp.column("organization").eq(exp.Literal.string(organization)))
        .where(exp.column("month").eq(exp.Literal.string(month)))
    )
    if days is not None:
        query = query.where(exp.column("day").isin(*map(_day, days)))
    charges = figures(owners, engine.ask(query), spellings(engine, names_by))
    names = pa.array([*(rule.name for rule in owners.rules), "none"])
    hows = pa.array([*(rule.how for rule in owners.rules), "none"])
    rule_indices = pc.if_else(pc.less(charges["rule"], 0), len(owners.rules), charges["rule"])
    added = {"rule": names.take(rule_indices.combine_chunks()), "how": hows.take(rule_indices.combine_chunks())}
    return _fitted(charges, added | {"what": _same(CHARGE, charges), "text": _same(None, charges)})


def adjustments(engine: Engine, organization: str, name: str) -> pa.Table:
    """What was restated of closed months and is in none yet, as adjustments of the month `name`."""
    tables = [schema(CLOSED).empty_table()]
    for closing in closings(engine, organization).values():
        days = _restated(engine, organization, closing.month)
        if not days:
            continue
        closed_lines = engine.ask(_rows(organization).where(_LINES).where(exp.column("day").isin(*map(_day, days))))
        frozen_rules = rules(kept(engine, organization, closing.month))
        now = attributed(engine, organization, closing.month, frozen_rules, closing.at, days)
        differ = changes(closed_lines, now, _SAME, FIGURES)
        changed = (pc.not_equal(differ[f"{figure}_change"], 0) for figure in ("quantity", "billed"))
        differ = differ.filter(pc.or_kleene(*changed))
        differ = differ.rename_columns([column_name.removesuffix("_change") for column_name in differ.column_names])
        same = {"organization": organization, "month": name, "what": ADJUSTMENT, "method": "adjusted", "cause": "none"}
        tables.append(_fitted(differ, {column: _same(value, differ) for column, value in same.items()}))
    return pa.concat_tables(tables)


def _restated(engine: Engine, organization: str, name: str) -> list[date]:
    """The days of a closed month of which Anthropic says something else now than closed months hold for them.

    Who used what counts where the newer dialect reports it, then and now. Elsewhere the match splits it by price, and
    a price list that changes is no restatement.
    """
    start, end = _day(utc_month(name).start.date()), _day(utc_month(name).end.date())
    charged = ((CHARGES, [exp.column("month").eq(exp.Literal.string(name))]),)
    sides = (*charged, (CLOSED, [exp.column("day") >= start, exp.column("day") < end, _LINES]))
    of_organization = exp.column("organization").eq(exp.Literal.string(organization))

    def apart(dims: Sequence[str], figure: str) -> set[date]:
        lines = [
            exp.select("day", *dims, f"coalesce(sum({figure}), 0) AS {figure}")
            .from_(exp.table_(table.name, db="ledger"))
            .where(of_organization, *where)
            .group_by("ALL")
            .having(f"coalesce(sum({figure}), 0) <> 0")
            for table, where in sides
        ]
        queries = [exp.select("day").from_(exp.except_(*pair).subquery("apart")) for pair in (lines, lines[::-1])]
        return {row["day"] for query in queries for row in engine.ask(query).to_pylist()}

    analytics_days = [
        {
            row["day"]
            for row in engine.ask(
                exp.select("day")
                .from_(exp.table_(table.name, db="ledger"))
                .where(of_organization, *where)
                .group_by("day")
                .having("bool_and(source IS NULL OR source = 'analytics')")
            ).to_pylist()
        }
        for table, where in sides
    ]
    line = [dim for dim in _DIMS if dim not in _WHO]  # of which the bill does not tell the speed
    days = apart([dim for dim in line if dim != "speed"], "billed") | apart([*line, "unit"], "quantity")
    return sorted(days | (apart(_DIMS, "billed") & analytics_days[0] & analytics_days[1]))


def restated(engine: Engine) -> list[str]:
    """What was restated of closed months and is to be charged in the first month that is open, in words."""
    notes = []
    for organization in organizations(engine):
        if known := closings(engine, organization):
            following = f"{Grain.MONTH.after(utc_month(max(known)).start):%Y-%m}"
            found = adjustments(engine, organization, following)
            months = sorted({f"{day:%Y-%m}" for day in found["day"].unique().to_pylist()})
            amount = pc.sum(found["billed"]).as_py() or Decimal(0)
            if months:
                notes.append(
                    f"Restated since it was closed: {', '.join(months)}. The difference, {plain(amount)} USD in all, "
                    f"is charged in {following}."
                )
    return notes


def frozen(owners: Owners, people: Mapping[tuple[str, str], frozenset[str]], draft: Month) -> str:
    """The rules as a closing keeps them: actors by their ids, so that no person is named; `*` is everybody and stays.

    `people` has all the words for each (organization, id).
    """
    ids = {id_: {id_, *words} for (organization, id_), words in people.items() if organization == draft.organization}
    ids |= {actor: {actor, *ids.get(actor, ())} for actor in draft.lines["actor"].drop_null().unique().to_pylist()}

    def known(value: str) -> set[str]:
        return {id_ for id_, words in ids.items() if any(like(value).fullmatch(word) for word in words)}

    def kept(values: tuple[str, ...]) -> tuple[str, ...]:
        matches = set().union(*map(known, values))
        return ("*",) if "*" in values else tuple(sorted(matches))

    rules = [
        replace(rule, conditions={**rule.conditions, "actor": kept(rule.conditions["actor"])})
        if "actor" in rule.conditions
        else rule
        for rule in owners.rules
    ]
    return msgspec.json.encode(rules).decode()


def rules(rows: pa.Table) -> Owners:
    """The rules by which a month was closed, from all its rows."""
    [encoded] = rows.filter(pc.equal(rows["what"], RULES))["text"].to_pylist()
    return Owners(msgspec.json.decode(encoded, type=tuple[Rule, ...]))


def kept(engine: Engine, organization: str, name: str) -> pa.Table:
    """Every row that a month was closed with."""
    rows = _rows(organization).where(exp.column("month").eq(exp.Literal.string(name)))
    return engine.ask(rows).cast(schema(CLOSED))


def digest(rows: pa.Table) -> str:
    """The SHA-256 of the rows of a closed month but that of its closing, whatever their order.

    Each row is its columns in the order of the table, as a JSON list of texts: days as 2026-10-01, US dollars and
    counts in digits, exact and without idle zeros past the second place; the rows are sorted, a line each.
    """
    rows = rows.filter(pc.not_equal(rows["what"], CLOSING)).select(schema(CLOSED).names)
    lines: list[str] = []
    for batch in rows.to_batches(max_chunksize=BATCH):
        cells = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        lines += (json.dumps([_text(cell) for cell in row]) for row in cells)
    checksum = hashlib.sha256()
    for line in sorted(lines):
        checksum.update(line.encode() + b"\n")
    return checksum.hexdigest()


def _text(cell: Any) -> str | None:
    return plain(cell) if isinstance(cell, Decimal) else None if cell is None else str(cell)


def _rows(organization: str) -> exp.Select:
    named = exp.table_(CLOSED.name, db="ledger")
    return exp.select("*").from_(named).where(exp.column("organization").eq(exp.Literal.string(organization)))


def _day(day: date) -> exp.Expression:
    return exp.cast(exp.Literal.string(str(day)), "date")


def _same(value: str | None, rows: pa.Table) -> pa.Array:
    return pa.array([value] * rows.num_rows, pa.string())


def _fitted(rows: pa.Table, extra: Mapping[str, pa.Array]) -> pa.Table:
    """Rows with these columns besides, as the table `closed` has them; a column that they lack is null."""
    columns = [
        (extra[field.name] if field.name in extra else rows[field.name]).cast(field.type)
        if field.name in extra or field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in schema(CLOSED)
    ]
    return pa.Table.from_arrays(columns, schema=schema(CLOSED))
