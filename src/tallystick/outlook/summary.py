"""Summary: a month on a page: what was spent, against last month and the budget, why it changed, what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import MOST
from tallystick.core.time import DAY, Grain, Window
from tallystick.core.time_words import When, month_of
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.outlook import budgets as budgeted
from tallystick.outlook.daily_spend import Day, How
from tallystick.outlook.pace import Pace, pace, reading
from tallystick.query.closed_months import CHARGE, closings
from tallystick.query.context import Context
from tallystick.query.filters import within
from tallystick.query.gaps import LOST
from tallystick.query.grouping import OTHERS
from tallystick.query.names import apart, directory, organizations
from tallystick.query.report import Parameter, Report
from tallystick.query.since_closed import otherwise
from tallystick.query.unused import AFTER, BEFORE, credited
from tallystick.reports import cache, reconcile, variance
from tallystick.store.engine import Engine
from tallystick.tally.budgets import Budgets
from tallystick.tally.owners import Owners
from tallystick.tally.price_lists import Prices

TOP = 10
"""Rows of a table of the summary; the rest stands in one."""
_USD = "USD"
_CACHE = ("model", "tier", "cache_read", "hit_rate", "saved", "extra_5m", "extra_1h", "net")
_BUDGET = ("name", "scope", "period", "status", "budget", "spent", "left", "used", "pace")


@dataclass(frozen=True)
class Summary:
    """What a summary is made from: one organization's month, of all of it or of one team.

    `window` are the month's days up to now, `against` as many of the month before it.
    """

    engine: Engine
    organization: str
    name: str
    team: str | None
    owners: Owners
    budgets: Budgets
    prices: Prices
    now: datetime

    @property
    def whole(self) -> Window:
        """The whole month."""
        return Grain.MONTH.around(month_of(self.name, self.now).start)

    @property
    def window(self) -> Window:
        """The ended days of the month; empty on its first."""
        return self.whole & Window(self.whole.start, max(Grain.DAY.floor(self.now), self.whole.start))

    @property
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
        daily = reading(self.engine, [self.whole], self.now, self.owners)
        known = daily.of(self.where)
        days = [day for day in known if day.day in self.whole.days()]
        ahead = pace(known, self.whole, self.now)
        changed = self._change(("model", "kind")) if self.window else None
        saved = self._cache() if self.window and not self.team else None
        spending, astray = self._budgets()
        sections = [
            Section("Each day", _each(days), chart=Chart("columns", "day", ("spent",), alone=True)),
            *(self._why(changed) if changed else ()),
            *(self._by(dim) for dim in self._dims() if self.window),
            *([Section("Budgets", spending)] if spending else ()),
            *([Section("Caching", _columns(saved, _CACHE), (_CACHING,))] if saved else ()),
        ]
        messages = [*map(note, self._closed()), *otherwise(self.engine, self.whole, self.owners), *astray]
        messages += [*(changed.messages if changed else ()), *daily.messages]
        subject = f"team {self.team}" if self.team else "all teams"
        where = {"organization": Filter.of(self.organization)}
        credit = credited(self.engine, Question("summary", self.whole, (), where))
        called = directory(self.engine, "organization").get(self.organization, self.organization)
        return Document(
            "summary",
            f"Claude in {self.whole.start:%B %Y}",
            f"{called}, {subject}. UTC days, US dollars as billed, {AFTER if credit else BEFORE}.",
            tuple(sections),
            tuple(self._figures(days, ahead, changed, saved, spending)),
            tuple(messages),
            {
                "month": self.name,
                "organization": self.organization,
                "team": self.team,
                "as_of": self.engine.version.spoken,
            },
        )

    def _figures(
        self, days: Sequence[Day], ahead: Pace, changed: Table | None, saved: Table | None, spending: Table | None
    ) -> list[Figure]:
        ended = [day for day in days if day.day < self.now.date()]
        known = [day for day in ended if day.how is How.BILLED]
        missing = [day for day in ended if day.how is How.ABSENT]
        provisional = len(changed.coverage["provisional"]) if changed else 0
        billed = ahead.billed if known else None
        figures = [Figure(_money("billed"), billed, f"exactly {plain(billed)}" if billed is not None else "")]
        if ahead.used:
            figures.append(Figure(_money("not billed yet"), ahead.used, "priced usage of days without a bill yet"))
        if changed and changed.totals["before"] is not None:
            growth, before = changed.totals["growth"], changed.totals["before"]
            word = "none" if not before and not changed.totals["after"] else _signed(growth)
            note = f"{word} against {_days(self.against)}, {rounded(_decimal(before)):,}"
            figures.append(Figure(_money("change"), changed.totals["change"], note))
        if ahead.window.end > self.now:
            note = f"80 % range {_range(ahead)}" if ahead.low is not None else "too few days are known for a range"
            figures.append(Figure(_money("pace to the end of the month"), ahead.expected, note))
        for row in spending.rows if spending else ():
            if row["scope"] in self._own() and row["budget"] is not None:
                note = f"of {rounded(_decimal(row['budget'])):,} USD, {row['period']}: {row['status']}"
                figures.append(Figure(Heading("budget used", Kind.RATIO), row["used"], note))
        if saved:
            figures.append(Figure(_money("saved by caching, net"), saved.totals["net"], "at list price"))
        if not self.team and self.window:
            figures.append(self._residual())
        note = f"of {len(self.whole.days())}; {provisional} provisional" + (
            f"; {len(missing)} absent" if missing else ""
        )
        late = [day for day in ended if day.how in {How.USED, How.PART} and day.used]
        note += f"; {len(late)} not billed yet" if late else ""
        figures.append(Figure(Heading("billed days", Kind.COUNT), len(known), note))
        return figures

    def _own(self) -> set[str]:
        """How the scope of a budget is spoken that is of all that the summary is of."""
        scope = f"organization = {self.organization}"
        if self.team is None:
            return {"everything", scope}
        return {f"team = {self.team}", f"{scope}, team = {self.team}", f"team = {self.team}, {scope}"}

    def _change(self, by: tuple[str, ...]) -> Table:
        question = Question("variance", self.window, by, self.where, against=self.against)
        return variance.answer(self.engine, question, self.now, self.owners)

    def _why(self, changed: Table) -> list[Section]:
        """The three effects, and the lines that changed most."""
        if changed.totals["change"] is None:
            return [Section("Why it changed", words=(f"Nothing is known of {_days(self.against)}.",))]
        effects = [(name, changed.totals[name]) for name in ("price", "volume", "mix")]
        headings = (Heading("effect", Kind.TEXT), _money("amount"))
        effect_table = Table(None, headings, effects, {"amount": changed.totals["change"]})
        words = f"{_days(self.window)} against {_days(self.against)}: price, volume and mix add up to the change."
        most = _columns(replace(changed, cells=changed.cells[:TOP], totals={}), _MOST)
        return [
            Section("Why it changed", effect_table, (words,), Chart("bars", "effect", ("amount",))),
            Section("What changed most", most),
        ]

    def _dims(self) -> tuple[str, ...]:
        return (*(("team",) if self.owners.rules and not self.team else ()), "workspace", "model", "key")

    def _by(self, dim: str) -> Section:
        """What was spent by a dimension, the largest first, beside the days it is compared with."""
        table = self._change((dim,))
        rows = sorted(table.rows, key=lambda row: (-_decimal(row["after"] or 0), str(row[dim])))
        called = apart({str(row[dim]): str(row.get(f"{dim}_name", row[dim])) for row in rows})
        money = ("after", "before", "change")
        figures: list[tuple[str, dict[str, Cell]]] = [
            (called[str(row[dim])], {name: row[name] for name in money}) for row in rows[:TOP]
        ]
        if rest := rows[TOP:]:
            figures.append((OTHERS, {name: _sum([row[name] for row in rest]) for name in money}))
        column_totals = table.totals
        cells = [
            (
                name,
                amounts["after"],
                _share(amounts["after"], column_totals["after"]),
                amounts["before"],
                amounts["change"],
            )
            for name, amounts in figures
        ]
        headings = (
            Heading(dim, Kind.NAME),
            _money("billed"),
            Heading("share", Kind.RATIO),
            _money("before"),
            _money("change"),
        )
        totals = {
            "billed": column_totals["after"],
            "before": column_totals["before"],
            "change": column_totals["change"],
        }
        return Section(f"By {dim}", Table(None, headings, cells, totals), chart=Chart("bars", dim, ("billed",)))

    def _cache(self) -> Table:
        question = Question("cache", self.window, ("model",), self.where, TOP)
        return cache.answer(self.engine, question, self.now, self.prices)

    def _residual(self) -> Figure:
        """What no cause accounts for of the month's bill; None where nothing of it is known."""
        table = reconcile.answer(self.engine, Question("reconcile", self.window, (), self.where), self.prices, self.now)
        unread = table.coverage.get(LOST, {}).get("unread", ())
        without = f"; without {', '.join(unread[:MOST])}, not read" if unread else ""
        note = f"of the bill, by no named cause{without}"
        zero = table.coverage["present"] and not table.rows and not table.coverage.get(LOST)
        return Figure(
            _money("unexplained"), table.totals["unexplained"] if table.rows else total([]) if zero else None, note
        )

    def _budgets(self) -> tuple[Table | None, list[Message]]:
        """The budgets of the organization, or of the team, in force at the month's end or now; what is wrong with some.

        In a ledger of several organizations one that names none is told here of this one alone.
        """
        end = Grain.DAY.after(Grain.DAY.floor(self.now))
        window = Window(self.whole.start, min(self.whole.end, max(end, self.whole.start)))
        organization_ids = (self.organization,)
        known = {*organization_ids, directory(self.engine, "organization").get(self.organization)}
        own_budgets = [
            replace(
                budget,
                scope=budget.scope
                if len(organizations(self.engine)) == 1
                else {"organization": organization_ids, **budget.scope},
            )
            for budget in self.budgets.rows
            if (not self.team or budget.scope.get("team") == (self.team,))
            and known & {*budget.scope.get("organization", organization_ids)}
        ]
        warnings: list[Message] = []
        tables: list[Table] = []
        for budget in own_budgets:
            try:
                tables.append(budgeted.answer(self.engine, Budgets((budget,)), window, self.now, self.owners))
            except InvalidQuestion as wrong:
                warnings.append(warning(f"A budget is left out. {wrong.what}"))
        cells = [cell for table in tables for cell in table.cells]
        return (_columns(replace(tables[0], cells=cells), _BUDGET) if cells else None), warnings

    def _closed(self) -> list[str]:
        """What to say of a month that is closed: what was restated since is not in its statements."""
        closing = closings(self.engine, self.organization).get(self.name)
        if closing is None:
            return []
        sentence = f"{self.name} was closed on {closing.at:%Y-%m-%d}."
        if self.team:
            return [f"{sentence} What was restated since is in this summary, and in no statement of that month."]
        query = (
            exp.select(exp.alias_(exp.maybe_parse("sum(billed)"), "billed"))
            .from_(exp.table_(CHARGES.name, db="ledger"))
            .where(within(self.whole, months=True))
            .where(exp.column("organization").eq(exp.Literal.string(self.organization)))
        )
        now = self.engine.ask(query).to_pylist()[0]["billed"] or Decimal(0)
        off = EXACT.subtract(now, closing.billed[CHARGE])
        return [sentence + (f" What was restated since, {plain(off)} USD, is in this summary." if off else "")]


