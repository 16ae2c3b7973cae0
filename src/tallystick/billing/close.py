"""Close: a month verified, copied into the table `closed` with its owners, rules and prices, and never rewritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Unpack

import pyarrow as pa

from tallystick.billing.obstacles import Allowed, obstacles, refuse
from tallystick.core.ledger_tables import CLOSED, CLOSED_AS
from tallystick.core.money import plain
from tallystick.core.time import text
from tallystick.errors import InvalidQuestion
from tallystick.query.absence import no_day_of, no_organization
from tallystick.query.closed_months import Month, frozen, month
from tallystick.query.closings import (
    ADJUSTMENT,
    CHARGE,
    CLOSING,
    PRICES,
    PROVISIONAL,
    RULES,
    closings,
    digest,
)
from tallystick.query.month_state import unsettled
from tallystick.query.names import organizations
from tallystick.query.spelling import every, spellings
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.tally.owners import Owners
from tallystick.tally.prices_in_force import Prices

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Draft:
    """A month that can be closed: its lines by today's rules, and the days that Anthropic may still restate."""

    month: Month
    provisional: Sequence[date]


def drafts(
    engine: Engine,
    name: str,
    owners: Owners,
    prices: Prices,
    now: datetime,
    **allowed: Unpack[Allowed],
) -> list[Draft]:
    """What closing a month would close, of an organization or of each that is still open in it.

    Raises InvalidQuestion or LedgerError with all that is in the way (`obstacles`), each with what to do.
    """
    known = organizations(engine)
    if not known:
        raise no_day_of(name)
    organization = allowed.get("organization")
    if organization not in {None, *known}:
        raise no_organization(organization, known)
    still = [id_ for id_ in known if organization in {None, id_} and name not in closings(engine, id_)]
    if not still:
        raise InvalidQuestion(
            f"{name} is closed already.", "What was restated since stands as adjustments in the next open month."
        )
    refuse(name, obstacles(engine, name, still, owners, prices, now, allowed))
    names_by = _names_by(now)
    return [Draft(month(engine, id_, name, owners, names_by), unsettled(engine, id_, name, now).days) for id_ in still]


def close(
    tables: Tables,
    name: str,
    owners: Owners,
    prices: Prices,
    clock: Callable[[], datetime],
    waiting: Callable[[str], None] | None = None,
    **allowed: Unpack[Allowed],
) -> list[Month]:
    """Close a month of an organization, or of each that is still open in it, in one commit; what it was closed with.

    Raises what `drafts` raises.
    """
    with tables.writing(waiting) as writer:
        now = clock()
        engine = Engine(tables, writer.version)
        month_drafts = drafts(engine, name, owners, prices, now, **allowed)
        still = [draft.month.organization for draft in month_drafts]
        closing_rows = [_closing_rows(engine, draft, owners, prices, _names_by(now)) for draft in month_drafts]
        writer.append(CLOSED, pa.concat_tables([rows for rows, _ in closing_rows]))
        stated = {f"{CLOSED_AS}{name} {id_}": digest_ for id_, (_, digest_) in zip(still, closing_rows, strict=True)}
        writer.commit(", ".join(still), f"close {name}", now, stated)
        closed = Engine(tables, writer.version)
        return [month(closed, id_, name, owners) for id_ in still]


def _names_by(now: datetime) -> datetime:
    """The instant by which a name must have been seen to be meant: every one seen so far is of before."""
    return (now + _SECOND - timedelta.resolution).replace(microsecond=0)


def _closing_rows(
    engine: Engine, month_draft: Draft, owners: Owners, prices: Prices, names_by: datetime
) -> tuple[pa.Table, str]:
    """All rows that a month is closed with, and their digest."""
    draft, provisional = month_draft.month, month_draft.provisional
    common = {"organization": draft.organization, "month": draft.name}
    lists = [hashlib.sha256(prices.texts[0].encode()).hexdigest(), *prices.texts[1:]]
    rules = frozen(
        owners, {actor: every(spelt) for actor, spelt in spellings(engine, names_by)["actor"].items()}, draft
    )
    facts = [{"what": RULES, "text": rules}, {"what": PRICES, "text": json.dumps(lists)}]
    facts += [{"what": PROVISIONAL, "text": json.dumps([str(day) for day in provisional])}]
    rows = pa.concat_tables([draft.lines, _rows(*(common | fact for fact in facts))])
    closing: dict[str, Any] = {
        "at": text(names_by),
        "version": engine.version.number + 1,
        "digest": digest(rows),
        "billed": plain(draft.billed(CHARGE)),
        "adjustments": plain(draft.billed(ADJUSTMENT)),
        "provisional": [str(day) for day in provisional],
    }
    return pa.concat_tables([rows, _rows(common | {"what": CLOSING, "text": json.dumps(closing)})]), closing["digest"]


def _rows(*rows: Mapping[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema(CLOSED))
