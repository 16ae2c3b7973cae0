"""Close: a month verified, copied into the table `closed` with its owners, rules and prices, and never rewritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypedDict, Unpack

import pyarrow as pa
from sqlglot import exp

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, CLOSED, CLOSED_AS, USED
from tallystick.core.money import plain
from tallystick.core.question import Question
from tallystick.core.time import Grain, spans, text
from tallystick.core.time_words import utc_month
from tallystick.errors import InvalidQuestion, LedgerError
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
    following,
)
from tallystick.query.conditions import equals
from tallystick.query.coverage import cover
from tallystick.query.gaps import LATE, messages
from tallystick.query.names import organizations
from tallystick.query.spelling import every, spellings
from tallystick.query.stale_tally import MEND, OTHERS, by_others
from tallystick.reports.verify import verify
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables, schema
from tallystick.tally.owners import Owners
from tallystick.tally.prices_in_force import Prices

_SECOND = timedelta(seconds=1)


class Allowed(TypedDict, total=False):
    """What closing may do that it refuses unless asked: provisional days, late bills, earlier months left open.

    `organization` is the only one that is closed, of a ledger of several.
    """

    provisional: bool
    late: bool
    organization: str | None
    skip_earlier: bool


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
    *,
    provisional: bool = False,
    late: bool = False,
    organization: str | None = None,
    skip_earlier: bool = False,
) -> list[Draft]:
    """What closing a month would close, of an organization or of each that is still open in it.

    Raises InvalidQuestion for a month that has not ended, is closed, is not the next to be, or has provisional days or
    late bills that were not allowed; LedgerError where days are absent or running, or something does not add up.
    """
    if utc_month(name).end > Grain.DAY.floor(now):
        raise InvalidQuestion(f"{name} has not ended.", "Close it when its last day has been billed.")
    known = organizations(engine)
    if not known:
        raise LedgerError(f"No day of {name} is in the ledger.", f"`tallystick sync --since {name}` reads them.")
    if organization not in {None, *known}:
        raise InvalidQuestion(f"The ledger has no organization {organization!r}.", f"It has {', '.join(known)}.")
    still = [id_ for id_ in known if organization in {None, id_} and name not in closings(engine, id_)]
    if not still:
        raise InvalidQuestion(
            f"{name} is closed already.", "What was restated since stands as adjustments in the next open month."
        )
    for organization_id in still:
        _in_order(engine, organization_id, name, skip_earlier=skip_earlier)
    if not late:
        _billed(engine, still, name, now)
    broken = verify(engine, prices, archive=False).rows
    allowed = {id_: _checked(engine, id_, name, prices, now, broken, provisional=provisional) for id_ in still}
    names_by = _names_by(now)
    return [Draft(month(engine, id_, name, owners, names_by), allowed[id_]) for id_ in still]


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
        made = drafts(engine, name, owners, prices, now, **allowed)
        still = [draft.month.organization for draft in made]
        closed_rows = [_kept(engine, draft, owners, prices, _names_by(now)) for draft in made]
        writer.append(CLOSED, pa.concat_tables([rows for rows, _ in closed_rows]))
        stated = {f"{CLOSED_AS}{name} {id_}": digest_ for id_, (_, digest_) in zip(still, closed_rows, strict=True)}
        writer.commit(", ".join(still), f"close {name}", now, stated)
        closed = Engine(tables, writer.version)
        return [month(closed, id_, name, owners) for id_ in still]


def _names_by(now: datetime) -> datetime:
    """The instant by which a name must have been seen to be meant: every one seen so far is of before."""
    return (now + _SECOND - timedelta.resolution).replace(microsecond=0)


def _in_order(engine: Engine, organization: str, name: str, *, skip_earlier: bool) -> None:
    """Raise InvalidQuestion where another month is to be closed first: closing a later one shuts it out for ever."""
    if known := closings(engine, organization):
        if name < min(known):
            raise InvalidQuestion(
                f"{name} cannot be closed any more: {min(known)} was closed before it.",
                "It stays open; `tallystick statement` gives drafts of it.",
            )
        if name != following(known):
            raise InvalidQuestion(
                f"{name} is not the month to be closed next: {max(known)} is the newest that is closed.",
                f"Months are closed in their order: tallystick close {following(known)}.",
            )
        return
    query = exp.select("month").distinct().from_("ledger.charges").where(equals("organization", organization))
    earlier = sorted(row["month"] for row in engine.rows(query) if row["month"] < name)
    if earlier and not skip_earlier:
        raise InvalidQuestion(
            f"{earlier[0]} is open and has charges, and could never be closed after {name}.",
            f"Close it first: tallystick close {earlier[0]}; or leave every month before {name} open for ever: "
            "--skip-earlier.",
        )


def _checked(
    engine: Engine,
    organization: str,
    name: str,
    prices: Prices,
    now: datetime,
    broken: Sequence[Mapping[str, Any]],
    *,
    provisional: bool,
) -> list[date]:
    """The provisional days of a month that can be closed; an error where it cannot be."""
    if organization in by_others(engine, prices):
        raise LedgerError(f"{OTHERS}, so {name} cannot be closed.", MEND)
    question = Question("close", utc_month(name), (), {"organization": Filter.of(organization)})
    unsettled: set[str] = set()
    in_doubt: set[str] = set()
    for table, verb in ((CHARGES, "billed"), (USED, "used")):
        coverage, _ = cover(engine, table, question, now)
        for state, reason in (("absent", "absent from the ledger"), ("running", "known as they were while they ran")):
            if days := coverage[state]:
                raise LedgerError(
                    f"{name} cannot be closed: of what was {verb}, days are {reason}: {_spoken(days)}.",
                    f"`tallystick sync --since {days[0]}` reads them.",
                )
        unsettled |= {*coverage["provisional"]}
        in_doubt |= {*coverage.get("in_doubt", ())}
    if in_doubt and not provisional:
        raise InvalidQuestion(
            f"Of {name}, days are in doubt: {_spoken(sorted(in_doubt))}. The newest answer would take much of them "
            "away.",
            "Sync again in an hour, which keeps them or takes the answer; `tallystick sync --accept-loss` takes it at "
            "once. Or close with --provisional: what changes is charged next month.",
        )
    unsettled |= in_doubt
    if unsettled and not provisional:
        raise InvalidQuestion(
            f"Of {name}, days are provisional: {_spoken(sorted(unsettled))}. Anthropic may still restate them.",
            "Close it 35 days after its end, after a sync, or with --provisional: what changes is charged next month.",
        )
    for row in broken:
        day = str(row["day"])
        if row["organization"] in {organization, "all"} and (day == "all" or day[: len(name)] <= name):
            raise LedgerError(
                f"{name} cannot be closed: the ledger does not add up ({day}, {row['check']}).",
                "`tallystick verify` shows what does not; a sync or a rebuild may mend it.",
            )
    return sorted(map(date.fromisoformat, unsettled))


def _billed(engine: Engine, organizations: Sequence[str], name: str, now: datetime) -> None:
    """Raise InvalidQuestion where bills of a month are late."""
    question = Question("close", utc_month(name), (), {"organization": Filter(tuple(organizations))})
    coverage, _ = cover(engine, CHARGES, question, now)
    if LATE in coverage and not coverage["absent"]:
        [late] = messages({LATE: coverage[LATE]}, now)
        raise InvalidQuestion(
            f"{name} cannot be closed while bills of it are late. {late.text}",
            "Wait until they are billed, or close with --late: what is billed later is charged next month.",
        )


def _kept(engine: Engine, made: Draft, owners: Owners, prices: Prices, names_by: datetime) -> tuple[pa.Table, str]:
    """All rows that a month is closed with, and their digest."""
    draft, provisional = made.month, made.provisional
    same = {"organization": draft.organization, "month": draft.name}
    lists = [hashlib.sha256(prices.texts[0].encode()).hexdigest(), *prices.texts[1:]]
    rules = frozen(
        owners, {actor: every(spelt) for actor, spelt in spellings(engine, names_by)["actor"].items()}, draft
    )
    facts = [{"what": RULES, "text": rules}, {"what": PRICES, "text": json.dumps(lists)}]
    facts += [{"what": PROVISIONAL, "text": json.dumps([str(day) for day in provisional])}]
    rows = pa.concat_tables([draft.lines, _rows(*(same | fact for fact in facts))])
    closing: dict[str, Any] = {
        "at": text(names_by),
        "version": engine.version.number + 1,
        "digest": digest(rows),
        "billed": plain(draft.billed(CHARGE)),
        "adjustments": plain(draft.billed(ADJUSTMENT)),
        "provisional": [str(day) for day in provisional],
    }
    return pa.concat_tables([rows, _rows(same | {"what": CLOSING, "text": json.dumps(closing)})]), closing["digest"]


def _rows(*rows: Mapping[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema(CLOSED))


def _spoken(days: list[str]) -> str:
    return spans([date.fromisoformat(day) for day in days])