_MOST = ("model", "kind", "before", "after", "change", "price", "volume", "mix")
_CACHING = (
    "saved is what the reads would have cost as plain input, less what they cost; extra is what the writes cost above "
    "plain input; net is what is left. At list price, without priority tier."
)


def _each(days: Sequence[Day]) -> Table:
    """What was spent on each day; of one that is absent it is unknown."""
    headings = (
        Heading("day", Kind.DIMENSION),
        _money("spent"),
        _money("billed"),
        _money("not_billed_yet"),
        Heading("known", Kind.TEXT),
    )
    cells: list[tuple[Cell, ...]] = [
        (
            str(day.day),
            None if day.how is How.ABSENT else day.spent,
            day.billed if day.how is How.BILLED or day.billed else None,
            None if day.how is How.ABSENT else day.used,
            str(day.how),
        )
        for day in days
    ]
    return Table(None, headings, cells, {})


def _columns(table: Table, names: Sequence[str]) -> Table:
    """The table with these of its columns."""
    places = [index for name in names for index, heading in enumerate(table.headings) if heading.name == name]
    return replace(
        table,
        headings=tuple(table.headings[index] for index in places),
        cells=[tuple(row[index] for index in places) for row in table.cells],
        totals={name: cell for name, cell in table.totals.items() if name in names},
        messages=(),
    )


