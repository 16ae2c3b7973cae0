"""Coverage: which days of a question the ledger has, how far they can be trusted, and what to say of the rest.

A day that is absent is named, never shown as zero (rule 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tallystick.core.breakdowns import NAMED_BREAKDOWNS
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, DAYS, PAGES, USED, USED_HOUR
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Question
from tallystick.core.records import TOKENS, State
from tallystick.core.report_tables import ACTIVITY, BREAKDOWN_TABLES, COST
from tallystick.core.select import select
from tallystick.core.table import LedgerTable
from tallystick.core.text import day_spans, minute
from tallystick.core.time import Grain, Window, instant, text
from tallystick.query import gaps
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, instant_of, on_days
from tallystick.query.doubtful_days import doubtful_days
from tallystick.query.filters import named_ids, wanted
from tallystick.query.names import day_states
from tallystick.store.engine import Engine, per_version


def cover(
    engine: Engine, table: LedgerTable, question: Question, now: datetime
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of an answer in numbers of UTC days, and what to say of it."""
    scope = question.scope("week", "month")
    coverage, messages = _cover(engine, table, scope, now, priced=question.report in PRICED)
    return dict(coverage), list(messages)


@per_version
def _cover(
    engine: Engine, table: LedgerTable, question: Question, now: datetime, *, priced: bool
) -> tuple[Mapping[str, Any], Sequence[Message]]:
    states = states_of(engine, table, question)
    wall_days, today = question.wall.days(), now.date()
    if zone := question.zone:
        states, today = zone.states(question.window, states, now), zone.wall_of(now).date()
    unpublished = [day for day in wall_days if day >= today and table in ENDED]
    absent = [day for day in wall_days if day not in states and day not in unpublished]
    by_state = {state: [day for day in wall_days if states.get(day) == state] for state in State}
    messages = [
        *([_absent(table, absent, zone.midnight(absent[0]).date() if zone else absent[0], now)] if absent else ()),
        *([_unpublished(table, unpublished, now)] if unpublished else ()),
    ]
    for day in by_state[State.RUNNING]:
        part = f"{day_spans([day], now.year)} was running when it was read: its figures are part of the day."
        messages.append(note(part + ("" if question.where or zone or table is ACTIVITY else _gap(engine, table, day))))
    if days := by_state[State.PROVISIONAL]:
        messages.append(note(f"Provisional: Anthropic may still change {day_spans(days, now.year)}.", is_general=True))
    in_doubt, doubts = doubtful_days(engine, table, question, {source for source, _ in SOURCES[table]})
    messages += _partial(question, today)
    coverage = {
        "days": len(wall_days),
        "present": len(wall_days) - len(absent) - len(unpublished),
        "settled": len(by_state[State.SETTLED]),
        "provisional": [str(day) for day in by_state[State.PROVISIONAL]],
        "running": [str(day) for day in by_state[State.RUNNING]],
        "absent": [str(day) for day in (*absent, *unpublished)],
    }
    if in_doubt:
        coverage["in_doubt"] = [str(day) for day in in_doubt]
    if refreshed := _refreshed(engine, table, question):
        coverage["refreshed_at"] = refreshed
        if by_state[State.PROVISIONAL] or by_state[State.RUNNING]:
            messages.append(note(f"Data complete up to {minute(instant(refreshed))} (last sync)."))
    missing = _missing(engine, table, question, states, now, priced=priced)
    return coverage | missing, [*gaps.messages(missing, now), *doubts, *messages]


def _absent(table: LedgerTable, days: Sequence[date], since: date, now: datetime) -> Message:
    """What to say of ended days that the ledger lacks; a sync from `since` asks for them."""
    if table is USED_HOUR:
        option = " --grain hour"
    elif table is COST:
        option = " --source reports"
    else:
        breakdown = NAMED_BREAKDOWNS.get(table.name)
        option = f" --breakdowns {breakdown.word}" if breakdown else ""
    count = "1 day is" if len(days) == 1 else f"{len(days)} days are"
    mend = f"`tallystick sync{option} --since {since}` asks for them."
    return warning(f"{count} absent (unknown, not zero): {day_spans(days, now.year)}. {mend}", is_general=True)


def _unpublished(table: LedgerTable, days: Sequence[date], now: datetime) -> Message:
    verb = "has" if len(days) == 1 else "have"
    return note(f"{day_spans(days, now.year)} {verb} not ended: {ENDED[table]}", is_general=True)


def _partial(question: Question, today: date) -> list[Message]:
    """What to say of weeks and months that the question has a part of."""
    messages = []
    for name, form in (("week", "The week of %Y-%m-%d"), ("month", "%Y-%m")):
        for part in question.wall.split(Grain(name)) if name in question.by else ():
            span = Grain(name).around(part.start)
            if part != span:
                ended = sum(day < today for day in part.days())
                messages.append(note(f"{span.start.strftime(form)} is partial: {ended} of {len(span.days())} days."))
    return messages


