"""Claude Code page: who uses it, what was done with it, what it costs."""

from __future__ import annotations

from tallystick.web.fields import Inputs, days_label, period, period_field
from tallystick.web.links import subject
from tallystick.web.page import Page, Panel, Row, View, ask

_FIGURES = ("billed", "sessions", "active_days", "lines_added", "commits", "pull_requests")
_DONE = ("sessions", "active_days", "lines_added", "lines_removed", "commits", "pull_requests", "acceptance_rate")
_COST = ("tokens", "estimated", "billed", "billed_per_active_day")


def _person(row: Row) -> str:
    return subject("actor", str(row["person"]))


def _panels(_: str, inputs: Inputs) -> tuple[Panel, ...]:
    days = period(inputs)
    return (
        Panel(
            f"What was done and billed, {days_label(inputs)}",
            ask("claude-code", **days),
            View.TOTALS,
            12,
            columns=(*_FIGURES, "acceptance_rate"),
        ),
        Panel("Billed by day", ask("claude-code", by="day", **days), View.COURSE, 6, columns=("day", "billed")),
        Panel(
            "What changed most this month, and why",
            ask("variance", month="mtd", by="model", top="6", where_product="claude_code"),
            View.REASONS,
            6,
            may_lack=True,
            heads=True,
        ),
        Panel(
            "By person",
            ask("claude-code", by="person", **days),
            width=12,
            rows=200,
            columns=("person", "person_name", *_DONE, *_COST),
            leads={"person": _person},
            nothing=_NOTHING,
        ),
        Panel(
            "By model",
            ask("claude-code", by="model", **days),
            width=6,
            columns=("model", "tokens", "estimated", "billed"),
            rows=20,
            nothing=_NOTHING,
        ),
        Panel(
            "By terminal",
            ask("claude-code", by="terminal", **days),
            width=6,
            columns=("terminal", "sessions", "active_days", "commits", "acceptance_rate"),
            rows=20,
            nothing=_NOTHING,
        ),
    )


_NOTHING = "No activity of it is in the ledger for these days. `tallystick docs claude-code` says who is missing."
CLAUDE_CODE = Page(
    "/claude-code",
    "Claude Code",
    _panels,
    "d",
    "Who uses it, what they did with it, what it cost.",
    form=period_field,
)
