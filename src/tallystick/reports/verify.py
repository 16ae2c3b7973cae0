"""Verify: whether charges, records and control totals add up on every day, and every file is what was written.

A broken day is a row. So is a bill of which less than 99 % of the token cost could be matched with usage, and an
organization whose charges were tallied by other price lists than those in force.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow.compute as pc

from tallystick.core.breakdowns import BREAKDOWNS
from tallystick.core.causes import CREDIT, NEW_TOKENS, USAGE_NOT_READ
from tallystick.core.ledger_tables import CLOSED_AS
from tallystick.core.message import Message, note, warning
from tallystick.core.money import plain, ratio, rounded
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import COUNTERS, TOKENS, State
from tallystick.core.time import DAY, Window, midnight
from tallystick.query.closings import closed_rows, closings, digest
from tallystick.query.names import organizations
from tallystick.query.report import Report
from tallystick.query.stale_tally import MEND, OTHERS, by_others
from tallystick.query.strictness import Strictness
from tallystick.query.uncounted import uncounted
from tallystick.reports.content_check import damaged_pages, damaged_tables
from tallystick.reports.sums_check import other_sums
from tallystick.store.engine import Engine
from tallystick.store.faults import REPAIR
from tallystick.tally.prices_in_force import Prices

LEAST = Decimal("0.99")
"""The share of the token cost that must be matched."""

_HEADINGS = (
    Heading("organization", Kind.DIMENSION),
    Heading("day", Kind.DIMENSION),
    Heading("check", Kind.TEXT),
    Heading("expected", Kind.NUMBER),
    Heading("found", Kind.NUMBER),
)
_BILLED = """
SELECT days.organization, CAST(days.day AS VARCHAR) AS day, days.billed AS control, days.list - days.billed AS discount,
    coalesce(lines.billed, 0) AS lines
FROM ledger.days
LEFT JOIN (SELECT organization, day, sum(billed) AS billed FROM ledger.{records} GROUP BY ALL) AS lines
    USING (organization, day)
WHERE days.source = '{source}' ORDER BY 1, 2
"""
_USED = """
SELECT days.organization, CAST(days.day AS VARCHAR) AS day, days.state, {controls}, {uses}
FROM ledger.days
LEFT JOIN (SELECT organization, day, {sums} FROM ledger.{records} GROUP BY ALL) AS used USING (organization, day)
WHERE days.source = '{source}' AND days.grain = 'day' ORDER BY 1, 2
"""
_COUNTS = {
    "controls": ", ".join(f"days.{counter} AS {counter}" for counter in COUNTERS),
    "uses": ", ".join(f"coalesce(used.{counter}, 0) AS used_{counter}" for counter in COUNTERS),
    "sums": ", ".join(f"sum({counter}) AS {counter}" for counter in COUNTERS),
}
_KINDS = {counter: "web_search" if counter == "web_searches" else counter for counter in COUNTERS}
"""What charges call the use that each counter counts."""
_TALLY = f"""
SELECT organization, day, source, sum(billed) AS billed, sum(discount) AS discount,
    {", ".join(f"sum(quantity) FILTER (kind = '{kind}') AS {counter}" for counter, kind in _KINDS.items())}
FROM ledger.charges GROUP BY ALL
"""  # noqa: S608 - our own names
"""The sums of the charges of each day, in one reading: they are many."""
_DIALECTS = (("reports", "cost", "usage"), ("analytics", "analytics_cost", "analytics_usage"))
"""Each dialect, with the name of its bill and of its use, as sources and as tables."""
_BREAKDOWN = """
SELECT days.organization, CAST(days.day AS VARCHAR) AS day, days.billed AS control, coalesce(lines.billed, 0) AS lines
FROM ledger.days
LEFT JOIN (SELECT organization, day, sum(billed) AS billed FROM ledger.{breakdown} GROUP BY ALL) AS lines
    USING (organization, day)
