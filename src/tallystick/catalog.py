"""The catalog: every question that a ledger can be asked, listed once.

Commands, Python access, documentation and contract tests follow from this list. It holds names and summaries alone:
a report's own file is imported when it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from tallystick.query.report import Report


class Group(StrEnum):
    """What a question is about, in the order of the help."""

    START = "Start"
    ASK = "Ask"
    BILL = "The bill and the month"
    AHEAD = "Budgets and forecast"
    LEDGER = "The ledger"


@dataclass(frozen=True, slots=True)
class Entry:
    """One question: its name, group and summary, and its report or the module that has it as REPORT."""

    name: str
    group: Group
    summary: str
    source: str | Report

    @property
    def report(self) -> Report:
        """The report itself."""
        if not isinstance(self.source, str):
            return self.source
        report: Report = import_module(f"tallystick.{self.source}").REPORT
        return report


CATALOG: list[Entry] = [
    Entry("status", Group.START, "One screen: this month, its forecast, what needs attention.", "outlook.status"),
    Entry("spend", Group.ASK, "What was billed, in US dollars, before credits and taxes.", "reports.spend"),
    Entry("usage", Group.ASK, "Tokens used, a column for each kind, and web searches.", "reports.usage"),
    Entry("cache", Group.ASK, "Caching: hit rate, what it saved, what it cost.", "reports.cache"),
    Entry("keys", Group.ASK, "Every key: spend, owner, last use, and what is odd.", "reports.keys"),
    Entry("claude-code", Group.ASK, "What was done with Claude Code, and what that cost.", "reports.claude_code"),
    Entry("whatif", Group.ASK, "The same usage at other prices.", "reports.whatif"),
    Entry("prices", Group.ASK, "The price list in force.", "reports.prices"),
    Entry("limits", Group.ASK, "Spend limits beside spend; rate limits beside the busiest minute.", "reports.limits"),
    Entry("sql", Group.ASK, "Ask the ledger in SQL.", "reports.sql"),
    Entry("variance", Group.BILL, "Why the bill changed: price, volume and mix.", "reports.variance"),
    Entry("reconcile", Group.BILL, "From billed to priced, cause by cause.", "reports.reconcile"),
    Entry("crosscheck", Group.BILL, "Whether both dialects of the API say the same.", "reports.crosscheck"),
    Entry("owners", Group.BILL, "The rules of who owns what, and what each caught.", "reports.owner_rules"),
    Entry("summary", Group.BILL, "A month on a page: spend, why it changed, pace, budgets.", "outlook.summary"),
    Entry("diff", Group.BILL, "What changed in a month since it was closed or last read.", "reports.diff"),
    Entry("budget", Group.AHEAD, "Budgets: spent, left, and the pace to the end of the period.", "outlook.budgets"),
    Entry("pace", Group.AHEAD, "What the month comes to at the rate of the last weeks.", "outlook.pace"),
    Entry("log", Group.LEDGER, "What was committed to the ledger, and when.", "reports.log"),
    Entry("verify", Group.LEDGER, "Whether the ledger adds up.", "reports.verify"),
]


def entry(name: str) -> Entry:
    """Return the entry of that name; raise InvalidQuestion with what is near it where there is none."""
    known = {listed.name: listed for listed in CATALOG}
    if name not in known:
        hint = did_you_mean(name, known) or f"Reports: {', '.join(known)}."
        raise InvalidQuestion(f"There is no report {name!r}.", hint)
    return known[name]
