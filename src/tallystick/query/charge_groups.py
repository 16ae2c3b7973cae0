"""Charge groups: charges that no owner rule tells apart, summed by the engine, and shared ones as they are split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from tallystick.core.dimensions import OWNED, TIMES
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import PLACES
from tallystick.core.question import Question
from tallystick.core.select import Select, select
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import day_of, within
from tallystick.query.filters import column, wanted
from tallystick.query.month_source import from_months
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners, Spellings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Figure:
    """What of a charge is attributed, US dollars in SQL, and which charges have it."""

    sql: str
    condition: str


BILLED = Figure("billed", "billed IS NOT NULL")


def label(dimension: str) -> str:
    """What a dimension is called in groups: a grain of time is a text there, beside the day itself."""
    return f"by_{dimension}" if dimension in TIMES else dimension


@dataclass(frozen=True)
class ChargeGroups:
    """The charges of a question in as few rows as their attribution to owners can be exact by.

    `amount` stands as `billed`, proportional rules weigh by `weighed`, `further` are columns to tell charges apart by,
    `beside` are sums of charges that no rule splits.
    """

    engine: Engine
    question: Question
    owners: Owners
    spellings: Spellings
    amount: Figure = BILLED
    weighed: Figure = BILLED
    further: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def duck(self) -> DuckDBPyConnection:
        """A connection of its own, whose TEMP tables nothing else sees."""
        return self.engine.cursor()

    def make(self, name: str, query: str) -> None:
        """Make a TEMP table of a query."""
        self.engine.make(self.duck, name, query)

    @property
    def query(self) -> Select:
        """The query of the sums of charges with one owner: how many they are (`rows`), the newest `day`, `billed`."""
        columns = self._columns | self._span
        query = select(*listed(columns), "max(day) AS day", "count(*) AS rows", f"sum({self.amount.sql}) AS billed")
        query = query.select(*listed(self.beside))
        return self._of(query, self.question, self.amount).group_by(*columns.values())

    def charges(self) -> str:
        """The query of the same sums, in picodollars."""
        return in_picodollars(from_months(self.engine, self.query, self.question.window))

    def finest(self, *, alike: bool, single: bool) -> str:
        """The query of the charges of `shared_spans`, those that leave the same rest as one row."""
        amounts = self.amounts
        columns = [name for name in amounts.names if name not in {"day", "billed"}]
        source = f"{amounts.subquery('charges')} JOIN shared_spans USING ({', '.join(self.owners.sees)})"
        joined = select(*columns).from_(source).where("day >= start AND day < until")
        sums = ("max(day) AS day", "count(*) AS rows", "sum(billed) AS billed")
        rests = joined.select(*sums, "billed % multiple AS each").where("multiple IS NOT NULL")
        singles = joined.select("day", "1::BIGINT AS rows", "billed", "billed AS each").where("multiple IS NULL")
        queries = (*((rests.group_by(*columns, "each"),) if alike else ()), *((singles,) if single else ()))
        return in_picodollars(" UNION ALL ".join(map(str, queries)), "each")

    @property
    def amounts(self) -> Select:
        """The query of what of each charge is split, as `billed`, with its `day`."""
        columns = ("day", *listed(self._columns | self._span), f"{self.amount.sql}::DECIMAL(38, 12) AS billed")
        return self._of(select(*columns), self.question, self.amount)

    def basis(self) -> str:
        """The query of the sums of all charges of each day with one owner: by these proportional rules weigh."""
        columns = {name: name for name in (*self.owners.sees, "day")}
        query = select(*listed(columns), f"sum({self.weighed.sql}) AS billed")
        replacements = replace(self.question, where=self.question.where_of("organization"))
        summed = self._of(query, replacements, self.weighed).group_by(*columns.values())
        return in_picodollars(from_sums(self.engine, summed))

    @cached_property
    def _columns(self) -> dict[str, str]:
        """What rules look at and what is asked by, with its SQL."""
        dimension_columns = {label(name): column(name) for name in self.question.by if name not in OWNED}
        return {name: name for name in self.owners.sees} | dimension_columns | dict(self.further)

    @cached_property
    def _span(self) -> dict[str, str]:
        """Between which days that change an owner a charge lies; nothing where none is in the window."""
        start, end = (instant.date() for instant in (self.question.window.start, self.question.window.end))
        turns = [day for day in self.owners.turns(self.spellings) if start < day < end]
        cases = " ".join(f"WHEN day < {day_of(day)} THEN {index}" for index, day in enumerate(turns))
        return {"span": f"CASE {cases} ELSE {len(turns)} END"} if turns else {}

    def _of(self, query: Select, question: Question, amount: Figure) -> Select:
        """A query of the charges that have an amount, in the window and by the filters of a question."""
        where = wanted(self.engine, CHARGES, question.where_but(*OWNED))
        return query.from_("ledger.charges").where(amount.condition, within(question.window, months=True), *where)


def listed(columns: Mapping[str, str]) -> list[str]:
    """Return columns, by name with their SQL, as a query has them."""
    return [name if sql == name else f"{sql} AS {name}" for name, sql in columns.items()]


def in_picodollars(query: Select | str, *figures: str) -> str:
    """Return a query with `billed` and what else is `named` in whole picodollars, and with `each` if none is."""
    replacements = ", ".join(f"{picodollars_sql(name)} AS {name}" for name in ("billed", *figures))
    single = "" if figures else f", {picodollars_sql('billed')} AS each"
    return f"SELECT * REPLACE ({replacements}){single} FROM ({query}) AS charges"  # noqa: S608 - our own names


def picodollars_sql(dollars: str) -> str:
    """Return US dollars as whole picodollars, of any amount: its digits, all places written, without the point."""
    return f"replace({dollars}::DECIMAL(38, {PLACES})::VARCHAR, '.', '')::HUGEINT"
