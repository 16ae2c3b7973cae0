"""Select: a query of the ledger as a value, made of pieces of SQL and rendered as one statement for DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Select:
    """One query; each method returns another with more in it. Columns, sources and conditions are pieces of SQL.

    Rows without a value in a column that is sorted by come first, those of a descending one last.
    """

    columns: tuple[str, ...]
    source: str = ""
    conditions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    groups_where: str = ""
    order: tuple[str, ...] = ()
    most: int | None = None
    unique: bool = False

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [column.rpartition(" AS ")[2].strip('"') for column in self.columns]

    def select(self, *columns: str) -> Select:
        """Add columns."""
        return replace(self, columns=(*self.columns, *columns))

    def distinct(self) -> Select:
        """Leave out rows that come again."""
        return replace(self, unique=True)

    def from_(self, source: str) -> Select:
        """Read a table, or what `subquery` returns."""
        return replace(self, source=source)

    def where(self, *conditions: str) -> Select:
        """Keep the rows that meet these conditions too."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def group_by(self, *columns: str) -> Select:
        """Return a row for each group of these columns; of ALL, for each group of those that are not summed."""
        return replace(self, groups=columns)

    def having(self, condition: str) -> Select:
        """Keep the groups that meet this condition."""
        return replace(self, groups_where=condition)

    def order_by(self, *columns: str) -> Select:
        """Sort by these columns."""
        return replace(self, order=columns)

    def limit(self, most: int) -> Select:
        """Return so many rows at most."""
        return replace(self, most=most)

    def subquery(self, name: str) -> str:
        """Return it as a source of another query."""
        return f"({self}) AS {name}"

    def __str__(self) -> str:
        """Return the statement on one line."""
        return " ".join(self._clauses(", ", " AND "))

    @property
    def pretty(self) -> str:
        """The statement to be read, a line for each column and condition."""
        return "\n".join(self._clauses(",\n  ", "\n  AND "))

    def _clauses(self, comma: str, conjunction: str) -> Iterator[str]:
        yield f"SELECT {'DISTINCT ' * self.unique}{comma.join(self.columns)}"
        yield f"FROM {self.source}"
        if self.conditions:
            yield f"WHERE {conjunction.join(map(_closed, self.conditions))}"
        if self.groups:
            yield f"GROUP BY {', '.join(self.groups)}"
        if self.groups_where:
            yield f"HAVING {self.groups_where}"
        if self.order:
            yield f"ORDER BY {', '.join(name if ' ' in name else f'{name} NULLS FIRST' for name in self.order)}"
        if self.most is not None:
            yield f"LIMIT {self.most}"


def select(*columns: str) -> Select:
    """Return the query for these columns."""
    return Select(columns)


def literal(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as SQL writes it, whatever it is."""
    return '"' + name.replace('"', '""') + '"'


def conjunction(*conditions: str) -> str:
    """Return the condition that all of these are met; `true` where there are none."""
    return " AND ".join(map(_closed, conditions)) or "true"


def _closed(condition: str) -> str:
    return f"({condition})" if " OR " in condition else condition
