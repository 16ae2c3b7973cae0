"""Status: one screen of a ledger: this month against the last, its forecast, its days, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from shlex import quote
from typing import Any

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.filter import Filter, filter_texts
from tallystick.core.ledger_tables import CHARGES, STOP, SUCCESS
from tallystick.core.message import note, ordered
from tallystick.core.money import ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import minute
from tallystick.core.time import DAY, Grain, Window, spans, text
from tallystick.outlook import budgets as budget_report, drift
from tallystick.outlook.anomalies.news import news
from tallystick.outlook.daily_spend import DIMENSIONS, Basis, Day, scope
from tallystick.outlook.forecast import Forecast
from tallystick.outlook.forecaster import Forecaster, forecaster
from tallystick.outlook.month_so_far import MonthSoFar
from tallystick.query import gaps
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.grouping import answer
from tallystick.query.names import apart, directory, with_organizations
from tallystick.query.report import NOT_BILLED, ChargeSum, Report, Where, narrowed_by
from tallystick.reports import cache, freshness, keys, prices as price_report
from tallystick.reports.spend import SPEND

RECENT = 30
"""Ended days that the screen looks back on."""
TOP = 4
"""Rows of each table of the screen, the rest in one more."""
GRAVEST = 2
"""What needs attention that the screen has room for; `attention` in JSON has all."""
COMMANDS = ("spend --by key", "reconcile", "summary")
_NOT_LOOKED_AT = note("Not looked at: keys and retiring models, judged by all charges together.", is_general=True)
_ENDED = ("expired", "inactive", "archived", "deleted")
_ATTENTION = {
    "no owner": "Keys without an owner ({count}) spent {billed} USD in {days} days",
    "idle": "Active keys ({count}) without use",
    **{word: f"{word.capitalize()} keys ({{count}}) spent {{billed}} USD in {{days}} days" for word in _ENDED},
}
"""What deserves attention of keys, by the word that `keys` has for it."""


@dataclass(frozen=True)
class Status:
    """What the screen is made from.

    It is of the charges that `where` holds it to. What cannot be held so is left out and named.
    """

    context: Context
    where: Mapping[str, Filter] = field(default_factory=dict)
    news: Sequence[str] = ()

    def document(self) -> Document:
        """Make the screen as a Document; formats for data hold the same figures."""
        sections = [
            Section(
                f"Each day, {_span(self._recent)}",
                _shape(self._days),
                chart=Chart("columns", "day", ("spent",), alone=True),
            ),
            *(
                Section(f"Top {dim}s", self._top(dim), (f"last {RECENT} days",), beside=index > 0)
                for index, dim in enumerate(("workspace", "model"))
            ),
        ]
        attention = self._attention()
        if attention:
            count = len(attention) - GRAVEST
            title = "Needs attention" + (f" (+{count} more: tallystick status --json)" if count > 0 else "")
            sections.append(Section(title, words=tuple(attention[:GRAVEST])))
        if not self.where:
            sections.append(Section("Next", words=("   ".join(f"tallystick {words}" for words in COMMANDS),)))
        return Document(
            "status",
            self._title(),
            self._freshness(),
            tuple(sections),
            tuple(self._figures()),
            facts={
                "last_sync_at": _written(self._instant("read_at")),
                "last_success_at": _written(self._success),
                "data_until": _written(self._instant("refreshed_at")),
                "attention": attention,
                "as_of": self.context.engine.version.identity,
            },
            headline=self._so_far.headline or self._last_month.headline,
            telling=True,
            messages=(_NOT_LOOKED_AT,) if self.where else (),
        )

    @cached_property
    def _today(self) -> datetime:
        return Grain.DAY.floor(self.context.now)

    @cached_property
    def _month(self) -> Window:
        return Grain.MONTH.around(self.context.now)

    @cached_property
    def _recent(self) -> Window:
        return Window(self._today - DAY * RECENT, self._today)

    @cached_property
    def _forecaster(self) -> Forecaster:
        before = Grain.MONTH.around(self._month.start - DAY)
        return forecaster(self.context, [self._month, before])

    @cached_property
    def _known(self) -> list[Day]:
        """Every day of this month, of the month before it and of the weeks that a forecast looks at."""
        return self._forecaster.daily.of(self.where)

    @cached_property
    def _ahead(self) -> Forecast:
        return self._forecaster.of(self.where, self._month, self._known)

    @cached_property
    def _so_far(self) -> MonthSoFar:
        return MonthSoFar(self._month, self._known, self._ahead.blank)

    @property
    def _last_month(self) -> MonthSoFar:
        """The month before, which is looked back on while nothing of this one is billed."""
        return MonthSoFar(Grain.MONTH.around(self._month.start - DAY), self._known)

    @cached_property
    def _days(self) -> list[Day]:
        return [day for day in self._known if day.day in set(self._recent.days())]

    def _title(self) -> str:
        names = directory(self.context.engine, "organization")
        title = next(iter(names.values())) if len(names) == 1 else f"{len(names)} organizations"
        filter_words = [f"{name} {', '.join(texts)}" for name, texts in filter_texts(self.where).items()]
        return "; ".join((title if names else "Nothing is synced yet", *filter_words))

    def _freshness(self) -> str:
        parts = [f"Ledger version {self.context.engine.version.number}"]
        if synced := self._instant("read_at"):
            parts.append(f"last sync {minute(synced)}")
        if until := self._instant("refreshed_at"):
            parts.append(f"data complete up to {'then' if until == synced else minute(until)}")
        return ", ".join(parts)

    def _instant(self, column: str) -> datetime | None:
        """The newest instant of a column of the archive's index."""
        query = select(f"max({column}) AS newest").from_("ledger.pages").where(f"source != '{STOP}'")
        newest: datetime | None = self.context.engine.rows(query)[0]["newest"]
        return newest

    @property
    def _success(self) -> datetime | None:
        """When a sync last could read all that it was to read; of several organizations the one longest ago."""
        newest = f"max(CASE WHEN source = '{SUCCESS}' THEN read_at END) AS newest"
        query = select(newest).from_("ledger.pages").group_by("organization")
        instants: list[datetime | None] = [row["newest"] for row in self.context.engine.rows(query)]
        known = [when for when in instants if when]
        return min(known) if known and len(known) == len(instants) else None

    def _figures(self) -> list[Figure]:
        """This month against the same days of the last, its forecast, budgets, and what caching saved."""
        ahead = self._ahead
        days = self._month & Window(self._month.start, Grain.DAY.after(Grain.DAY.floor(self.context.now)))
        month = Question("status", days, (), self.where)
        figures = [Figure(_money("month to date"), ahead.so_far[0], self._so_far.against, month)]
        if ahead.used:
            note = "use without a bill so far, at list price"
            figures.append(Figure(_money("not billed yet"), ahead.used, note, month))
        if ahead.window.end > self.context.now:
            figures.append(
                Figure(_money(f"forecast to {ahead.window.end - DAY:%d %b}"), ahead.expected, ahead.range_text)
            )
        figures += self._spending()
        if {*self.where} - {*cache.CACHE.dimensions}:
            figures.append(Figure(_money("saved by caching"), None, f"not known by {', '.join(self.where)}"))
            return figures
        saved = self._caching()
        if saved.get("net") is not None:
            rate = saved["hit_rate"]
            note = f"last {RECENT} days" + (
                f", hit rate {rounded(Decimal(str(rate)) * 100, 1)} %" if rate is not None else ""
            )
            figures.append(Figure(_money("saved by caching"), saved["net"], note, self._question("status", ())))
        return figures

    def _spending(self) -> list[Figure]:
        """The budgets in force, the gravest first."""
        budgets = self.context.budgets.within(self.where)
        if not budgets.rows:
            return []
        table = budget_report.answer(self.context, budgets, Window.of_day(self.context.now.date()))
        rows = sorted(table.rows, key=lambda row: budget_report.GRAVEST.index(str(row["status"])))
        return [
            Figure(
                Heading(f"budget {row['name'] or row['scope']}", Kind.RATIO),
                row["used"],
                ("unknown; " if row["used"] is None else "") + budget_report.note_of(row),
            )
            for row in rows[:2]
        ]

    def _caching(self) -> Mapping[str, Any]:
        return cache.answer(
            self.context.engine, self._question("cache", ("model",)), self.context.now, self.context.prices
        ).totals

    def _question(self, report: str, by: tuple[str, ...], top: int | None = None) -> Question:
        return Question(report, self._recent, by, self.where, top)

    def _top(self, dim: str) -> Table:
        """The largest spenders of the recent days, with their share."""
        table = answer(
            SPEND, self.context.engine, self._question("spend", (dim,), TOP), self.context.now, self.context.owners
        )
        names = apart({str(row[dim]): str(row.get(f"{dim}_name", row[dim])) for row in table.rows})
        billed = table.totals["billed"]
        headings = (Heading(dim, Kind.DIMENSION), _money("billed"), Heading("share", Kind.RATIO))
        labels = with_organizations(self.context.engine, [names[str(row[dim])] for row in table.rows], table.rows)
        cells: list[tuple[Cell, ...]] = [
            (label, row["billed"], _share(row["billed"], billed)) for label, row in zip(labels, table.rows, strict=True)
        ]
        return Table(None, headings, cells, {})

    def _attention(self) -> list[str]:
        """What deserves a look, the gravest first: anomalies, unknown days, keys, models that retire."""
        coverage, _ = cover(self.context.engine, CHARGES, Question("spend", self._recent, ()), self.context.now)
        lines = [*self.news, *(message.text for message in ordered(gaps.messages(coverage, self.context.now)))]
        if coverage["absent"]:
            days = [day.day for day in self._days if day.basis is Basis.ABSENT]
            lines.append(f"{len(coverage['absent'])} days are not in the ledger: {spans(days)}. Run tallystick sync.")
        if self.where:
            return lines
        rows = keys.keys(self.context.engine, self._question("keys", ()), self.context.owners, self.context.now).rows
        for word, sentence in _ATTENTION.items():
            caught = [row for row in rows if word in str(row["attention"]).split(", ")]
            if caught:
                billed = rounded(total([amount for row in caught if isinstance(amount := row["billed"], Decimal)]))
                words = sentence.format(count=len(caught), billed=f"{billed:,}", days=RECENT)
                lines.append(f"{words}: tallystick keys --where attention={quote(word)}")
        return [
            *lines,
            *price_report.retiring(self.context.prices.in_force, self.context.engine, self.context.now.date()),
        ]


