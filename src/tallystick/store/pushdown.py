"""Pushdown: a query for DuckDB taken apart: the parts that a cluster answers, and the rest, which DuckDB computes.

A part is as large as can be sent: the query itself, or a query within, of pinned tables alone and in words of SQL that
give the same there (`spark_sql`). Of a table in no such part come the columns and rows that are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from tallystick.core.ledger_tables import PINNED
from tallystick.errors import InvalidQuestion
from tallystick.store.spark_sql import is_alike, is_filter, spark_sql

_TABLES = {table.name for table in PINNED}
_PLAIN = {"this", "db", "alias"}
_LISTED, _MOST = {"VARCHAR", "DATE", "BIGINT"}, 10_000
"""The types of values that are listed in a query, and how many are too many."""
Shape = Callable[[str], Sequence[tuple[str, str]] | None]
"""Gives the names and types of the columns that DuckDB has for a query; None for one that cannot be sent alone."""


@dataclass(frozen=True, slots=True)
class Part:
    """A query that a cluster answers, `text` in Spark's words; `columns` are the names and types that DuckDB has.

    `tables` are those that it reads, `name` stands for the answer in what is left.
    """

    name: str
    text: str
    columns: Sequence[tuple[str, str]]
    tables: frozenset[str]


class Pushdown:
    """Takes queries apart. `views` are the SQL of the views by name, `shape` as above, `answer` is the cluster's."""

    def __init__(self, views: Mapping[str, str], shape: Shape, answer: Callable[[Part], pa.Table]) -> None:
        self._views = {name: _parsed(sql) for name, sql in views.items()}
        self._shape, self._answer = shape, answer

    def split(self, text: str, name: str, own: Collection[str]) -> tuple[list[Part], str]:
        """The parts of a query, called by `name` and a number, and what is left of it, which names them.

        `own` are the tables of the connection that asks. The text itself is left where nothing is of the cluster.
        """
        root = exp.Subquery(this=_parsed(text))
        self._expand(root, own)
        splitting = _Splitting(root, name, self._shape)
        splitting.list_values(self._answer)
        splitting.cut(root)
        return splitting.parts, root.this.sql("duckdb") if splitting.parts else text

    def _expand(self, tree: exp.Expression, own: Collection[str]) -> None:
        """Put the SQL of a view in its place; a table of the asking connection, or of the query's own, comes first."""
        aliases = {cte.alias for cte in tree.find_all(exp.CTE)} | {*own}
        for table in list(tree.find_all(exp.Table)):
            name = f"{table.db}.{table.name}" if table.db else table.name
            is_plain = {arg for arg, value in table.args.items() if value} <= _PLAIN  # no sample, no pivot
            if (view := self._views.get(name.lower())) and is_plain and (table.db or table.name not in aliases):
                inner = _source(view.copy(), table.alias_or_name)
                self._expand(inner, own)
                table.replace(inner)