def _money(name: str) -> Heading:
    return Heading(name, Kind.MONEY, _USD)


def _decimal(cell: Any) -> Decimal:
    return cell if isinstance(cell, Decimal) else Decimal(cell)


def _sum(cells: Sequence[Cell]) -> Cell:
    """The exact sum; None where one is unknown."""
    return None if None in cells else total([_decimal(cell) for cell in cells])


def _share(part: Cell, amount: Cell) -> Cell:
    return None if part is None or amount is None else ratio(_decimal(part), _decimal(amount))


def _signed(growth: Cell) -> str:
    return "new" if growth is None else f"{rounded(_decimal(growth) * 100, 1):+} %"


def _range(ahead: Pace) -> str:
    return f"{rounded(_decimal(ahead.low)):,} to {rounded(_decimal(ahead.high)):,}"


def _days(window: Window) -> str:
    """A window in words: a whole month by its name."""
    if window and window == Grain.MONTH.around(window.start):
        return f"{window.start:%Y-%m}"
    return f"{window.start:%Y-%m-%d} to {window.end - DAY:%Y-%m-%d}"


def summary(
    engine: Engine,
    organizations: Mapping[str, str],
    month: When | None,
    team: str | None,
    organization: str | None,
    owners: Owners,
    budgets: Budgets,
    prices: Prices,
    now: datetime,
) -> Document:
    """The summary of a month (2026-10, the last ended one unless said), of a team or of all.

    `organizations` are those of the ledger, id to name: of several one must be named.
    """
    chosen = [id_ for id_, name in organizations.items() if organization in {None, id_, name}]
    if not organizations:
        raise LedgerError("No day is in the ledger yet.", "`tallystick sync` reads them.")
    if len(chosen) != 1:
        raise InvalidQuestion(
            "The ledger holds several organizations."
            if chosen
            else f"The ledger has no organization {organization!r}.",
            f"Name one with --organization: {', '.join(organizations)}.",
        )
    name = f"{month_of(month, now).start:%Y-%m}"
    return Summary(engine, chosen[0], name, team, owners, budgets, prices, now).document()


def _ask(context: Context, month: When | None, team: str | None, organization: str | None) -> Document:
    names = directory(context.engine, "organization")
    known = {id_: names.get(id_, id_) for id_ in organizations(context.engine)}
    return summary(
        context.engine, known, month, team, organization, context.owners, context.budgets, context.prices, context.now
    )


REPORT = Report(
    _ask,
    (
        Parameter("month", "As 2026-10 or mtd; by default last-month.", metavar="MONTH"),
        Parameter("team", "Of one team of the owners' rules.", metavar="TEAM"),
        Parameter("organization", "Which, in a ledger of several organizations.", metavar="ID"),
    ),
    "What was spent and on what, against the month before and the budget, why it changed. With --output summary.html "
    "or summary.pdf a page with pictures, to print or to send.",
)
