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
import pyarrow as pa

from tallystick.core.causes import BILL_NOT_READ, NOT_BILLED, NOT_BILLED_YET, TO_PROFILE
from tallystick.core.prices import PriceList
from tallystick.core.records import REQUESTS, TOKENS
from tallystick.tally.use_groups import KINDS, kinds_used
from tallystick.tally.words import Words


@dataclass(frozen=True, slots=True)
class Doubts:
    """What may still come, or stands elsewhere.

    `open_days` have a bill that was read and may still grow: they are not settled. `unread_days` are days whose usage
    is not in the ledger, `unread_bills` those whose bill was asked for and could not be read. `profiles` are workspaces
    of user profiles, which may be billed to an organization of their own (drift: user profiles). `recent_days` are the
    open days on which a bill may be late in part; None is all.
    """

    open_days: Collection[date] = ()
    recent_days: Collection[date] | None = None
    unread_days: Collection[date] = ()
    unread_bills: Collection[date] = ()
    profiles: Collection[str] = ()

    def days(self, known: Collection[date], billed: Collection[date], lists: Collection[PriceList]) -> pa.Table:
        """The days that are `known`, and what is known of each; `billed` are those whose bill has been read.

        `since` is the day since which all of these price lists are the same.
        """
        days = sorted(known)
        recent = self.open_days if self.recent_days is None else self.recent_days
        flags = {
            "billed": {*billed},
            "open": {*self.open_days},
            "recent": {*recent},
            "unread": {*self.unread_days},
            "unread_bill": {*self.unread_bills} - {*billed},
        }
        since = [max(prices.since(day) for prices in lists) for day in days]
        return pa.table(
            {"day": pa.array(days, pa.date32()), "since": pa.array(since, pa.date32())}
            | {name: pa.array([day in flagged for day in days], pa.bool_()) for name, flagged in flags.items()}
        )


