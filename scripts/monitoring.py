"""Make what monitors the ledger from the list of metrics: Grafana's dashboard, Prometheus' alerts, the table of docs.

`python scripts/monitoring.py` writes them; tests/metrics compares them with what it would write.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.metrics.listing import METRICS
from tallystick.metrics.metric import Metric

ROOT = Path(__file__).parent.parent
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"
PAGE = ROOT / "docs" / "metrics.md"
COLUMNS = 24
"""Columns of Grafana's grid."""
TABLE = re.compile(r"(?<=<!-- metrics -->\n).*?(?=<!-- end -->)", re.DOTALL)
BY_NAME = {metric.name: metric for metric in METRICS}


def series(name: str, **labels: str) -> str:
    """Return the PromQL selector of a metric; KeyError for a metric or a label that is not there.

    A value that begins with ~ is a regular expression.
    """
    metric = BY_NAME[name]
    if unknown := {*labels} - {*metric.label_names}:
        raise KeyError(f"{name} has no label {min(unknown)}")
    held = [
        f'{label}{"=~" if value.startswith("~") else "="}"{value.removeprefix("~")}"' for label, value in labels.items()
    ]
    return f"{metric.series}{{{', '.join(held)}}}" if held else metric.series


def named(name: str, label: str, **labels: str) -> str:
    """Return PromQL for a metric with the name of an id beside it; the rest has none and stays."""
    selector = series(name, **labels)
    info = series(f"tallystick.{label}")
    return f"{selector} * on ({label}) group_left (name) {info} or {selector} unless on ({label}) {info}"


@dataclass(frozen=True)
class Alert:
    """An alert: it fires where `expression` has held for `lasts`."""

    name: str
    expression: str
    lasts: str
    severity: str
    summary: str
    description: str


ALERT_RULES = (
    Alert(
        "TallystickMissing",
        f"absent({series('tallystick.snapshot.timestamp')})",
        "15m",
        "warning",
        "No metrics of tallystick.",
        "Nothing is scraped. Is `tallystick serve` up, and its token known to Prometheus?",
    ),
    Alert(
        "TallystickStale",
        f"time() - {series('tallystick.snapshot.timestamp')} > 3600",
        "15m",
        "warning",
        "The metrics of tallystick are older than an hour.",
        "Where a timer writes them to a file: does `tallystick metrics` still run?",
    ),
    Alert(
        "TallystickSyncFailing",
        f"time() - {series('tallystick.last_success.timestamp')} > 86400",
        "1h",
        "warning",
        "No sync of {{ $labels.organization }} has read all it was to read for a day.",
        "Run `tallystick sync` and read what it says.",
    ),
    Alert(
        "TallystickDaysMissing",
        f"{series('tallystick.day_states', window='mtd', half='bill', state='~absent|bill not read')} > 0",
        "6h",
        "warning",
        "{{ $value }} days of this month are {{ $labels.state }}: their cost is unknown, not zero.",
        "`tallystick days --since mtd` lists them.",
    ),
    Alert(
        "TallystickBudgetPassed",
        f"{series('tallystick.budget.used')} >= 1",
        "0m",
        "critical",
        "Budget {{ $labels.budget }} of {{ $labels.period }} is spent: {{ $value | humanizePercentage }}.",
        "`tallystick budget` and `tallystick variance` say where it went.",
    ),
    Alert(
        "TallystickBudgetForecastOver",
        f"{series('tallystick.budget.forecast', bound='expected')} > ignoring (bound) "
        f"{series('tallystick.budget.limit')}",
        "1h",
        "warning",
        "Budget {{ $labels.budget }} of {{ $labels.period }} is forecast to come to {{ $value | humanize }} USD.",
        "`tallystick forecast --by day` shows the days to come.",
    ),
    Alert(
        "TallystickUnexplained",
        f"abs({series('tallystick.residual', cause='unexplained')}) > 1",
        "1h",
        "warning",
        "{{ $value | humanize }} USD of this month's bill fit no cause.",
        "`tallystick reconcile --since mtd` shows the rest.",
    ),
    Alert(
        "TallystickFindingsOpen",
        f"sum by (rule) ({series('tallystick.findings', severity='critical', state='~open|notified')}) > 0",
        "0m",
        "critical",
        "{{ $value }} critical findings of rule {{ $labels.rule }} wait for somebody.",
        "`tallystick findings` lists them; `tallystick findings ack` answers one.",
    ),
    Alert(
        "TallystickReportRefused",
        f"{series('tallystick.report_answered')} == 0",
        "15m",
        "warning",
        "`tallystick {{ $labels.report }}` refuses its question, so its metrics are missing.",
        "Run it: it says what the settings have to change.",
    ),
)


@dataclass(frozen=True)
class Panel:
    """A panel of the dashboard: what it draws, and how large it is on a grid of 24 columns."""

    title: str
    kind: str
    queries: tuple[tuple[str, str], ...]
    unit: str
    width: int
    height: int = 8
    about: str = ""


