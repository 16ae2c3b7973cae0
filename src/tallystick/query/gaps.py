"""Gaps: what the figures of an answer lack though its days are in the ledger.

A bill that is late, a half that is lost, children that a parent's report leaves out: each is data in the coverage and
a warning.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.core.causes import BILL_NOT_READ, NO_USAGE, NOT_BILLED_YET, TO_PROFILE
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, warning
from tallystick.core.money import plain, rounded, total
from tallystick.core.question import Question
from tallystick.core.records import TOKENS
from tallystick.core.select import select
from tallystick.core.text import day_spans, few, large
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, within
from tallystick.query.facts import facts
from tallystick.query.filters import wanted
from tallystick.query.names import directory, entries
from tallystick.store.engine import Engine

LATE, LOST, ELSEWHERE, PARENT = "not_billed_yet", "usage_unknown", "billed_to_profiles", "parent_of"
UNREAD = "bill_not_read"
"""Keys of the coverage; each is there only where there is something to say."""
_CAUSES = {NOT_BILLED_YET, BILL_NOT_READ, TO_PROFILE, NO_USAGE}
_DIMENSIONS = {column.name for column in CHARGES.columns} - {"month"}


def money_gaps(engine: Engine, question: Question, now: datetime) -> dict[str, Any]:
    """Use of the ended days of a question without a bill so far, or one that can be read, or billed elsewhere."""
    ended = [day for day in question.window.days() if day < now.date()]
    gaps: dict[str, Any] = {}
    rows = [row for row in _charges(engine, question, ended) if row["cause"] != NO_USAGE]
    billed_in = _billed_in(engine, question) if rows else set()
    for key, cause in ((LATE, NOT_BILLED_YET), (UNREAD, BILL_NOT_READ), (ELSEWHERE, TO_PROFILE)):
        if cause_rows := [row for row in rows if row["cause"] == cause]:
            gaps[key] = _unbilled(cause_rows, billed_in) | {"names": _names(engine, cause_rows)}
    return gaps


def usage_gaps(
    engine: Engine, question: Question, billed: Collection[date], used: Collection[date], *, unused: bool = True
) -> dict[str, Any]:
    """The ended days whose use is not all known: not read though they were billed, or less than was billed.

    `billed` are the ended days whose bill was read, `used` those whose usage was; with `unused` also the
    days that were billed for tokens which the usage report does not show.
    """
    unread = sorted({*billed} - {*used})
    lacking = _charges(engine, question, used) if unused else []
    rows = [row for row in lacking if row["cause"] == NO_USAGE and row["kind"] in TOKENS and row["billed"]]
    days = sorted({*unread, *(row["day"] for row in rows)})
    if not days:
        return {}
    amount = {"billed": plain(total([row["billed"] for row in rows]))} if rows else {}
    return {LOST: {"days": [str(day) for day in days], "unread": [str(day) for day in unread], **amount}}


def late_days(coverage: Mapping[str, Any]) -> int:
    """How many days of a coverage have use and no bill at all so far."""
    late = coverage.get(LATE, {"days": (), "in_part": ()})
    return len({*late["days"]} - {*late["in_part"], *coverage["absent"]})


def _charges(engine: Engine, question: Question, days: Collection[date]) -> list[dict[str, Any]]:
    """The charges of the question of `_CAUSES` and these days, summed by day, cause, workspace, model and kind."""
    scope = replace(question, where=question.where_of(*_DIMENSIONS))
    causes = sorted({row["cause"] for row in facts(engine, scope)} & _CAUSES)
    if not causes:
        return []
    dims = ("day", "cause", "workspace", "model", "kind")
    sums = [f"sum({name}) AS {name}" for name in ("billed", "priced", "quantity")]
    sums.append("bool_or(priced IS NULL) AS unpriced")
    query = select(*dims, *sums).from_("ledger.charges")
    query = query.where(among("cause", causes), *_conditions(engine, question)).group_by(*dims)
    return [row for row in engine.rows(from_sums(engine, query)) if row["day"] in days]


def _billed_in(engine: Engine, question: Question) -> set[date]:
    """The days of which the question has a bill, of all or of a part."""
    query = select("day").distinct().from_("ledger.charges").where("billed IS NOT NULL")
    query = query.where(*_conditions(engine, question))
    return {row["day"] for row in engine.rows(from_sums(engine, query))}


def _conditions(engine: Engine, question: Question) -> list[str]:
    """The window of a question and what it holds fixed, so far as charges know it."""
    where = question.where_of(*_DIMENSIONS)
    return [within(question.window, months=True), *wanted(engine, CHARGES, where, strict=False)]


def _names(engine: Engine, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the workspaces of rows are called, in order."""
    names = directory(engine, "workspace")
    return sorted({names.get(row["workspace"], row["workspace"]) for row in rows})


