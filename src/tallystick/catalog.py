"""The catalog: every question that a ledger can be asked, listed once.

Commands, `Ledger.ask`, the reference and contract tests follow from this list. Typed methods of Ledger are written in
answers.py, and a test compares them with it. It holds names and summaries alone: a report's own file is imported when
it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

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
    Entry("status", Group.START, "Show one screen: this month, its forecast, what needs attention.", "outlook.status"),
    Entry("spend", Group.ASK, "Show what was billed, in US dollars, before credits and taxes.", "reports.spend"),
    Entry("usage", Group.ASK, "Count the tokens used, a column for each kind, and web searches.", "reports.usage"),
    Entry("charges", Group.ASK, "List the single charges that an answer is made of.", "reports.charges"),
    Entry("cache", Group.ASK, "Show the hit rate of the cache, what it saved, what it cost.", "reports.cache"),
    Entry("keys", Group.ASK, "List every key: spend, owner, last use, and what is odd.", "reports.keys"),
    Entry("roster", Group.ASK, "List every key, person, team, model or workspace.", "outlook.roster"),
    Entry("profile", Group.ASK, "Show one key, person, team, model or workspace.", "outlook.profile"),
    Entry("claude-code", Group.ASK, "Show what was done with Claude Code, and what that cost.", "reports.claude_code"),
    Entry("arrivals", Group.ASK, "List keys, models and terms used lately, not before.", "reports.arrivals"),
    Entry("whatif", Group.ASK, "Price the same usage as another model, as batch or cached.", "reports.whatif"),
    Entry("prices", Group.ASK, "List the prices in force.", "reports.prices"),
    Entry("limits", Group.ASK, "Compare limits with spend, or with the busiest minute.", "reports.limits"),
    Entry("sql", Group.ASK, "Ask the ledger in SQL.", "reports.sql"),
    Entry("variance", Group.BILL, "Explain why the bill changed: price, volume and mix.", "reports.variance"),
    Entry("reconcile", Group.BILL, "Explain what separates billed from priced, cause by cause.", "reports.reconcile"),
    Entry("crosscheck", Group.BILL, "Compare the older and the newer reports of the API.", "reports.crosscheck"),
    Entry("owners", Group.BILL, "List the rules of who owns what, and what each matched.", "reports.owner_rules"),
    Entry(
        "summary", Group.BILL, "Sum up a month on a page: spend, why it changed, forecast, budgets.", "outlook.summary"
    ),
    Entry("months", Group.BILL, "List every month: its bill, its state, when it can be closed.", "billing.months"),
    Entry("chargeback", Group.BILL, "Show what each team is charged for a month.", "billing.statements"),
    Entry("diff", Group.BILL, "Show what changed in a month since it was closed or last read.", "reports.diff"),
    Entry("budget", Group.AHEAD, "Show what is spent and left of each budget, and its forecast.", "outlook.budgets"),
    Entry(
        "forecast",
        Group.AHEAD,
        "Forecast what the month, quarter or year comes to, with ranges.",
        "outlook.forecast_report",
    ),
    Entry(
        "anomalies",
        Group.AHEAD,
        "List what costs more than usual, one finding for each cause.",
        "outlook.anomalies.report",
    ),
    Entry("anomaly", Group.AHEAD, "Explain a finding: by cause, key, model and kind.", "outlook.anomalies.anomaly"),
    Entry(
        "drift", Group.AHEAD, "List slow moves of what should stay: prices paid, shares of the bill.", "outlook.drift"
    ),
    Entry("burn-rate", Group.AHEAD, "Compare the last day and week with four weeks before.", "outlook.burn_rate"),
    Entry("rules", Group.AHEAD, "List the rules in force, or replay one over past versions.", "watch.rules_report"),
    Entry("findings", Group.AHEAD, "List what rules saw, and how far it is dealt with.", "watch.findings_report"),
    Entry(
        "deliveries",
        Group.AHEAD,
        "List what is delivered, and what it waits for.",
        "delivery.deliveries_report",
    ),
    Entry("days", Group.LEDGER, "List every day: the state of its bill and use, and its month.", "reports.days"),
    Entry("freshness", Group.LEDGER, "Show how old the data is, and what syncs cannot read.", "reports.freshness"),
    Entry("log", Group.LEDGER, "List what was committed to the ledger, and when.", "reports.log"),
    Entry("verify", Group.LEDGER, "Check that the ledger adds up.", "reports.verify"),
]


def entry(name: str) -> Entry:
    """Return the entry of that name; raise InvalidQuestion with what is near it where there is none."""
    known = {listed.name: listed for listed in CATALOG}
    if name not in known:
        from tallystick.core.text import did_you_mean

        hint = did_you_mean(name, known) or f"Reports: {', '.join(known)}."
        raise InvalidQuestion(f"There is no report {name!r}.", hint)
    return known[name]