def _shape(days: Sequence[Day]) -> Table:
    """What was spent on each day; of one that is absent it is unknown."""
    headings = (Heading("day", Kind.DIMENSION), _money("spent"))
    return Table(None, headings, [(str(day.day), None if day.basis is Basis.ABSENT else day.spent) for day in days], {})


def _written(when: datetime | None) -> str | None:
    return text(when) if when else None


def _money(name: str) -> Heading:
    return Heading(name, Kind.MONEY, "USD")


def _share(part: Cell, amount: Cell) -> Decimal | None:
    return ratio(part, amount) if isinstance(part, Decimal) and isinstance(amount, Decimal) else None


def _span(window: Window) -> str:
    """A window by its first and last day."""
    return f"{window.start:%d %b} to {window.end - DAY:%d %b}"


def _ask(context: Context, where: Where) -> Document:
    lines = () if where else (*freshness.stale(context), *news(context), *drift.news(context))
    return Status(context, scope(where), lines).document()


REPORT = Report(
    _ask,
    (narrowed_by(DIMENSIONS),),
    teams=True,
    charges={
        "month to date": ChargeSum("billed", "billed"),
        "not billed yet": NOT_BILLED,
        "saved by caching": ChargeSum(half="used", kinds=cache.CACHED),
    },
    no_charges="A forecast or a budget: no charge is behind it yet.",
    about="`--json` has the same figures, all that needs attention, the last sync and how far the data is complete.",
)
