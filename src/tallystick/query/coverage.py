"""Coverage: which days of a question the ledger has, how far they can be trusted, and what to say of the rest.

A day that is absent is named, never shown as zero (rule 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from tallystick.core.breakdowns import NAMED_CUTS
from tallystick.core.causes import BY_NATURE
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, DAYS, PAGES, USED, USED_HOUR
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.question import Question
from tallystick.core.records import TOKENS, State
from tallystick.core.report_tables import ACTIVITY, COST, CUT_TABLES
from tallystick.core.table import LedgerTable
from tallystick.core.text import day_spans, large
from tallystick.core.time import DAY, Grain, Window, instant, of_days, text
from tallystick.query import gaps
from tallystick.query.filters import asked_for, column, wanted, within
from tallystick.query.losses import doubted
from tallystick.query.unused import unused
from tallystick.store.engine import Engine


def cover(
    engine: Engine, table: LedgerTable, question: Question, now: datetime
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of an answer in numbers of UTC days, and what to say of it."""
    states = _states(engine, table, question)
    wall_days, today = question.wall.days(), now.date()
    if zone := question.zone:
        states, today = zone.states(question.window, states, now), zone.wall_of(now).date()
    unpublished = [day for day in wall_days if day >= today and table in ENDED]
    absent = [day for day in wall_days if day not in states and day not in unpublished]
    by_state = {state: [day for day in wall_days if states.get(day) == state] for state in State}
    messages: list[Message] = []
    if absent:
        first = zone.midnight(absent[0]).date() if zone else absent[0]
        grain = " --grain hour" if table is USED_HOUR else " --source reports" if table is COST else ""
        grain = f" --cuts {NAMED_CUTS[table.name].word}" if table.name in NAMED_CUTS else grain
        messages.append(
            warning(
                f"{_count(absent)} absent (unknown, not zero): {day_spans(absent, now.year)}. "
                f"`tallystick sync{grain} --since {first}` asks for them."
            )
        )
    if unpublished:
        verb = "has" if len(unpublished) == 1 else "have"
        messages.append(note(f"{day_spans(unpublished, now.year)} {verb} not ended: {ENDED[table]}"))
    for day in by_state[State.RUNNING]:
        part = f"{day_spans([day], now.year)} was running when it was read: its figures are part of the day."
        messages.append(note(part + ("" if question.where or zone or table is ACTIVITY else _gap(engine, table, day))))
    if days := by_state[State.PROVISIONAL]:
        messages.append(note(f"Provisional: Anthropic may still change {day_spans(days, now.year)}."))
    in_doubt, doubts = doubted(engine, table, question, {source for source, _ in _SOURCES[table]})
    messages += [
        note(f"{span.start.strftime(form)} is partial: {len(part.days())} of {len(span.days())} days.")
        for name, form in (("week", "The week of %Y-%m-%d"), ("month", "%Y-%m"))
        if name in question.by
        for part in question.wall.split(Grain(name))
        for span in [Grain(name).around(part.start)]
        if part != span
    ]
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
            until = instant(refreshed)
            messages.append(note(f"Data complete up to {until.day} {until:%b %H:%M} UTC (last sync)."))
    missing = _missing(engine, table, question, states, now)
    return coverage | missing, [*gaps.messages(missing, now), *doubts, *messages]


def _missing(
    engine: Engine, table: LedgerTable, question: Question, states: Mapping[date, State], now: datetime
) -> dict[str, Any]:
    """What the ended days lack that the ledger has: a bill that is late, a half that is lost; children of a parent."""
    priced = question.report in PRICED
    missing = gaps.parent(engine, question) if table in MONEY or table in _USES else {}
    if table in MONEY or priced:
        missing |= gaps.money_gaps(engine, question, now)
    if table is ACTIVITY:  # shows what Claude Code was billed, and nothing else of the bill
        code = replace(question, where={**question.where, "product": Filter.of("claude_code")})
        missing |= gaps.money_gaps(engine, code, now)
    if table is CHARGES:
        billed, used = _ended(states, question, now), _states(engine, USED, question)
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
    return question.zone.present(question.window, _states(engine, table, question), now)


