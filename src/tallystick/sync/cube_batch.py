"""Cube batches: rows of the answers to all queries of a cube, each without what finer queries hold of it."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.api.page import Page, strange
from tallystick.core.records import COUNTERS, REQUESTS
from tallystick.store.columns import encoded, months
from tallystick.sync.batch import Batch, FetchedPage
from tallystick.sync.remainder import Filters, judged, remainders
from tallystick.sync.row_columns import constant

SAME = frozenset({"organization", "month"})
"""Columns that follow from the task and the day."""
MOST_SUM = 2**60
"""The most that the counts of one batch may add up to, so that no later sum of days leaves 64 bits."""


@dataclass
class CubeBatch(Batch):
    """A batch whose rows come by queries that group by some dimensions and filter on others."""

    _parts: dict[Filters, list[pa.Table]] = field(default_factory=dict)
    _fixed: dict[Filters, Mapping[str, str]] = field(default_factory=dict)
    _counted: Counter[str] = field(default_factory=Counter)

    @cached_property
    def _row_schema(self) -> pa.Schema:
        """The columns of a page's rows that are kept until all are there."""
        fits = encoded(self._table)
        return pa.schema([fits.field(name) for name in fits.names if name not in SAME])

    @property
    @abstractmethod
    def _adds_up(self) -> bool:
        """Whether the answers have each row once, so that there is nothing to add or to take away."""

    def _keep(
        self,
        answer: FetchedPage,
        filters: Filters,
        columns: Mapping[str, pa.Array],
        starts: Sequence[datetime],
        index: pa.Array,
    ) -> None:
        """Keep the rows of a page; `index` says for each which of these starts its bucket has."""
        self._bound(answer.page, columns)
        when = {
            "day": pa.array([start.date() for start in starts], pa.date32()).take(index),
            "hour_of_day": pa.array([start.hour for start in starts], pa.int64()).take(index),
        }
        filled = {**columns, **when}
        rows = pa.table([filled[name] for name in self._row_schema.names], schema=self._row_schema)
        self._fixed[filters] = answer.fixed
        self._parts.setdefault(filters, []).append(rows)

    def _cube(self) -> tuple[pa.Table, set[date]]:
        rows, wrong = self._row_schema.empty_table(), set[date]()
        if self._adds_up:
            rows = pa.concat_tables([rows, *(part for parts in self._parts.values() for part in parts)])
        elif self._parts:
            measures = self.task.source.measures
            rows, wrong = judged(remainders(self._parts, self._fixed, measures, self._under))
        columns = self._filled(rows) | {
            "organization": constant(self.organization, rows.num_rows),
            "month": months(rows["day"]),
        }
        fits = encoded(self._table)
        return pa.table([columns[name] for name in fits.names], schema=fits), wrong

    def _under(self, rows: pa.Table, fixed: Mapping[str, str]) -> pa.Table:
        """Rows under what another query held fixed."""
        for name, value in fixed.items():
            rows = rows.set_column(rows.schema.get_field_index(name), rows.field(name), constant(value, rows.num_rows))
        return rows

    def _filled(self, rows: pa.Table) -> dict[str, pa.Array]:
        """The columns of the table that tell its rows apart, and their figures."""
        return dict(zip(rows.schema.names, rows.columns, strict=True))

    def _bound(self, page: Page, columns: Mapping[str, pa.Array]) -> None:
        """Raise UnexpectedResponse where the counts of this batch add up to more than 64 bits can hold."""
        for name in (*COUNTERS, REQUESTS):
            if name in columns:
                self._counted[name] += pc.sum(columns[name].cast(pa.float64())).as_py() or 0
                if self._counted[name] > MOST_SUM:
                    sum_ = f"{self._counted[name]:.3g}; at most {MOST_SUM:,} are believed"
                    raise strange(page, f"counts of {name}, up to `$.data[-1]`, that add up to {sum_}")


def grouped_by(page: Page, groups: Mapping[str, str]) -> tuple[str, ...]:
    """The dimensions that a page's request grouped by; `groups` gives them by the API's name."""
    return tuple(groups[value] for name, value in page.parameters if name == "group_by[]" and value in groups)


def filtered_by(answer: FetchedPage, parameters: Mapping[str, str]) -> Filters:
    """What a page's request filtered on, as values of our dimensions; `parameters` gives these by the API's name."""
    names = (parameters.get(name.removesuffix("[]"), "") for name, _ in answer.page.parameters)
    return frozenset((name, answer.fixed[name]) for name in names if name in answer.fixed)