def _missing(
    engine: Engine,
    table: LedgerTable,
    question: Question,
    states: Mapping[date, State],
    now: datetime,
    *,
    priced: bool,
) -> dict[str, Any]:
    """What the ended days lack that the ledger has: a bill that is late, a half that is lost; children of a parent."""
    missing = gaps.parent(engine, question) if table in MONEY or table in _USES else {}
    if table in MONEY or priced:
        missing |= gaps.money_gaps(engine, question, now)
    if table is ACTIVITY:  # shows what Claude Code was billed, and nothing else of the bill
        code = replace(question, where={**question.where, "product": Filter.of("claude_code")})
        missing |= gaps.money_gaps(engine, code, now)
    if table is CHARGES:
        billed, used = _ended(states, question, now), states_of(engine, USED, question)
        missing |= gaps.usage_gaps(engine, question, billed, used, unused=False)
    if table in _USES:
        read = _ended(states, question, now)
        missing |= gaps.usage_gaps(engine, question, read, read)
    return missing


def _ended(states: Mapping[date, State], question: Question, now: datetime) -> list[date]:
    """The days of the question that were read after their end."""
    days = question.window.days()
    return [day for day in days if day < now.date() and states.get(day, State.RUNNING) != State.RUNNING]


def present(engine: Engine, table: LedgerTable, question: Question, now: datetime) -> list[Window] | None:
    """The parts of a question's window that are known, where it has a zone: other local days are not counted."""
    if not question.zone:
        return None
    return question.zone.present(question.window, states_of(engine, table, question), now)


def _refreshed(engine: Engine, table: LedgerTable, question: Question) -> str | None:
    """Until when the newer dialect was whole when days of the window were last read; None where it was not read."""
    sources = {source for source, _ in SOURCES.get(table, ())} - {"cost", "usage"}
    sources &= {row["source"] for row in day_states(engine)}  # the index of a ledger that never read them is large too
    if not sources:
        return None
    query = select("max(refreshed_at) AS refreshed").from_("ledger.pages").where(among("source", sorted(sources)))
    query = query.where(f"window_start < {instant_of(question.window.end)}")
    query = query.where(f"window_end > {instant_of(question.window.start)}")
    query = query.where(*wanted(engine, PAGES, question.where_of("organization")))
    refreshed: datetime | None = engine.rows(query)[0]["refreshed"]
    return text(refreshed) if refreshed else None


MONEY = (CHARGES, COST, *BREAKDOWN_TABLES.values())
"""What tells of money, and so of ended days alone."""
PRICED = ("cache", "whatif")
"""Reports of use that show it in US dollars too."""
_USES = (USED, USED_HOUR)
_COST = "costs are published for ended UTC days."
ENDED = {
    **dict.fromkeys(MONEY, _COST),
    ACTIVITY: "Claude Code activity is read for ended UTC days.",
}
"""What is kept of ended days alone, and why."""
SOURCES = {
    CHARGES: (("analytics_cost", "day"), ("cost", "day")),
    COST: (("cost", "day"),),
    USED: (("analytics_usage", "day"), ("usage", "day"), ("usage", "hour")),
    USED_HOUR: (("usage", "hour"),),
    ACTIVITY: (("claude_code", "day"),),
    **{table: ((table.name, "day"),) for table in BREAKDOWN_TABLES.values()},
}
"""Where the state of a day stands that a table tells of: the first source that has it, as in the tally."""


def states_of(engine: Engine, table: LedgerTable, question: Question) -> Mapping[date, State]:
    """The state of each day that every organization asked about has; the least trusted where they differ."""
    return _states_by(engine, SOURCES[table], question.where.get("organization"))


@per_version
def _states_by(engine: Engine, order: tuple[tuple[str, str], ...], organization: Filter | None) -> Mapping[date, State]:
    """The same, by the first of these sources and grains that has a day."""
    ids, left_out = named_ids(engine, DAYS, "organization", organization or Filter())
    ranks = {kind: rank for rank, kind in enumerate(order)}
    best: dict[tuple[str, date], tuple[int, str]] = {}
    for row in day_states(engine):
        if row["organization"] in left_out or (ids and row["organization"] not in ids):
            continue
        if (rank := ranks.get((row["source"], row["grain"]))) is not None:
            key = row["organization"], row["day"]
            if key not in best or rank < best[key][0]:
                best[key] = rank, row["state"]
    everybody = {organization for organization, _ in best}
    by_day: dict[date, list[State]] = {}
    for (_, day), (_, state) in best.items():
        by_day.setdefault(day, []).append(State(state))
    trust = list(State)
    return {day: min(states, key=trust.index) for day, states in by_day.items() if len(states) == len(everybody)}


def _gap(engine: Engine, table: LedgerTable, day: date) -> str:
    """By how many tokens the records of a running day differ from its control total, which was read later."""
    sums = select(f"sum({' + '.join(TOKENS)}) AS tokens").where(on_days([day]))
    [read] = engine.rows(from_sums(engine, sums.from_(f"ledger.{table.name}")))
    kinds = (f"source = '{source}' AND grain = '{grain}'" for source, grain in SOURCES[table])
    controls = (engine.rows(sums.from_("ledger.days").where(kind))[0]["tokens"] for kind in kinds)
    control = next((tokens for tokens in controls if tokens is not None), 0)  # of the first source that was read
    gap = int(control) - int(read["tokens"] or 0)
    return f" Its total, read later, differs by {gap:,} tokens." if gap else ""