def _refreshed(engine: Engine, table: LedgerTable, question: Question) -> str | None:
    """Until when the newer dialect was whole when days of the window were last read; None where it was not read."""
    sources = {source for source, _ in _SOURCES.get(table, ())} - {"cost", "usage"}
    where = {name: values for name, values in question.where.items() if name == "organization"}
    columns = ("source", "window_start", "window_end")
    query = exp.select(*columns, exp.alias_(exp.maybe_parse("max(refreshed_at)"), "refreshed")).from_("ledger.pages")
    query = query.where(*wanted(engine, PAGES, where)).group_by(*columns)
    start, end = question.window.start, question.window.end
    refreshed = [
        row["refreshed"]
        for row in (engine.ask(query).to_pylist() if sources else ())
        if row["source"] in sources and row["refreshed"] and row["window_start"] < end and row["window_end"] > start
    ]
    return text(max(refreshed)) if refreshed else None


def priority(
    engine: Engine, table: LedgerTable, question: Question, parts: Sequence[Window] | None = None
) -> list[Message]:
    """What to say where priority-tier tokens were used: their cost is in no report (reports-api 1.3.3, trap 30).

    `parts` are the instants that are counted, where they are not the whole window.
    """
    used = USED if table in MONEY else table
    where = {name: values for name, values in question.where.items() if name in _OF_USAGE}
    conditions = wanted(engine, used, where, strict=False)
    if exp.false() in conditions:
        return []  # a value that only the bill has: no use of it, so none of priority tier
    query = (
        exp.select(exp.alias_(exp.maybe_parse(f"sum({' + '.join(TOKENS)})"), "tokens"))
        .from_(exp.table_(used.name, db="ledger"))
        .where("tier = 'priority'", asked_for(question, parts), *conditions)
    )
    tokens = engine.ask(query).to_pylist()[0]["tokens"]
    bill_only = [name for name in question.where if name not in _OF_USAGE]
    scope = f" in this window, by whatever {' and '.join(bill_only)}" if bill_only else ""
    place = "and not in these costs" if table in MONEY else "and in no bill"
    notes = []
    if tokens:
        notes.append(note(f"Priority tier ({large(int(tokens))} tokens{scope}) is prepaid {place}."))
    if table in MONEY:
        used_days, billed_days = (_states(engine, day_table, question) for day_table in (used, table))
        unread = [day for day in question.window.days() if day not in used_days]
        if unread and (table is not CHARGES or any(day not in billed_days for day in unread)):
            notes.append(
                note(
                    f"Usage of {spans(unread)} is not in the ledger: whether priority tier, which is in no bill, was "
                    "used is unknown."
                )
            )
    return notes


MONEY = (CHARGES, COST, *CUT_TABLES.values())
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
_SOURCES = {
    CHARGES: (("analytics_cost", "day"), ("cost", "day")),
    COST: (("cost", "day"),),
    USED: (("analytics_usage", "day"), ("usage", "day"), ("usage", "hour")),
    USED_HOUR: (("usage", "hour"),),
    ACTIVITY: (("claude_code", "day"),),
    **{table: ((table.name, "day"),) for table in CUT_TABLES.values()},
}
"""Where the state of a day stands that a table tells of: the first source that has it, as in the tally."""
_OF_USAGE = {column.name for column in USED.columns}


def matched(engine: Engine, question: Question) -> tuple[dict[str, str | None], list[Message]]:
    """How the billed amount reached its rows, as shares of it, and what to say of shares that were split."""
    query = (
        exp.select("method", "cause", "kind", exp.alias_(exp.maybe_parse("sum(billed)"), "billed"))
        .from_("ledger.charges")
        .where("billed IS NOT NULL", within(question.window, months=True), *wanted(engine, CHARGES, question.where))
        .group_by("method", "cause", "kind")
    )
    rows = engine.ask(query).to_pylist()
    total_billed = total([row["billed"] for row in rows])
    by_method = {"reported": Decimal(0), "allocated": Decimal(0), "unmatched": Decimal(0)}
    for row in rows:
        method = row["method"] if row["cause"] in {"none", *BY_NATURE} else "unmatched"
        by_method[method] = EXACT.add(by_method[method], row["billed"])
    shares = {
        method: None if (share := ratio(part, total_billed)) is None else plain(share)
        for method, part in by_method.items()
    }
    user_dims = [name for name in ("key", "actor") if name in (*question.by, *question.where)]
    messages = []
    if user_dims and by_method["allocated"] and (together := _together(engine, question, user_dims)):
        messages.append(
            note(
                f"{rounded(together):,} USD was billed to several {' or '.join(f'{name}s' for name in user_dims)} "
                "together and is split over them by use at list price. Whose requests were refused is not known."
            )
        )
    return shares, [*messages, *unused(rows)]


