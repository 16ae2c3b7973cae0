"""Outlook answers: what a ledger can be asked about the days to come and what stands out, with types for editors."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.core.document import Document
from tallystick.core.filter import Where
from tallystick.core.question import Table
from tallystick.core.time_words import When
from tallystick.ledger_exports import LedgerExports

By = str | Sequence[str]


class OutlookAnswers(LedgerExports):
    """Budgets, forecast, anomalies, and the screen and page that have them."""

    def budget(self, on: When | None = None, month: When | None = None, where: Where | None = None) -> Table:
        """The budgets of the settings: spent, left, the forecast to the end of each period, and a status.

        Those in force on the UTC day `on` (today), or at the end of `month`, or of it so far; of nothing but `where`.
        """
        return self._table("budget", on=on, month=month, where=where)

    def forecast(
        self,
        by: By = (),
        until: When | None = None,
        where: Where | None = None,
        past: When | None = None,
        *,
        score: bool = False,
    ) -> Table:
        """What this month comes to, or this `until` week, quarter or year, or the days to a date, with ranges.

        A row, or one of each value or day. Instead, how good forecasts were: with `score` those that were
        written down as they were made, with `past` (180d, or a first day) those that could have been made.
        """
        return self._table("forecast", by=by, until=until, where=where, past=past, score=score)

    def anomalies(self, since: When = "30d", where: Where | None = None, minimum: str | None = None) -> Table:
        """What costs more than usual since a day, by `minimum` US dollars: a row for each finding, and its causes."""
        return self._table("anomalies", since=since, where=where, minimum=minimum)

    def anomaly(self, finding: str, where: Where | None = None) -> Document:
        """One finding explained, by its id: by cause, by key, model and kind, day by day; the shares add up exactly."""
        return self._document("anomaly", finding=finding, where=where)

    def drift(self, since: When = "90d", where: Where | None = None) -> Table:
        """What slowly moved since a day that should be constant: prices paid to list, shares of bill and tokens."""
        return self._table("drift", since=since, where=where)

    def findings(self, *, every: bool = False) -> Table:
        """What rules saw, and how far each finding is dealt with: those that last, or `every` one."""
        return self._table("findings", every=every)

    def deliveries(self, *, every: bool = False) -> Table:
        """What the settings deliver: what waits, for what, where the newest went; or `every` one."""
        return self._table("deliveries", every=every)

    def burn_rate(self, by: By = ("workspace",), where: Where | None = None) -> Table:
        """What the last day and week were billed, beside the four weeks before, and in times of them."""
        return self._table("burn-rate", by=by, where=where)

    def rules(self, rule: str | None = None, since: When | None = None) -> Table:
        """The rules in force; of one by name, when it would have spoken `since` a day (90d) by past versions."""
        return self._table("rules", rule=rule, since=since)

    def summary(self, month: When | None = None, team: str | None = None, organization: str | None = None) -> Document:
        """A month on a page (2026-10, the last ended one unless said), of a team or of all."""
        return self._document("summary", month=month, team=team, organization=organization)

    def status(self, where: Where | None = None) -> Document:
        """One screen: this month against the last, its forecast, the shape of the days, what needs attention.

        `where` maps a dimension to the ids or names wanted; what cannot be held to them is left out and named.
        """
        return self._document("status", where=where)
