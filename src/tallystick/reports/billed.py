"""Billed: the lines of a month of every organization, closed or still a draft, in one shape for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.question import Question
from tallystick.core.records import CHARGES, CLOSED
from tallystick.ledger.engine import Engine
from tallystick.ledger.tables import schema
from tallystick.reports.closed import ADJUSTMENT, Month, month as of, window
from tallystick.reports.coverage import cover, organizations
from tallystick.tally.owners import Owners


@dataclass(frozen=True)
class Billed:
    """What a month is billed with: what a statement is made of.

    `rows` has the columns of the table `closed`, a row for each charge and team that has a part in it, and
    `adjustment`: true for what was restated of a month that was closed before. Money is DECIMAL(28,12) US dollars; null
    is unknown or none, never 0. `months` has the month of each organization, whose `closing` (version, instant, digest,
    provisional days) is None for a draft, of which every figure may change. `coverage` and `caveats` are those of the
    days of the month as the ledger has them now.
    """

    name: str
    rows: pa.Table
    months: tuple[Month, ...]
    coverage: Mapping[str, Any]
    caveats: tuple[str, ...]

    @property
    def closed(self) -> bool:
        """Whether every organization's month is closed."""
        return bool(self.months) and all(it.closing for it in self.months)


def lines(engine: Engine, month: str, owners: Owners, now: datetime) -> Billed:
    """The lines of a month (2026-10) with their teams, from one version of the ledger; AskedWrongly if it is no month.

    For each organization: the rows that the month was closed with, by the rules of then; else its charges as they are
    now, by `owners`. The first month after the newest closed one has the adjustments that are outstanding too. No row
    holds a name: `reports.names.named` gives those of now, or of `months[...].at`.
    """
    days = window(month)
    months = tuple(of(engine, it, month, owners) for it in organizations(engine))
    rows = pa.concat_tables([schema(CLOSED).empty_table(), *(it.lines for it in months)])
    coverage, caveats = cover(engine, CHARGES, Question("billed", days, ()), now)
    rows = rows.append_column("adjustment", pc.equal(rows["what"], ADJUSTMENT))
    return Billed(month, rows, months, coverage, tuple(caveats))