MONTH = {"window": "mtd"}
PANELS = (
    Panel(
        "Month to date", "stat", ((series("tallystick.cost", **MONTH), "billed"),), "currencyUSD", 4, 4, "Known days."
    ),
    Panel(
        "Forecast of the month",
        "stat",
        tuple((series("tallystick.forecast.cost", bound=bound), bound) for bound in ("low_80", "expected", "high_80")),
        "currencyUSD",
        8,
        4,
        "Expected, and the 80 % range.",
    ),
    Panel("Yesterday", "stat", ((series("tallystick.cost", window="yesterday"), "billed"),), "currencyUSD", 4, 4),
    Panel(
        "Today, at list price",
        "stat",
        ((series("tallystick.unbilled.cost", window="today"), "not billed yet"),),
        "currencyUSD",
        4,
        4,
    ),
    Panel(
        "Days without a bill this month",
        "stat",
        (
            (
                f"sum({series('tallystick.day_states', **MONTH, half='bill', state='~absent|bill not read')})",
                "absent, not read",
            ),
        ),
        "short",
        4,
        4,
        "Unknown, not zero.",
    ),
    Panel(
        "Month to date by model",
        "timeseries",
        ((series("tallystick.model.cost", **MONTH), "{{gen_ai_request_model}}"),),
        "currencyUSD",
        12,
    ),
    Panel(
        "Month to date by workspace",
        "timeseries",
        ((named("tallystick.workspace.cost", "workspace", **MONTH), "{{name}} {{workspace}}"),),
        "currencyUSD",
        12,
    ),
    Panel(
        "Month to date by team",
        "timeseries",
        ((series("tallystick.team.cost", **MONTH), "{{team}}"),),
        "currencyUSD",
        12,
    ),
    Panel(
        "Month to date by key",
        "timeseries",
        ((named("tallystick.key.cost", "key", **MONTH), "{{name}} {{key}}"),),
        "currencyUSD",
        12,
    ),
    Panel(
        "Tokens today by kind",
        "timeseries",
        ((f"sum by (gen_ai_token_type) ({series('tallystick.usage', window='today')})", "{{gen_ai_token_type}}"),),
        "short",
        12,
    ),
    Panel(
        "Tokens of the month by model",
        "timeseries",
        ((f"sum by (gen_ai_request_model) ({series('tallystick.usage', **MONTH)})", "{{gen_ai_request_model}}"),),
        "short",
        12,
    ),
    Panel(
        "Budgets, spent share",
        "bargauge",
        ((series("tallystick.budget.used"), "{{budget}} {{period}}"),),
        "percentunit",
        8,
    ),
    Panel(
        "Budgets, left", "bargauge", ((series("tallystick.budget.left"), "{{budget}} {{period}}"),), "currencyUSD", 8
    ),
    Panel("Billed to priced, by cause", "bargauge", ((series("tallystick.residual"), "{{cause}}"),), "currencyUSD", 8),
    Panel(
        "Findings that wait",
        "stat",
        (
            (
                f"sum by (rule, severity) ({series('tallystick.findings', state='~open|notified')})",
                "{{rule}} {{severity}}",
            ),
        ),
        "short",
        8,
    ),
    Panel(
        "Since the last full sync",
        "stat",
        ((f"time() - {series('tallystick.last_success.timestamp')}", "{{organization}}"),),
        "s",
        4,
    ),
    Panel(
        "Age of Anthropic's data",
        "stat",
        ((f"time() - {series('tallystick.data_until.timestamp')}", "{{organization}}"),),
        "s",
        4,
    ),
    Panel(
        "A sync takes",
        "timeseries",
        (
            (series("tallystick.last_success.duration"), "seconds"),
            (series("tallystick.last_success.requests"), "requests"),
        ),
        "short",
        8,
    ),
)


def dashboard() -> str:
    """Return Grafana's dashboard as JSON."""
    panels, x, y, height = [], 0, 0, 0
    for index, panel in enumerate(PANELS, 1):
        if x + panel.width > COLUMNS:
            x, y, height = 0, y + height, 0
        panels.append(_panel(panel, index, x, y))
        x, height = x + panel.width, max(height, panel.height)
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    return _json(
        {
            "title": "tallystick",
            "uid": "tallystick",
            "description": "Every cent of your Claude bill. What is unknown is absent, not zero.",
            "tags": ["tallystick", "anthropic"],
            "schemaVersion": 39,
            "version": 1,
            "editable": True,
            "timezone": "utc",
            "time": {"from": "now-30d", "to": "now"},
            "refresh": "5m",
            "templating": {"list": [source]},
            "annotations": {"list": []},
            "panels": panels,
        }
    )


def _panel(panel: Panel, index: int, x: int, y: int) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    instant = panel.kind != "timeseries"
    targets = [
        {"refId": chr(65 + number), "datasource": source, "expr": query, "legendFormat": legend, "instant": instant}
        for number, (query, legend) in enumerate(panel.queries)
    ]
    return {
        "id": index,
        "title": panel.title,
        "description": panel.about,
        "type": panel.kind,
        "datasource": source,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": {"unit": panel.unit, "noValue": "unknown"}, "overrides": []},
        "options": {},
        "targets": targets,
    }


def alerts() -> str:
    """Return Prometheus' alert rules as YAML; a text within it is written as JSON, which is YAML too."""
    lines = [
        "# Made by scripts/monitoring.py from the list of metrics.",
        "groups:",
        "  - name: tallystick",
        "    rules:",
    ]
    for alert in ALERT_RULES:
        lines += [
            f"      - alert: {alert.name}",
            f"        expr: {json.dumps(alert.expression)}",
            f"        for: {alert.lasts}",
            "        labels:",
            f"          severity: {alert.severity}",
            "        annotations:",
            f"          summary: {json.dumps(alert.summary)}",
            f"          description: {json.dumps(alert.description)}",
        ]
    return "\n".join(lines) + "\n"


def table() -> str:
    """Return the table of metrics as Markdown."""
    rows = [_row(metric) for metric in METRICS]
    return "\n".join(["| series | labels | what it is | from |", "|---|---|---|---|", *rows]) + "\n"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.label_names)
    source = f"`tallystick {metric.source}`" if metric.source else ""
    return f"| `{metric.series}` | {labels} | {metric.help} | {source} |"


def page(text: str) -> str:
    """Return the page of the docs with the table of now."""
    return TABLE.sub(lambda _: table(), text)


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(dashboard(), encoding="utf-8")
    ALERTS.write_text(alerts(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
