"""Spark SQL: a query for DuckDB in the words of Spark, where they give the same there to the last digit.

Only what is listed here is sent. Sail wraps integers silently, and Spark rounds what has more than 38 digits. So sums
are taken as DECIMAL(38,12), of counts too: they wrap at 10^26. What is added or multiplied is made wide enough first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from tallystick.core.ledger_tables import TABLES
from tallystick.core.money import PLACES
from tallystick.core.table import Type

_DAYS = {column.name for table in TABLES for column in table.columns if column.type is Type.DAY}
_ALIKE = {
    *(exp.Select, exp.From, exp.Where, exp.Group, exp.GroupingSets, exp.Having, exp.Order, exp.Limit),
    *(exp.CTE, exp.Subquery, exp.TableAlias, exp.Table, exp.Alias, exp.Identifier, exp.Column, exp.Literal),
    *(exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.And, exp.Or, exp.Not, exp.Is, exp.Between, exp.Case, exp.If),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Coalesce, exp.Count, exp.Filter, exp.LogicalAnd),
    *(exp.LogicalOr, exp.Abs, exp.Window, exp.RowNumber, exp.DataType, exp.DataTypeParam, exp.Var),
}
"""What both read alike."""
_WHOLE, _MONEY = {"BIGINT", "INTEGER"}, f"DECIMAL(28,{PLACES})"
_SUM, _TERM = (exp.DataType.build(f"DECIMAL({digits}, {PLACES})") for digits in (38, 32))
_FACTOR, _HUGE = (exp.DataType.build(f"DECIMAL({digits}, 0)") for digits in (20, 38))
_MOST, _LARGEST = 6, 10**9
"""Terms that are added, and a factor: what comes of them has 38 digits at most, by Spark's rules of types."""
Kind = Callable[[exp.Column], str]
"""Gives the type that DuckDB has for a column."""


def is_alike(tree: exp.Expression, kind: Kind) -> bool:
    """Whether a piece of SQL gives the same in Spark."""
    return all(
        type(node) in _ALIKE or (type(node) in _CHECKS and _CHECKS[type(node)](node, kind)) for node in tree.walk()
    )


def is_filter(node: exp.Expression) -> bool:
    """Whether a condition chooses rows, and is no part of a figure."""
    return isinstance(node.find_ancestor(exp.Where, exp.Select), exp.Where)


def spark_sql(query: exp.Query) -> str:
    """A query that `is_alike`, in Spark's words; its tables are views called `ledger_...`."""
    tree = query.copy()
    for select in list(tree.find_all(exp.Select)):
        _name_groups(select)
    for table in tree.find_all(exp.Table):
        if table.db == "ledger":
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name)))
            table.set("this", exp.to_identifier(f"ledger_{table.name}"))
            table.set("db", None)
    for total in list(tree.find_all(exp.Sum)):
        total.set("this", exp.Cast(this=total.this.copy(), to=_SUM.copy()))
    for size in list(tree.find_all(exp.Abs)):  # Sail 0.7 cannot sort by it
        amount = size.this
        size.replace(exp.case().when(amount < 0, exp.Neg(this=exp.paren(amount.copy()))).else_(amount.copy()))
    for column in list(tree.find_all(exp.Column)):
        if isinstance(column.parent, exp.Add | exp.Sub | exp.Mul):
            wide = _FACTOR if isinstance(column.parent, exp.Mul) else _TERM
            column.replace(exp.Cast(this=column.copy(), to=wide.copy()))
    for kind in list(tree.find_all(exp.DataType)):
        if kind.is_type("int128"):
            kind.replace(_HUGE.copy())
    text: str = tree.sql("spark", identify=True)
    return text


def _name_groups(select: exp.Select) -> None:
    """Say of GROUP BY ALL by what it groups."""
    group = select.args.get("group")
    if group and group.args.get("all"):
        columns = [column.unalias() for column in select.expressions if not column.find(exp.AggFunc)]
        select.set("group", exp.Group(expressions=[column.copy() for column in columns]) if columns else None)


