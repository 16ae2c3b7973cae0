"""Batches of the Claude Code report, day by day (reports-api 1.4).

It has no control total, so a day is kept as one batch has it, provisional until it is read once more 35
days after its end. Only what is an hour old is served, so a day read sooner after its end counts as running.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from tallystick.api.claude_code import (
    KEY,
    USER,
    CodeRow,
    Placed,
    ToolAction,
    extra_fields,
    requested_day as day_of,
    rows,
)
from tallystick.api.entries import Named
from tallystick.api.leniency import Oddity
from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.money import EXACT
from tallystick.core.records import State
from tallystick.core.report_tables import TOOLS
from tallystick.core.time import Window
from tallystick.store.columns import schema
from tallystick.sync.batch import Batch, FetchedPage, Figures
from tallystick.sync.redaction import MADE

LAG = timedelta(hours=1)
"""What is younger is not served."""
NO_MODEL = "none"
_KNOWN = {f"{tool}_tool": tool for tool in TOOLS[:-1]}
_REMOTE = {True: "true", False: "false", None: UNKNOWN}

Place = tuple[str, ...]
"""Day, actor, sort of actor, customer, subscription, terminal, remote, model."""


TOLD_BY_MODEL = ("input", "output", "cache_read", "cache_write", "estimated")
"""What a row tells of each model."""


@dataclass
class ClaudeCodeBatch(Batch):
    """A batch of the Claude Code report."""

    _answered: set[date] = field(default_factory=set)
    _merged_rows: dict[Place, dict[str, Any]] = field(default_factory=dict)
    _rows: dict[Place, set[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the ids of e-mails and of names of keys, once for all rows."""
        self._person, self._key = self.ids.person_ids(), self.ids.key_ids()

    def add(self, answer: FetchedPage) -> None:
        """Take one page."""
        day = day_of(answer.page)
        for placed in rows(answer.page, self.odd):
            self._take(day, placed)
        self.new_fields |= extra_fields(answer.page)
        self._answered.add(day)

    def _take(self, day: date, placed: Placed) -> None:
        row = placed.row
        actor = self._actor(placed)
        none = "none" if row.subscription_type is None else UNKNOWN
        subscription = row.subscription_type if isinstance(row.subscription_type, str) else none
        where = (row.customer_type or UNKNOWN, subscription or none, row.terminal_type or UNKNOWN)
        cell = (f"{day}", actor, placed.actor.type, *where, _REMOTE[row.is_remote])
        if self._repeats(cell, row) and placed.actor.type == USER:
            return
        self._put((*cell, NO_MODEL), self._counts(row))
        if row.model_breakdown is None:  # tokens that are not told are unknown, not none
            self._put((*cell, UNKNOWN), dict.fromkeys(TOLD_BY_MODEL))
        for use, estimated in zip(row.model_breakdown or (), placed.estimated, strict=True):
            tokens = use.tokens
            figures = {
                "input": tokens.input,
                "output": tokens.output,
                "cache_read": tokens.cache_read,
                "cache_write": tokens.cache_creation,
                "estimated": estimated,
            }
            self._put((*cell, use.model or UNKNOWN), figures)

    def _repeats(self, cell: Place, row: CodeRow) -> bool:
        """Return whether this very row came already. A person has one in each place; keys of one name have several."""
        content, rows = msgspec.json.encode(row), self._rows.setdefault(cell, set())
        if repeated := content in rows:
            self.odd.add(Oddity("data[]", "came twice, alike; of a person it is counted once"))
        elif rows:
            self.odd.add(Oddity("data[]", "several rows of one actor in one place; they are added"))
        self.repeated[date.fromisoformat(cell[0])] += bool(rows)
        rows.add(content)
        return repeated

    def _put(self, cell: Place, figures: Mapping[str, Any]) -> None:
        """Add to what stands there: two keys of one name come in two rows that nothing tells apart."""
        known = self._merged_rows.get(cell)
        self._merged_rows[cell] = (
            {**figures} if known is None else {name: _added(known[name], figure) for name, figure in figures.items()}
        )

    def _counts(self, row: CodeRow) -> dict[str, int | None]:
        core = row.core_metrics
        counts = {
            "sessions": core.num_sessions,
            "lines_added": core.lines_of_code.added,
            "lines_removed": core.lines_of_code.removed,
            "commits": core.commits_by_claude_code,
            "pull_requests": core.pull_requests_by_claude_code,
        }
        actions = row.tool_actions
        for tool in TOOLS:
            tool_actions = [action for name, action in (actions or {}).items() if _KNOWN.get(name, "other") == tool]
            counts[f"{tool}_accepted"] = None if actions is None else _summed(tool_actions, "accepted")
            counts[f"{tool}_rejected"] = None if actions is None else _summed(tool_actions, "rejected")
        if actions:
            self.new_fields |= {f"tool_actions.{name}" for name in actions if name not in _KNOWN}
        return counts

    def _actor(self, placed: Placed) -> str:
        """The id of who a row is of; one of whom neither e-mail nor key is told stands alone."""
        actor, email = placed.actor, placed.actor.email_address
        if placed.key and (actor.type == KEY or not email):
            return self._key(placed.key)
        if actor.type == KEY and email:
            return self._key(email)
        if email:
            id_ = self._person(email)
            if id_.startswith(MADE):  # nobody whom the directory lists
                known = email if "@" in email else None
                self.people[id_] = Named(type="user", id=id_, name=email, email=known, status="gone")
            return id_
        if not (actor.extra or actor.subject or actor.name or actor.user_id):
            return NAMED["actor"].absent
        self.odd |= actor.oddities
        self.people[actor.id] = Named(type="actor", id=actor.id, name=actor.name or actor.id)
        return actor.id

    def _cube(self) -> tuple[pa.Table, set[date]]:
        fits = schema(self._table)
        places = ("day", "actor", "actor_type", "customer", "subscription", "terminal", "remote", "model")
        table_rows = [
            {
                "organization": self.organization,
                "month": cell[0][:7],
                **dict(zip(places, cell, strict=True)),
                "day": date.fromisoformat(cell[0]),
                **figures,
            }
            for cell, figures in self._merged_rows.items()
        ]
        return pa.Table.from_pylist(table_rows, fits), set()

    def _complete_until(self) -> datetime:
        return self.read_at - LAG

    def _buckets(self, day: Window, day_state: State) -> list[datetime]:  # noqa: ARG002 - a running day is kept as it is
        return [day.start] if day.start.date() in self._answered else []

    def _control(self, purpose: str, start: datetime) -> Figures | None:  # noqa: ARG002 - there is no control total
        return {} if start.date() in self._answered else None


def _summed(actions: list[ToolAction], field_name: str) -> int | None:
    counts = [getattr(action, field_name) for action in actions]
    return None if None in counts else sum(counts)


def _added(left_figure: Any, right_figure: Any) -> Any:
    if left_figure is None or right_figure is None:
        return None
    return EXACT.add(left_figure, right_figure) if isinstance(left_figure, Decimal) else left_figure + right_figure
