"""State: how fresh and complete the ledger is, what its syncs took, what does not fit, what rules found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from tallystick import __version__
from tallystick.metrics.metric import Metric, Sample, Samples, Unit
from tallystick.metrics.questions import Questions, label
from tallystick.reports.days import STATES
from tallystick.watch.finding import State

ORGANIZATION = ("organization",)
DAYS = {"yesterday": {"since": "yesterday"}, "mtd": {"since": "mtd"}, "all": {}}
"""The windows of days, and how each is asked for."""
BILLED, PRICED = "billed", "priced"
"""Rows of the reconciliation that are no cause."""
SYNCS = """
WITH success AS (
    SELECT organization, max(reading) AS reading, max(read_at) AS ended_at
    FROM pages WHERE source = 'success' GROUP BY organization
), first AS (
    SELECT organization, max(pages.reading) AS reading
    FROM pages JOIN success USING (organization)
    WHERE pages.source = 'names' AND pages.reading < success.reading GROUP BY organization
), sync AS (
    SELECT organization, count(*) FILTER (request LIKE '/%') AS requests,
        date_diff('second', min(read_at), max(ended_at)) AS seconds
    FROM pages JOIN success USING (organization) JOIN first USING (organization)
    WHERE pages.reading BETWEEN first.reading AND success.reading GROUP BY organization
), newest AS (
    SELECT organization, max(read_at) AS read_at, max(refreshed_at) AS refreshed_at
    FROM pages WHERE source <> 'stop' GROUP BY organization
)
SELECT organization, read_at, refreshed_at, ended_at, requests, seconds
FROM newest LEFT JOIN success USING (organization) LEFT JOIN sync USING (organization)
"""
"""One row an organization. A sync lists the directory first (`names`), and ends with `success` where all was read."""
ORGANIZATIONS = "SELECT id, name FROM names WHERE type = 'organization'"


def _epoch(instant: object) -> int | None:
    """An instant of an answer as seconds since 1970."""
    return int(datetime.fromisoformat(str(instant)).timestamp()) if instant else None


def _syncs(column: str, *, instant: bool = True) -> Samples:
    def samples(questions: Questions) -> Iterator[Sample]:
        for row in questions.ask("sql", query=SYNCS):
            figure = _epoch(row[column]) if instant else row[column]
            if figure is not None:
                yield (label(row["organization"]),), figure

    return samples


def _version(questions: Questions) -> Iterator[Sample]:
    for row in questions.ask("log", top=1):
        yield (), row["version"]


def _committed(questions: Questions) -> Iterator[Sample]:
    for row in questions.ask("log", top=1):
        if instant := _epoch(row["committed"]):
            yield (), instant


def _now(questions: Questions) -> Iterator[Sample]:
    yield (), int(questions.reader.context().now.timestamp())


def _organizations(questions: Questions) -> Iterator[Sample]:
    for row in questions.ask("sql", query=ORGANIZATIONS):
        yield (label(row["id"]), label(row["name"] or row["id"]), "anthropic"), 1


def _days(questions: Questions) -> Iterator[Sample]:
    for window, since in DAYS.items():
        rows = questions.ask("days", **since)
        for half in ("bill", "use"):
            counts = Counter(str(row[half]) for row in rows)
            for state in STATES:
                yield (window, half, state), counts[state]


def _residual(questions: Questions) -> Iterator[Sample]:
    for row in questions.ask("reconcile", since="mtd"):
        if row["cause"] not in {BILLED, PRICED} and isinstance(row["amount"], Decimal):
            yield ("mtd", label(row["cause"])), row["amount"]


def _findings(questions: Questions) -> Iterator[Sample]:
    rows = questions.ask("findings", every=True)
    counts = Counter((str(row["rule"]), str(row["severity"]), str(row["state"])) for row in rows)
    for rule, severity in sorted({(rule, severity) for rule, severity, _ in counts}):
        for state in State:
            yield (label(rule), label(severity), str(state)), counts[rule, severity, str(state)]


def _answered(questions: Questions) -> Iterator[Sample]:
    for report in sorted(questions.reports):
        yield (report,), int(report not in questions.refused)


METRICS = (
    Metric(
        "tallystick.build",
        "Version of tallystick.",
        "--version",
        lambda _: [((__version__,), 1)],
        ("version",),
        info=True,
    ),
    Metric(
        "tallystick.organization",
        "Name of each organization of the ledger.",
        "sql",
        _organizations,
        (*ORGANIZATION, "name", "gen_ai.provider.name"),
        info=True,
    ),
    Metric("tallystick.ledger.version", "Newest committed version of the ledger.", "log", _version),
    Metric(
        "tallystick.ledger.commit.timestamp",
        "When the newest version was committed, since 1970.",
        "log",
        _committed,
        unit=Unit.SECONDS,
    ),
    Metric(
        "tallystick.snapshot.timestamp", "Instant that these figures are of, since 1970.", "", _now, unit=Unit.SECONDS
    ),
    Metric(
        "tallystick.last_sync.timestamp",
        "When a sync last read anything, since 1970.",
        "status",
        _syncs("read_at"),
        ORGANIZATION,
        Unit.SECONDS,
    ),
    Metric(
        "tallystick.last_success.timestamp",
        "When a sync last read all that it was to read, since 1970.",
        "status",
        _syncs("ended_at"),
        ORGANIZATION,
        Unit.SECONDS,
    ),
    Metric(
        "tallystick.data_until.timestamp",
        "Up to when Anthropic's data was complete at the last sync, since 1970.",
        "status",
        _syncs("refreshed_at"),
        ORGANIZATION,
        Unit.SECONDS,
    ),
    Metric(
        "tallystick.last_success.duration",
        "Time of the last successful sync, from its first reading to its end.",
        "sql",
        _syncs("seconds", instant=False),
        ORGANIZATION,
        Unit.SECONDS,
    ),
    Metric(
        "tallystick.last_success.requests",
        "Answers of the API that the last successful sync read.",
        "sql",
        _syncs("requests", instant=False),
        ORGANIZATION,
    ),
    Metric(
        "tallystick.day_states",
        "Days in each state, of their bill and of their use.",
        "days",
        _days,
        ("window", "half", "state"),
    ),
    Metric(
        "tallystick.residual",
        "What separates billed from priced in the month so far, by cause, in US dollars.",
        "reconcile --since mtd",
        _residual,
        ("window", "cause"),
        Unit.USD,
    ),
    Metric(
        "tallystick.findings",
        "Findings by rule, severity and state; without any until a rule first found something.",
        "findings --all",
        _findings,
        ("rule", "severity", "state"),
    ),
    Metric(
        "tallystick.report_answered",
        "Whether a report that metrics are made of could be asked; where it is 0, its metrics are missing.",
        "",
        _answered,
        ("report",),
    ),
)
"""In this order: the last one tells of all others."""
