"""Closing a month: verified, copied into the table `closed` with its owners, rules and prices, and never rewritten."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from tallystick.core.money import plain
from tallystick.core.question import Question
from tallystick.core.records import CHARGES, CLOSED, USED
from tallystick.core.time import Grain, text
from tallystick.errors import AskedWrongly, LedgerError
from tallystick.ledger.engine import Engine
from tallystick.ledger.tables import Tables, Writer, schema
from tallystick.reports.closed import (
    ADJUSTMENT,
    CHARGE,
    CLOSING,
    PRICES,
    RULES,
    Month,
    closings,
    digest,
    frozen,
    month,
    window,
)
from tallystick.reports.coverage import cover, organizations, spans
from tallystick.reports.lists import MEND, OTHERS, by_others
from tallystick.reports.verify import verify
from tallystick.tally.owners import Owners
from tallystick.tally.prices import Prices


def close(
    tables: Tables,
    name: str,
    owners: Owners,
    prices: Prices,
    now: datetime,
    *,
    provisional: bool = False,
    waiting: Callable[[str], None] | None = None,
) -> list[Month]:
    """Close a month of every organization that is still open in it, each in one commit; what each was closed with.

    Raises AskedWrongly for a month that has not ended, is closed, or has provisional days that were not allowed;
    LedgerError where days are absent or running, or something does not add up.
    """
    if window(name).end > Grain.DAY.floor(now):
        raise AskedWrongly(f"{name} has not ended.", "Close it when its last day has been billed.")
    with tables.writing(waiting) as writer:
        engine = Engine(tables, writer.version)
        still = [it for it in organizations(engine) if name not in closings(engine, it)]
        if not still:
            raise AskedWrongly(
                f"{name} is closed already." if organizations(engine) else "The ledger holds no organization.",
                "What was restated since stands as adjustments in the next open month.",
            )
        allowed = {it: _checked(engine, it, name, prices, now, provisional=provisional) for it in still}
        drafts = [month(engine, it, name, owners) for it in still]
        return [_kept(writer, it, owners, prices, now, allowed[it.organization]) for it in drafts]


def _checked(
    engine: Engine, organization: str, name: str, prices: Prices, now: datetime, *, provisional: bool
) -> list[date]:
    """The provisional days of a month that can be closed; an error where it cannot be."""
    if organization in by_others(engine, prices):
        raise LedgerError(f"{OTHERS}, so {name} cannot be closed.", MEND)
    question = Question("close", window(name), (), {"organization": (organization,)})
    loose: set[str] = set()
    for table, what in ((CHARGES, "billed"), (USED, "used")):
        coverage, _ = cover(engine, table, question, now)
        for how, mend in (("absent", "absent from the ledger"), ("running", "known as they were while they ran")):
            if days := coverage[how]:
                raise LedgerError(
                    f"{name} cannot be closed: of what was {what}, days are {mend}: {_spoken(days)}.",
                    f"`tallystick sync --since {days[0]}` reads them.",
                )
        loose |= set(coverage["provisional"])
    if loose and not provisional:
        raise AskedWrongly(
            f"Of {name}, days are provisional: {_spoken(sorted(loose))}. Anthropic may still restate them.",
            "Close it 35 days after its end, after a sync, or with --provisional: what changes is charged next month.",
        )
    broken = [row for row in verify(engine, prices).rows if row["organization"] == organization]
    if broken := [row for row in broken if str(row["day"]).startswith(name) or row["day"] == "all"]:
        raise LedgerError(
            f"{name} cannot be closed: it does not add up ({broken[0]['day']}, {broken[0]['check']}).",
            "`tallystick verify` shows what does not; a sync or a rebuild may mend it.",
        )
    return sorted(map(date.fromisoformat, loose))


def _kept(
    writer: Writer, draft: Month, owners: Owners, prices: Prices, now: datetime, provisional: list[date]
) -> Month:
    """Append the rows of a month and commit them; the month as it is now closed."""
    same = {"organization": draft.organization, "month": draft.name}
    said = [{"what": RULES, "text": frozen(owners)}, {"what": PRICES, "text": json.dumps(prices.texts)}]
    rows = pa.concat_tables([draft.lines, _rows(*(same | it for it in said))])
    closing: dict[str, Any] = {
        "at": text(now),
        "version": writer.version.number + 1,
        "digest": digest(rows),
        "billed": plain(draft.billed(CHARGE)),
        "adjustments": plain(draft.billed(ADJUSTMENT)),
        "provisional": [str(it) for it in provisional],
    }
    writer.append(CLOSED, pa.concat_tables([rows, _rows(same | {"what": CLOSING, "text": json.dumps(closing)})]))
    what = f"close {draft.name}, digest {closing['digest']}"
    writer.commit(draft.organization, what, now, {"billed": closing["billed"], "adjustments": closing["adjustments"]})
    return month(Engine(writer.tables, writer.version), draft.organization, draft.name, owners)


def _rows(*rows: Mapping[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([dict(it) for it in rows], schema(CLOSED))


def _spoken(days: list[str]) -> str:
    return spans([date.fromisoformat(it) for it in days])
