"""Summing: the sums of an organization's charges, of each day and of each month, made with the charges and checked."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

import pyarrow as pa

from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, MONTH_SUMS
from tallystick.core.table import LedgerTable
from tallystick.store.columns import encoded
from tallystick.store.writer import Writer
from tallystick.tally.conservation import conserve_sums, difference
from tallystick.tally.day_sums import day_sums
from tallystick.tally.month_sums import month_sums

MOST_CHARGES = 200_000
"""Charges that are summed at a time, a day at the least, which bounds memory."""


class Summing:
    """Writes the charges of one organization together with their sums.

    Where a month's sums are too large for their columns it has none: questions read the charges then.
    """

    def __init__(self, writer: Writer, organization: str) -> None:
        self._writer = writer
        self._organization = organization
        self._has_months = True

    def replace(self, days: list[date], charged_before: Collection[date], charges: pa.Table) -> None:
        """Put charges in the place of those of these days, and their sums; LedgerError if they do not come to them."""
        has_months = self._has_months and self._writer.version.has_months
        removed = self._on(CHARGES, sorted(charged_before) if has_months else [])
        self._writer.replace(CHARGES, self._organization, days, charges)
        self._sum(days, charges)
        if has_months:
            month_days = _days_of_months(days)
            self._put(month_days, month_sums(charges, self._on(MONTH_SUMS, month_days), removed, days))

    def complete(self, counts: Mapping[date, int]) -> bool:
        """Sum what has no sums: another release wrote it; whether there was any. `counts` are the charges of days."""
        version = self._writer.version
        days = [] if version.has_sums else sorted(counts.keys() - self._writer.days_with(DAY_SUMS, self._organization))
        for chunk in chunks(days, counts, MOST_CHARGES):
            self._sum(chunk, self._on(CHARGES, chunk))
        months = [] if version.has_months else [[*month_days] for _, month_days in groupby(sorted(counts), _month_of)]
        results = [self._sum_month(month, counts) for month in months]
        return bool(days) or any(results)

    def _sum(self, days: list[date], charges: pa.Table) -> None:
        sums = day_sums(charges)
        conserve_sums(charges, sums)
        self._writer.replace(DAY_SUMS, self._organization, days, sums)

    def _sum_month(self, days: list[date], counts: Mapping[date, int]) -> bool:
        """Sum the charges of a month unless its sums come to them; whether it has others now."""
        month_days = _days_of_months(days)
        before = self._on(MONTH_SUMS, month_days)
        if not difference(self._on(DAY_SUMS, month_days), before, "month"):
            return False
        sums: pa.Table | None = encoded(MONTH_SUMS).empty_table()
        for chunk in chunks(days, counts, MOST_CHARGES):
            sums = None if sums is None else month_sums(self._on(CHARGES, chunk), sums)
        self._put(month_days, sums)
        return sums is not None or before.num_rows > 0

    def _put(self, month_days: list[date], sums: pa.Table | None) -> None:
        """Write the sums of whole months; LedgerError if they do not come to the sums of their days."""
        if sums is None:
            self._has_months, sums = False, encoded(MONTH_SUMS).empty_table()
        else:
            conserve_sums(self._on(DAY_SUMS, month_days), sums, "month")
        self._writer.replace(MONTH_SUMS, self._organization, month_days, sums)

    def _on(self, table: LedgerTable, days: list[date]) -> pa.Table:
        return self._writer.rows_on(table, self._organization, days)


def chunks(days: Iterable[date], counts: Mapping[date, int], most: int) -> Iterator[list[date]]:
    """The days in their order, in chunks of at most `most` of what is counted, a day at the least."""
    chunk: list[date] = []
    size = 0
    for day in days:
        if chunk and size + counts.get(day, 0) > most:
            yield chunk
            chunk, size = [], 0
        chunk.append(day)
        size += counts.get(day, 0)
    if chunk:
        yield chunk


def _month_of(day: date) -> date:
    return day.replace(day=1)


def _days_of_months(days: Iterable[date]) -> list[date]:
    """Every day of the months of these days."""
    firsts = sorted({*map(_month_of, days)})
    return [
        first.replace(day=number + 1) for first in firsts for number in range(monthrange(first.year, first.month)[1])
    ]
