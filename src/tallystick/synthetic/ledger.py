"""Ledger of a synthetic organization, written some days at a time, so that memory does not grow with its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from tallystick.core.ledger_tables import DAYS, NAMES, TALLIED_BY, TALLIES
from tallystick.core.report_tables import COST, USAGE_DAY
from tallystick.core.table import LedgerTable, Type
from tallystick.core.time import Grain
from tallystick.errors import InvalidQuestion
from tallystick.store import memory
from tallystick.store.beside import beside
from tallystick.store.columns import schema, summable
from tallystick.store.digests import count_of, digests
from tallystick.store.tables import Tables
from tallystick.store.writer import Writer
from tallystick.sync.plan import state_of
from tallystick.sync.sources import COST as COST_SOURCE, USAGE
from tallystick.sync.summing import Summing
from tallystick.synthetic.records import PER_KEY, PER_RECORD, WORKSPACES, Maker, Organization, Records
from tallystick.synthetic.terms import calendar
from tallystick.tally.prices_in_force import Prices

AT_ONCE = 60_000
"""Usage records that are made at a time, a day at the least, which bounds memory."""
MOST_DAYS = 36_500
NOON = time(12, tzinfo=UTC)


@dataclass(frozen=True)
class Written:
    """What was written: how many charges, on which days, of how many keys, and the instant at which it was read."""

    charges: int
    first: date
    last: date
    keys: int
    read_at: datetime


def write(
    folder: Path, charges: int, days: int = 365, seed: int = 1, progress: Callable[[date, int], None] | None = None
) -> Written:
    """Write the ledger of about so many charges of so many days into a folder that is empty or not there.

    It is committed a month at a time; `progress` is told the last day of each, and the charges so far. It has no
    archived pages, so nothing can be rebuilt of it. Raises InvalidQuestion where something is in the folder, or the
    size cannot be.
    """
    organization = _organization(charges, days, seed)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidQuestion(f"{folder} is there and not an empty folder.", "Name a folder that does not exist yet.")
    every_day = calendar(days)
    read_at = datetime.combine(every_day[-1] + timedelta(days=1), NOON)
    with beside(folder) as part, Tables(part).writing() as writer:
        ledger = _Ledger(writer, organization, read_at)
        for _, month in groupby(every_day, key=lambda day: (day.year, day.month)):
            month_days = list(month)
            ledger.add_month(month_days)
            if progress:
                progress(month_days[-1], ledger.charges)
    return Written(ledger.charges, every_day[0], every_day[-1], organization.keys, read_at)


def _organization(charges: int, days: int, seed: int) -> Organization:
    """The organization of that size; InvalidQuestion where there is none."""
    if not 1 <= days <= MOST_DAYS:
        raise InvalidQuestion(f"A ledger of {days:,} days cannot be made.", f"--days is 1 to {MOST_DAYS:,}.")
    least = round(days * PER_KEY * PER_RECORD)
    if charges < least:
        raise InvalidQuestion(
            f"{charges:,} charges are too few for {days:,} days.",
            f"A key has {PER_KEY * PER_RECORD:.0f} a day: ask for {least:,} or more, or for fewer --days.",
        )
    number = f"{seed % 10**12:012}"
    return Organization(f"5f0c3d6e-0000-4000-8000-{number}", round(charges / days / PER_RECORD), seed)


class _Ledger:
    """The ledger as it grows."""

    def __init__(self, writer: Writer, organization: Organization, read_at: datetime) -> None:
        self.charges = 0
        self._writer = writer
        self._organization = organization
        self._read_at = read_at
        self._prices = Prices.with_own()
        self._maker = Maker(organization, self._prices.listed)
        writer.append(NAMES, pa.Table.from_pylist([*_names(organization, read_at)], schema(NAMES)))

    def add_month(self, days: Sequence[date]) -> None:
        """Write the days of a month, and commit them."""
        size = max(1, AT_ONCE // self._organization.records)
        for start in range(0, len(days), size):
            chunk = [*days[start : start + size]]
            self._add(chunk, self._maker.records(chunk))
            memory.release()
        lists = {f"{TALLIED_BY}{self._organization.id}": self._prices.digest}
        message = f"synthetic records, {days[0]} to {days[-1]}"
        self._writer.commit(self._organization.id, message, self._read_at, lists)

    def _add(self, days: list[date], records: Records) -> None:
        """Write some days: records, charges, their sums, and what is known of each day."""
        name, writer = self._organization.id, self._writer
        for table, source, rows in ((USAGE_DAY, USAGE, records.usage), (COST, COST_SOURCE, records.cost)):
            writer.replace(table, name, days, rows)
            marks = _marks(rows, table, self._read_at)
            common = {"source": source.name, "grain": str(Grain.DAY)}
            self._append(DAYS, [common | mark for mark in marks])
        Summing(writer, name).replace(days, (), records.charges)
        digest = digests(records.charges)
        self._append(
            TALLIES,
            [{"day": day, "charges": count_of(digest[day]), "late": 0, "digest": digest[day]} for day in days],
        )
        self.charges += records.charges.num_rows

    def _append(self, table: LedgerTable, rows: list[dict[str, Any]]) -> None:
        own = ({"organization": self._organization.id, **row} for row in rows)
        self._writer.append(table, pa.Table.from_pylist([*own], schema(table)))


def _marks(rows: pa.Table, table: LedgerTable, read_at: datetime) -> Iterator[dict[str, Any]]:
    """What is known of each day of the records of a table: its state, control totals and digest."""
    numbers = {column.name: column.type for column in table.columns if column.type in {Type.COUNT, Type.MONEY}}
    figures = pa.table({"day": rows["day"], **{name: summable(rows[name]) for name in numbers}})
    totals = figures.group_by("day", use_threads=False).aggregate([(name, "sum") for name in numbers])
    digest = digests(rows)
    for total in totals.sort_by("day").to_pylist():
        day = total["day"]
        sums = {name: total[f"{name}_sum"] for name in numbers}
        control = {name: int(sums[name]) if kind is Type.COUNT else sums[name] for name, kind in numbers.items()}
        known = {"state": str(state_of(day, read_at)), "rows": count_of(digest[day]), "digest": digest[day]}
        yield {"day": day, **control, **known}


def _names(organization: Organization, seen_at: datetime) -> Iterator[dict[str, Any]]:
    """The names of the organization, its workspaces and its keys."""
    common = {"organization": organization.id, "status": "active", "seen_at": seen_at}
    yield common | {"type": "organization", "id": organization.id, "name": "Synthetic"}
    for number in range(WORKSPACES):
        yield common | {"type": "workspace", "id": f"wrkspc_{number:026}", "name": f"workspace {number}"}
    for number in range(organization.keys):
        workspace = f"wrkspc_{number % WORKSPACES:026}"
        yield common | {"type": "key", "id": f"apikey_{number:026}", "name": f"key {number}", "workspace": workspace}
