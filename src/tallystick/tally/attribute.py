"""Attribute: charges with their owners, shared ones split exactly as `tally.allocate` splits a billed line.

Each charge is split by itself: weights are whole numbers, what rounding leaves goes out a picodollar each, largest
remainder first, then in the order in which the rule names its teams.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.money import EXACT, PLACES, plain, total
from tallystick.errors import LedgerError
from tallystick.store.session import scratch
from tallystick.tally.allocate import split
from tallystick.tally.owners import Owners, Renaming, Spellings
from tallystick.tally.picodollars import WHOLE, dollars, whole
from tallystick.tally.rules import FIELDS, UNOWNED

_PLACED = """
SELECT charges.*, billed::HUGEINT AS total, spans.start, spans.until, rule FROM {charges} AS charges
JOIN spans USING ({seen})
WHERE day >= spans.start AND day < spans.until
"""
_OWN = """
SELECT organization, day, team, sum(billed)::DECIMAL(38, 0) AS billed
FROM basis JOIN basis_spans USING ({seen}) JOIN single USING (rule)
WHERE day >= start AND day < until AND rule >= 0 GROUP BY ALL
"""
_WEIGHED = """
CREATE TEMP TABLE weights AS
SELECT * REPLACE (weight::HUGEINT AS weight, weights::HUGEINT AS weights) FROM weighing
"""
_FITS = "weights <= 170141183460469231731687303715884105727::HUGEINT // greatest(abs(each), 1)"
"""Whether any product of the charge and a weight fits 128 bits."""
_NO_SPLIT = "CREATE TEMP TABLE split (id BIGINT, place BIGINT, team VARCHAR, cost_center VARCHAR, part HUGEINT)"
# Of several charges in one row the whole multiples of the weights are split without a remainder, and each rest alike.
_SPLIT = f"""
INSERT INTO split
WITH floors AS (
    SELECT id, each, rows, (total - each * rows) // weights * weight AS multiples, place, team, cost_center,
        abs(each) * weight // weights AS floor, abs(each) * weight % weights AS remainder
    FROM placed JOIN weights USING (organization, day, rule) WHERE {_FITS}
), left_over AS (
    SELECT id, (any_value(abs(each)) - sum(floor))::HUGEINT AS rest FROM floors GROUP BY id
), uneven AS (
    SELECT id, place, 1 AS more FROM floors JOIN left_over USING (id) WHERE rest > 0
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY remainder DESC, place) <= any_value(rest) OVER (PARTITION BY id)
)
SELECT id, place, team, cost_center,
    (multiples + sign(each) * (floor + coalesce(more, 0)) * rows)::HUGEINT AS part
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


_FEW = 10_000
"""The most weights at which charges that leave the same rest are one row."""


