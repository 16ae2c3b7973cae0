"""Charging: the charges of days, matched anew from their records, checked, and written where they changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.causes import NOT_BILLED_YET
from tallystick.core.ledger_tables import TALLIES
from tallystick.core.records import COUNTERS, State
from tallystick.core.report_tables import ANALYTICS_COST, ANALYTICS_USAGE, COST, USAGE_DAY, USAGE_HOUR
from tallystick.core.time import Grain
from tallystick.store import memory
from tallystick.store.columns import schema
from tallystick.store.digests import count_of, digests
from tallystick.store.writer import Writer
from tallystick.sync import sources
from tallystick.sync.day_marks import DayMarks
from tallystick.sync.source import Source
from tallystick.sync.summing import Summing, chunks
from tallystick.tally.conservation import conserve
from tallystick.tally.late import Doubts
from tallystick.tally.match import Dialect, charges
from tallystick.tally.prices_in_force import Prices

RECENT = timedelta(days=3)
"""How many of the newest billed days a bill may be late in part: it comes within two days (reports-api 1.3.4)."""
MOST_ROWS = 32_000
"""Usage records that are tallied at a time, a day at the least, which bounds memory."""


class Charging:
    """Charges the days of one organization; `known` is what the ledger knows of each, and grows with it.

    `profiles` gives the workspaces of user profiles, as far as the directory has told them, `unread_bills` the days
    whose bill of a source was asked for and could not be read.
    """

    def __init__(
        self,
        writer: Writer,
        organization: str,
        prices: Prices,
        known: DayMarks,
        profiles: Callable[[], Collection[str]] = tuple,
        unread_bills: Callable[[Source], Collection[date]] = lambda _: (),
    ) -> None:
        self._writer = writer
        self._sums = Summing(writer, organization)
        self._organization = organization
        self._prices = prices
        self._known = known
        self._profiles = profiles
        self._unread_bills = unread_bills

    @cached_property
    def _tallies(self) -> dict[date, dict[str, Any]]:
        """What the tally made of each day; not read by a sync that changes nothing."""
        return {row["day"]: row for row in self._writer.rows(TALLIES, self._organization).to_pylist()}

    def charge(self, days: list[date]) -> None:
        """Match the two halves of these days anew, and replace the charges that changed; LedgerError if they leak.

        A day is charged by the newer dialect where the ledger has both halves of it from there, or one half and no bill
        of the older one. Days on which a part of a bill can no longer be late are matched anew with them.
        """
        days = sorted({*days, *self._ripe()})
        newer = [day for day in days if self._newer(day)]
        halves: tuple[tuple[Dialect, list[date], Source], ...] = (
            ("analytics", newer, sources.ANALYTICS_USAGE),
            ("reports", sorted({*days} - {*newer}), sources.USAGE),
        )
        for dialect, dialect_days, usage in halves:
            for chunk in chunks(dialect_days, self._counts(usage, dialect_days), MOST_ROWS):
                self._by(dialect, chunk)
                memory.release()

    def _by(self, dialect: Dialect, days: list[date]) -> None:
        """Match the halves that one dialect has of these days."""
        newer = dialect == "analytics"
        bill = sources.ANALYTICS_COST if newer else sources.COST
        usage, used = self._usage(days, newer=newer)
        cost = self._writer.rows_on(ANALYTICS_COST if newer else COST, self._organization, days)
        marks = {day: mark for day in days if (mark := self._known.get((bill.name, Grain.DAY, day)))}
        open_days = {day for day, mark in marks.items() if mark["state"] != State.SETTLED}
        unread = {day for day in days if not self._used(day, newer=newer)}
        newest = self._newest(bill)
        recent = {day for day in open_days if day > newest - RECENT}
        doubts = Doubts(open_days, recent, unread, self._unread_bills(bill), self._profiles())
        rows = charges(usage, cost, marks.keys(), self._prices.listed, self._prices.in_force, dialect, doubts)
        conserve(rows, {day: marks[day] for day in days if day in marks}, used)
        self._write(days, rows, recent)

    def _write(self, days: list[date], rows: pa.Table, recent: Collection[date]) -> None:
        """Write the charges of the days on which they are others than before; of `recent` ones a bill may be late."""
        digest = digests(rows)
        causes = rows.group_by(["day", "cause"], use_threads=False).aggregate([([], "count_all")]).to_pylist()
        late = {
            row["day"]: row["count_all"] for row in causes if row["cause"] == NOT_BILLED_YET and row["day"] in recent
        }
        tallies: list[dict[str, Any]] = [
            {
                "organization": self._organization,
                "day": day,
                "charges": count_of(digest.get(day, "")),
                "late": late.get(day, 0),
                "digest": digest.get(day, ""),
            }
            for day in days
        ]
        before = {day: self._tallies[day]["digest"] if day in self._tallies else "" for day in days}
        if changed := [tally["day"] for tally in tallies if tally["digest"] != before[tally["day"]]]:
            charged_before = [day for day in changed if before[day]]
            self._sums.replace(changed, charged_before, rows_of(changed, rows, digest))
        if news := [tally for tally in tallies if tally != self._tallies.get(tally["day"])]:
            news_days = [tally["day"] for tally in news]
            table = pa.Table.from_pylist(news, schema(TALLIES))
            self._writer.replace(TALLIES, self._organization, news_days, table)
            self._tallies.update(zip(news_days, news, strict=True))

    def complete_sums(self) -> bool:
        """Sum the charges that are in no sums yet, written by an earlier release; whether there were any."""
        if self._writer.version.is_summed:
            return False
        return self._sums.complete({day: tally["charges"] for day, tally in self._tallies.items() if tally["charges"]})

    def _counts(self, usage: Source, days: list[date]) -> dict[date, int]:
        """How many usage records the ledger has of each of these days."""
        marks = {day: [self._known.get((usage.name, grain, day)) for grain in usage.tables] for day in days}
        return {day: sum(mark["rows"] for mark in day_marks if mark) for day, day_marks in marks.items()}

    def _newest(self, bill: Source) -> date:
        """The newest ended day whose bill was read."""
        return self._known.newest_ended(bill.name) or date.min + RECENT

    def _ripe(self) -> set[date]:
        """The days with charges that wait for a late part of a bill, which can no longer come."""
        late = [day for day, tally in self._tallies.items() if tally["late"]]
        bills = {newer: sources.ANALYTICS_COST if newer else sources.COST for newer in map(self._newer, late)}
        newest = {newer: self._newest(bill) for newer, bill in bills.items()}
        return {day for day in late if day <= newest[self._newer(day)] - RECENT}

    def _usage(self, days: list[date], *, newer: bool) -> tuple[pa.Table, dict[date, dict[str, int]]]:
        """The usage records of these days, and what they sum to: of an ended day its control total.

        Hours stand in for a day that the older dialect was not read by.
        """
        if newer:
            usage, hourly = self._writer.rows_on(ANALYTICS_USAGE, self._organization, days), []
        else:
            usage = self._writer.rows_on(USAGE_DAY, self._organization, days)
            hourly = [day for day in days if not self._has(sources.USAGE, day)]
            if hourly:
                hours = self._writer.rows_on(USAGE_HOUR, self._organization, hourly)
                usage = pa.concat_tables([usage, hours.select(usage.schema.names)])
        sums = usage.group_by(["day"], use_threads=False).aggregate([(name, "sum") for name in COUNTERS]).to_pylist()
        used = {row["day"]: {name: row[f"{name}_sum"] for name in COUNTERS} for row in sums}
        kind = sources.ANALYTICS_USAGE if newer else sources.USAGE
        for day in days:
            mark = self._known.get((kind.name, Grain.HOUR if day in hourly else Grain.DAY, day))
            if mark and mark["state"] != State.RUNNING:
                used[day] = {name: mark[name] for name in COUNTERS}
        return usage, used

    def _used(self, day: date, *, newer: bool) -> bool:
        """Whether one dialect's usage of a day was read."""
        if newer:
            return self._has(sources.ANALYTICS_USAGE, day)
        return self._has(sources.USAGE, day) or (sources.USAGE.name, Grain.HOUR, day) in self._known

    def _newer(self, day: date) -> bool:
        used, billed = (self._has(source, day) for source in (sources.ANALYTICS_USAGE, sources.ANALYTICS_COST))
        return (used and billed) or ((used or billed) and not self._has(sources.COST, day))

    def _has(self, source: Source, day: date) -> bool:
        return (source.name, Grain.DAY, day) in self._known


def rows_of(days: list[date], rows: pa.Table, digest: Mapping[date, str]) -> pa.Table:
    """The rows of these days; `digest` has every day of the rows."""
    return rows if digest.keys() <= {*days} else rows.filter(pc.is_in(rows["day"], pa.array(days, pa.date32())))
