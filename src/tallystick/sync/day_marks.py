"""Day marks: the rows of `days` of one organization, by source, grain and day.

A sync asks for few of many days: the rows of a month become dictionaries when one of them is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.records import State
from tallystick.core.time import Grain, midnight

Mark = dict[str, Any]
Key = tuple[str, str, date]


class DayMarks(Mapping[Key, Mark]):
    """The marks of some `rows` of `days`; `take` puts newer ones in their place."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows
        self._months: set[tuple[int, int]] = set()
        self._complete = False
        self._marks: dict[Key, Mark] = {}

    def take(self, marks: Iterable[Mark]) -> None:
        """Put marks in the place of those of the same days."""
        for mark in marks:
            self._read_month(mark["day"])
            self._marks[key_of(mark)] = mark

    def __getitem__(self, key: Key) -> Mark:
        self._read_month(key[2])
        return self._marks[key]

    def __iter__(self) -> Iterator[Key]:
        self._read_rest()
        return iter(self._marks)

    def __len__(self) -> int:
        self._read_rest()
        return len(self._marks)

    def knows(self, source: str) -> bool:
        """Whether any day of a source was marked."""
        return any(key[0] == source for key in self._marks) or source in self.rows["source"].unique().to_pylist()

    def newest_ended(self, source: str) -> date | None:
        """Return the newest day of a source that has ended; None where none has. Months before it stay unread."""
        of_source = self.rows.filter(pc.equal(self.rows["source"], source))["day"].to_pylist()
        days = {*of_source, *(day for name, _, day in self._marks if name == source)}
        marks = ((day, self.get((source, Grain.DAY, day))) for day in sorted(days, reverse=True))
        return next((day for day, mark in marks if mark and mark["state"] != State.RUNNING), None)

    def _read_month(self, day: date) -> None:
        if self._complete or (month := (day.year, day.month)) in self._months:
            return
        self._months.add(month)
        span = Grain.MONTH.around(midnight(day))
        days = self.rows["day"]
        first, end = (pa.scalar(when.date(), pa.date32()) for when in (span.start, span.end))
        rows = self.rows.filter(pc.and_(pc.greater_equal(days, first), pc.less(days, end)))
        self._marks |= {key_of(mark): mark for mark in rows.to_pylist()}

    def _read_rest(self) -> None:
        """Read all months at once: those that were read before may have newer marks."""
        if not self._complete:
            self._marks = {key_of(mark): mark for mark in self.rows.to_pylist()} | self._marks
            self._complete = True


def key_of(mark: Mark) -> Key:
    """The source, the grain and the day that a row of `days` is of."""
    return mark["source"], mark["grain"], mark["day"]
