"""Budget scope: the budgets of one organization, or of a team in it, with what was spent of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from tallystick.core.message import Message, warning
from tallystick.core.question import Table
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.outlook.budgets import answer
from tallystick.query.context import Context
from tallystick.query.names import organizations
from tallystick.tally.budgets import Budget, Budgets

COLUMNS = ("name", "scope", "period", "status", "budget", "spent", "left", "used", "forecast")


@dataclass(frozen=True)
class BudgetScope:
    """An organization by its id and all its `names`, or a team in it."""

    organization: str
    names: Collection[str]
    team: str | None

    @property
    def labels(self) -> set[str]:
        """The scope labels of budgets that are of the same."""
        organization = f"organization = {self.organization}"
        if self.team is None:
            return {"everything", organization}
        team = f"team = {self.team}"
        return {team, f"{organization}, {team}", f"{team}, {organization}"}

    def table(self, context: Context, window: Window) -> tuple[Table | None, list[Message]]:
        """The budgets in force on the last of these days; None where there are none; what is wrong with some.

        In a ledger of several organizations one that names none is told here of this one alone.
        """
        several = len(organizations(context.engine)) > 1
        warnings: list[Message] = []
        tables: list[Table] = []
        for budget in filter(self._holds, context.budgets.rows):
            scope = {"organization": (self.organization,), **budget.scope} if several else budget.scope
            own = Budgets((replace(budget, scope=scope),))
            try:
                tables.append(answer(context, own, window))
            except InvalidQuestion as wrong:
                warnings.append(warning(f"A budget is left out. {wrong.what}"))
        cells = [cell for table in tables for cell in table.cells]
        return (replace(tables[0], cells=cells).of_columns(COLUMNS) if cells else None), warnings

    def _holds(self, budget: Budget) -> bool:
        """Whether a budget is of this organization and, where this is a team, of that team."""
        of_team = not self.team or budget.scope.get("team") == (self.team,)
        return of_team and bool({*self.names} & {*budget.scope.get("organization", self.names)})
