"""Month lines: of a month that is not closed its charges with their owners, and what was restated of closed ones.

What was restated after a month was closed is charged in the first month that is open after the newest closed one: the
charges of today, attributed by the rules of the closing, less all that closed months hold for those days already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.dimensions import SUBJECTS, TERMS
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, CLOSED, FIGURES
from tallystick.core.money import plain
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.time_words import utc_month
from tallystick.query.closings import ADJUSTMENT, CHARGE, closed_rows, closings, following, rows_of, rules
from tallystick.query.conditions import equals, on_days, within
from tallystick.query.line_groups import KNOWN, LineGroups
from tallystick.query.names import organizations
from tallystick.query.owners import attribution
from tallystick.query.spelling import spellings
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.tally.attribute import Attribution
from tallystick.tally.figures import figures
from tallystick.tally.owners import Owners
from tallystick.tally.reconcile.line_changes import changes

LINE = ("workspace", "key", "model", "kind", "tier", "context", "geo", "speed", "unit")
"""What a line of a statement tells of its charges, beside who is charged for it and how."""
_HOW = ("method", "cause")
_PARTS = ("team", "cost_center")
_DIMS = (*SUBJECTS[1:], *TERMS)
_LINES = f"what IN ('{CHARGE}', '{ADJUSTMENT}')"
_WHO = ("key", "actor", "product")
_SAME = ("day", *_DIMS, "unit", *_PARTS, "rule", "how")
"""What tells the lines of a month apart where a restated one is compared with what it was."""


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
    query = select("*").from_("ledger.charges")
    query = query.where(equals("organization", organization), equals("month", month))
    if days is not None:
        query = query.where(on_days(days))
    return _draft(figures(owners, engine.ask(query), spellings(engine, names_by)), owners, organization, month)


def summed(engine: Engine, organization: str, month: str, owners: Owners) -> pa.Table:
    """The charges of a month summed by who is charged and how, in the same columns; the rest of these is null."""
    charges = attribution(engine, _of_month(organization, month), owners, further={name: name for name in _HOW})
    rows = charges.sums([*_PARTS, "rule", *_HOW])
    fields = [schema(CLOSED).field(name) for name in (*_PARTS, *_HOW, "billed")]
    sums = pa.Table.from_pylist(rows, pa.schema([pa.field("rule", pa.int64()), *fields]))
    return _draft(sums, owners, organization, month)


def line_sums(engine: Engine, organization: str, month: str, owners: Owners) -> pa.Table:
    """The charges of a month summed by all that lines of statements tell, in the same columns; the rest is null.

    A sum knows a figure where each of its charges does.
    """
    further = {name: name for name in (*LINE, *_HOW)} | KNOWN
    question, spelt = _of_month(organization, month), spellings(engine)
    charges = Attribution(owners, LineGroups(engine, question, owners, spelt, further=further), spelt)
    return _draft(charges.figures([*further, "rule", *_PARTS]), owners, organization, month)


def _of_month(organization: str, month: str) -> Question:
    return Question("chargeback", utc_month(month), (), {"organization": Filter.of(organization)})


def _draft(rows: pa.Table, owners: Owners, organization: str, month: str) -> pa.Table:
    """Charges of a month, or sums of them, in the columns of `closed`; `rule` is the place of one, -1 for none."""
    names = pa.array([*(rule.name for rule in owners.rules), "none"])
    hows = pa.array([*(rule.how for rule in owners.rules), "none"])
    rules_of_rows = pc.if_else(pc.less(rows["rule"], 0), len(owners.rules), rows["rule"]).combine_chunks()
    common = {"organization": organization, "month": month, "what": CHARGE}
    added = {name: _same(value, rows) for name, value in common.items()}
    return _fitted(rows, added | {"rule": names.take(rules_of_rows), "how": hows.take(rules_of_rows)})


def adjustments(engine: Engine, organization: str, name: str) -> pa.Table:
    """What was restated of closed months and is in none yet, as adjustments of the month `name`."""
    tables = [schema(CLOSED).empty_table()]
    for closing in closings(engine, organization).values():
        days = _restated(engine, organization, closing.month)
        if not days:
            continue
        closed_lines = engine.ask(rows_of(organization).where(_LINES, on_days(days)))
        frozen_rules = rules(closed_rows(engine, organization, closing.month))
        now = attributed(engine, organization, closing.month, frozen_rules, closing.at, days)
        differ = changes(closed_lines, now, _SAME, FIGURES)
        changed = (pc.not_equal(differ[f"{figure}_change"], 0) for figure in ("quantity", "billed"))
        differ = differ.filter(pc.or_kleene(*changed))
        differ = differ.rename_columns([column_name.removesuffix("_change") for column_name in differ.column_names])
        common = {
            "organization": organization,
            "month": name,
            "what": ADJUSTMENT,
            "method": "adjusted",
            "cause": "none",
        }
        tables.append(_fitted(differ, {column: _same(value, differ) for column, value in common.items()}))
    return pa.concat_tables(tables)


def _restated(engine: Engine, organization: str, name: str) -> list[date]:
    """The days of a closed month of which Anthropic says something else now than closed months hold for them.

    Who used what counts where the newer dialect reports it, then and now. Elsewhere the match splits it by price, and
    a price list that changes is no restatement.
    """
    of_organization = equals("organization", organization)
    sides = (
        (CHARGES, (of_organization, equals("month", name))),
        (CLOSED, (of_organization, within(utc_month(name)), _LINES)),
    )

    def apart(dims: Sequence[str], figure: str) -> set[date]:
        lines = [
            select("day", *dims, f"coalesce(sum({figure}), 0) AS {figure}")
            .from_(f"ledger.{table.name}")
            .where(*where)
            .group_by("ALL")
            .having(f"coalesce(sum({figure}), 0) <> 0")
            for table, where in sides
        ]
        queries = [select("day").from_(f"({pair[0]} EXCEPT {pair[1]}) AS apart") for pair in (lines, lines[::-1])]
        return {row["day"] for query in queries for row in engine.rows(query)}

    newer = [
        select("day")
        .from_(f"ledger.{table.name}")
        .where(*where)
        .group_by("day")
        .having("bool_and(source IS NULL OR source = 'analytics')")
        for table, where in sides
    ]
    then, now = ({row["day"] for row in engine.rows(query)} for query in newer)
    line = [dim for dim in _DIMS if dim not in _WHO]  # of which the bill does not tell the speed
    days = apart([dim for dim in line if dim != "speed"], "billed") | apart([*line, "unit"], "quantity")
    return sorted(days | (apart(_DIMS, "billed") & then & now))


def restated(engine: Engine) -> list[str]:
    """What was restated of closed months and is to be charged in the first month that is open, in words."""
    notes = []
    for organization in organizations(engine):
        if known := closings(engine, organization):
            lines = adjustments(engine, organization, following(known))
            months = ", ".join(sorted({f"{day:%Y-%m}" for day in lines["day"].unique().to_pylist()}))
            difference = f"{plain(pc.sum(lines['billed']).as_py() or Decimal(0))} USD in all"
            if months:
                charged = f"The difference, {difference}, is charged in {following(known)}."
                notes.append(f"Restated since it was closed: {months}. {charged}")
    return notes


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
