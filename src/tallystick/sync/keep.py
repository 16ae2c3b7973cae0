"""Keeping what was read: verdicts and names become rows, and rows that changed become a version.

Used by the sync and by the rebuilding of a ledger alike, so that both give the same tables. A reading that changes
nothing writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallystick.api import directory
from tallystick.api.client import Page
from tallystick.core.dimensions import NAMED
from tallystick.core.money import plain, total
from tallystick.core.records import CHARGES, COST, COUNTERS, DAYS, NAMES, NOTICES, USAGE_DAY, USAGE_HOUR, State
from tallystick.core.time import Grain
from tallystick.ledger.tables import Writer, schema
from tallystick.sync.plan import Errand, Source
from tallystick.sync.reading import Total, Verdict, table_of
from tallystick.tally.conserve import conserve
from tallystick.tally.match import charges
from tallystick.tally.prices import Prices

LISTED = {"workspaces": "workspace", "keys": "key", "users": "user", "service_accounts": "service_account"}
"""The directory's lists, and the type of name that is gone when its list no longer holds it."""
MOST_ROWS = 200_000
"""Usage records that are tallied at a time, a day at the least, which bounds memory."""
TALLIED_BY = "prices of "
"""Begins the name under which a version states the price lists that an organization was tallied by."""
DEFAULT = NAMED["workspace"].absent
LATER = timedelta(microseconds=1)
"""A name that changed is seen after the one before it, also on a pinned clock: the newest holds."""


class Keeper:
    """Keeps the readings of one organization through one writer; `issues` is what it noticed that is new."""

    def __init__(self, writer: Writer, organization: str, prices: Prices) -> None:
        self.writer = writer
        self.prices = prices
        self.organization = organization
        self._known = {_day(row): row for row in writer.rows(DAYS, organization).to_pylist()}
        self._noticed = {_issue(row) for row in writer.rows(NOTICES, organization).to_pylist()}
        self.issues: list[str] = []

    def keep(self, errand: Errand, verdict: Verdict, at: datetime, *, last: bool) -> int:
        """Commit what a reading changes; how many days did. `last`: days that moved are given up, with an Issue."""
        table = table_of(errand.source, errand.grain)
        days = sorted(verdict.days)
        changed = self.writer.changed(table, self.organization, days, verdict.rows) if days else []
        marks = self._marks(errand, verdict)
        issues = self._issues(errand, verdict, at, last=last)
        if not (changed or marks or issues):
            return 0
        if changed:
            self.writer.replace(table, self.organization, changed, _of(changed, days, verdict.rows))
        if marks:
            rows = pa.Table.from_pylist(marks, schema(DAYS))
            fixed = {"source": str(errand.source), "grain": str(errand.grain)}
            self.writer.replace(DAYS, self.organization, [mark["day"] for mark in marks], rows, **fixed)
        self._known |= {_day(mark): mark for mark in marks}
        self._tally(sorted({*changed, *(mark["day"] for mark in marks)}))
        self._noticed |= {_issue(row) for row in issues}
        self.issues += [f"{row['subject']}: {row['text']}" for row in issues]
        self.writer.append(NOTICES, pa.Table.from_pylist(issues, schema(NOTICES)))
        self._commit(str(errand), at, _totals(verdict.days.values()))
        return len({*changed, *(mark["day"] for mark in marks)})

    def moved(self, errand: Errand, control: Mapping[date, Total]) -> list[date]:
        """The days whose control total is no longer what the ledger has."""
        held = {day: self._known.get((errand.source, errand.grain, day)) for day in control}
        return [day for day, said in control.items() if (row := held[day]) is None or _control(row) != said]

    def keep_names(self, pages: Iterable[tuple[str, Page]], at: datetime) -> int:
        """Commit names that are new, changed or gone; how many. A list that was not read makes nobody gone."""
        pages = list(pages)
        rows = self.writer.rows(NAMES, self.organization).sort_by("seen_at").to_pylist()
        held = {(row["type"], row["id"]): row for row in rows}
        at = max(at, rows[-1]["seen_at"] + LATER) if rows else at
        said = {(named.type, named.id): self._name(named, at) for named in directory.names(pages)}
        news = [row for key, row in said.items() if _untimed(row) != _untimed(held.get(key, {}))]
        read = {LISTED[purpose] for purpose, _ in pages if purpose in LISTED}
        for key, row in held.items():
            if key not in said and key[0] in read and key[1] != DEFAULT and row["status"] != "gone":
                news.append(row | {"status": "gone", "seen_at": at})
        if news:
            self.writer.append(NAMES, pa.Table.from_pylist(news, schema(NAMES)))
            self._commit("names", at, {})
        return len(news)

    def keep_prices(self, at: datetime) -> int:
        """Tally every day once more if it was tallied by other price lists; how many days."""
        days = sorted({day for _, _, day in self._known})
        if self.writer.version.totals.get(self._tallied_by) == self.prices.digest or not days:
            return 0
        for _, month in groupby(days, key=lambda day: (day.year, day.month)):
            self._tally(list(month))
        self._commit("charges by other price lists", at, {})
        return len(days)

    def _tally(self, days: list[date]) -> None:
        """Match the two halves of these days anew, and replace the charges that changed; LedgerError if they leak."""
        if not days:
            return
        daily = {day for source, grain, day in self._known if source == Source.USAGE and grain == Grain.DAY}
        hourly = [day for day in days if day not in daily]
        counts = self.writer.counts(USAGE_DAY, self.organization, days)
        if hourly:
            counts |= self.writer.counts(USAGE_HOUR, self.organization, hourly)
        for chunk in _chunks(days, counts):
            self._tally_chunk(chunk, [day for day in chunk if day not in daily])

    def _tally_chunk(self, days: list[date], hourly: list[date]) -> None:
        usage = self.writer.rows_on(USAGE_DAY, self.organization, days)
        if hourly:
            hours = self.writer.rows_on(USAGE_HOUR, self.organization, hourly)
            usage = pa.concat_tables([usage, hours.select(usage.schema.names)])
        cost = self.writer.rows_on(COST, self.organization, days)
        billed = {day: mark["billed"] for (source, _, day), mark in self._known.items() if source == Source.COST}
        rows = charges(usage, cost, billed.keys(), self.prices.listed, self.prices.own)
        used = {row["day"]: {name: row[f"{name}_sum"] for name in COUNTERS} for row in _sums(usage)}
        for (source, grain, day), mark in self._known.items():  # of an ended day the control total is what was used
            tallied = source == Source.USAGE and day in days and (grain == Grain.DAY or day in hourly)
            if tallied and mark["state"] != State.RUNNING:
                used[day] = {name: mark[name] for name in COUNTERS}
        conserve(rows, {day: billed[day] for day in days if day in billed}, used)
        changed = self.writer.changed(CHARGES, self.organization, days, rows)
        if changed:
            self.writer.replace(CHARGES, self.organization, changed, _of(changed, days, rows))

    def _commit(self, what: str, at: datetime, totals: dict[str, str]) -> None:
        lists = {name: said for name, said in self.writer.version.totals.items() if name.startswith(TALLIED_BY)}
        self.writer.commit(self.organization, what, at, lists | totals | {self._tallied_by: self.prices.digest})

    @property
    def _tallied_by(self) -> str:
        return TALLIED_BY + self.organization

    def _name(self, named: directory.Named, at: datetime) -> dict[str, Any]:
        details = json.dumps(named.details, sort_keys=True)
        return msgspec.structs.asdict(named) | {"organization": self.organization, "details": details, "seen_at": at}

    def _marks(self, errand: Errand, verdict: Verdict) -> list[dict[str, Any]]:
        """The rows of `days` that this verdict makes new or other."""
        marks = []
        for day, (how, control) in sorted(verdict.days.items()):
            money = control if isinstance(control, Decimal) else None
            counts = (
                dict.fromkeys(COUNTERS) if isinstance(control, Decimal) else dict(zip(COUNTERS, control, strict=True))
            )
            mark = {
                "organization": self.organization,
                "source": str(errand.source),
                "grain": str(errand.grain),
                "day": day,
                "state": str(how),
                **counts,
                "billed": money,
            }
            if mark != self._known.get(_day(mark)):
                marks.append(mark)
        return marks

    def _issues(self, errand: Errand, verdict: Verdict, at: datetime, *, last: bool) -> list[dict[str, Any]]:
        found = [
            ("moved", f"{errand.source} {errand.grain} {day}", f"{how}; left as the ledger had it, to be read again")
            for day, how in (verdict.moved.items() if last else ())
        ]
        found += [
            ("new field", f"{errand.source} {name}", "a field tallystick does not know; the archive keeps it as sent")
            for name in sorted(verdict.new_fields)
        ]
        rows = [
            {"organization": self.organization, "noticed_at": at, "kind": kind, "subject": subject, "text": said}
            for kind, subject, said in found
        ]
        return [row for row in rows if _issue(row) not in self._noticed]


