"""Answers: everything that a ledger can be asked, from the version that is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.core.dimensions import NAMES, canonical
from tallystick.core.filter import Where, filters
from tallystick.core.question import Question, Table
from tallystick.core.time import Window
from tallystick.core.time_words import When, month_name, month_of, utc_day, window
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.query.grouping import answer, query
from tallystick.query.names import organizations
from tallystick.query.owners import owned
from tallystick.query.pivot import Pivot
from tallystick.query.price_lists import warned
from tallystick.reports import REPORTS, sql
from tallystick.reports.verify import verify
from tallystick.settings import Settings
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.tally.price_lists import Prices

if TYPE_CHECKING:
    from tallystick.api.client import Client, Clock
    from tallystick.billing.chargeback import Charged
    from tallystick.core.document import Document
    from tallystick.core.zones import Zone
    from tallystick.exports import Rows
    from tallystick.tally.owners import Owners

By = str | Sequence[str]
Days = tuple[When | None, When | None, When | None]
"""The words for time of a question: since, until, month."""
_ANY: Days = (None, None, None)


class Answers:
    """What can be asked of one ledger: answers are Tables or Documents; each method raises TallystickErrors only.

    `clock` is the seam for time.
    """

    def __init__(
        self, path: Path, clock: Clock, prices: Prices | None = None, settings: Settings | None = None
    ) -> None:
        self.path = path
        self._settings = settings
        self._clock = clock
        self._prices = prices
        self._tables = Tables(path)

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
    ) -> Table:
        """What was billed, exact US dollars; `show` adds list, discount, requests, cost_per_request."""
        return self.ask("spend", by, since, until, where, top, show, month=month)

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
    ) -> Table:
        """Tokens used, a column for each kind, and web searches; `show` adds requests.

        With `tz`, such as Asia/Tokyo, days, weeks and months are of that zone, from a ledger synced by the hour.
        """
        return self.ask("usage", by, since, until, where, top, show, tz, month=month)

    def cache(
        self,
        by: By = ("model",),
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        top: int | None = None,
        *,
        month: When | None = None,
    ) -> Table:
        """Input tokens uncached, written to the cache and read from it, and the hit rate."""
        return self.ask("cache", by, since, until, where, top, month=month)

    def ask(
        self,
        report: str,
        by: By,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        top: int | None = None,
        show: Sequence[str] = (),
        tz: str | None = None,
        *,
        month: When | None = None,
    ) -> Table:
        """Answer a report by its name over the UTC days from `since` to `until`, both included, or those of `month`.

        Time is a word (2026-10-01, 2026-10, 7d, last-month), a date or a datetime; by default the last 30 ended days.
        `by` names dimensions, none for one row; `where` maps a dimension to the ids or names wanted; `top` keeps the
        largest rows and sums the rest in one; `show` names further figures of the report. `tz` names the zone whose
        days are meant, of usage alone.
        """
        chosen, question = self._question(report, by, (since, until, month), where, top, show, tz)
        if chosen.name == "cache":
            from tallystick.reports import cache

            return self._warned(lambda engine: cache.answer(engine, question, self._clock.now(), self._lists()))
        owners = self._settings.owners() if self._settings and owned(question) else None
        if not chosen.money:
            return answer(chosen, self.engine(), question, self._clock.now(), owners)
        return self._warned(
            lambda engine: self._told(answer(chosen, engine, question, self._clock.now(), owners), engine, owners)
        )

    def _told(self, table: Table, engine: Engine, owners: Owners | None) -> Table:
        """An answer by owners, with what to say of closed months in its window."""
        if owners is None or table.question is None:
            return table
        from tallystick.query.since_closed import otherwise

        return replace(table, messages=(*otherwise(engine, table.question.window, owners), *table.messages))

    def whatif(
        self,
        swap: str | Sequence[str] = (),
        batch: str | Sequence[str] | None = None,
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
        from tallystick.reports import whatif as report
        from tallystick.tally.whatif import Change

        change = Change.read((swap,) if isinstance(swap, str) else swap, batch, cache_hit, geo)
        question = self._asked("whatif", by, (since, until, month), where, top)
        return self._warned(lambda engine: report.answer(engine, question, self._clock.now(), self._lists(), change))

    def prices(self, model: str | None = None, on: str | None = None, *, history: bool = False) -> Table:
        """The price list in force on a UTC day, today unless said; retiring models that the ledger still uses.

        With `history` every price that a model ever had, each with its first day.
        """
        from tallystick.reports import prices as report

        if history:
            if model is None or on is not None:
                raise InvalidQuestion("A history is that of one model, of all days.", "Write `prices MODEL --history`.")
            return report.history(self._lists(), model)
        engine = self.engine() if self._tables.exists() else None
        return report.answer(self._lists(), report.day_of(on, self._clock.now()), model, engine)

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
        from tallystick.reports import claude_code as report

        question = self._asked("claude-code", by, (since, until, month), where)
        return report.answer(self.engine(), question, self._clock.now())

    def query(
        self,
        report: str,
        by: By,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        show: Sequence[str] = (),
        tz: str | None = None,
        *,
        month: When | None = None,
    ) -> str:
        """The SQL that a report asks of the ledger, to read."""
        chosen, question = self._question(report, by, (since, until, month), where, None, show, tz)
        return query(chosen, self.engine(), question, self._clock.now())[0].sql(dialect="duckdb", pretty=True)

    def sql(self, text: str) -> Table:
        """The answer to one SQL statement that reads; `tallystick schema` lists the views."""
        return sql.ask(self.engine(), text)

    def reconcile(
        self,
        by: By = ("model",),
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        *,
        month: When | None = None,
        rates: bool = False,
    ) -> Table:
        """Billed against priced, and the difference by named cause; with `rates` the bill's effective rates instead."""
        from tallystick.reports import reconcile as report

        question = self._asked("reconcile", by, (since, until, month), where)
        build = report.rates if rates else report.answer
        return build(self.engine(), question, self._lists(), self._clock.now())

    def crosscheck(
        self,
        by: By = ("workspace",),
        since: When | None = None,
        until: When | None = None,
        *,
        month: When | None = None,
        every: bool = False,
    ) -> Table:
        """What the two dialects say differently of the days that both were read for, by workspace or by key.

        A Table without rows if they agree; with `every` what is equal stands in it too.
        """
        from tallystick.reports import crosscheck as report

        question = self._asked("crosscheck", by, (since, until, month), None)
        return report.answer(self.engine(), question, self._clock.now(), self._lists(), every=every)

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
        from tallystick.reports import variance as report

        current, before = report.windows(month, against, since, until, self._clock.now())
        question = replace(self._asked("variance", by, _ANY, where, top), window=current, against=before)
        owners = self._settings.owners() if self._settings and owned(question) else None
        return self._warned(lambda engine: report.answer(engine, question, self._clock.now(), owners))

    def budget(self, on: When | None = None, month: When | None = None) -> Table:
        """The budgets of the settings: spent, left, the pace to the end of each period, and a status.

        Those in force on the UTC day `on`, today unless said, or at the end of `month` (2026-10), or of it so far.
        """
        from tallystick.outlook import budgets as report

        if on is not None and month is not None:
            raise InvalidQuestion("A day is asked for, and a month too.", "Use --on or --month.")
        now, settings = self._clock.now(), self._settings or Settings.load()
        day = now.date() if on is None else utc_day(on, now, timedelta(0))
        budget_window = Window.of_day(day) if month is None else month_of(month, now)
        return self._warned(
            lambda engine: report.answer(engine, settings.budgets(), budget_window, now, settings.owners())
        )

    def pace(self, where: Where | None = None, every: str = "month", on: When | None = None) -> Table:
        """What a week, month, quarter or year comes to at the run rate of the last eight weeks, with an 80 % range.

        The period that holds the UTC day `on`, today unless said; `where` maps a dimension to the ids or names wanted.
        """
        from tallystick.outlook import pace as report
        from tallystick.tally.cycles import Cycle, Every

        if every not in list(Every):
            raise InvalidQuestion(f"There is no pace of a {every}.", f"It can be {', '.join(Every)}.")
        now = self._clock.now()
        day = now.date() if on is None else utc_day(on, now, timedelta(0))
        question = self._asked("pace", (), _ANY, where)
        question = replace(question, window=Cycle(Every(every)).around(day))
        owners = self._settings.owners() if self._settings and owned(question) else None
        return self._warned(lambda engine: report.answer(engine, question, now, owners))

    def summary(self, month: When | None = None, team: str | None = None, organization: str | None = None) -> Document:
        """A month on a page (2026-10, the last ended one unless said), of a team or of all."""
        from tallystick.outlook.summary import summary
        from tallystick.query.names import directory

        engine, settings = self.engine(), self._settings or Settings.load()
        names = directory(engine, "organization")
        known = {id_: names.get(id_, id_) for id_ in organizations(engine)}
        owners, budgets, now = settings.owners(), settings.budgets(), self._clock.now()
        return summary(engine, known, month, team, organization, owners, budgets, self._lists(), now)

    def status(self) -> Document:
        """One screen: this month against the last, its forecast, the shape of the days, what needs attention."""
        from tallystick.outlook.status import Status

        settings = self._settings or Settings.load()
        return Status(self.engine(), settings.owners(), settings.budgets(), self._lists(), self._clock.now()).document()

    def statements(self, month: When) -> list[Charged]:
        """What every team is charged for a month (2026-10), of each organization: `statement` makes a Document of it.

        Of a closed month what it was closed with, else a draft by the rules of today.
        """
        from tallystick.billing.chargeback import charged

        engine, owners = self.engine(), (self._settings or Settings.load()).owners()
        now = self._clock.now()
        return [charged(engine, id_, month_name(month, now), owners, now) for id_ in organizations(engine)]

    def limits(self, *, rates: bool = False, client: Client | None = None) -> Table:
        """Spend limits as the API tells them now, beside what was spent; with `rates` rate limits and their headroom.

        The ledger need not exist; what was spent is unknown then. Refused where the credential may read no limit.
        """
        if client is None:
            from tallystick.api.client import CONTACT, GLANCE

            settings = self._settings or Settings.load()
            with settings.client(self._clock, patience=GLANCE, contact=CONTACT) as made:
                return self.limits(rates=rates, client=made)
        from tallystick.reports import limits, rate_limits

        if rates:
            return rate_limits.answer(client, self._clock.now())
        return limits.answer(client, self.engine() if self._tables.exists() else None, self._clock.now())

    def export(
        self,
        table: str,
        since: When | None = None,
        until: When | None = None,
        where: Where | None = None,
        *,
        month: When | None = None,
    ) -> Rows:
        """Every row of charges, usage or cost over the UTC days from `since` to `until`, to be written once.

        `where` maps a dimension to the ids or names wanted.
        """
        from tallystick.exports import tables

        return tables.export(self.engine(), self._asked(table, (), (since, until, month), where), self._clock.now())

    def export_focus(self, month: When | None = None, version: str = "1.2") -> Rows:
        """A UTC month (2026-10; the last ended one unless said) as FOCUS 1.2 or 1.4 has it, to be written once."""
        from tallystick.exports import focus

        now, settings = self._clock.now(), self._settings or Settings.load()
        question = Question("focus", month_of(month, now), ())
        return focus.export(self.engine(), question, now, self._lists(), settings.owners(), version)

    def verify(self) -> Table:
        """What does not add up in the whole ledger; a Table without rows if all does."""
        return verify(self.engine(), self._lists())

    def log(self, top: int | None = None) -> Table:
        """Every committed version, the newest first, and the tables that each changed; `top` keeps the first rows."""
        from tallystick.reports import log as report

        return report.answer(self._tables, self.engine().version, top)

    def diff(self, month: When, before: str | None = None, after: str | None = None, by: By | None = None) -> Table:
        """The lines of a month that changed between two versions, from what to what.

        `before` and `after` are numbers of versions, UTC days or instants. By default `after` is the newest, `before`
        the one that closed the month, or, of an open month, the one before the newest that changed it.
        """
        from tallystick.reports import diff as report

        dims = report.LINE if by is None else tuple(map(canonical, (by,) if isinstance(by, str) else by))
        now = self._clock.now()
        return report.answer(self._tables, self.engine().version, month_name(month, now), before, after, dims, now)

    def engine(self) -> Engine:
        """The version that is asked, the newest unless said, ready for it; LedgerError where there is no ledger."""
        if not self._tables.exists():
            raise LedgerError(
                f"There is no ledger at {self.path}.", "Run `tallystick sync` first, or name another with --ledger."
            )
        as_of = self._settings.as_of if self._settings else None
        return Engine(self._tables, self._tables.newest() if as_of is None else self._tables.as_of(as_of))

    def organizations(self) -> list[str]:
        """The ids of the organizations that the ledger holds; none where there is no ledger."""
        if not self._tables.exists():
            return []
        return organizations(self.engine())

    def _question(
        self,
        report: str,
        by: By,
        days: Days,
        where: Where | None,
        top: int | None,
        show: Sequence[str] = (),
        tz: str | None = None,
    ) -> tuple[Pivot, Question]:
        chosen = next((candidate for candidate in REPORTS if candidate.name == report), None)
        if chosen is None:
            raise InvalidQuestion(
                f"There is no report {report!r}.", f"Reports: {', '.join(report.name for report in REPORTS)}."
            )
        zone = None
        if tz is not None:
            from tallystick.core.zones import Zone

            chosen.check_zone()
            zone = Zone.of(tz)
        return chosen, replace(self._asked(report, by, days, where, top, zone), show=tuple(show))

    def _asked(
        self,
        report: str,
        by: By,
        days: Days,
        where: Where | None,
        top: int | None = None,
        zone: Zone | None = None,
    ) -> Question:
        known = NAMES
        if report == "claude-code":
            from tallystick.reports.claude_code import CLAUDE_CODE

            known = CLAUDE_CODE.dimensions
        dims = tuple(canonical(name, known) for name in ((by,) if isinstance(by, str) else by))
        since, until, month = days
        named = (zone.window if zone else window)(since, until, self._clock.now(), month=month)
        return Question(report, named, dims, filters(where, known), top, zone=zone)

    def _warned(self, ask: Callable[[Engine], Table]) -> Table:
        """An answer in which prices matter."""
        engine = self.engine()
        return warned(ask(engine), engine, self._lists())

    def _lists(self) -> Prices:
        return self._prices or Prices.with_own()
