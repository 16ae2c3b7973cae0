"""Content: what a parcel holds: a title, words, and the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tallystick.address import Address
from tallystick.catalog import entry
from tallystick.core.document import Answer
from tallystick.core.filter import pattern
from tallystick.core.question import Table
from tallystick.core.text import day_spans, safe
from tallystick.core.time import DAY, Grain, midnight
from tallystick.delivery.billed_days import billed_days
from tallystick.delivery.digest import digest
from tallystick.delivery.order import Order
from tallystick.delivery.parcel import Parcel
from tallystick.delivery.period import Period
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.team_answer import told_to_teams
from tallystick.tally.rules import UNOWNED
from tallystick.watch.notice import plain

ATTACHED = 5_000_000
"""Bytes of the largest file that is sent to a channel."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is sent. `file` is None without a format; `billed` is what its days and team had been billed, US dollars."""

    title: str
    words: str
    address: Address
    link: str
    name: str
    file: bytes | None
    billed: Decimal | None

    @property
    def attached(self) -> bytes | None:
        """The file, where it is small enough for a channel."""
        return self.file if self.file is not None and len(self.file) <= ATTACHED else None

    @property
    def command(self) -> str:
        """The command that gives the same answer."""
        return safe(self.address.command)

    @property
    def look(self) -> str:
        """Where to look: the command and, where the dashboard is known, its page."""
        return "\n".join(filter(None, (f"Look: {self.command}", self.link)))

    @property
    def enclosure(self) -> str:
        """What is said of the file where a channel takes it; empty without one."""
        if self.file is None:
            return ""
        return f"Attached: {self.name}" if self.attached is not None else self.no_enclosure

    @property
    def no_enclosure(self) -> str:
        """What is said of the file where a channel does not take it."""
        if self.file is None:
            return ""
        why = "this channel takes no files" if self.attached is not None else f"it has {len(self.file):,} bytes"
        return f"Not attached, {why}: {self.name}"


def content(context: Context, parcel: Parcel, dashboard: str) -> Content:
    """Make what a parcel holds, by the ledger of a context; raises whatever its question or format raises."""
    order, period, team = parcel.order, parcel.period, parcel.team
    if pattern(team):
        raise InvalidQuestion(f"The team {team!r} has a * or ?, which would let in others.", "Rename it.")
    address = order.question(period, team)
    answer = asked(context, address)
    if team:
        answer = told_to_teams(answer)
    written = order.form.write(answer) if order.form else None
    whose = f" of {team}" if team else ""
    return Content(
        plain(f"{order.name}{whose}, {_days(order, period, answer, context.now)}"),
        digest(answer),
        address,
        dashboard and dashboard + address.url,
        parcel.file_name,
        written.encode() if isinstance(written, str) else written,
        billed_days(context, order, period.window).amount(period.window, team),
    )


def _days(order: Order, period: Period, answer: Answer, now: datetime) -> str:
    """Return in words which days an answer holds: those of the period only where its report can be asked of them."""
    if order.takes_days or (order.takes_month and order.every is Grain.MONTH):
        return period.label
    if not order.takes_month:
        return f"as of {day_spans([now.date()], 0)}"
    month = Grain.MONTH.around(midnight(period.last))
    name = f"{month.start:%B %Y}"
    if month.end <= now:
        return name
    questions = [answer.question] if isinstance(answer, Table) else [figure.question for figure in answer.figures]
    end = max((question.window.end for question in questions if question), default=month.end)
    last = min(end - DAY, Grain.DAY.floor(now)).date()  # the running day, where a figure is of it too
    return f"{name} so far, to {day_spans([last], last.year)}"


def asked(context: Context, address: Address) -> Answer:
    """Return the answer of a question."""
    report = entry(address.report).report
    return report.answer(context, **report.values(address.report, address.values))


def teams_of(context: Context, order: Order, period: Period) -> tuple[str, ...]:
    """Return the teams of which each gets its own; one empty name where the file has all."""
    if not order.is_by_team:
        return ("",)
    if order.teams:
        return order.teams
    answer = asked(context, order.question(period))
    lines = None if isinstance(answer, Table) else answer.lines
    if lines and any(heading.name == "team" for heading in lines.headings):  # statements: also what is adjusted
        return tuple(sorted({str(row["team"]) for row in lines.rows}))
    return tuple(sorted(billed_days(context, order, period.window).teams - {UNOWNED}))