def _chunks(days: list[date], counts: Mapping[date, int]) -> Iterator[list[date]]:
    """The days in their order, in chunks of at most MOST_ROWS of what is counted, a day at the least."""
    chunk: list[date] = []
    held = 0
    for day in days:
        if chunk and held + counts.get(day, 0) > MOST_ROWS:
            yield chunk
            chunk, held = [], 0
        chunk.append(day)
        held += counts.get(day, 0)
    yield chunk


def _of(some: list[date], days: list[date], rows: pa.Table) -> pa.Table:
    """The rows of some of these days."""
    return rows if some == days else rows.filter(pc.is_in(rows["day"], pa.array(some, pa.date32())))


def _day(row: dict[str, Any]) -> tuple[str, str, date]:
    return row["source"], row["grain"], row["day"]


def _issue(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["subject"], row["text"]


def _control(row: dict[str, Any]) -> Total:
    billed: Decimal | None = row["billed"]
    return tuple(row[name] for name in COUNTERS) if billed is None else billed


def _sums(usage: pa.Table) -> list[dict[str, Any]]:
    """The counters of usage records by day."""
    rows: list[dict[str, Any]] = usage.group_by(["day"]).aggregate([(name, "sum") for name in COUNTERS]).to_pylist()
    return rows


def _untimed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in row.items() if name != "seen_at"}


def _totals(days: Iterable[tuple[State, Total]]) -> dict[str, str]:
    """The control totals of a commit, as its version states them."""
    amounts = [control for _, control in days if isinstance(control, Decimal)]
    counts = [control for _, control in days if not isinstance(control, Decimal)]
    if amounts:
        return {"billed": plain(total(amounts))}
    return {name: str(sum(them)) for name, them in zip(COUNTERS, zip(*counts, strict=True), strict=False)}