_TOKENS = ", ".join(f"'{kind}'" for kind in TOKENS)
_OF_USE = f"{_TOKENS}, 'web_search', 'unknown'"
UNPLACED = "('unknown', 'none')"
"""Words of a workspace that is not told; of the older dialect null is the default workspace, and a word of its own."""
_IN_PART = "(due.day IN (SELECT day FROM days WHERE recent) OR due.workspace IN (FROM profiles))"
# Credits are no bill of any use. A line is a bill of its own workspace; one that no use of its own was matched to, and
# that does not tell its workspace, of every one. Use that does not tell its workspace is billed by such lines, and use
# whose workspace was not told when it was asked for by any of its day.
_LATE = f"""
CREATE TEMP TABLE late AS
WITH due AS (
    SELECT day, workspace, model, search FROM places WHERE due
), told AS (
    SELECT day, workspace, model, kind, bool_or(line NOT IN (SELECT line FROM pairs WHERE own)) AS loose FROM lines
    WHERE total >= 0 GROUP BY day, workspace, model, kind
), bills AS (
    SELECT day, workspace, model, kind FROM told
    UNION
    SELECT told.day, due.workspace, told.model, told.kind
    FROM told JOIN (SELECT DISTINCT day, workspace FROM due) AS due ON due.day = told.day
    WHERE due.workspace = 'unknown' OR (
        loose AND kind IN ({_OF_USE}) AND (told.workspace IN {UNPLACED} OR due.workspace IN {UNPLACED}))
)
SELECT day, NULL AS workspace, NULL AS model, NULL AS search FROM due ANTI JOIN bills USING (day)
UNION
SELECT day, workspace, NULL, NULL FROM due ANTI JOIN bills USING (day, workspace)
UNION
SELECT day, workspace, model, false FROM due
WHERE NOT search AND {_IN_PART} AND NOT EXISTS (
    FROM bills WHERE bills.day = due.day AND bills.workspace = due.workspace AND bills.kind <> 'web_search'
        AND (bills.model = due.model OR (bills.kind IN ({_TOKENS}, 'unknown')
            AND (due.model = 'unknown' OR bills.model IN ('unknown', 'none')))))
UNION
SELECT day, workspace, NULL, true FROM due
WHERE search AND {_IN_PART} AND NOT EXISTS (
    FROM bills WHERE bills.day = due.day AND bills.workspace = due.workspace
        AND bills.kind IN ('web_search', 'unknown'))
"""  # noqa: S608 - our own names
# A line that no use was matched to may be of use that has no line: of another name of its model, of a kind or a
# workspace that the bill does not tell. Use that it may be of is not late: that would count it twice.
_COVERED = f"""
CREATE TEMP TABLE covered AS
WITH alone AS (
    SELECT DISTINCT day, workspace, model, kind, (day, workspace, model) NOT IN (
        SELECT day, workspace, model FROM places
    ) AS unused
    FROM lines WHERE total >= 0 AND kind IN ({_OF_USE}) AND line NOT IN (SELECT line FROM pairs)
), used AS (
    SELECT day, workspace, model, search FROM places WHERE used
)
SELECT DISTINCT used.* FROM used JOIN alone USING (day)
WHERE (alone.kind = 'unknown' OR (alone.kind = 'web_search') = used.search)
    AND (alone.workspace = used.workspace OR alone.workspace IN {UNPLACED} OR used.workspace IN {UNPLACED}
        OR (alone.workspace = 'default' AND alone.unused AND alone.model = used.model))
    AND (used.search OR alone.model = used.model OR alone.unused)
"""  # noqa: S608
_IS_COUNTED = f"number <> {KINDS.index(REQUESTS)}"
_COUNTED = ", ".join(kind for kind in KINDS if kind != REQUESTS)
_UNBILLED = {
    False: f"SELECT EXISTS (FROM records WHERE tier <> 'priority' AND greatest({_COUNTED}) > 0)",
    True: f"""
SELECT EXISTS (FROM use_groups ANTI JOIN pairs USING (use_group) WHERE kind <> '{REQUESTS}' AND tier <> 'priority')
""",
}
"""Whether any use has no line of the bill, where there is a bill and where there is none."""
_PLACES = f"""
CREATE TEMP TABLE places AS
SELECT day, workspace, model, number = {KINDS.index("web_search")} AS search, bool_or({_IS_COUNTED}) AS used,
    bool_or({_IS_COUNTED} AND has_price AND tier <> 'priority') AS due
FROM ({kinds_used(("day", "workspace", "model", "term"))}) JOIN (SELECT term, tier FROM terms) USING (term)
    JOIN rates USING (term, number)
GROUP BY ALL
"""  # noqa: S608
_NONE = "CREATE TEMP TABLE causes (day DATE, workspace INTEGER, model INTEGER, search BOOLEAN, cause INTEGER)"
_IS_LATE = {
    False: "day IN (SELECT day FROM places WHERE due)",
    True: """
        EXISTS (FROM late WHERE late.day = used.day AND coalesce(late.workspace = used.workspace, true)
            AND coalesce(late.model = used.model, true) AND coalesce(late.search = used.search, true))
        AND NOT EXISTS (FROM covered WHERE covered.day = used.day AND covered.workspace = used.workspace
            AND covered.model = used.model AND covered.search = used.search)
""",
}
"""Whether use is late, where there is no bill and where there is one."""
_CAUSES = f"""
INSERT INTO causes
SELECT *, CASE
    WHEN day IN (SELECT day FROM days WHERE unread_bill) THEN '{BILL_NOT_READ}'
    WHEN day IN (SELECT day FROM days WHERE NOT billed) THEN '{NOT_BILLED_YET}'
    WHEN {{is_late}}
        THEN CASE WHEN workspace IN (FROM profiles) THEN '{TO_PROFILE}'
            WHEN day IN (SELECT day FROM days WHERE open) THEN '{NOT_BILLED_YET}'
            ELSE '{NOT_BILLED}' END
    ELSE '{NOT_BILLED}' END
FROM (SELECT day, workspace, model, search FROM places) AS used
"""  # noqa: S608


def causes(duck: duckdb.DuckDBPyConnection, words: Words, *, billed: bool) -> None:
    """Make the table `causes` (day, workspace, model, search, cause).

    It is made of `days`, `records`, `lines` and `pairs`, and says why no line of the bill covers such a use, in any
    tier but priority. It is empty where all is covered. `use_groups` are needed where anything was `billed`.
    """
    duck.execute(_NONE)
    [(unbilled,)] = duck.execute(words.sql(_UNBILLED[billed])).fetchall()
    if unbilled:
        by_bill = (_LATE, _COVERED) if billed else ()
        for statement in (_PLACES, *by_bill, _CAUSES.format(is_late=_IS_LATE[billed])):
            duck.execute(words.sql(statement))
