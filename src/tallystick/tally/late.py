"""Late bills: the use of which no bill has come yet, told apart from use that a bill left out.

A bill comes up to two days after the use, and not always all of it at once. So use is late, not refused, where it has
a price and its whole day, its workspace on that day, or its model in that workspace has no line of the bill at all.
Of a model or a service alone that is so for the newest days that were billed: later its requests were all refused.
Of the newer dialect keys and actors are not looked at: one whose few requests were all refused has no line either.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import duckdb

from tallystick.core.records import REQUESTS, TOKENS


@dataclass(frozen=True, slots=True)
class Doubts:
    """What may still come, or stands elsewhere.

    `open_days` have a bill that was read and may still grow: they are not settled. `unread_days` are days whose usage
    is not in the ledger. `profiles` are workspaces of user profiles, which may be billed to an organization of their
    own (drift: user profiles). `recent_days` are the open days on which a bill may be late in part; None is all.
    """

    open_days: Collection[date] = ()
    recent_days: Collection[date] | None = None
    unread_days: Collection[date] = ()
    profiles: Collection[str] = ()


_TOKENS = ", ".join(f"'{kind}'" for kind in TOKENS)
_IN_PART = "(due.day IN (FROM recent_days) OR due.workspace IN (FROM profiles))"
# Credits are no bill of any use. A token line of a model that was not used may be of one under another name: then no
# model of its workspace is taken to be late.
_GROUPS = f"""
CREATE TEMP TABLE late AS
WITH due AS (
    SELECT DISTINCT day, workspace, model, kind = 'web_search' AS search FROM cells
    WHERE kind <> '{REQUESTS}' AND tier <> 'priority' AND (rate > 0 OR rate_rest > 0)
), bills AS (
    FROM lines WHERE total >= 0
), alone AS (
    SELECT day, workspace FROM bills WHERE kind IN ({_TOKENS}) AND line NOT IN (SELECT line FROM pairs)
        AND (day, workspace, model) NOT IN (SELECT day, workspace, model FROM cells)
)
SELECT day, NULL AS workspace, NULL AS model, NULL AS search FROM due ANTI JOIN bills USING (day)
UNION
SELECT day, workspace, NULL, NULL FROM due ANTI JOIN bills USING (day, workspace)
UNION
SELECT day, workspace, model, false FROM due
WHERE NOT search AND {_IN_PART} AND (day, workspace) NOT IN (FROM alone) AND NOT EXISTS (
    FROM bills WHERE bills.day = due.day AND bills.workspace = due.workspace AND bills.kind <> 'web_search'
        AND (bills.model = due.model OR (bills.kind IN ({_TOKENS}) AND bills.model IN ('unknown', 'none'))))
UNION
SELECT day, workspace, NULL, true FROM due
WHERE search AND {_IN_PART} AND NOT EXISTS (
    FROM bills WHERE bills.day = due.day AND bills.workspace = due.workspace AND bills.kind = 'web_search')
"""  # noqa: S608 - our own names


def groups(duck: duckdb.DuckDBPyConnection) -> None:
    """Make the table `late` (day, workspace, model, search) of `cells`, `lines` and `pairs`; null is every one."""
    duck.execute(_GROUPS)


def is_late(table: str) -> str:
    """The condition that a row of `table`, which no line of the bill covers, is of a group without any bill."""
    return (
        f"EXISTS (FROM late WHERE late.day = {table}.day AND coalesce(late.workspace = {table}.workspace, true) "
        f"AND coalesce(late.model = {table}.model, true) "
        f"AND coalesce(late.search = ({table}.kind = 'web_search'), true))"
    )
