"""Default rules: what is worth a call in any organization, without any setting."""

from __future__ import annotations

from tallystick.settings import Settings
from tallystick.watch.rule import Rule, Severity, rules

BUDGET = Rule(
    "budget",
    "budget",
    "status != ok and status != unknown",
    "Budget of {scope}, {period}: {status}. {spent} of {budget} USD spent, forecast {forecast}.",
    subject=("name", "scope", "period"),
    level="status",
    dollars="spent",
    about="A budget passes 50, 80 or 100 %, or is forecast to pass 100 or 110 %.",
)
"""Holds where the settings have a budget."""
NO_OWNER = Rule(
    "no owner",
    "keys --since 7d",
    "attention has no owner and billed > 1",
    "Key {key_name} has no owner and spent {billed} USD in 7 days.",
    subject=("key",),
    dollars="billed",
    severity=Severity.INFO,
    about="A key that no owner rule matches spends.",
)
"""Holds where the settings have owner rules."""
RULES = (
    Rule(
        "anomaly",
        "anomalies --since 30d",
        "state = active and cause != cache missed",
        "{level} {subject_name}: {cause}, {above} USD above expectation since {since}. {explained_by}.",
        subject=("finding",),
        dollars="above",
        about="Something costs more than usual.",
    ),
    Rule(
        "cache missed",
        "anomalies --since 30d",
        "state = active and cause = cache missed",
        "{level} {subject_name} reads less from the cache: {above} USD above expectation since {since}.",
        subject=("finding",),
        dollars="above",
        about="The cache hit rate falls, and that costs more than usual.",
    ),
    Rule(
        "ended key",
        "keys --since 7d",
        "attention has expired, inactive, archived, deleted and billed > 0",
        "Key {key_name} ({attention}) still spent {billed} USD in 7 days.",
        subject=("key",),
        dollars="billed",
        severity=Severity.CRITICAL,
        about="A key that is expired, inactive, archived or deleted spends.",
    ),
    Rule(
        "retiring model",
        "roster model",
        "status has retires and last_30_days > 0",
        "{model} {status} and was used until {last_used}: {last_30_days} USD in 30 days.",
        subject=("model",),
        level="status",
        dollars="last_30_days",
        about="A model with a date of retirement is used.",
    ),
    Rule(
        "unpriced model",
        "reconcile --since 30d",
        "cause = unknown price and quantity > 0",
        "{quantity} tokens of 30 days have no known price: {detail}.",
        subject=("cause",),
        about="Models or terms without a known price are used.",
    ),
    Rule(
        "unexplained",
        "reconcile --since 30d",
        "cause = unexplained and |amount| > 1",
        "{amount} USD of the bill of 30 days have no named cause.",
        subject=("cause",),
        dollars="amount",
        about="The bill and the usage differ by more than 1 USD, by no named cause.",
    ),
)
"""Those that hold everywhere."""


def in_force(settings: Settings) -> list[Rule]:
    """Return the default rules and those of the settings; raise InvalidQuestion where a table cannot be."""
    built_in = [
        *([BUDGET] if settings.budgets().rows else ()),
        *([NO_OWNER] if settings.owners().rules else ()),
        *RULES,
    ]
    return rules(built_in, settings.tables("rule"))
