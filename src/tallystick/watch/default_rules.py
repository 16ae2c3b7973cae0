"""Default rules: what is worth a call in any organization, without any setting."""

from __future__ import annotations

from tallystick.query.context import Context
from tallystick.watch.rule import Rule, Severity, rules

BUDGET = Rule(
    "budget",
    "budget",
    "spent_status != ok",
    "Budget of {scope}, {period}: {spent_status}. {spent} of {budget} USD spent, forecast {forecast}.",
    command="budget --on {today}",
    subject=("name", "scope", "period"),
    level="spent_status",
    dollars="spent",
    about="A budget passes 50, 80 or 100 %.",
)
BUDGET_FORECAST = Rule(
    "budget forecast",
    "budget",
    "forecast_status != ok",
    "Budget of {scope}, {period}: {forecast_status}. Forecast {forecast} of {budget} USD, {spent} spent.",
    command="budget --on {today}",
    subject=("name", "scope", "period"),
    level="forecast_status",
    dollars="forecast",
    about="A budget is forecast to pass 100 or 110 %.",
)
BUDGETS = (BUDGET, BUDGET_FORECAST)
"""Hold where the settings have a budget; each speaks whatever the other says."""
NO_OWNER = Rule(
    "no owner",
    "keys --since 7d",
    "attention has no owner and billed > 1",
    "{key_name} has no owner and spent {billed} USD in 7 days.",
    subject=("key",),
    dollars="billed",
    severity=Severity.INFO,
    about="A key that no owner rule matches spends.",
)
"""Holds where the settings have owner rules."""
RULES = (
    Rule(
        "anomaly",
        "anomalies --since 7d",
        "state has active, ended and evidence = clear and cause != cache missed",
        "{level} {subject_name}: {cause}, {above} USD above expectation since {since}. {explained_by}.",
        command="anomaly {finding}",
        subject=("level", "subject"),
        since="since",
        dollars="above",
        about="Something costs more than usual.",
    ),
    Rule(
        "cache missed",
        "anomalies --since 7d",
        "state has active, ended and evidence = clear and cause = cache missed",
        "{level} {subject_name} reads less from the cache: {above} USD above expectation since {since}.",
        command="anomaly {finding}",
        subject=("level", "subject"),
        since="since",
        dollars="above",
        about="The cache hit rate falls, and that costs.",
    ),
    Rule(
        "spend rate",
        "burn-rate --by workspace",
        "four_weeks > 0 and last_week > 20 and day_rate > 300 % and week_rate > 150 % and deviations != none "
        "and deviations > 5",
        "{workspace_name} spends {day_rate} of a usual day, {week_rate} of a usual week: {last_week} USD in 7 days.",
        command="burn-rate --by key",
        subject=("workspace",),
        dollars="last_week",
        about="A workspace spends far more than usual.",
    ),
    Rule(
        "new key",
        "arrivals --since 7d",
        "what = key and status = new",
        "Key {value_name} was used for the first time on {first_used}: {billed} USD so far.",
        command="spend --by day --where {what}={value} --since {first_used}",
        subject=("what", "value"),
        dollars="billed",
        severity=Severity.INFO,
        about="A key is used for the first time.",
    ),
    Rule(
        "idle key",
        "arrivals --since 7d",
        "what = key and status = back and billed > 1",
        "Key {value_name} is used again since {first_used}, after {used_before}: {billed} USD so far.",
        command="spend --by day --where {what}={value} --since {first_used}",
        subject=("what", "value"),
        dollars="billed",
        about="A key is used again after four weeks, for over 1 USD.",
    ),
    Rule(
        "new workspace",
        "arrivals --since 7d",
        "what = workspace and status = new",
        "Workspace {value_name} was used for the first time on {first_used}: {billed} USD so far.",
        command="spend --by day --where {what}={value} --since {first_used}",
        subject=("what", "value"),
        dollars="billed",
        severity=Severity.INFO,
        about="A workspace is used for the first time.",
    ),
    Rule(
        "new model",
        "arrivals --since 7d",
        "what = model and status = new",
        "Model {value} was used for the first time on {first_used}: {billed} USD so far.",
        command="spend --by day --where {what}={value} --since {first_used}",
        subject=("what", "value"),
        dollars="billed",
        severity=Severity.INFO,
        about="A model is used for the first time.",
    ),
    Rule(
        "high rates",
        "arrivals --since 7d",
        "what has tier, context, speed and value has priority, fast, 200k-1M and status has new, back",
        "Use in {what} {value} appeared on {first_used}: {billed} USD so far.",
        command="spend --by day --where {what}={value} --since {first_used}",
        subject=("what", "value"),
        dollars="billed",
        about="Priority, fast or long-context use appears.",
    ),
    Rule(
        "old data",
        "freshness",
        "hours_old > 48",
        "The data is {hours_old} hours old. Last sync {last_sync}.",
        subject=("organization",),
        severity=Severity.CRITICAL,
        about="The data is older than 48 hours.",
    ),
    Rule(
        "failing sync",
        "freshness",
        "status = failing and success_hours > 26",
        "No sync could read all for {success_hours} hours. Not read: {not_read}.",
        subject=("organization",),
        severity=Severity.CRITICAL,
        about="No sync could read all for 26 hours.",
    ),
    Rule(
        "ended key",
        "keys --since 7d",
        "attention has expired, inactive, archived, deleted and billed > 0",
        "Key {key_name} ({attention}) still spent {billed} USD in 7 days.",
        subject=("key",),
        dollars="billed",
        team="team",
        severity=Severity.CRITICAL,
        about="An expired, archived or deleted key spends.",
    ),
    Rule(
        "retiring model",
        "roster model",
        "status has retires and last_30_days > 0",
        "{model} {status} and was used until {last_used}: {last_30_days} USD in 30 days.",
        command="profile model {model}",
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
        about="More than 1 USD of the bill has no named cause.",
    ),
)
"""Those that hold everywhere."""
DEFAULT_RULES = (*BUDGETS, NO_OWNER, *RULES)


def built_in(context: Context) -> list[Rule]:
    """Return the default rules that can hold by the settings."""
    return [*(BUDGETS if context.budgets.rows else ()), *([NO_OWNER] if context.owners.rules else ()), *RULES]


def in_force(context: Context) -> list[Rule]:
    """Return the default rules and those of the settings; raise InvalidQuestion where a table cannot be.

    A table may change or switch off a default rule that cannot hold: it stays away.
    """
    idle = {(rule.name, rule.ask) for rule in DEFAULT_RULES} - {(rule.name, rule.ask) for rule in built_in(context)}
    return [rule for rule in rules(DEFAULT_RULES, context.rule_tables) if (rule.name, rule.ask) not in idle]
