"""Keeping what was read: verdicts and names become rows, and rows that changed become a version.

Used by the sync and by the rebuilding of a ledger alike, so that both give the same tables. A reading that changes
nothing writes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
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
from tallystick.core.money import plain
from tallystick.core.records import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    CHARGES,
    COST,
    COUNTERS,
    DAYS,
    NAMES,
    NOTICES,
    USAGE_DAY,
    USAGE_HOUR,
    LedgerTable,
    State,
    Type,
)
from tallystick.core.time import Grain
from tallystick.ledger.tables import Writer, schema
from tallystick.sync.plan import Errand, Source
from tallystick.sync.reading import Figures, Verdict, added, table_of
from tallystick.tally.conserve import conserve
from tallystick.tally.match import Dialect, charges
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
        names = writer.rows(NAMES, organization).sort_by("seen_at").to_pylist()
        self._names = {(row["type"], row["id"]): row for row in names}
        self._noticed = {_issue(row) for row in writer.rows(NOTICES, organization).to_pylist()}
        self.issues: list[str] = []

    def keep(
        self,
        errand: Errand,
        verdict: Verdict,
        at: datetime,
        *,
        last: bool,
        people: Iterable[directory.Named] = (),
    ) -> int:
        """Commit what a reading changes; how many days did. `last`: days that moved are given up, with an Issue."""
        table = table_of(errand.source, errand.grain)
        days = sorted(verdict.days)
        changed = self.writer.changed(table, self.organization, days, verdict.rows) if days else []
        marks = self._marks(errand, verdict)
        issues = self._issues(errand, verdict, at, last=last)
        if not (self._meet(people, at) or changed or marks or issues):
            return 0
        if changed:
            rows = verdict.rows
            if changed != days:
                rows = rows.filter(pc.is_in(rows["day"], pa.array(changed, pa.date32())))
            self.writer.replace(table, self.organization, changed, rows)
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

    def knows(self, source: Source) -> bool:
        """Whether any day of a source was kept."""
        return any(it == source for it, _, _ in self._known)

    def moved(self, errand: Errand, control: Mapping[date, Figures]) -> list[date]:
        """The days whose control total is no longer what the ledger has."""
        held = {day: self._known.get((errand.source, errand.grain, day)) for day in control}
        return [
            day
            for day, said in control.items()
            if (row := held[day]) is None or any(row[name] != it for name, it in said.items())
        ]

    def keep_names(self, pages: Iterable[tuple[str, Page]], at: datetime) -> int:
        """Commit names that are new, changed or gone; how many. A list that was not read makes nobody gone."""
        pages = list(pages)
        held = self._names
        at = max([at, *(row["seen_at"] + LATER for row in held.values())])
        said = {(named.type, named.id): self._name(named, at) for named in directory.names(pages)}
        news = [row for key, row in said.items() if _untimed(row) != _untimed(held.get(key, {}))]
        read = {LISTED[purpose] for purpose, _ in pages if purpose in LISTED}
        for key, row in held.items():
            if key not in said and key[0] in read and key[1] != DEFAULT and row["status"] != "gone":
                news.append(row | {"status": "gone", "seen_at": at})
        if news:
            self._append_names(news)
            self._commit("names", at, {})
        return len(news)

    @property
    def default(self) -> str | None:
        """The real id of the default workspace; None where the directory has not told it."""
        rows = self._names.get(("workspace", DEFAULT))
        return rows["workspace"] if rows else None

    def _meet(self, people: Iterable[directory.Named], at: datetime) -> bool:
        """Take in how the rows of a report call those whom the directory does not list; whether that was news."""
        rows = []
        for named in people:
            held = self._names.get((named.type, named.id), {})
            row = self._name(named, at)
            if held:
                row |= {"status": held["status"], "seen_at": max(at, held["seen_at"] + LATER)}
            if held.get("status", "gone") == "gone" and _untimed(row) != _untimed(held):
                rows.append(row)
        if rows:
            self._append_names(rows)
        return bool(rows)

    def _append_names(self, rows: list[dict[str, Any]]) -> None:
        self.writer.append(NAMES, pa.Table.from_pylist(rows, schema(NAMES)))
        self._names |= {(row["type"], row["id"]): row for row in rows}

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
        """Match the two halves of these days anew, and replace the charges that changed; LedgerError if they leak.

        A day is tallied by the newer dialect where the ledger has both halves of it from there, or only its use and no
        bill of the older one.
        """
        newer = [
            day
            for day in days
            if self._has(Source.ANALYTICS_USAGE, day)
            and (self._has(Source.ANALYTICS_COST, day) or not self._has(Source.COST, day))
        ]
        for piece in self._pieces(newer, ANALYTICS_USAGE):
            self._tally_by("analytics", piece)
        for piece in self._pieces(sorted({*days} - {*newer}), USAGE_DAY, USAGE_HOUR):
            self._tally_by("reports", piece)

    def _pieces(self, days: list[date], *tables: LedgerTable) -> Iterator[list[date]]:
        """Days in pieces of few enough records that memory stays flat, a day at the least."""
        counts: Counter[date] = Counter()
        for table in tables if days else ():
            counts += self.writer.counts(table, self.organization, days)
        piece: list[date] = []
        held = 0
        for day in days:
            if piece and held + counts[day] > MOST_ROWS:
                yield piece
                piece, held = [], 0
            piece.append(day)
            held += counts[day]
        if piece:
            yield piece

    def _tally_by(self, source: Dialect, days: list[date]) -> None:
        """Match the halves that one dialect has of these days."""
        newer = source == "analytics"
        bill = Source.ANALYTICS_COST if newer else Source.COST
        usage, used = self._usage(days, newer=newer)
        cost = self.writer.rows_on(ANALYTICS_COST if newer else COST, self.organization, days)
        marks = {day: mark for (of, _, day), mark in self._known.items() if of == bill}
        rows = charges(usage, cost, marks.keys(), self.prices.listed, self.prices.own, source)
        conserve(rows, {day: marks[day] for day in days if day in marks}, used)
        changed = self.writer.changed(CHARGES, self.organization, days, rows)
        if changed:
            kept = rows.filter(pc.is_in(rows["day"], pa.array(changed, pa.date32())))
            self.writer.replace(CHARGES, self.organization, changed, kept)

    def _usage(self, days: list[date], *, newer: bool) -> tuple[pa.Table, dict[date, dict[str, int]]]:
        """The usage records of these days, and what they sum to: of an ended day its control total.

        Hours stand in for a day that the older dialect was not read by.
        """
        if newer:
            usage, hourly = self.writer.rows_on(ANALYTICS_USAGE, self.organization, days), []
        else:
            usage = self.writer.rows_on(USAGE_DAY, self.organization, days)
            hourly = [day for day in days if not self._has(Source.USAGE, day)]
            if hourly:
                hours = self.writer.rows_on(USAGE_HOUR, self.organization, hourly)
                usage = pa.concat_tables([usage, hours.select(usage.schema.names)])
        used = {row["day"]: {name: row[f"{name}_sum"] for name in COUNTERS} for row in _sums(usage)}
        kind = Source.ANALYTICS_USAGE if newer else Source.USAGE
        for day in days:
            mark = self._known.get((kind, Grain.HOUR if day in hourly else Grain.DAY, day))
            if mark and mark["state"] != State.RUNNING:
                used[day] = {name: mark[name] for name in COUNTERS}
        return usage, used

    def _has(self, source: Source, day: date) -> bool:
        return (source, Grain.DAY, day) in self._known

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
        nothing = dict.fromkeys(it.name for it in DAYS.columns if it.type in {Type.COUNT, Type.MONEY})
        for day, (how, control) in sorted(verdict.days.items()):
            mark = {
                "organization": self.organization,
                "source": str(errand.source),
                "grain": str(errand.grain),
                "day": day,
                "state": str(how),
                **nothing,
                **control,
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


def _day(row: dict[str, Any]) -> tuple[str, str, date]:
    return row["source"], row["grain"], row["day"]


def _issue(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["subject"], row["text"]


def _sums(usage: pa.Table) -> list[dict[str, Any]]:
    """The counters of usage records by day."""
    rows: list[dict[str, Any]] = usage.group_by(["day"]).aggregate([(name, "sum") for name in COUNTERS]).to_pylist()
    return rows


def _untimed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in row.items() if name != "seen_at"}


def _totals(days: Iterable[tuple[State, Figures]]) -> dict[str, str]:
    """The control totals of a commit, as its version states them."""
    said = added(control for _, control in days)
    return {name: plain(it) if isinstance(it, Decimal) else str(it) for name, it in said.items() if it is not None}
