"""Profile: one key, person, team, model or workspace: its spend, its share, who owns it, its status, its last use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tallystick.core.dimensions import UNKNOWN
from tallystick.core.document import Document, Figure, Section
from tallystick.core.filter import Filter
from tallystick.core.money import ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import did_you_mean, few
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import UnknownName
from tallystick.outlook import budgets as budget_report
from tallystick.outlook.anomalies.news import lasting
from tallystick.outlook.forecaster import forecaster
from tallystick.outlook.roster import Roster, dimension_of, month_spans
from tallystick.query.context import Context
from tallystick.query.names import entries
from tallystick.query.report import NOT_BILLED, ChargeSum, Form, Parameter, Report
from tallystick.reports import keys
from tallystick.store.views import NAMED_BY
from tallystick.tally.budgets import Budgets

CALLED = {"actor": "person"}
"""What people call a dimension."""
LIMITED = ("key", "workspace", "actor")
"""What the API can set limits for: by itself, or by its workspace."""
LIMITS = "limits"
LIVE = "ask the API: tallystick limits"
"""Limits are the present's, and no ledger keeps them."""
_KEY = {
    "cost_center": "cost center",
    "status": "status",
    "attention": "needs attention",
    "workspace_name": "workspace",
    "creator": "created by",
    "ended": "ended",
}
"""What `keys` tells of a key that a profile shows, and how it is called there."""


@dataclass(frozen=True)
class Profile:
    """What a profile is made from: the rows of the roster that are of one id, one in each organization that has it."""

    context: Context
    dimension: str
    id: str
    name: str
    rows: Sequence[Mapping[str, Cell]]
    roster: Table
    window: Window

    def document(self) -> Document:
        """Make the profile: figures, and a table of what else is known of it."""
        about = [(name, value) for name, value in self._about() if value]
        headings = (Heading("what", Kind.TEXT), Heading("value", Kind.TEXT))
        kind = CALLED.get(self.dimension, self.dimension)
        return Document(
            "profile",
            self.name,
            f"{kind.capitalize()} {self.id}",
            (Section("About", Table(None, headings, about, {})),),
            tuple(self._figures()),
            self.roster.messages,
            {
                "dimension": self.dimension,
                "id": self.id,
                "name": self.name,
                "about": dict(about),
                "as_of": self.context.engine.version.identity,
            },
            headline=lasting(self.context, self.dimension, self.id),
        )

    def _figures(self) -> Iterator[Figure]:
        month, before, recent = (self._sum(name) for name in ("this_month", "same_days_before", "last_30_days"))
        note = "" if before is None else f"{rounded(before):,} on the same days before"
        if len(self.rows) == 1 and isinstance(growth := self.rows[0]["growth"], Decimal) and before is not None:
            note = f"{rounded(growth * 100, 1):+} % against the same days before ({rounded(before):,})"
        where = {self.dimension: Filter.of(self.id)}
        of_month = Question("profile", month_spans(self.context.now)[0], (), where)
        yield Figure(Heading("this month", Kind.MONEY, "USD"), month, note, of_month)
        now = self.context.now
        window = Grain.MONTH.around(now)
        ahead = forecaster(self.context, [window]).of(where, window)
        if ahead.used:
            used = replace(of_month, window=Window(window.start, Grain.DAY.after(Grain.DAY.floor(now))))
            text = "use without a bill, at list price"
            yield Figure(Heading("not billed yet", Kind.MONEY, "USD"), ahead.used, text, used)
        if ahead.window.end > now:
            yield Figure(
                Heading(f"forecast to {window.end - DAY:%d %b}", Kind.MONEY, "USD"), ahead.expected, ahead.range_text
            )
        total_amount = self.roster.totals.get("last_30_days")
        part = ""
        if (
            isinstance(total_amount, Decimal)
            and recent is not None
            and (share := ratio(recent, total_amount)) is not None
        ):
            part = f"{rounded(share * 100, 1)} % of {rounded(total_amount):,} in all"
        of_days = replace(of_month, window=self.roster.question.window) if self.roster.question else None
        yield Figure(Heading("last 30 days", Kind.MONEY, "USD"), recent, part, of_days)
        last = max((str(row["last_used"]) for row in self.rows if row["last_used"]), default=None)
        yield Figure(Heading("last used", Kind.TEXT), last or "never", "" if last else "no use is in the ledger")
        yield from self._budgets()

    def _sum(self, name: str) -> Decimal | None:
        amounts = [amount for row in self.rows if isinstance(amount := row[name], Decimal)]
        return total(amounts) if len(amounts) == len(self.rows) else None

    def _budgets(self) -> Iterator[Figure]:
        """The budgets that are of it and of nothing else."""
        context = self.context
        names = {self.id, self.name}
        rows = tuple(
            budget
            for budget in context.budgets.rows
            if budget.scope.keys() == {self.dimension} and names & {*budget.scope[self.dimension]}
        )
        if not rows:
            return
        today = Window.of_day(context.now.date())
        table = budget_report.answer(context, Budgets(rows), today)
        for row in table.rows:
            name = f"budget {row['name'] or row['period']}"
            yield Figure(Heading(name, Kind.RATIO), row["used"], budget_report.note_of(row))

    def _about(self) -> Iterator[tuple[str, str]]:
        """What is known of it beside its figures, each a name and a text."""
        yield "id", self.id
        if self.dimension in LIMITED:
            yield LIMITS, LIVE
        if self.dimension == "key":
            yield from self._about_key()
            return
        for name in ("status", "team") if self.dimension != "team" else ():
            texts = dict.fromkeys(str(row[name]) for row in self.rows if row.get(name))
            yield "owner" if name == "team" else name, ", ".join(texts)
        if self.dimension == "team":
            centers = dict.fromkeys(
                rule.cost_center for rule in self.context.owners.rules if self.id in {team for team, _ in rule.teams}
            )
            yield "cost center", ", ".join(centers)
            rules = [rule for rule in self.context.owners.rules if self.id in {team for team, _ in rule.teams}]
            yield "owns", "; ".join(rule.label for rule in rules)
            return
        types = [name for name in NAMED_BY.get(self.dimension, ()) if name != "organization"]
        for row in entries(self.context.engine):
            if row["id"] != self.id or row["type"] not in types:
                continue
            yield "type", "" if self.dimension != "actor" else str(row["type"]).replace("_", " ")
            yield "e-mail", row["email"] or ""
            yield "created", (row["created_at"] or "")[:10]
            yield "ended", (row["ended_at"] or "")[:10]

    def _about_key(self) -> Iterator[tuple[str, str]]:
        """What the report of keys tells of one."""
        context = self.context
        question = Question("keys", self.window, ())
        for row in keys.keys(context.engine, question, context.owners, context.now).rows:
            if row["key"] == self.id:
                yield "owner", str(row["team"])
                for name, word in _KEY.items():
                    text = str(row[name] or "")
                    yield word, "" if text in {"none", UNKNOWN} else text