def _unbilled(rows: Sequence[Mapping[str, Any]], billed_in: Collection[date]) -> dict[str, Any]:
    """Use without a bill as data: its days, those billed in part, tokens, searches, and what it is priced at."""
    days = sorted({row["day"] for row in rows})

    def counted(kinds: Collection[str]) -> int:
        return sum(int(row["quantity"] or 0) for row in rows if row["kind"] in kinds)

    return {
        "days": [str(day) for day in days],
        "in_part": [str(day) for day in days if day in billed_in],
        "workspaces": sorted({row["workspace"] for row in rows}),
        "models": sorted({row["model"] for row in rows}),
        "tokens": counted(TOKENS),
        "searches": counted(("web_search",)),
        "priced": plain(total([row["priced"] for row in rows if row["priced"] is not None])),
        "unpriced": sum(int(row["quantity"] or 0) for row in rows if row["unpriced"] and row["kind"] in TOKENS),
    }


def messages(coverage: Mapping[str, Any], now: datetime) -> Iterator[Message]:
    """What to say of the gaps of a coverage."""

    def label(days: Sequence[str]) -> str:
        return day_spans(map(date.fromisoformat, days), now.year)

    if late := coverage.get(LATE):
        full_days = [day for day in late["days"] if day not in late["in_part"]]
        when = [label(full_days)] if full_days else []
        when += [f"{label(late['in_part'])} in part, {_of(late)}"] if late["in_part"] else []
        yield warning(f"Not billed yet: {'; '.join(when)} ({_worth(late)}).", _priced(late))
    if unread_bill := coverage.get(UNREAD):
        yield warning(
            f"The bill of {label(unread_bill['days'])} could not be read: it is unknown, not late "
            f"({_worth(unread_bill)}). `tallystick sync` says why.",
            _priced(unread_bill),
        )
    lost = coverage.get(LOST, {"days": (), "unread": ()})
    if unread := lost["unread"]:
        yield warning(
            f"Usage of {label(unread)} is not in the ledger: its requests and tokens are unknown, not zero. "
            f"`tallystick sync --since {unread[0]}` reads it."
        )
    if rest := [day for day in lost["days"] if day not in unread]:
        amount = Decimal(lost["billed"]) if "billed" in lost else None
        usd = "more" if amount is None else f"{rounded(amount):,} USD"
        yield warning(f"Usage of {label(rest)} is incomplete: {usd} was billed for tokens that it lacks.", amount)
    if profiles := coverage.get(ELSEWHERE):
        text = f"Billed to a user profile's own organization, not to yours: {_worth(profiles)}, of {_of(profiles)}."
        yield warning(text, _priced(profiles))
    if children := coverage.get(PARENT):
        yield warning(
            f"This is a parent of {len(children)} organizations: Anthropic leaves HIPAA-ready ones out of its report, "
            "so their use and cost are in no figure here."
        )


def parent(engine: Engine, question: Question) -> dict[str, Any]:
    """The children of the organizations asked about, where the newer dialect was read of the window (drift: HIPAA)."""
    scope = question.where.get("organization", Filter())
    rows = [row for row in entries(engine) if row["type"] == "organization" and scope.takes(row["id"], row["name"])]
    children = {row["organization"]: json.loads(row["details"] or "{}").get("children") or [] for row in rows}
    listed = sorted({child for child_ids in children.values() for child in child_ids})
    if not listed:
        return {}
    parents = [organization for organization, child_ids in children.items() if child_ids]
    days = select("count(*) AS days").from_("ledger.days")
    days = days.where("source LIKE 'analytics%'", within(question.window), among("organization", parents))
    return {PARENT: listed} if engine.rows(days)[0]["days"] else {}


def _of(gap: Mapping[str, Any]) -> str:
    """Whose use it is: models where it is of one workspace, else workspaces."""
    names, models = gap["names"], gap["models"]
    return f"workspaces {few(names)}" if len(names) > 1 else f"workspace {names[0]}, {few(models)}"


def _priced(gap: Mapping[str, Any]) -> Decimal | None:
    """What use comes to in US dollars by the price lists; None where a part of it has no known price."""
    return None if gap["unpriced"] else Decimal(gap["priced"])


def _worth(gap: Mapping[str, Any]) -> str:
    searches = gap["searches"]
    parts = [
        *([f"{large(gap['tokens'])} tokens"] if gap["tokens"] or not searches else ()),
        *([f"{searches:,} web search{'es' if searches > 1 else ''}"] if searches else ()),
        f"{rounded(Decimal(gap['priced'])):,} USD as priced",
        *([f"{large(gap['unpriced'])} tokens of it without a known price"] if gap["unpriced"] else ()),
    ]
    return ", ".join(parts)
