"""Limit spend: what the bill in the ledger comes to since the period of a limit began (analytics-api 3.3).

Periods reset at UTC boundaries. Of one whose ended days are not all in the ledger nothing is told: a part of a spend
beside a limit would look like room that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tallystick.api.limits import PERIODS
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import total
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.time import Grain, Window
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import equals, within
from tallystick.query.coverage import cover
from tallystick.query.names import default_workspaces, organizations
from tallystick.store.engine import Engine


@dataclass(frozen=True)
class Spent:
    """What the ledger says was spent by one organization in the periods that run now; `messages` say what it lacks."""

    engine: Engine | None
    organization: str | None
    now: datetime
    messages: list[Message] = field(default_factory=list)
    _sums_by_grain: dict[Grain, dict[str, Decimal] | None] = field(default_factory=dict)

    def of(self, period: str, workspace: str | None) -> Decimal | None:
        """US dollars of a period's ended days, of one workspace or of all; None where they are not all known."""
        grain = PERIODS.get(period)
        if grain is None:
            self._warn(f"When the period {period!r} begins is not known, so neither is what was spent in it.")
            return None
        if grain not in self._sums_by_grain:
            self._sums_by_grain[grain] = self._sums(grain)
        sums = self._sums_by_grain[grain]
        if sums is None:
            return None
        return total(list(sums.values())) if workspace is None else sums.get(workspace, Decimal(0))

    def _warn(self, text: str) -> None:
        self.messages.append(warning(text))

    def _sums(self, grain: Grain) -> dict[str, Decimal] | None:
        """What each workspace was billed in a period, by its real id where that is known; None where days lack."""
        today = Grain.DAY.floor(self.now)
        window = Window(grain.floor(self.now), today)
        if self.engine is None:
            self._warn("There is no ledger, so what was spent is unknown: `tallystick sync` makes one.")
            return None
        if not self.organization or self.organization not in organizations(self.engine):
            self._warn(
                "The ledger has nothing of this organization, so what was spent is unknown: `tallystick sync` reads it."
                if self.organization
                else "The API does not tell which organization this is, so what it spent is unknown."
            )
            return None
        if not window:
            self._warn(f"The {grain} has just begun and no day of it has ended: what was spent in it is unknown.")
            return None
        text = f"{today:%Y-%m-%d} is running and not billed yet: what was spent today is in no figure of the ledger."
        self.messages.append(note(text))
        where = {"organization": Filter.of(self.organization)}
        coverage, covered = cover(self.engine, CHARGES, Question("limits", window, (), where), self.now)
        self.messages.extend(covered)
        if coverage["absent"]:
            self._warn(f"What was spent since {window.start:%Y-%m-%d} is unknown: days of it are not in the ledger.")
            return None
        query = select("workspace", "sum(billed) AS billed").from_("ledger.charges").group_by("workspace")
        query = query.where(
            "billed IS NOT NULL", within(window, months=True), equals("organization", self.organization)
        )
        rows = self.engine.rows(from_sums(self.engine, query))
        real_ids = {
            id_: real
            for (organization, real), id_ in default_workspaces(self.engine).items()
            if organization == self.organization
        }
        return {real_ids.get(row["workspace"], row["workspace"]): row["billed"] for row in rows}
