"""Roster: every key, person, team, model or workspace: this month and 30 days of spend, owner, status, last use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from tallystick.core.dimensions import NAMED, UNKNOWN, canonical
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, ratio, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import Select, select
from tallystick.core.text import choose
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_groups import label
from tallystick.query.conditions import within
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.month_source import from_months
from tallystick.query.names import dim_cells, dim_headings, dims_of, entries, named, shared, with_shared
from tallystick.query.owners import attribution
from tallystick.query.report import ChargeSum, Form, Parameter, Report
from tallystick.reports.variance import windows
from tallystick.store.engine import Engine
from tallystick.store.views import NAMED_BY
from tallystick.tally.owners import Owners
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.rules import UNOWNED

DIMENSIONS = ("key", "actor", "team", "model", "workspace")
"""What has a roster, and a profile of each in it."""
RECENT = 30
"""Ended days that are looked back on."""
NONE, DELETED, IN_USE = "none", "deleted", "in use"
"""The status of what the directory cannot have, of what it has no longer, and of a model that does not retire."""
_MONEY = ("this_month", "same_days_before", "last_30_days")
_OWNED = ("key", "actor", "workspace")
"""What is owned by teams as the rules say."""

Id = tuple[str, str]
"""An organization and an id in it."""
_Amounts = dict[Id, dict[str, Decimal]]


@dataclass(frozen=True)
class Roster:
    """What a roster is made from, at an instant."""

    engine: Engine
    dimension: str
    owners: Owners
    prices: Prices
    now: datetime

    @cached_property
    def spans(self) -> dict[str, Window]:
        """The windows of `_MONEY`: the ended days of the month, the same days before, the last 30 ended days."""
        today = Grain.DAY.floor(self.now)
        month, before = month_spans(self.now)
        return dict(zip(_MONEY, (month, before, Window(today - DAY * RECENT, today)), strict=True))

    def table(self) -> Table:
        """One row for each id, the largest spend of 30 days first; a window of which no day is known has None."""
        question = Question("roster", self.spans["last_30_days"], (self.dimension,))
        dims = dims_of(self.engine, question)
        names = named(self.engine, dims)
        coverages = {
            name: cover(self.engine, CHARGES, replace(question, by=(), window=span), self.now)
            for name, span in self.spans.items()
        }
        known = {name: bool(coverage["present"]) for name, (coverage, _) in coverages.items()}
        total_amount = total([amounts.get("last_30_days", Decimal(0)) for amounts in self._amounts.values()])
        ids = sorted(self._ids(), key=lambda id_: (-self._amounts.get(id_, {}).get("last_30_days", 0), id_))
        rows = []
        for id_ in ids:
            amounts = self._amounts.get(id_, {})
            money = {name: amounts.get(name, Decimal(0)) if known[name] else None for name in _MONEY}
            subject = {"organization": id_[0], self.dimension: id_[1]}
            rows.append(
                (
                    *dim_cells({dim: subject[dim] for dim in dims}, names),
                    *([self._status(id_)] if self.dimension != "team" else ()),
                    *([", ".join(self._teams.get(id_, ())) or UNOWNED] if self._has_owners else ()),
                    *money.values(),
                    _growth(money["this_month"], money["same_days_before"]),
                    ratio(money["last_30_days"], total_amount) if money["last_30_days"] is not None else None,
                    str(last) if (last := self._last.get(id_)) else None,
                )
            )
        name_of = names.get(self.dimension)
        several = {self.dimension: shared([id_[1] for id_ in ids], [name_of(id_[1]) for id_ in ids])} if name_of else {}
        headings = (
            *with_shared(dim_headings(dims, names), several),
            *([Heading("status", Kind.TEXT, drop_order=2)] if self.dimension != "team" else ()),
            *([Heading("team", Kind.TEXT, drop_order=2)] if self._has_owners else ()),
            *(Heading(name, Kind.MONEY, "USD", int(name == "same_days_before") * 3) for name in _MONEY),
            Heading("growth", Kind.RATIO, drop_order=3),
            Heading("share", Kind.RATIO, drop_order=1),
            Heading("last_used", Kind.TEXT),
        )
        coverage, covered = coverages["last_30_days"]
        sums: dict[str, Cell] = {
            name: total([amounts.get(name, Decimal(0)) for amounts in self._amounts.values()]) if known[name] else None
            for name in _MONEY
        }
        totals = sums | {"growth": _growth(sums["this_month"], sums["same_days_before"])}
        beside = (*covered, *self._messages())
        return Table(question, headings, rows, totals, beside, coverage, self.engine.version.identity)

    def _messages(self) -> Iterator[Message]:
        month, before = self.spans["this_month"], self.spans["same_days_before"]
        yield note(
            f"this_month is {_days(month)}, same_days_before {_days(before)}, last_30_days ended on "
            f"{(self.spans['last_30_days'].end - DAY).date()}."
        )

    @property
    def _has_owners(self) -> bool:
        return bool(self.owners.rules) and self.dimension in _OWNED

    @cached_property
    def _span(self) -> Window:
        """All days of the three windows."""
        return Window(min(span.start for span in self.spans.values()), max(span.end for span in self.spans.values()))

    def _ids(self) -> set[Id]:
        """Every id that was ever billed or used, and what the directory has or the rules name."""
        people = self.dimension == "actor"  # a key stands for a person where it used, and is no person in the directory
        ids = {
            *self._amounts,
            *self._last,
            *(id_ for id_, (type_, _) in self._listed.items() if not people or type_ != "key"),
        }
        if self.dimension == "team" and self.engine.organizations is None:
            [organization, *_] = [*{id_[0] for id_ in ids}, ""]
            ids |= {
                (organization, team) for team in self.owners.teams if team not in {id_ for _, id_ in ids} | {UNOWNED}
            }
        return ids

    @cached_property
    def _amounts(self) -> _Amounts:
        """What each was billed in each window, US dollars."""
        if not self.engine.holds(CHARGES):
            return {}
        if self.dimension == "team":
            return self._owned_amounts
        sums = [f"sum(billed) FILTER ({within(span)}) AS {name}" for name, span in self.spans.items()]
        query = self._grouped(*sums).where("billed IS NOT NULL", within(self._span, months=True))
        return {
            (row["organization"], row["id"]): {name: row[name] for name in _MONEY if row[name] is not None}
            for row in self.engine.rows(from_months(self.engine, query, self._span, *self.spans.values()))
        }

    @cached_property
    def _owned(self) -> list[dict[str, Any]]:
        """What each team was billed on each day of the windows."""
        question = Question("roster", self._span, ("day", "team"))
        sums = attribution(self.engine, question, self.owners).sums(["organization", label("day"), "team"])
        return [row | {"day": date.fromisoformat(row[label("day")])} for row in sums]

    @cached_property
    def _owned_amounts(self) -> _Amounts:
        amounts: _Amounts = {}
        days = {name: set(span.days()) for name, span in self.spans.items()}
        for row in self._owned:
            sums = amounts.setdefault((row["organization"], row["team"]), {})
            for name in (name for name in _MONEY if row["day"] in days[name]):
                sums[name] = EXACT.add(sums.get(name, Decimal(0)), row["billed"])
        return amounts

    @cached_property
    def _last(self) -> Mapping[Id, date]:
        """The last day of use of each, in all of the ledger; of a team, the last that it was billed for."""
        if not self.engine.holds(CHARGES):
            return {}
        if self.dimension == "team":
            last: dict[Id, date] = {}
            for row in self._owned:
                team = (row["organization"], row["team"])
                last[team] = max(last.get(team, row["day"]), row["day"])
            return last
        query = self._grouped("max(day) AS last").where("quantity IS NOT NULL")
        rows = self.engine.rows(from_months(self.engine, query))
        return {(row["organization"], row["id"]): row["last"] for row in rows}

    def _grouped(self, *columns: str) -> Select:
        query = select("organization", f"{self.dimension} AS id", *columns).from_("ledger.charges")
        return query.group_by("organization", self.dimension)

    @cached_property
    def _listed(self) -> Mapping[Id, tuple[str, str]]:
        """The type and status of each that the directory has."""
        return {
            (row["organization"], row["id"]): (
                row["type"],
                DELETED if row["status"] == "gone" else row["status"] or NONE,
            )
            for row in entries(self.engine)
            if row["type"] in NAMED_BY.get(self.dimension, ())
        }

    @cached_property
    def _teams(self) -> Mapping[Id, Iterable[str]]:
        """Who owns what of each was billed in the last 30 days."""
        question = Question("roster", self.spans["last_30_days"], (self.dimension,))
        charges = attribution(self.engine, question, self.owners)
        teams: dict[Id, dict[str, None]] = {}
        column = label(self.dimension)
        for row in sorted(charges.sums(["organization", column, "team"]), key=lambda row: str(row["team"])):
            if row["billed"]:
                teams.setdefault((row["organization"], row[column]), {})[row["team"]] = None
        return teams

    def _status(self, id_: Id) -> str:
        if self.dimension == "model":
            retires = self.prices.in_force.retires(id_[1])
            return NONE if id_[1] == NAMED["model"].absent else IN_USE if retires is None else f"retires {retires}"
        if id_ in self._listed:
            return self._listed[id_][1]
        if id_[1] in {NAMED[self.dimension].absent, UNKNOWN}:
            return NONE
        return DELETED if id_[0] in {organization for organization, _ in self._listed} else UNKNOWN


def _growth(now: Cell, before: Cell) -> Decimal | None:
    """The change to what it was; None where that is unknown or nothing."""
    if not isinstance(now, Decimal) or not isinstance(before, Decimal):
        return None
    return ratio(EXACT.subtract(now, before), before)


def _days(window: Window) -> str:
    return f"{window.start.date()} to {(window.end - DAY).date()}"


def month_spans(now: datetime) -> tuple[Window, Window]:
    """Return the ended days of the month, and the same days of the month before."""
    return windows((None, None, "mtd"), None, now)


def dimension_of(word: str) -> str:
    """Return the dimension of a roster that a word means, as people for actor; InvalidQuestion where none has one."""
    name = canonical(word, DIMENSIONS)
    if name not in DIMENSIONS:
        raise InvalidQuestion(f"There is no roster of {word!r}.", choose(word, DIMENSIONS))
    return name


def _ask(context: Context, dimension: str) -> Table:
    roster = Roster(context.engine, dimension_of(dimension), context.owners, context.prices, context.now)
    return context.warned(roster.table())


REPORT = Report(
    _ask,
    (
        Parameter(
            "dimension",
            "What to list: key, actor (person), team, model or workspace.",
            Form.ARGUMENT,
            metavar="DIM",
            required=True,
        ),
    ),
    "DIMENSION is key, actor (or person), team, model or workspace. Includes those that nobody used. `profile` "
    "shows one of them.",
    priced=False,
    charges={
        "this_month": ChargeSum("billed", "billed", days=lambda window: month_spans(window.end)[0]),
        "same_days_before": ChargeSum("billed", "billed", days=lambda window: month_spans(window.end)[1]),
        "last_30_days": ChargeSum("billed", "billed"),
        "share": ChargeSum(half="billed"),
        "growth": ChargeSum(half="billed", days=lambda window: Window(month_spans(window.end)[1].start, window.end)),
    },
)
