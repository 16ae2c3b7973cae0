"""Digests: what tells the rows of one day from others, whatever their order."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from tallystick.store.session import scratch

_DIGESTS = """
SELECT day, count(*) || '-' || printf('%x', (sum(hash({columns})) % 18446744073709551616)::UBIGINT) AS digest
FROM rows_of_days GROUP BY day
"""


def digests(rows: pa.Table) -> dict[date, str]:
    """Return the digest of the rows of each day that has any: their number, and the sum of their hashes.

    The hashes are DuckDB's. Another release of it may make others, and a day then only looks changed.
    """
    if not rows.num_rows:
        return {}
    with scratch(threads=1) as duck:
        duck.register("rows_of_days", rows)
        return dict(duck.execute(_DIGESTS.format(columns=", ".join(sorted(rows.schema.names)))).fetchall())


def count_of(digest: str) -> int:
    """Return the number of rows that a digest is of; none of an empty one."""
    return int(digest.partition("-")[0] or 0)
