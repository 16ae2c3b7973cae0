"""Summary: a month on a page: what was spent, against last month and the budget, why it changed, what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.filter import Filter
from tallystick.core.message import note
from tallystick.core.money import EXACT, plain, rounded
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import MOST
from tallystick.core.time import DAY, Grain, Window
from tallystick.core.time_words import When, month_of
from tallystick.outlook.anomalies.news import of_month
from tallystick.outlook.budget_scope import BudgetScope
from tallystick.outlook.budgets import note_of
from tallystick.outlook.changes import TOP, by_dimension, days_of, decimal, money, why
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import Forecast, history
from tallystick.outlook.forecaster import of_period
from tallystick.outlook.spenders import spenders
from tallystick.query.charge_source import from_sums
from tallystick.query.closings import CHARGE, closings
from tallystick.query.conditions import equals, within
from tallystick.query.context import Context
from tallystick.query.facts import foresee
from tallystick.query.gaps import LOST
from tallystick.query.month_state import month_state
from tallystick.query.names import directory, one_organization
from tallystick.query.report import NOT_BILLED, ChargeSum, Parameter, Report
from tallystick.query.since_closed import otherwise
from tallystick.query.unused import AFTER, BEFORE, credited
from tallystick.reports import cache, variance
from tallystick.reports.cache import CACHED
from tallystick.reports.unexplained import unexplained

_CACHE = ("model", "tier", "cache_read", "hit_rate", "saved", "extra_5m", "extra_1h", "net")


@dataclass(frozen=True)
class Summary:
    """What a summary is made from: one organization's month, of all of it or of one team.

    `window` are the month's days up to now, `against` as many of the month before it.
    """

    context: Context
    organization: str
    name: str
    team: str | None

    @cached_property
    def whole(self) -> Window:
        """The whole month."""
        return Grain.MONTH.around(month_of(self.name, self.context.now).start)

    @cached_property
    def window(self) -> Window:
        """The ended days of the month; empty on its first."""
        return self.whole & Window(self.whole.start, max(Grain.DAY.floor(self.context.now), self.whole.start))

    @cached_property
    def against(self) -> Window:
        """The month before it, or as many days from its start where this one has not ended."""
        before = Grain.MONTH.around(self.whole.start - DAY)
        if self.window == self.whole:
            return before
        return before & Window(before.start, before.start + (self.window.end - self.window.start))

    @property
    def where(self) -> dict[str, Filter]:
        """What every question holds fixed."""
        return {"organization": Filter.of(self.organization), **({"team": Filter.of(self.team)} if self.team else {})}

    def document(self) -> Document:
        """The summary; InvalidQuestion for a month that has not begun or a team that no rule has."""
        of_organization = {"organization": Filter.of(self.organization)}
        past = self.whole if self.whole.end <= self.context.now else history(self.context.now)
        span = Window(min(self.against.start, past.start), max(self.whole.end, past.end))
        foresee(self.context.engine, Question("summary", span, (), of_organization))
        ahead, daily, known = of_period(self.context, self.where, self.whole)
        days = [day for day in known if day.day in self.whole.days()]
        changed = self._change() if self.window else None
        saved = None
        if self.window and not self.team:
            question = Question("cache", self.window, ("model",), self.where, TOP)
            saved = cache.answer(self.context.engine, question, self.context.now, self.context.prices)
        name = directory(self.context.engine, "organization").get(self.organization, self.organization)
        scope = BudgetScope(self.organization, {self.organization, name}, self.team)
        end = max(Grain.DAY.after(Grain.DAY.floor(self.context.now)), self.whole.start)
        spending, astray = scope.table(self.context, Window(self.whole.start, min(self.whole.end, end)))
        own = [row for row in (spending.rows if spending else ()) if row["scope"] in scope.labels]
        sections = [
            Section("Each day", _each(days), chart=Chart("columns", "day", ("spent",), alone=True)),
            *(why(changed, self.window, self.against) if changed else ()),
            *(self._by_dimension(changed) if changed else ()),
            *([Section("Budgets", spending)] if spending else ()),
            *(of_month(self.context, self.organization, self.window) if self.window and not self.team else ()),
            *([Section("Caching", saved.of_columns(_CACHE), (_CACHING,))] if saved else ()),
        ]
        messages = [
            *map(note, self._closed()),
            *otherwise(self.context.engine, self.whole, self.context.owners),
            *astray,
        ]
        messages += [*(changed.messages if changed else ()), *daily.messages]
        subject = f"team {self.team}" if self.team else "all teams"
        credit = credited(self.context.engine, Question("summary", self.whole, (), of_organization))
        return Document(
            "summary",
            f"Claude in {self.whole.start:%B %Y}",
            f"{name}, {subject}. UTC days, US dollars as billed, {AFTER if credit else BEFORE}.",
            tuple(sections),
            tuple(self._figures(days, ahead, changed, saved, own)),
            tuple(messages),
            {
                "month": self.name,
                "organization": self.organization,
                "team": self.team,
                "as_of": self.context.engine.version.identity,
            },
            headline=month_state(self.context.engine, self.organization, self.name, self.context.now).sentence(
                self.context.now.date()
            ),
        )

    def _figures(
        self,
        days: Sequence[Day],
        ahead: Forecast,
        changed: Table | None,
        saved: Table | None,
        budgets: Sequence[Mapping[str, Cell]],
    ) -> list[Figure]:
        ended = [day for day in days if day.day < self.context.now.date()]
        known = [day for day in ended if day.basis is Basis.BILLED]
        missing = [day for day in ended if day.basis is Basis.ABSENT]
        provisional = len(changed.coverage["provisional"]) if changed else 0
        billed = ahead.billed if known else None
        source = Question("summary", self.window, (), self.where, against=self.against)
        figures = [Figure(money("billed"), billed, f"exactly {plain(billed)}" if billed is not None else "", source)]
        if ahead.used:
            figures.append(
                Figure(
                    money("not billed yet"),
                    ahead.used,
                    "priced usage of days without a bill yet",
                    replace(source, window=self.whole),
                )
            )
        if changed and changed.totals["before"] is not None:
            growth, before = changed.totals["growth"], changed.totals["before"]
            word = "none" if not before and not changed.totals["after"] else _signed(growth)
            note = f"{word} against {days_of(self.against)}, {rounded(decimal(before)):,}"
            figures.append(Figure(money("change"), changed.totals["change"], note, source))
        if ahead.window.end > self.context.now:
            figures.append(Figure(money("forecast to the end of the month"), ahead.expected, ahead.range_text))
        figures += [
            Figure(Heading("budget used", Kind.RATIO), row["used"], note_of(row))
            for row in budgets
            if row["budget"] is not None
        ]
        if saved:
            figures.append(Figure(money("saved by caching, net"), saved.totals["net"], "at list price", source))
        if not self.team and self.window:
            figures.append(self._residual())
        note = f"of {len(self.whole.days())}; {provisional} provisional" + (
            f"; {len(missing)} absent" if missing else ""
        )
        late = [day for day in ended if day.basis in {Basis.USED, Basis.PART} and day.used]
        note += f"; {len(late)} not billed yet" if late else ""
        figures.append(Figure(Heading("billed days", Kind.COUNT), len(known), note, source))
        return figures

    def _by_dimension(self, changed: Table) -> Iterator[Section]:
        question = Question("variance", self.window, self._dims(), self.where, against=self.against)
        for dim, amounts in spenders(self.context.engine, question, self.context.owners).items():
            yield by_dimension(dim, amounts, directory(self.context.engine, dim), changed)

    def _change(self) -> Table:
        question = Question("variance", self.window, ("model", "kind"), self.where, against=self.against)
        return variance.answer(self.context.engine, question, self.context.now, self.context.owners)

    def _dims(self) -> tuple[str, ...]:
        return (*(("team",) if self.context.owners.rules and not self.team else ()), "workspace", "model", "key")

    def _residual(self) -> Figure:
        """What no cause accounts for of the month's bill; None where nothing of it is known."""
        question = Question("reconcile", self.window, (), self.where)
        context = self.context
        amount, coverage = unexplained(context.engine, question, context.prices, context.now)
        unread = coverage.get(LOST, {}).get("unread", ())
        without = f"; without {', '.join(unread[:MOST])}, not read" if unread else ""
        source = replace(question, report="summary")
        return Figure(money("unexplained"), amount, f"of the bill, by no named cause{without}", source)

    def _closed(self) -> list[str]:
        """What to say of a month that is closed: what was restated since is not in its statements."""
        closing = closings(self.context.engine, self.organization).get(self.name)
        if closing is None:
            return []
        if self.team:
            return ["What was restated since it was closed is in this summary, and in no statement of that month."]
        query = select("sum(billed) AS billed").from_("ledger.charges").where(within(self.whole, months=True))
        query = query.where(equals("organization", self.organization))
        rows = self.context.engine.rows(from_sums(self.context.engine, query))
        now = rows[0]["billed"] or Decimal(0)
        off = EXACT.subtract(now, closing.billed[CHARGE])
        return [f"What was restated since it was closed, {plain(off)} USD, is in this summary."] if off else []