def _together(engine: Engine, question: Question, user_dims: Sequence[str]) -> Decimal:
    """What was billed on lines whose users differ in these dimensions; who they are also where one is held fixed."""
    own = (_LINE.format(name) for name in ("model", "tier", "context", "geo"))
    line = ", ".join(("organization", "day", "workspace", "kind", *own))
    named = [column(name).sql(dialect="duckdb") for name in user_dims]
    several = " OR ".join(
        f"min({column_sql}) OVER (PARTITION BY {line}) <> max({column_sql}) OVER (PARTITION BY {line})"
        for column_sql in named
    )
    lines = (
        exp.select("*", exp.alias_(exp.maybe_parse(several, dialect="duckdb"), "several"))
        .from_("ledger.charges")
        .where("method = 'allocated' AND billed IS NOT NULL", within(question.window, months=True))
    )
    query = exp.select(exp.alias_(exp.maybe_parse("sum(billed)"), "billed")).from_(lines.subquery("lines"))
    rows = engine.ask(query.where("several", *wanted(engine, CHARGES, question.where))).to_pylist()
    return rows[0]["billed"] or Decimal(0)


_LINE = "CASE WHEN kind = 'web_search' THEN 'none' ELSE {} END"
"""A dimension of a billed line: that of web searches is for all models and tiers. None is told apart by speed."""


def models(engine: Engine) -> set[str]:
    """The models that the ledger holds."""
    return {row["model"] for row in engine.ask(exp.select("model").distinct().from_("ledger.charges")).to_pylist()}


def _states(engine: Engine, table: LedgerTable, question: Question) -> dict[date, State]:
    """The state of each day that every organization asked about has; the least trusted where they differ."""
    states = exp.select("organization", "day", "source", "grain", "state").from_("ledger.days")
    query = states.where(
        *wanted(engine, DAYS, {name: values for name, values in question.where.items() if name == "organization"})
    )
    order = _SOURCES[table]
    best: dict[tuple[str, date], tuple[int, State]] = {}
    for row in engine.ask(query).to_pylist():
        kind = (row["source"], row["grain"])
        if kind in order:
            key, candidate = (row["organization"], row["day"]), (order.index(kind), State(row["state"]))
            best[key] = min(best.get(key, candidate), candidate, key=lambda entry: entry[0])
    everybody = {organization for organization, _ in best}
    states_of: dict[date, list[State]] = {}
    for (_, day), (_, state) in best.items():
        states_of.setdefault(day, []).append(state)
    trust = list(State)
    return {
        day: min(day_states, key=trust.index)
        for day, day_states in states_of.items()
        if len(day_states) == len(everybody)
    }


def _gap(engine: Engine, table: LedgerTable, day: date) -> str:
    """By how many tokens the records of a running day differ from its control total, which was read later."""
    tokens = " + ".join(TOKENS)
    on = exp.column("day").eq(exp.cast(exp.Literal.string(str(day)), "date"))
    sums = exp.select(exp.alias_(exp.maybe_parse(f"sum({tokens})"), "tokens"))
    read = engine.ask(sums.from_(exp.table_(table.name, db="ledger")).where(on)).to_pylist()[0]["tokens"]
    kinds = (f"source = '{source}' AND grain = '{grain}'" for source, grain in _SOURCES[table])
    control = next(
        (control_tokens for kind in kinds if (control_tokens := _control(engine, sums, on, kind)) is not None), None
    )
    gap = int(control or 0) - int(read or 0)
    return f" Its total, read later, differs by {gap:,} tokens." if gap else ""


def _control(engine: Engine, sums: exp.Select, on: exp.Expression, kind: str) -> Any:
    """The tokens of a day's control total of one source; None where it was not read."""
    return engine.ask(sums.from_("ledger.days").where(on, kind)).to_pylist()[0]["tokens"]


def _count(days: list[date]) -> str:
    return "1 day is" if len(days) == 1 else f"{len(days)} days are"


def spans(days: list[date]) -> str:
    """Days as the spans that they make."""
    spans = [(window.start.date(), (window.end - DAY).date()) for window in of_days(days)]
    return ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in spans)
