"""Agreement: charges that are all billed as they are priced, to the picodollar, so that no line needs to be judged."""

from __future__ import annotations

import duckdb

from tallystick.tally.reconcile.arithmetic import MOST_MONEY
from tallystick.tally.reconcile.lines import LINE_ROLE, ROLE
from tallystick.tally.reconcile.pieces import MIXED, OF_PARTS, WITHIN

AGREED = f"({ROLE}) <> {LINE_ROLE} OR coalesce(coalesce(billed, 0) = priced, false)"
"""Whether a charge makes no gap in its line, which has one only where a charge of it has."""
_DIFFERENT = f"""
SELECT 1 FROM parts JOIN terms USING (term)
WHERE role = {LINE_ROLE} AND NOT coalesce(CASE WHEN abs(priced) <= {MOST_MONEY} AND quantity <= {MOST_MONEY}
    THEN coalesce(billed, 0) = priced AND priced * per = quantity * low ELSE false END, false)
LIMIT 1
"""  # noqa: S608 - our own names
_PIECES = f"""
CREATE TEMP VIEW pieces AS {OF_PARTS}UNION ALL
SELECT 2, min(id), 0, '{MIXED}', '{WITHIN}', false, 0, coalesce(sum(quantity), 0)::HUGEINT, 0
FROM parts JOIN terms USING (term)
WHERE role = {LINE_ROLE} AND kind <> 'web_search'
    AND parts.line IN (SELECT line FROM terms GROUP BY line HAVING min(speed) <> max(speed))
GROUP BY number, place, parts.line
HAVING min(speed) FILTER (quantity <> 0) <> max(speed) FILTER (quantity <> 0)
"""  # noqa: S608


def agreed(duck: duckdb.DuckDBPyConnection) -> bool:
    """Make `pieces` of `parts` alone where every charge that is judged with its line is billed at its list price.

    Then no line has a gap, whichever charges it covers. Return whether it is so.
    """
    if duck.execute(_DIFFERENT).fetchall():
        return False
    duck.execute(_PIECES)
    return True