WHERE days.source = '{breakdown}' ORDER BY 1, 2
"""
_DAYS = "SELECT organization, count(DISTINCT day) AS days FROM ledger.days GROUP BY organization ORDER BY organization"
_MATCHED = """
SELECT sum(billed) AS billed, sum(CASE WHEN cause = 'none' THEN billed ELSE 0 END) AS matched,
    sum(CASE WHEN cause = '{new}' THEN billed END) AS strange
FROM ledger.charges
WHERE billed IS NOT NULL AND (kind IN ({tokens}) OR cause = '{new}') AND cause NOT IN ('{credit}', '{unread}')
"""
"""The cost of tokens, those of unknown kinds too; credits are no cost of any, and nothing can match usage
that was not read."""


def verify(engine: Engine, prices: Prices, *, archive: bool = True) -> Table:
    """What does not add up; without rows all does. `coverage` says how many days were looked at, and the match.

    With `archive` every page is read too.
    """
    pages, damaged = damaged_pages(engine) if archive else (0, [])
    if altered := damaged_tables(engine):  # nothing is to be told from such figures
        return _altered([*altered, *damaged], engine)
    rows, days = _unequal_days(engine)
    rows += [
        (row["organization"], row["day"], f"billed: {breakdown.name}", row["control"], row["lines"])
        for breakdown in BREAKDOWNS
        if not breakdown.overlap
        for row in engine.rows(_BREAKDOWN.format(breakdown=breakdown.name))
        if row["lines"] != row["control"]
    ]
    others = by_others(engine, prices)
    rows += [
        (row["organization"], "all", "days tallied by other price lists", 0, int(row["days"]))
        for row in engine.rows(_DAYS)
        if row["organization"] in others
    ]
    rows += [*other_sums(engine), *_closed(engine), *damaged]
    tokens = ", ".join(f"'{name}'" for name in TOKENS)
    [sums] = engine.rows(_MATCHED.format(tokens=tokens, new=NEW_TOKENS, credit=CREDIT, unread=USAGE_NOT_READ))
    share = ratio(sums["matched"] or 0, sums["billed"] or 0)
    if sums["strange"]:
        rows.append(("all", "all", "billed for kinds of tokens that are not known", Decimal(0), sums["strange"]))
    if share is not None and share < LEAST:
        rows.append(("all", "all", "token cost matched with usage", LEAST, share))
    matched = "no tokens were billed"
    if share is not None:
        matched = f"{plain(rounded(share * 100, 2))} % of the token cost is matched with usage"
    word = "adds up" if not rows else "does not add up"
    messages = [note(f"The ledger {word}: {days:,} billed days; {matched}.")]
    if archive:
        messages.append(note(f"{pages - len(damaged):,} of {pages:,} archived pages are what was answered."))
    remedies = {REPAIR: damaged, f"{OTHERS}. {MEND}": others}
    messages += [warning(remedy) for remedy, wrong in remedies.items() if wrong]
    uncounted_days, unknown_kinds = _uncounted(engine)
    coverage: dict[str, Any] = {"days": days, "matched": None if share is None else plain(share)}
    coverage |= {"uncounted": uncounted_days} if uncounted_days else {}
    return Table(None, _HEADINGS, rows, {}, (*messages, *unknown_kinds), coverage, engine.version.identity)


def _unequal_days(engine: Engine) -> tuple[list[tuple[Cell, ...]], int]:
    """The days whose charges or records are not their control totals, and how many days were compared."""
    rows: list[tuple[Cell, ...]] = []
    days = 0
    tally = {(sums["organization"], f"{sums['day']}", sums["source"]): sums for sums in engine.rows(_TALLY)}
    for dialect, bill, use in _DIALECTS:
        other_dialect = "reports" if dialect == "analytics" else "analytics"
        for row in engine.rows(_BILLED.format(source=bill, records=bill)):
            organization_day = (row["organization"], row["day"])
            here = (*organization_day, other_dialect) not in tally
            charges = tally.get((*organization_day, dialect), {})
            days += here
            billed = charges.get("billed") or Decimal(0)
            totals = {"cost records": row["lines"], **({"charges": billed} if here else {})}
            rows += [
                (*organization_day, f"billed: {name}", row["control"], amount)
                for name, amount in totals.items()
                if amount != row["control"]
            ]
            discount = charges.get("discount")
            if here and row["discount"] is not None and (discount or Decimal(0)) != row["discount"]:
                rows.append((*organization_day, "discount: charges", row["discount"], discount))
        use_rows = engine.rows(_USED.format(source=use, records=use, **_COUNTS))
        for counter, row in product(COUNTERS, use_rows):
            organization_day = (row["organization"], row["day"])
            here = (*organization_day, other_dialect) not in tally
            count = tally.get((*organization_day, dialect), {}).get(counter)
            rows += _miscounted(row, counter, count, here=here)
    return rows, days


def _altered(rows: list[tuple[Cell, ...]], engine: Engine) -> Table:
    """The answer where files are not as they were written."""
    messages = note("Files are not as they were written, so no day was looked at."), warning(REPAIR)
    coverage = {"days": 0, "matched": None}
    return Table(None, _HEADINGS, rows, {}, messages, coverage, engine.version.identity)


def _miscounted(row: Mapping[str, Any], counter: str, charged: int | None, *, here: bool) -> Iterator[tuple[Cell, ...]]:
    """The counts of a day that are not its control total; `here` where its charges are of this dialect."""
    used = row[f"used_{counter}"]
    expected = int(used if row["state"] == State.RUNNING else row[counter])
    for name, count in {"usage records": used, **({"charges": charged or 0} if here else {})}.items():
        if count != expected:
            yield row["organization"], row["day"], f"{counter}: {name}", expected, int(count)


def _uncounted(engine: Engine) -> tuple[dict[str, int], list[Message]]:
    """Tokens of kinds that are not known, by day, and what to say of them: no figure and no share here holds them."""
    [span] = engine.rows("SELECT min(day) AS first, max(day) AS last FROM ledger.days")
    if span["first"] is None:
        return {}, []
    return uncounted(engine, Question("verify", Window(midnight(span["first"]), midnight(span["last"]) + DAY), ()))


def _closed(engine: Engine) -> list[tuple[Cell, ...]]:
    """The closed months whose rows are no longer those that they were closed with, or do not sum to what was said."""
    stated: dict[str, str] = {}
    query = f"SELECT totals FROM ledger.versions WHERE version <= {engine.version.number} ORDER BY version"  # noqa: S608
    for row in engine.rows(query):
        stated |= {
            name: stated_digest
            for name, stated_digest in json.loads(row["totals"]).items()
            if name.startswith(CLOSED_AS)
        }
    broken: list[tuple[Cell, ...]] = []
    for organization in organizations(engine):
        months = closings(engine, organization)
        month_owners = {name: name.removeprefix(CLOSED_AS).split(" ", 1) for name in stated}
        stated_names = {month: name for name, (month, owner) in month_owners.items() if owner == organization}
        broken += [
            (organization, name, "closed month: digest", stated[stated_names[name]], "none")
            for name in sorted(stated_names.keys() - months.keys())
        ]
        for name, closing in months.items():
            rows = closed_rows(engine, organization, name)
            stated_digest = stated.get(stated_names.get(name, ""), closing.digest)
            if (now := digest(rows)) != stated_digest or stated_digest != closing.digest:
                broken.append((organization, name, "closed month: digest", stated_digest, now))
            for part, billed in closing.billed.items():
                sums = pc.sum(rows.filter(pc.equal(rows["what"], part))["billed"]).as_py() or Decimal(0)
                if sums != billed:
                    broken.append((organization, name, f"closed month: billed, {part}s", billed, sums))
    return broken


REPORT = Report(
    lambda context: verify(context.engine, context.prices),
    about="Checks that charges, records and control totals add up on every day, and that every file is as it was "
    "written. Reads every table and every archived page. Lists only what is wrong.",
    priced=False,
    strict=Strictness({}, "anything is wrong", lambda table: bool(table.cells), always=True),
    organizations=False,
)