class _Splitting:
    """One query as it is taken apart."""

    def __init__(self, root: exp.Expression, name: str, shape: Shape) -> None:
        self.parts: list[Part] = []
        self._root, self._name, self._shape = root, name, shape

    def list_values(self, answer: Callable[[Part], pa.Table]) -> None:
        """Ask first for the values of a query that a figure depends on, and put them in its place.

        Spark takes `IN (SELECT ...)` where rows are chosen, and nowhere else.
        """
        for condition in list(self._root.find_all(exp.In)):
            query = condition.args.get("query")
            part = query and not is_filter(condition) and self._part(query.this.copy().distinct().limit(_MOST))
            if part and part.columns[0][1] in _LISTED and len(values := answer(part)) < _MOST:
                listed = [exp.convert(value) for value in values.column(0).to_pylist()]
                condition.replace(exp.In(this=condition.this, expressions=listed) if listed else exp.false())

    def cut(self, node: exp.Expression) -> None:
        """Send what can be sent of a piece of the query."""
        if isinstance(node, exp.Select | exp.SetOperation) and (part := self._part(node)):
            self.parts.append(part)
            node.replace(exp.select(*(_cell(column, kind) for column, kind in part.columns)).from_(part.name))
            return
        if isinstance(node, exp.Select):
            for source, conditions in list(self._sources(node)):
                self._narrow(source, conditions)
        for child in list(node.iter_expressions()):
            self.cut(child)

    def _part(self, query: exp.Query) -> Part | None:
        """Return a query as a part; None where it cannot be sent."""
        tables = frozenset(table.name for table in query.find_all(exp.Table) if table.db == "ledger")
        if not tables or not tables <= _TABLES or not is_alike(query, self._kind):
            return None
        columns = self._shape(query.sql("duckdb"))
        if columns is None or len({name for name, _ in columns}) < len(columns):
            return None
        return Part(f"{self._name}_{len(self.parts)}", spark_sql(query), columns, tables)

    def _kind(self, column: exp.Column) -> str:
        """The type that DuckDB has for a column where it stands; empty where that is not known."""
        asking = column.find_ancestor(exp.Select)
        if not asking:
            return ""
        query = exp.Select(expressions=[column.copy()], from_=asking.args["from_"].copy())
        query.set("joins", [join.copy() for join in asking.args.get("joins") or ()])
        columns = self._shape(query.sql("duckdb"))
        return columns[0][1] if columns else ""

    def _sources(self, select: exp.Select) -> Iterator[tuple[exp.Expression, list[exp.Expression]]]:
        """The tables and queries that a query reads, each with the conditions by which its rows are chosen.

        Those of a side that an outer join fills with nulls are left to the join, and all where rows are paired.
        """
        joins = select.args.get("joins") or []
        where = None if any(join.method for join in joins) else select.args.get("where")
        conditions = [*(where.this.flatten() if isinstance(where.this, exp.And) else [where.this])] if where else []
        if source := select.args.get("from_"):
            yield source.this, conditions if all(join.side in {"", "LEFT"} for join in joins) else []
        for join in joins:
            yield join.this, conditions if not join.side and join.kind in {"", "INNER"} else []

    def _narrow(self, source: exp.Expression, conditions: Sequence[exp.Expression]) -> None:
        """Put the columns of a source that are named anywhere, and the rows that are looked at, in its place."""
        is_table = isinstance(source, exp.Table) and source.db == "ledger" and source.name in _TABLES
        if not is_table and not (isinstance(source, exp.Subquery) and self._part(source.this)):
            return
        query = exp.select("*").from_(source.copy())
        columns = [name for name, _ in self._shape(query.sql("duckdb")) or ()]
        alias = source.alias_or_name
        has_star = any(not isinstance(star.parent, exp.Count) for star in self._root.find_all(exp.Star))
        identifiers = {identifier.name.lower() for identifier in self._root.find_all(exp.Identifier)}
        names = columns if has_star else [name for name in columns if name.lower() in identifiers]
        query = exp.select(*(exp.column(name, quoted=True) for name in names or columns[:1])).from_(source.copy())
        for condition in conditions:
            looked_at = [*condition.find_all(exp.Column)]
            if (
                all(column.name in columns and column.table in {"", alias} for column in looked_at)
                and not condition.find(exp.Query)
                and is_alike(condition, lambda _: "")
            ):
                query = query.where(condition.copy())
        if self._part(query):
            source.replace(_source(query, alias))


def _source(query: exp.Query, alias: str) -> exp.Subquery:
    """A query as a source of another."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)) if alias else None)


def _cell(name: str, kind: str) -> exp.Expression:
    """A column of an answer; Arrow has no HUGEINT."""
    column = exp.column(name, quoted=True)
    return exp.alias_(exp.cast(column, kind, dialect="duckdb"), name, quoted=True) if kind == "HUGEINT" else column


def _parsed(text: str) -> exp.Query:
    """A query as a tree; InvalidQuestion where a user's own is in words that cannot be taken apart."""
    try:
        tree = parse_one(text, dialect="duckdb")
    except SqlglotError:
        tree = None
    if not isinstance(tree, exp.Query):
        raise InvalidQuestion(
            "This SQL cannot be taken apart for another engine.", "Write it as a select, or ask with --engine duckdb."
        )
    return tree
