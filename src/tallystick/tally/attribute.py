"""Attribute: charges with their owners, shared ones split exactly as `tally.allocate` splits a billed line.

Each charge is split by itself: weights are whole numbers, what rounding leaves goes out a picodollar each, largest
remainder first, then in the order in which the rule names its teams.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from tallystick.core import money
from tallystick.core.money import EXACT, plain, total
from tallystick.errors import LedgerError
from tallystick.store.session import temp_table
from tallystick.tally.owners import Owners, Renaming, Spellings
from tallystick.tally.rules import FIELDS, UNOWNED
from tallystick.tally.split import split

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_PLACED = """
SELECT charges.*, billed AS total, start, until, rule, team, cost_center FROM {charges} AS charges
JOIN spans USING ({seen})
WHERE day >= start AND day < until
"""
_OWN = """
SELECT organization, day, team, sum(billed)::DECIMAL(38, 0) AS billed
FROM basis JOIN basis_spans USING ({seen})
WHERE day >= start AND day < until AND rule >= 0 AND team IS NOT NULL GROUP BY ALL
"""
_FITS = "weights <= 170141183460469231731687303715884105727::HUGEINT // greatest(abs(each), 1)"
"""Whether any product of the charge and a weight fits 128 bits."""
# Of several charges in one row the whole multiples of the weights are split without a remainder, and each rest alike.
_SPLIT = f"""
CREATE TEMP TABLE split AS
WITH floors AS (
    SELECT id, each, rows, (total - each * rows) // weights * weight AS multiples, place,
        weights.team, weights.cost_center,
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
_PARTS = "CREATE TEMP VIEW parts AS SELECT *, 0 AS place, total AS part FROM placed"
_SPLIT_PARTS = f"""
{_PARTS} WHERE team IS NOT NULL
UNION ALL BY NAME
SELECT placed.* EXCLUDE (team, cost_center), place, split.team, split.cost_center, part
FROM placed JOIN split USING (id)
"""  # noqa: S608
_FIGURES = """
SELECT {by}, sum(part)::DECIMAL(38, 0) AS billed, sum(list_sum)::DECIMAL(38, 0) AS list,
    sum(quantity_sum)::DECIMAL(38, 0) AS quantity
FROM parts GROUP BY {by}
"""
_FIGURES_SPLIT = """
SELECT {by}, sum(part) FILTER (coalesce(figure, 'billed') = 'billed')::DECIMAL(38, 0) AS billed,
    coalesce(sum(list_sum), sum(part) FILTER (figure = 'list'))::DECIMAL(38, 0) AS list,
    coalesce(sum(quantity_sum), sum(part) FILTER (figure = 'quantity'))::DECIMAL(38, 0) AS quantity
FROM parts GROUP BY {by} HAVING bool_or(figure IS NULL OR part <> 0)
"""
_AT = {"organization": "VARCHAR", "day": "DATE", "rule": "BIGINT"}
_TO = {"place": "BIGINT", "team": "VARCHAR", "cost_center": "VARCHAR"}
_OWNER = {"rule": "BIGINT", "team": "VARCHAR", "cost_center": "VARCHAR"}
_SPANS = {**dict.fromkeys(FIELDS, "VARCHAR"), "start": "DATE", "until": "DATE", **_OWNER}
_SHARED = {"rule": "BIGINT", "multiple": "DECIMAL(38, 12)"}
_WEIGHTS = {**_AT, **_TO, "weight": "HUGEINT", "weights": "HUGEINT"}
_LARGE = {"id": "BIGINT", **_TO, "part": "HUGEINT"}
_FEW = 10_000
"""The most weights at which charges that leave the same rest are one row."""


class Charges(Protocol):
    """The charges to attribute, as SQL over the connection in which that is computed.

    A row is the UTC `day` of a charge, `billed` in whole picodollars, what the rules look at, and whatever else. It may
    stand for several charges that no rule tells apart: how many are `rows`, the newest of them is of `day`. `each` is
    what is split at once: `billed`, or where several charges are one row what each comes to beyond a whole `multiple`.
    """

    @property
    def duck(self) -> DuckDBPyConnection:
        """A connection of its own, whose TEMP tables nothing else sees."""

    def make(self, name: str, query: str) -> None:
        """Make a TEMP table of a query."""

    def charges(self) -> str:
        """All of them."""

    def basis(self) -> str:
        """Those by which proportional rules weigh: a part of a day's charges is split as the whole day is."""

    @property
    def finest(self) -> Callable[..., str] | None:
        """Return those of shared rules, for each charge is split by itself; None where `charges` has every one already.

        They are of the spans of days of owners in the table `shared_spans`: `alike` ones have a `multiple` that leaves
        no rest, of `single` ones each charge is a row.
        """


class Attribution:
    """Charges, each with the rule and the team that it goes to.

    `evenly` are the (rule, day) where a proportional rule had nothing to go by; `renamings` are the changes of names
    since which other rules match some of the charges; `total` is US dollars; `is_split` says whether any is shared.
    """

    def __init__(self, owners: Owners, charges: Charges, spellings: Spellings) -> None:
        self._owners, self._spellings, self._charges = owners, spellings, charges
        self._duck = charges.duck
        self._shared = [index for index, rule in enumerate(owners.rules) if rule.how != "team"]
        self._seen = ", ".join(owners.sees)
        self.evenly: set[tuple[int, date]] = set()
        self.total = money.dollars(self._read("charges", charges.charges(), "spans"))
        self.renamings = [renaming for renaming in owners.renamings(spellings) if self._since(renaming)]
        placed = _PLACED.format(charges="charges", seen=self._seen)
        if self._shared and (finest := self._finest(placed)):
            charges.make("shared_charges", finest)
            placed = (
                f"SELECT * FROM ({placed}) ANTI JOIN shared USING (rule) "  # noqa: S608 - our own names
                f"UNION ALL BY NAME ({_PLACED.format(charges='shared_charges', seen=self._seen)})"
            )
        self._duck.execute(f"CREATE TEMP TABLE placed AS SELECT row_number() OVER () AS id, * FROM ({placed})")  # noqa: S608
        weights = self._weights() if self._shared else []
        self.is_split = bool(weights)
        if weights:
            temp_table(self._duck, "weights", _WEIGHTS, weights)
            temp_table(self._duck, "large", _LARGE, self._large())
            self._duck.execute(_SPLIT)
        self._duck.execute(_SPLIT_PARTS if weights else _PARTS)

    def sums(self, by: Sequence[str], beside: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Exact US dollars `billed`, `rows` (charges) and the `last` day, by columns, `rule`, `team`, `cost_center`.

        What stands `beside` is summed too; where a charge `is_split` that is the sum of no team.
        """
        columns = ", ".join(f'"{name}"' for name in by)
        groups = self._duck.execute(
            f"SELECT {columns + ', ' if by else ''}coalesce(sum(rows) FILTER (place = 0), 0)::BIGINT AS rows, "  # noqa: S608
            f"{''.join(f'sum({name})::HUGEINT, ' for name in beside)}"
            "max(day) AS last, sum(part)::HUGEINT AS billed "
            f"FROM parts {f'GROUP BY {columns}' if by else ''} HAVING count(*) > 0"
        ).fetchall()
        names = (*by, "rows", *beside, "last", "billed")
        rows = [dict(zip(names, (*group[:-1], money.dollars(group[-1])), strict=True)) for group in groups]
        self._conserved(total([row["billed"] for row in rows]))
        return rows

    def figures(self, by: Sequence[str]) -> pa.Table:
        """The sums of `billed`, `list` and `quantity` by columns, typed as in the ledger; of parts in nothing no row.

        The charges are those of `LineGroups`: `list_sum` and `quantity_sum` stand beside what was billed, and of shared
        charges each figure is a row, with its name. The columns tell rules apart.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        from tallystick.tally.picodollars import dollars

        sums = _FIGURES_SPLIT if self.is_split else _FIGURES
        table = self._duck.sql(sums.format(by=", ".join(f'"{name}"' for name in by))).to_arrow_table()
        for name, typed in (("billed", dollars), ("list", dollars), ("quantity", lambda units: units.cast(pa.int64()))):
            table = table.set_column(table.schema.get_field_index(name), name, typed(table[name]))
        self._conserved(pc.sum(table["billed"]).as_py() or Decimal(0))
        return table

    def parts(self) -> pa.Table:
        """Each charge once for every team that has a part in it: its columns, `billed` the part, `team`, `cost_center`.

        `rule` is the place of the rule that owns it, -1 for none, `place` that of the team in the rule.
        """
        import pyarrow.compute as pc  # which few need

        from tallystick.tally.picodollars import dollars

        table = self._duck.sql(
            "SELECT * EXCLUDE (id, total, rows, each, start, until, billed, part), part::DECIMAL(38, 0) AS billed "
            "FROM parts"
        ).to_arrow_table()
        self._conserved(money.dollars(int(pc.sum(table["billed"]).as_py() or 0)))
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

    def _read(self, name: str, query: str, spans: str) -> int:
        """Make a table of charges and one of the spans of days of their owners; what was billed, in picodollars."""
        self._charges.make(name, query)
        fields = ", ".join(name if name in self._owners.sees else "''" for name in FIELDS)
        groups = self._duck.execute(f"SELECT {fields}, sum(billed)::HUGEINT FROM {name} GROUP BY ALL").fetchall()  # noqa: S608 - our own names
        owned = self._owners.owned(sorted(group[:-1] for group in groups), self._spellings)
        to: dict[int, tuple[str | None, str | None]] = {
            index: (rule.teams[0][0], rule.cost_center) if rule.how == "team" else (None, None)
            for index, rule in enumerate(self._owners.rules)
        }
        to[-1] = (UNOWNED, UNOWNED)
        temp_table(
            self._duck, spans, _SPANS, [(*subject, start, end, rule, *to[rule]) for subject, start, end, rule in owned]
        )
        return sum(billed for *_, billed in groups)

    def _finest(self, placed: str) -> str:
        """The query of each charge of the shared rules that caught something; empty where none is needed."""
        if not self._charges.finest:
            return ""
        rules = self._owners.rules
        weights = {index: sum(weight for _, weight in rules[index].teams) for index in self._shared}
        fixed = {index for index in self._shared if rules[index].how != "proportional" and weights[index] <= _FEW}
        multiples = [money.dollars(weights[index]) if index in fixed else None for index in self._shared]
        temp_table(self._duck, "shared", _SHARED, list(zip(self._shared, multiples, strict=True)))
        caught = f"SELECT DISTINCT {self._seen}, start, until, multiple FROM ({placed}) JOIN shared USING (rule)"  # noqa: S608
        self._duck.execute(f"CREATE TEMP TABLE shared_spans AS {caught}")
        kinds = self._duck.execute("SELECT DISTINCT multiple IS NULL FROM shared_spans").fetchall()
        return self._charges.finest(alike=(False,) in kinds, single=(True,) in kinds) if kinds else ""

    def _weights(self) -> list[tuple[Any, ...]]:
        """The weights of every team in every shared rule, for each organization and day that has such a line."""
        rules = self._owners.rules
        needed = self._duck.execute(
            "SELECT DISTINCT organization, day, rule FROM placed WHERE list_contains($1, rule) ORDER BY ALL",
            [self._shared],
        ).fetchall()
        own: dict[tuple[str, date, str], int] = {}
        if any(rules[rule].how == "proportional" for _, _, rule in needed):
            self._read("basis", self._charges.basis(), "basis_spans")
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
            "SELECT id, list(place ORDER BY place), list(weights.team ORDER BY place), "  # noqa: S608
            "list(weights.cost_center ORDER BY place), any_value(total)::DECIMAL(38, 0), "
            "list(weight::DECIMAL(38, 0) ORDER BY place) "
            f"FROM placed JOIN weights USING (organization, day, rule) WHERE NOT {_FITS} GROUP BY id ORDER BY id"
        ).fetchall()
        return [
            (id_, *to)
            for id_, places, teams, centers, total, weights in rows
            for to in zip(places, teams, centers, split(int(total), [int(weight) for weight in weights]), strict=True)
        ]