def _is_plain(node: exp.Expression, _: Kind) -> bool:
    """Whether nothing stands with it but what it is of: no EXCLUDE, BY NAME, DISTINCT or number of values."""
    return not any(node.args.get(name) for name in _FURTHER) and not isinstance(node.this, exp.Distinct)


def _is_total(node: exp.Expression, kind: Kind) -> bool:
    """Whether a few counts, a few amounts or a few products of counts are added."""
    parts = [*node.flatten()] if isinstance(node, exp.Add) else [node.left, node.right]
    kinds = {kind(part) if isinstance(part, exp.Column) else type(part).__name__ for part in parts}
    return len(parts) <= _MOST and (kinds <= _WHOLE or kinds in ({_MONEY}, {"Mul"}))


def _is_product(node: exp.Expression, kind: Kind) -> bool:
    factor = node.expression
    is_small = isinstance(factor, exp.Literal) and factor.is_int and int(factor.name) <= _LARGEST
    return is_small and isinstance(node.this, exp.Column) and kind(node.this) in _WHOLE


def _is_join(join: exp.Expression, _: Kind) -> bool:
    return not (join.args.get("using") or join.method) and join.kind in {"", "INNER"} and join.side in {"", "LEFT"}


def _is_text(node: exp.Expression, kind: Kind) -> bool:
    """Whether texts alone are put together."""
    parts = [*node.flatten()]
    columns = [part for part in parts if isinstance(part, exp.Column)]
    texts = [part for part in parts if isinstance(part, exp.Literal) and part.is_string]
    return len(columns) + len(texts) == len(parts) and all(kind(column) == "VARCHAR" for column in columns)


def _is_chosen_among(node: exp.Expression, _: Kind) -> bool:
    return not isinstance(node.this, exp.Tuple) and (not node.args.get("query") or is_filter(node))


def _is_day(node: exp.Expression, _: Kind) -> bool:
    """Whether the start of a week or a month is made a day at once: it is one here, and an instant there."""
    return isinstance(node.parent, exp.Cast) and bool(node.parent.is_type("date"))


def _is_cast(cast: exp.Expression, kind: Kind) -> bool:
    """Whether a cast writes a day as text, reads an instant, or makes a figure wider: others round, or write anew."""
    operand = cast.this
    if cast.is_type("text"):
        return (
            operand.name in _DAYS
            if isinstance(operand, exp.Column)
            else isinstance(operand, exp.Cast) and bool(operand.is_type("date"))
        )
    if cast.is_type("timestamptz"):
        return isinstance(operand, exp.Literal) and operand.name.endswith("Z")
    if cast.is_type("bigint", "int128"):
        return all(kind(column) in _WHOLE for column in operand.find_all(exp.Column))
    return bool(cast.is_type("date", f"DECIMAL(28, {PLACES})", f"DECIMAL(38, {PLACES})"))


_FURTHER = ("except_", "replace", "rename", "by_name", "count", "expressions")
_CHECKS: Mapping[type, Callable[[exp.Expression, Kind], bool]] = {
    exp.Add: _is_total,
    exp.Sub: _is_total,
    exp.Mul: _is_product,
    exp.Join: _is_join,
    exp.DPipe: _is_text,
    exp.In: _is_chosen_among,
    exp.Exists: lambda node, _: is_filter(node),
    exp.DateTrunc: _is_day,
    exp.TimestampTrunc: _is_day,
    exp.Cast: _is_cast,
    **dict.fromkeys((exp.Star, exp.Sum, exp.Min, exp.Max, exp.Union), _is_plain),
    exp.With: lambda node, _: not node.args.get("recursive"),
    exp.Distinct: lambda node, _: not node.args.get("on"),
    exp.Ordered: lambda node, _: node.this.name.upper() != "ALL",
}
"""What is alike in some of its forms, and whether it is one of them."""