_CACHING = (
    "saved is what the reads would have cost as plain input, less what they cost; extra is what the writes cost above "
    "plain input; net is what is left. At list price, without priority tier."
)


def _each(days: Sequence[Day]) -> Table:
    """What was spent on each day; of one that is absent it is unknown."""
    headings = (
        Heading("day", Kind.DIMENSION),
        money("spent"),
        money("billed"),
        money("not_billed_yet"),
        Heading("known", Kind.TEXT),
    )
    cells: list[tuple[Cell, ...]] = [
        (
            str(day.day),
            None if day.basis is Basis.ABSENT else day.spent,
            day.billed if day.basis is Basis.BILLED or day.billed else None,
            None if day.basis is Basis.ABSENT else day.used,
            str(day.basis),
        )
        for day in days
    ]
    return Table(None, headings, cells, {})


def _signed(growth: Cell) -> str:
    return "new" if growth is None else f"{rounded(decimal(growth) * 100, 1):+} %"


def summary(context: Context, month: When | None, team: str | None, organization: str | None) -> Document:
    """The summary of a month (2026-10, the last ended one unless said), of a team or of all."""
    name = f"{month_of(month, context.now).start:%Y-%m}"
    id_ = one_organization(context.engine, organization, name)
    return Summary(context, id_, name, team).document()


REPORT = Report(
    summary,
    (
        Parameter("month", "The month, as 2026-10 or mtd; by default last-month.", metavar="MONTH"),
        Parameter("team", "Only one team of the owner rules.", metavar="TEAM"),
        Parameter("organization", "Only this organization, where the ledger has several.", metavar="ID"),
    ),
    "Compares the month with the one before. --output summary.html or summary.pdf makes a page with pictures, to "
    "print or to send.",
    charges={
        **dict.fromkeys(("billed", "after"), ChargeSum("billed", "billed")),
        **dict.fromkeys(("not billed yet", "not_billed_yet"), NOT_BILLED),
        **dict.fromkeys(("billed days", "unexplained", "share"), ChargeSum(half="billed")),
        "change": ChargeSum(half="billed", both=True),
        "spent": ChargeSum(),
        "before": ChargeSum("billed", "billed", before=True),
        "saved by caching, net": ChargeSum(half="used", kinds=CACHED),
    },
    no_charges="A forecast, a budget, or computed from the figures beside it.",
)
