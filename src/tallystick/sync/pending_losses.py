"""Pending losses: answers that would empty or halve what the ledger has, left uncommitted until they are read twice.

An export that is late, a cache in between or an outage can answer with nothing for a day that had data. Such an answer
stays in the archive; the day stays as it was, until a sync an hour later reads the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import LOSSES
from tallystick.core.money import plain, total
from tallystick.core.records import TOKENS, State
from tallystick.core.time import Grain
from tallystick.store.columns import schema
from tallystick.store.writer import Writer
from tallystick.sync.batch import BatchCheck
from tallystick.sync.plan import SyncTask

GRACE = timedelta(hours=1)
"""Time after which the same answer is believed."""
ACCEPTED = "accepted"
"""The purpose of the page by which the archive remembers that a user accepted the losses of a batch."""
_TOKENS = {*TOKENS, "input", "cache_write"}
_DOLLARS = ("billed", "estimated")
_WIDE = pa.decimal128(38, 0)

Key = tuple[str, str, date]
Sums = Mapping[str, Decimal]


class PendingLosses:
    """The losses of one organization that wait to be confirmed, kept through one writer."""

    def __init__(self, writer: Writer, organization: str) -> None:
        self._writer = writer
        self._organization = organization
        rows = writer.rows(LOSSES, organization).to_pylist()
        self._pending: dict[Key, dict[str, Any]] = {(row["source"], row["grain"], row["day"]): row for row in rows}
        self._news = False

    def take_news(self) -> bool:
        """Return whether anything was written since this was last asked."""
        news, self._news = self._news, False
        return news

    def sift(
        self, task: SyncTask, check: BatchCheck, changed: Sequence[date], read_at: datetime, *, accept: bool
    ) -> dict[date, str]:
        """Return the changed days that must stay as they are, each with the reason.

        `accept`: no day stays. A day whose answer is whole again is no longer waiting.
        """
        source, grain = str(task.source), str(task.grain)
        table = task.source.tables[task.grain]
        moving = () if accept else changed
        before = self._writer.rows_on(table, self._organization, list(moving)) if moving else check.rows.slice(0, 0)
        filled = set(before["day"].unique().to_pylist())
        lost: dict[date, str] = {}
        news: dict[date, dict[str, Any] | None] = {}
        for day, (state, _) in check.days.items():
            key = (source, grain, day)
            pending = self._pending.get(key)
            new = _sums(_on(check.rows, day)) if day in filled else {}
            words = loss(_sums(_on(before, day)), new, steady=task.source.steady) if new else None
            if words is None or self._believed(pending, new, read_at, running=state is State.RUNNING):
                if pending:
                    news[day] = None
                continue
            lost[day] = words
            if not pending or not _same(pending["figures"], new, running=False):
                news[day] = self._row(key, read_at, new, words)
        if news:
            self._write(source, grain, news)
        return lost

    def emptied(self, listed: str, before: int, after: int, read_at: datetime) -> bool:
        """Return whether a list of the directory lost so many names that nobody is marked gone yet."""
        day = next((key[2] for key in self._pending if key[0] == listed), read_at.date())
        key = (listed, str(Grain.DAY), day)
        pending = self._pending.get(key)
        sums = {"rows": Decimal(after)}
        if before == 0 or after * 2 >= before:
            if pending:
                self._write(listed, str(Grain.DAY), {day: None})
            return False
        if self._believed(pending, sums, read_at):
            self._write(listed, str(Grain.DAY), {day: None})
            return False
        if not pending or not _same(pending["figures"], sums, running=False):
            self._write(
                listed, str(Grain.DAY), {day: self._row(key, read_at, sums, f"{before:,} names became {after:,}")}
            )
        return True

    def _believed(
        self, pending: Mapping[str, Any] | None, sums: Sums, read_at: datetime, *, running: bool = False
    ) -> bool:
        """Return whether an answer was read before, long enough ago."""
        if pending is None or read_at - pending["noticed_at"] < GRACE:
            return False
        return _same(pending["figures"], sums, running=running)

    def _row(self, key: Key, read_at: datetime, sums: Sums, words: str) -> dict[str, Any]:
        source, grain, day = key
        return {
            "organization": self._organization,
            "source": source,
            "grain": grain,
            "day": day,
            "noticed_at": read_at,
            "figures": _written(sums),
            "text": words,
        }

    def _write(self, source: str, grain: str, news: Mapping[date, dict[str, Any] | None]) -> None:
        self._news = True
        rows = [row for row in news.values() if row]
        table = pa.Table.from_pylist(rows, schema(LOSSES))
        self._writer.replace(LOSSES, self._organization, sorted(news), table, source=source, grain=grain)
        for day, row in news.items():
            self._pending.pop((source, grain, day), None)
            if row:
                self._pending[source, grain, day] = row


def loss(before: Sums, after: Sums, *, steady: bool) -> str | None:
    """Return what an answer would take away, in words; None where it is no sudden loss.

    A loss empties a day that had figures, or takes more than half of its tokens or of its US dollars; of a report whose
    days are `steady` it takes any of them.
    """
    emptied = bool(before["filled"]) and not after["filled"]
    most = 1 if steady else 2
    halved = any(0 < before[name] > most * after[name] for name in ("tokens", "dollars") if name in before)
    if not (emptied or halved):
        return None
    if "dollars" in before and (before["dollars"] or "tokens" not in before):
        return f"{plain(before['dollars'])} USD became {plain(after['dollars'])} USD"
    if before.get("tokens"):
        return f"{before['tokens']:,f} tokens became {after['tokens']:,f}"
    return f"{before['rows']:,f} rows became {after['rows']:,f}"


def _sums(rows: pa.Table) -> dict[str, Decimal]:
    """Sum every figure of some rows exactly, beside the tokens and dollars in all and the number of rows."""
    sums = {"rows": Decimal(rows.num_rows), "filled": Decimal(0)}
    tokens: list[Decimal] = []
    for column in rows.schema:
        is_count = pa.types.is_int64(column.type) and column.name != "hour_of_day"
        if not is_count and not pa.types.is_decimal(column.type):
            continue
        values = rows[column.name].cast(_WIDE) if is_count else rows[column.name]
        figure = pc.sum(values).as_py() or Decimal(0)
        sums[column.name] = figure
        if pc.any(pc.not_equal(values, pa.scalar(0, values.type))).as_py():
            sums["filled"] = Decimal(1)
        if column.name in _TOKENS:
            tokens.append(figure)
        if column.name in _DOLLARS:
            sums["dollars"] = figure
    if tokens:
        sums["tokens"] = total(tokens)
    return sums


def _on(rows: pa.Table, day: date) -> pa.Table:
    return rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))


def _written(sums: Sums) -> str:
    return json.dumps({name: plain(figure) for name, figure in sorted(sums.items())})


def _same(figures: str, sums: Sums, *, running: bool) -> bool:
    """Return whether an answer says what an earlier one did; of a running day it may say more meanwhile."""
    if not running:
        return figures == _written(sums)
    earlier = json.loads(figures)
    return all(figure >= Decimal(earlier.get(name, "0")) for name, figure in sums.items())