class Attribution:
    """Charges, each with the rule and the team that it goes to.

    A row is the UTC `day` of a charge, `billed` in US dollars, what the rules look at, and whatever else. It may
    stand for several charges that no rule tells apart: how many are `rows`, the newest of them is of `day`.
    `finest` then reads those of shared rules anew, given the spans of days of their owners, for each charge is split by
    itself; where several are one row there too, `each` is what every one of them comes to beyond a whole `multiple`.

    `basis` reads the charges by which proportional rules weigh, where that is more than `charges`: a part of a day's
    charges is split as the whole day is. `evenly` are the (rule, day) where a proportional rule had nothing to go by;
    `renamings` are the changes of names since which other rules match some of the charges; `total` is US dollars.
    """

    def __init__(
        self,
        owners: Owners,
        charges: pa.Table,
        spellings: Spellings,
        basis: Callable[[], pa.Table] | None = None,
        finest: Callable[[pa.Table], pa.Table] | None = None,
    ) -> None:
        self._owners, self._spellings = owners, spellings
        self._basis = basis or (lambda: charges)
        self._shared = [index for index, rule in enumerate(owners.rules) if rule.how != "team"]
        self._seen = ", ".join(owners.sees)
        self._duck = scratch()
        self.evenly: set[tuple[int, date]] = set()
        self._read("charges", charges, "spans")
        self.renamings = [renaming for renaming in owners.renamings(spellings) if self._since(renaming)]
        single = [(n, rule.teams[0][0], rule.cost_center) for n, rule in enumerate(owners.rules) if rule.how == "team"]
        self._register("single", _SINGLE, [*single, (-1, UNOWNED, UNOWNED)])
        self.total: Decimal = EXACT.scaleb(
            self._duck.sql("SELECT coalesce(sum(billed), 0)::DECIMAL(38, 0) FROM charges").fetchall()[0][0], -PLACES
        )
        placed = _PLACED.format(charges="charges", seen=self._seen)
        if finest and self._shared and (spans := self._shared_spans(placed)).num_rows:
            self._read("shared_charges", finest(spans))
            placed = (
                f"SELECT * FROM ({placed}) ANTI JOIN shared USING (rule) "  # noqa: S608 - our own names
                f"UNION ALL BY NAME ({_PLACED.format(charges='shared_charges', seen=self._seen)})"
            )
        self._duck.execute(f"CREATE TEMP TABLE placed AS SELECT row_number() OVER () AS id, * FROM ({placed})")  # noqa: S608
        self._duck.execute(_NO_SPLIT)
        if weights := self._weights() if self._shared else []:
            self._register("weighing", _WEIGHTS, weights)
            self._duck.execute(_WEIGHED)
            self._register("large", _LARGE, self._large())
            self._duck.execute(_SPLIT)
        self._duck.execute(_PARTS)

    def sums(self, by: Sequence[str]) -> list[dict[str, Any]]:
        """Exact US dollars `billed`, `rows` (charges) and the `last` day, by columns, `rule`, `team`, `cost_center`."""
        named = ", ".join(f'"{name}"' for name in by)
        table = self._duck.sql(
            f"SELECT {named + ', ' if by else ''}coalesce(sum(rows) FILTER (place = 0), 0)::BIGINT AS rows, "  # noqa: S608
            "max(day) AS last, "
            f"sum(part)::DECIMAL(38, 0) AS billed FROM parts {f'GROUP BY {named}' if by else ''} HAVING count(*) > 0"
        ).to_arrow_table()
        rows = [row | {"billed": EXACT.scaleb(row["billed"], -PLACES)} for row in table.to_pylist()]
        self._conserved(total([row["billed"] for row in rows]))
        return rows

    def parts(self) -> pa.Table:
        """Each charge once for every team that has a part in it: its columns, `billed` the part, `team`, `cost_center`.

        `rule` is the place of the rule that owns it, -1 for none, `place` that of the team in the rule.
        """
        import pyarrow.compute as pc  # which few need

        table = self._duck.sql(
            "SELECT * EXCLUDE (id, total, rows, each, start, until, billed, part), part::DECIMAL(38, 0) AS billed "
            "FROM parts"
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
        if off := EXACT.subtract(amount, self.total):
            raise LedgerError(
                f"The owners' parts differ from the charges by {plain(off)} USD.",
                "This is a defect of tallystick: please report it.",
            )

    def _read(self, name: str, charges: pa.Table, spans: str = "") -> None:
        """Make a table of charges in whole picodollars, and one of the spans of days of their owners."""
        given = [column for column in ("billed", "each") if column in charges.column_names]
        for column in given:
            charges = charges.set_column(charges.schema.get_field_index(column), column, whole(charges[column]))
        exact = ["* REPLACE (" + ", ".join(f"{column}::HUGEINT AS {column}" for column in given) + ")"]
        exact += [] if "each" in given else ["billed::HUGEINT AS each"]
        exact += [] if "rows" in charges.column_names else ["1::BIGINT AS rows"]
        self._duck.register(f"{name}_read", charges)
        self._duck.execute(f"CREATE TEMP VIEW {name} AS SELECT {', '.join(exact)} FROM {name}_read")  # noqa: S608
        if spans:
            fields = ", ".join(name if name in self._owners.sees else "''" for name in FIELDS)
            subjects = self._duck.sql(f"SELECT DISTINCT {fields} FROM {name}").fetchall()  # noqa: S608 - our own names
            owned = self._owners.owned(sorted(subjects), self._spellings)
            self._register(spans, _SPANS, [(*subject, start, end, rule) for subject, start, end, rule in owned])

    def _shared_spans(self, placed: str) -> pa.Table:
        """The spans of days of shared rules that caught something; a `multiple` of all weights leaves no rest."""
        rules = self._owners.rules
        weights = {index: sum(weight for _, weight in rules[index].teams) for index in self._shared}
        fixed = {index for index in self._shared if rules[index].how != "proportional" and weights[index] <= _FEW}
        units = [Decimal(weights[index]) if index in fixed else None for index in self._shared]
        shared = pa.table({"rule": pa.array(self._shared, pa.int64()), "multiple": dollars(pa.array(units, WHOLE))})
        self._duck.register("shared", shared)
        caught = f"FROM ({placed}) JOIN shared USING (rule)"
        query = f"SELECT DISTINCT {self._seen}, start, until, multiple {caught}"
        return self._duck.sql(query).to_arrow_table()

    def _weights(self) -> list[tuple[Any, ...]]:
        """The weights of every team in every shared rule, for each organization and day that has such a line."""
        rules = self._owners.rules
        needed = self._duck.execute(
            "SELECT DISTINCT organization, day, rule FROM placed WHERE list_contains($1, rule) ORDER BY ALL",
            [self._shared],
        ).fetchall()
        own: dict[tuple[str, date, str], int] = {}
        if any(rules[rule].how == "proportional" for _, _, rule in needed):
            self._read("basis", self._basis(), "basis_spans")
            own = {
                (org, day, team): int(billed)
                for org, day, team, billed in self._duck.sql(_OWN.format(seen=self._seen)).fetchall()
            }
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
