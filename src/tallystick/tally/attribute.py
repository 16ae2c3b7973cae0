"""Attribute: charges with their owners, shared ones split exactly as `tally.allocate` splits a billed line.

Each charge is split by itself: weights are whole numbers, what rounding leaves goes out a picodollar each, largest
remainder first, then in the order in which the rule names its teams.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.money import EXACT, PLACES, plain, total
from tallystick.errors import LedgerError
from tallystick.store.session import scratch
from tallystick.tally.allocate import split
from tallystick.tally.owners import Owners, Renaming, Spellings
from tallystick.tally.picodollars import WHOLE, dollars, whole
from tallystick.tally.rules import FIELDS, UNOWNED

_PLACED = f"""
SELECT charges.*, billed::HUGEINT AS total, rule
FROM (SELECT row_number() OVER () AS id, * FROM charges) AS charges JOIN spans USING ({", ".join(FIELDS)})
WHERE day >= start AND day < until
"""  # noqa: S608 - our own names
_OWN = f"""
SELECT organization, day, team, sum(billed)::DECIMAL(38, 0) AS billed
FROM basis JOIN spans USING ({", ".join(FIELDS)}) JOIN single USING (rule)
WHERE day >= start AND day < until AND rule >= 0 GROUP BY ALL
"""  # noqa: S608
_WEIGHED = """
CREATE TEMP TABLE weights AS
SELECT * REPLACE (weight::HUGEINT AS weight, weights::HUGEINT AS weights) FROM weighing
"""
_FITS = "weights <= 170141183460469231731687303715884105727::HUGEINT // greatest(abs(total), 1)"
"""Whether any product of the charge and a weight fits 128 bits."""
_SPLIT = f"""
CREATE TEMP TABLE split AS
WITH floors AS (
    SELECT id, total, place, team, cost_center, abs(total) * weight // weights AS floor,
        abs(total) * weight % weights AS remainder
    FROM placed JOIN weights USING (organization, day, rule) WHERE {_FITS}
), left_over AS (
    SELECT id, (any_value(abs(total)) - sum(floor))::HUGEINT AS rest FROM floors GROUP BY id
), uneven AS (
    SELECT id, place, 1 AS more FROM floors JOIN left_over USING (id) WHERE rest > 0
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY remainder DESC, place) <= any_value(rest) OVER (PARTITION BY id)
)
SELECT id, place, team, cost_center, (sign(total) * (floor + coalesce(more, 0)))::HUGEINT AS part
FROM floors LEFT JOIN uneven USING (id, place)
UNION ALL
SELECT id, place, team, cost_center, part::HUGEINT FROM large
"""  # noqa: S608
_PARTS = """
CREATE TEMP VIEW parts AS
SELECT placed.*, place, team, cost_center, part FROM placed JOIN split USING (id)
UNION ALL BY NAME
SELECT placed.*, 0 AS place, team, cost_center, total AS part FROM placed JOIN single USING (rule)
"""
_SPANS = pa.schema(
    [*((name, pa.string()) for name in FIELDS), ("start", pa.date32()), ("until", pa.date32()), ("rule", pa.int64())]
)
_SINGLE = pa.schema([("rule", pa.int64()), ("team", pa.string()), ("cost_center", pa.string())])
_TO = [("place", pa.int64()), ("team", pa.string()), ("cost_center", pa.string())]
_AT = [("organization", pa.string()), ("day", pa.date32()), ("rule", pa.int64())]
_WEIGHTS = pa.schema([*_AT, *_TO, ("weight", WHOLE), ("weights", WHOLE)])
_LARGE = pa.schema([("id", pa.int64()), *_TO, ("part", WHOLE)])


_IN_ORDER = [("line", "ascending"), ("place", "ascending")]
FIGURES = ("quantity", "list", "priced", "billed", "discount")
"""What of a charge is split."""


class Attribution:
    """Charges (`FIELDS`, day, billed in US dollars, whatever else), each with the rule and the team that it goes to.

    `basis` are the charges by which proportional rules weigh, where that is more than `charges`: a part of a day's
    charges is split as the whole day is. `evenly` are the (rule, day) where a proportional rule had nothing to go by;
    `renamings` are the changes of names since which other rules match some of the charges.
    """

    def __init__(self, owners: Owners, charges: pa.Table, spellings: Spellings, basis: pa.Table | None = None) -> None:
        self._owners = owners
        self._duck = scratch()
        self.evenly: set[tuple[int, date]] = set()
        for name, table in (("charges", charges), ("basis", basis)):
            if table is not None:
                exact = whole(table["billed"])
                self._duck.register(name, table.set_column(table.schema.get_field_index("billed"), "billed", exact))
        if basis is None:
            self._duck.execute("CREATE TEMP VIEW basis AS FROM charges")
        subjects = self._duck.sql(
            f"SELECT DISTINCT {', '.join(FIELDS)} FROM (SELECT {', '.join(FIELDS)} FROM basis "  # noqa: S608
            f"UNION ALL SELECT {', '.join(FIELDS)} FROM charges)"
        ).fetchall()
        spans = [
            (*subject, start, end, rule) for subject, start, end, rule in owners.owned(sorted(subjects), spellings)
        ]
        self._register("spans", _SPANS, spans)
        self.renamings = [renaming for renaming in owners.renamings(spellings) if self._since(renaming)]
        single = [(n, rule.teams[0][0], rule.cost_center) for n, rule in enumerate(owners.rules) if rule.how == "team"]
        self._register("single", _SINGLE, [*single, (-1, UNOWNED, UNOWNED)])
        self._duck.execute(f"CREATE TEMP TABLE placed AS {_PLACED}")
        self._register("weighing", _WEIGHTS, self._weights())
        self._duck.execute(_WEIGHED)
        self._register("large", _LARGE, self._large())
        self._duck.execute(_SPLIT)
        self._duck.execute(_PARTS)

    def sums(self, by: Sequence[str]) -> list[dict[str, Any]]:
        """Exact US dollars `billed`, `rows` (charges) and the `last` day, by columns, `rule`, `team`, `cost_center`."""
        named = ", ".join(f'"{name}"' for name in by)
        table = self._duck.sql(
            f"SELECT {named + ', ' if by else ''}count_if(place = 0)::BIGINT AS rows, max(day) AS last, "  # noqa: S608
            f"sum(part)::DECIMAL(38, 0) AS billed FROM parts {f'GROUP BY {named}' if by else ''} HAVING count(*) > 0"
        ).to_arrow_table()
        rows = [row | {"billed": EXACT.scaleb(row["billed"], -PLACES)} for row in table.to_pylist()]
        self._conserved(total([row["billed"] for row in rows]))
        return rows

    def parts(self) -> pa.Table:
        """Each charge once for every team that has a part in it: its columns, `billed` the part, `team`, `cost_center`.

        `rule` is the place of the rule that owns it, -1 for none, `place` that of the team in the rule.
        """
        table = self._duck.sql(
            "SELECT * EXCLUDE (id, total, billed, part), part::DECIMAL(38, 0) AS billed FROM parts"
        ).to_arrow_table()
        self._conserved(EXACT.scaleb(pc.sum(table["billed"]).as_py() or Decimal(0), -PLACES))
        return table.set_column(table.schema.get_field_index("billed"), "billed", dollars(table["billed"]))

    def _since(self, changed: Renaming) -> bool:
        """Whether there are charges of something from the day on that its name changed."""
        name = "workspace" if changed.condition == "tag" else changed.condition
        where = f'organization = $1 AND day >= $2 AND "{name}" = $3'
        parameters = [changed.organization, changed.day, changed.id]
        return bool(self._duck.execute(f"SELECT 1 FROM charges WHERE {where} LIMIT 1", parameters).fetchall())  # noqa: S608

    def _conserved(self, amount: Decimal) -> None:
        """Raise LedgerError unless this is what the charges sum to."""
        charge_sum = self._duck.sql("SELECT coalesce(sum(billed), 0)::DECIMAL(38, 0) FROM charges").fetchall()[0][0]
        if off := EXACT.subtract(amount, EXACT.scaleb(charge_sum, -PLACES)):
            raise LedgerError(
                f"The owners' parts differ from the charges by {plain(off)} USD.",
                "This is a defect of tallystick: please report it.",
            )

    def _weights(self) -> list[tuple[Any, ...]]:
        """The weights of every team in every shared rule, for each organization and day that has such a line."""
        rules = self._owners.rules
        shared = [index for index, rule in enumerate(rules) if rule.how != "team"]
        needed = self._duck.execute(
            "SELECT DISTINCT organization, day, rule FROM placed WHERE list_contains($1, rule) ORDER BY ALL", [shared]
        ).fetchall()
        own: dict[tuple[str, date, str], int] = {}
        if any(rules[rule].how == "proportional" for _, _, rule in needed):
            own = {(org, day, team): int(billed) for org, day, team, billed in self._duck.sql(_OWN).fetchall()}
        rows = []
        for org, day, rule in needed:
            teams = rules[rule].teams
            if rules[rule].how == "proportional":
                weighed = [(team, max(own.get((org, day, team), 0), 0)) for team, _ in teams]
                if sum(weight for _, weight in weighed):
                    teams = tuple(weighed)
                else:
                    self.evenly.add((rule, day))
            weights = sum(weight for _, weight in teams)
            rows += [
                (org, day, rule, index, team, self._owners.center(team, day), weight, weights)
                for index, (team, weight) in enumerate(teams)
            ]
        return rows

    def _large(self) -> list[tuple[Any, ...]]:
        """The parts of charges whose products do not fit 128 bits."""
        rows = self._duck.sql(
            "SELECT id, list(place ORDER BY place), list(team ORDER BY place), list(cost_center ORDER BY place), "  # noqa: S608
            "any_value(total)::DECIMAL(38, 0), list(weight::DECIMAL(38, 0) ORDER BY place) "
            f"FROM placed JOIN weights USING (organization, day, rule) WHERE NOT {_FITS} GROUP BY id ORDER BY id"
        ).fetchall()
        return [
            (id_, *to)
            for id_, places, teams, centers, total, weights in rows
            for to in zip(places, teams, centers, split(int(total), [int(weight) for weight in weights]), strict=True)
        ]

    def _register(self, name: str, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> None:
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
        self._duck.register(name, pa.Table.from_arrays(arrays, schema=schema))


def figures(owners: Owners, charges: pa.Table, spellings: Spellings) -> pa.Table:
    """Charges with their owners, every figure split by the same weights: `FIGURES` beside what else the charges have.

    A row for each charge and team with a part in it, with `team`, `cost_center`, and `rule`: its place, -1 for none.
    US dollars are split to the picodollar and quantities to the whole unit, exactly; what a charge does not know stays
    null in each of its parts.
    """
    numbered = charges.append_column("line", pa.array(range(charges.num_rows), pa.int64()))
    known = _in_place(numbered, "billed")
    money = Attribution(owners, known, spellings).parts().sort_by(_IN_ORDER)
    several = pa.array([rule.how != "team" for rule in owners.rules] or [False])
    shared = pc.and_(pc.greater_equal(money["rule"], 0), several.take(pc.max_element_wise(money["rule"], 0)))
    places = pc.indices_nonzero(shared)
    lines = money["line"].combine_chunks()
    shared_charges = numbered.take(pc.unique(lines.take(places)).sort())
    for name in FIGURES:
        whole_of = numbered[name].combine_chunks().take(lines)
        if len(places):
            figure_parts = (
                Attribution(owners, _in_place(shared_charges, name), spellings, known).parts().sort_by(_IN_ORDER)
            )
            split_of = _back(figure_parts["billed"], whole_of.type)
            parts = pc.replace_with_mask(whole_of, shared.combine_chunks(), split_of)
            whole_of = pc.if_else(pc.is_valid(whole_of), parts, pa.scalar(None, whole_of.type))
        money = money.set_column(money.schema.get_field_index(name), name, whole_of)
    return money.filter(pc.invert(pc.and_(shared, _nothing(money)))).drop_columns(["line", "place"])


def _in_place(charges: pa.Table, name: str) -> pa.Table:
    """The charges with one figure in the place of what was billed, zero where it is not known; units as picodollars."""
    column = charges[name].combine_chunks()
    if pa.types.is_integer(column.type):
        column = dollars(column.cast(WHOLE))
    column = column.fill_null(Decimal(0)) if column.null_count else column
    return charges.set_column(charges.schema.get_field_index("billed"), "billed", column)


def _back(parts: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    return whole(parts).cast(kind) if pa.types.is_integer(kind) else parts.combine_chunks()


def _nothing(rows: pa.Table) -> pa.Array:
    """Which rows have a part in nothing: of a team that weighs nothing on that day."""
    empty = [
        pc.fill_null(pc.equal(rows[name], pa.scalar(Decimal(0), pa.decimal128(28, PLACES))), True) for name in FIGURES
    ]
    return functools.reduce(pc.and_, empty)
