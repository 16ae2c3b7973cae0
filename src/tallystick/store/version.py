"""Version: one committed state of the ledger, and what a row of `versions` says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tallystick.core.ledger_tables import CHARGES, CLOSED_AS, DAY_SUMS, FIGURES, MONTH_SUMS, PINNED, READING, TALLIED_BY
from tallystick.core.table import LedgerTable
from tallystick.core.time import instant, text
from tallystick.store.contents import Content

DROPPED = "dropped"
"""The name among the totals of a version under which it states when it was dropped."""
CONTENTS = "contents"
"""The name among the totals of a version under which it states what each table holds."""


@dataclass(frozen=True, slots=True)
class Version:
    """One committed state of the ledger: the Delta version of each table by its name, and the totals it states.

    `contents` is what each table must hold; of a version from before such were stated it is empty.
    """

    number: int
    at: datetime | None
    tables: Mapping[str, int]
    totals: Mapping[str, str] = field(default_factory=dict)
    organization: str = ""
    what: str = ""
    contents: Mapping[str, Content] = field(default_factory=dict)

    @property
    def has_sums(self) -> bool:
        """Whether the day sums are of every charge, by what is stated of both; not so where an older release wrote."""
        return self._has(DAY_SUMS)

    @property
    def has_months(self) -> bool:
        """Whether the month sums are of every charge, likewise; where there is no charge, nothing is missing."""
        return not self.tables.get(CHARGES.name) or self._has(MONTH_SUMS)

    @property
    def is_summed(self) -> bool:
        """Whether every charge is in the sums of its day and of its month."""
        return self.has_sums and self.has_months

    def _has(self, table: LedgerTable) -> bool:
        charges, sums = (self.contents.get(name) for name in (CHARGES.name, table.name))
        if charges is None or sums is None:
            return False
        expected = {**charges.sums, "rows": f"{charges.rows}"}
        return all(sums.sums.get(name) == expected.get(name) for name in (*FIGURES, "rows"))

    @property
    def reading(self) -> int | None:
        """The newest reading of the archive whose answers it holds; None where an older release wrote."""
        stated = self.totals.get(READING)
        return int(stated) if stated else None if self.number else 0

    @property
    def dropped_at(self) -> datetime | None:
        """When it was dropped, so that nothing can be asked of it any more; None where it was not."""
        return instant(self.totals[DROPPED]) if DROPPED in self.totals else None

    def dropped(self, when: datetime) -> Version:
        """The version as it is listed once it is dropped: its number and instant, what it was, what it closed."""
        closed = {name: stated for name, stated in self.totals.items() if name.startswith(CLOSED_AS)}
        return replace(self, tables={}, totals={**closed, DROPPED: text(when)}, contents={})

    def is_tallied_by(self, organization: str, lists: str) -> bool:
        """Whether the charges of an organization were tallied by the price lists of this digest."""
        return self.totals.get(TALLIED_BY + organization) == lists

    @property
    def identity(self) -> dict[str, Any]:
        """The version as an answer says it: its number and the instant of its commit."""
        return {"version": self.number, "at": text(self.at) if self.at else None}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Version:
        """The version that a row of `versions` states. Raises ValueError, KeyError or TypeError where it is damaged."""
        totals = json.loads(row["totals"])
        contents = {name: Content(**content) for name, content in totals.pop(CONTENTS, {}).items()}
        committed_at = row["committed_at"].astimezone(UTC)
        return cls(
            row["version"], committed_at, json.loads(row["tables"]), totals, row["organization"], row["what"], contents
        )

    def row(self) -> dict[str, Any]:
        """The row of `versions` that states it."""
        contents = {name: content.stated() for name, content in self.contents.items()}
        return {
            "version": self.number,
            "committed_at": self.at,
            "organization": self.organization,
            "what": self.what,
            "tables": json.dumps(dict(self.tables)),
            "totals": json.dumps({**self.totals, CONTENTS: contents}),
        }


EMPTY = Version(0, None, {table.name: 0 for table in PINNED})
"""The state of a ledger in which nothing was committed yet."""
