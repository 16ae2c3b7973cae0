"""Line changes: two sets of charges compared line by line: used and billed before, after, and the difference."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tallystick.store.session import scratch

MONEY = "DECIMAL(28, 12)"


def changes(
    before: pa.Table, after: pa.Table, by: Sequence[str], figures: Sequence[str] = ("quantity", "billed")
) -> pa.Table:
    """The lines, told apart `by` these columns, whose quantity or amount differs, in the order of the columns.

    Beside them `quantity_before`, `quantity_after`, `quantity_change`, and the same of `billed` and further `figures`
    in exact US dollars. None where a side does not have the line or does not know the figure; the change counts that
    as nothing, and is None where neither knows it.
    """
    duck = scratch()
    duck.register("earlier", before)
    duck.register("later", after)
    columns = ", ".join(f'"{column}"' for column in by)
    kinds = {name: "BIGINT" if name == "quantity" else MONEY for name in figures}
    sums = ", ".join(f"sum({name}) AS {name}" for name in kinds)
    match = " AND ".join(f'one."{column}" IS NOT DISTINCT FROM other."{column}"' for column in by)
    keys = ", ".join(f'coalesce(one."{column}", other."{column}") AS "{column}"' for column in by)
    selection = ", ".join(
        f"one.{name}::{kind} AS {name}_before, other.{name}::{kind} AS {name}_after, "
        f"CASE WHEN coalesce(one.{name}, other.{name}) IS NOT NULL "
        f"THEN (coalesce(other.{name}, 0) - coalesce(one.{name}, 0))::{kind} END AS {name}_change"
        for name, kind in kinds.items()
    )
    return duck.sql(
        f"WITH one AS (SELECT {columns}, {sums} FROM earlier GROUP BY ALL), "  # noqa: S608 - our own names
        f"other AS (SELECT {columns}, {sums} FROM later GROUP BY ALL) "
        f"SELECT {keys}, {selection} FROM one FULL OUTER JOIN other ON {match} "
        "WHERE one.quantity IS DISTINCT FROM other.quantity OR one.billed IS DISTINCT FROM other.billed "
        f"ORDER BY {columns}"
    ).to_arrow_table()
