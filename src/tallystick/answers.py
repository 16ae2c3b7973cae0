"""Answers: everything that a ledger can be asked, with types for editors; each method asks a report of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tallystick.core.document import Document
from tallystick.core.filter import Where
from tallystick.core.question import Table
from tallystick.core.time_words import When
from tallystick.outlook_answers import OutlookAnswers

if TYPE_CHECKING:
    from tallystick.api.client import Client

By = str | Sequence[str]


class Answers(OutlookAnswers):
    """What can be asked of one ledger: answers are Tables or Documents; each method raises TallystickErrors only."""

    def spend(
        self,
        by: By = ("workspace",),
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        top: int | None = None,
        show: Sequence[str] = (),
        *,
        month: When | None = None,
        compare: str | None = None,
    ) -> Table:
        """What was billed, exact US dollars; `show` adds list, discount, requests, cost_per_request."""
        return self._table(
            "spend", by=by, since=since, until=until, month=month, where=where, top=top, compare=compare, show=show
        )

    def usage(
        self,
        by: By = ("model",),
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        top: int | None = None,
        show: Sequence[str] = (),
        tz: str | None = None,
        *,
        month: When | None = None,
        compare: str | None = None,
    ) -> Table:
        """Tokens used, a column for each kind, and web searches; `show` adds requests.

        With `tz`, such as Asia/Tokyo, days, weeks and months are of that zone, from a ledger synced by the hour.
        """
        return self._table(
            "usage",
            by=by,
            since=since,
            until=until,
            month=month,
            where=where,
            top=top,
            compare=compare,
            show=show,
            tz=tz,
        )

    def charges(
        self,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        half: str | None = None,
        top: int | None = 200,
        *,
        month: When | None = None,
    ) -> Table:
        """The single charges of a window, the largest first; `half` is billed or used: only those that have it."""
        return self._table("charges", since=since, until=until, month=month, where=where, half=half, top=top)

    def cache(
        self,
        by: By = ("model",),
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        top: int | None = None,
        *,
        month: When | None = None,
        compare: str | None = None,
    ) -> Table:
        """Input tokens uncached, written to the cache and read from it, the hit rate, and what caching saved."""
        return self._table("cache", by=by, since=since, until=until, month=month, where=where, top=top, compare=compare)

    def keys(
        self,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        top: int | None = None,
        *,
        month: When | None = None,
    ) -> Table:
        """Every key with its spend, owner and last use; `where` maps a column, as attention, to the values wanted."""
        return self._table("keys", since=since, until=until, month=month, where=where, top=top)

    def roster(self, dimension: str) -> Table:
        """Every key, actor, team, model or workspace: this month against the same days before, 30 days, last use."""
        return self._table("roster", dimension=dimension)

    def profile(self, dimension: str, value: str) -> Document:
        """One key, actor, team, model or workspace, by id or name: its spend, share, owner, status, last use."""
        return self._document("profile", dimension=dimension, value=value)

    def owners(
        self,
        since: When | None = None,
        until: When | None = None,
        *,
        month: When | None = None,
        check: bool = False,
    ) -> Table:
        """The rules of who owns what, with what each caught; with `check` what is wrong with them."""
        return self._table("owners", check=check, since=since, until=until, month=month)

    def arrivals(self, since: When = "7d") -> Table:
        """Keys, models, workspaces, tiers, contexts and speeds used since a day and not on the 28 days before."""
        return self._table("arrivals", since=since)

    def whatif(
        self,
        swap: str | Sequence[str] = (),
        batch: str | Sequence[str] = (),
        cache_hit: str | None = None,
        geo: str | None = None,
        *,
        by: By = ("model",),
        since: When | None = None,
        until: When | None = None,
        month: When | None = None,
        where: Where | None = None,
        top: int | None = None,
    ) -> Table:
        """The same usage at other prices: `swap` as "old=new", shares as exact text ("0.4"), `geo` global or us.

        `batch` is a share, or several: "claude-opus-5-5=0.4" is that of one model.
        """
        changes = {"swap": swap, "batch": batch, "cache_hit": cache_hit, "geo": geo}
        return self._table("whatif", **changes, by=by, since=since, until=until, month=month, where=where, top=top)

    def prices(self, model: str | None = None, on: When | None = None, *, history: bool = False) -> Table:
        """The price list in force on a UTC day, today unless said; retiring models that the ledger still uses.

        With `history` every price that a model ever had, each with its first day.
        """
        return self._table("prices", model=model, on=on, history=history)

    def claude_code(
        self,
        by: By = ("person",),
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        *,
        month: When | None = None,
    ) -> Table:
        """What was done with Claude Code, with its estimate and the bill beside it where that tells of Claude Code."""
        return self._table("claude-code", by=by, since=since, until=until, month=month, where=where)

    def sql(self, query: str, top: int | None = None) -> Table:
        """The answer to one SQL statement that reads, or its first rows; `tallystick schema` lists the views."""
        return self._table("sql", query=query, top=top)

    def reconcile(
        self,
        by: By | None = None,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        *,
        month: When | None = None,
        rates: bool = False,
        factors: bool = False,
    ) -> Table:
        """From billed to priced, cause by cause; or the bill's effective `rates`, or what `factors` did to priced."""
        return self._table(
            "reconcile", by=by, since=since, until=until, month=month, where=where, rates=rates, factors=factors
        )

    def crosscheck(
        self,
        by: str = "workspace",
        since: When | None = None,
        until: When | None = None,
        *,
        month: When | None = None,
        include_equal: bool = False,
    ) -> Table:
        """What the two dialects say differently of the days that both were read for, by workspace or by key.

        A Table without rows if they agree; with `include_equal` what is equal stands in it too.
        """
        return self._table("crosscheck", by=by, since=since, until=until, month=month, include_equal=include_equal)

    def variance(
        self,
        month: When | None = None,
        against: str | None = None,
        *,
        since: When | None = None,
        until: When | None = None,
        by: By = ("model",),
        where: Where | None = None,
        top: int | None = None,
    ) -> Table:
        """Why what was billed changed: price, volume and mix, which add up to the change to the picodollar.

        `month` (2026-10; the last ended one unless said) against the month before it, or the days from `since` to
        `until` against as many days before them. `against` names another month or span, or `SINCE..UNTIL`.
        """
        days = {"month": month, "since": since, "until": until}
        return self._table("variance", **days, against=against, by=by, where=where, top=top)

    def months(self, organization: str | None = None) -> Table:
        """Every billing month, the newest first: what it comes to, its state, when it can be closed, what changed."""
        return self._table("months", organization=organization)

    def chargeback(
        self,
        month: When | None = None,
        team: str | None = None,
        organization: str | None = None,
        *,
        totals: bool = False,
    ) -> Document:
        """What each team is charged for a month (the last ended one unless said), or the statement of one team.

        With `totals` only what each is charged, without lines.
        """
        return self._document("chargeback", month=month, team=team, organization=organization, totals=totals)

    def limits(self, *, rates: bool = False, client: Client | None = None) -> Table:
        """Spend limits as the API tells them now, beside what was spent; with `rates` rate limits and their headroom.

        The ledger need not exist; what was spent is unknown then. Refused where the credential may read no limit.
        """
        return self._table("limits", rates=rates, client=client)

    def verify(self) -> Table:
        """What does not add up in the whole ledger; a Table without rows if all does."""
        return self._table("verify")

    def days(
        self,
        since: When | None = None,
        until: When | None = None,
        *,
        month: When | None = None,
        organization: str | None = None,
    ) -> Table:
        """Every UTC day: the state of its bill and of its use, whether its month is closed, what it was billed."""
        return self._table("days", since=since, until=until, month=month, organization=organization)

    def freshness(self) -> Table:
        """How old the data of each organization is, and when a sync last could read all of it."""
        return self._table("freshness")

    def log(self, top: int | None = None) -> Table:
        """Every committed version, the newest first, and the tables that each changed; `top` keeps the first rows."""
        return self._table("log", top=top)

    def diff(self, month: When, before: str | None = None, after: str | None = None, by: By | None = None) -> Table:
        """The lines of a month that changed between two versions, from what to what.

        `before` and `after` are numbers of versions, UTC days or instants. By default `after` is the newest, `before`
        the one that closed the month, or, of an open month, the one before the newest that changed it.
        """
        return self._table("diff", month=month, before=before, after=after, by=by)