def profile(context: Context, dimension: str, value: str) -> Document:
    """The profile of what has that id, else that name; UnknownName where nothing has it, or several have the name."""
    dimension = dimension_of(dimension)
    roster = Roster(context.engine, dimension, context.owners, context.prices, context.now)
    table = context.warned(roster.table())
    ids = {str(row[dimension]): str(row.get(f"{dimension}_name", row[dimension])) for row in table.rows}
    matches = [value] if value in ids else [id_ for id_, name in ids.items() if name == value]
    if len(matches) != 1:
        kind = CALLED.get(dimension, dimension)
        several = f" Several have the name: {few(matches)}." if matches else ""
        hint = several.strip() or did_you_mean(value, {*ids, *ids.values()}) or f"`tallystick roster {kind}` lists all."
        raise UnknownName(f"There is no {kind} {value!r} in the ledger.", hint)
    rows = [row for row in table.rows if row[dimension] == matches[0]]
    return Profile(
        context, dimension, matches[0], ids[matches[0]], rows, table, roster.spans["last_30_days"]
    ).document()


REPORT = Report(
    profile,
    (
        Parameter(
            "dimension", "What it is: key, actor (person), team, model or workspace.", Form.ARGUMENT, required=True
        ),
        Parameter("value", "Its id or its name.", Form.ARGUMENT, required=True),
    ),
    "DIMENSION is key, actor (or person), team, model or workspace; VALUE its id or name, as `roster` lists them.",
    priced=False,
    charges={
        "this month": ChargeSum("billed", "billed"),
        "not billed yet": NOT_BILLED,
        "last 30 days": ChargeSum("billed", "billed"),
    },
    no_charges="A forecast or a budget: no charge is behind it yet.",
)
