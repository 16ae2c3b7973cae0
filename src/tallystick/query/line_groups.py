"""Line groups: charges summed by all that a line of a statement tells; of shared ones each figure is split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tallystick.core.ledger_tables import FIGURES
from tallystick.core.select import Select, literal, select
from tallystick.query.charge_groups import ChargeGroups, in_picodollars, listed
from tallystick.query.month_source import from_months
from tallystick.tally.picodollars import UNITS_SQL

KNOWN = {"no_list": "list IS NULL", "no_quantity": "quantity IS NULL"}
"""By what charges are told apart whose figures are not all known."""
_BESIDE = {f"{name}_sum": f"sum({name})" for name in ("list", "quantity")}
_AMOUNTS = (UNITS_SQL if name == "quantity" else f"{name}::DECIMAL(38, 12)" for name in FIGURES)
_EACH_FIGURE = (
    f"unnest([{', '.join(map(literal, FIGURES))}]) AS figure",
    f"unnest([{', '.join(_AMOUNTS)}]) AS billed",
)


@dataclass(frozen=True)
class LineGroups(ChargeGroups):
    """The billed charges of a question in as few rows as `Attribution.figures` can be exact by.

    Of those of shared rules each figure is a row, and rows that are alike have the same sign: parts of nothing are told
    from parts that cancel out.
    """

    beside: Mapping[str, str] = field(default_factory=lambda: _BESIDE, init=False)

    def charges(self) -> str:
        """The query of the sums of charges with one owner, US dollars in picodollars."""
        summed = in_picodollars(from_months(self.engine, self.query, self.question.window), "list_sum")
        return f"SELECT *, billed AS each FROM ({summed}) AS charges"  # noqa: S608 - our own names

    @property
    def amounts(self) -> Select:
        """The query of every figure of each charge, as `billed`, with its name, its sign and its `day`."""
        columns = self._columns | self._span
        charges = self._of(select("day", *listed(columns), *FIGURES), self.question, self.amount)
        amounts = select("day", *columns, *_EACH_FIGURE).from_(charges.subquery("charges"))
        signed = select("day", *columns, "figure", "sign(billed) AS side", "billed")
        return signed.from_(amounts.subquery("amounts")).where("billed IS NOT NULL")
