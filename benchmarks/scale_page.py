"""Page of scale: docs/scale.md, from the figures that scale.py measured."""

from __future__ import annotations

from math import log
from pathlib import Path
from statistics import median
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
PATIENCE = 10.0
"""Seconds of a processor that somebody waits for an answer."""
ORGANIZATIONS, SYNCS = 1_000, 24
"""Organizations, and how often each is synced on a day."""
CPU_HOUR, GB_MONTH = 0.05, 0.023
"""US dollars of an hour of one processor, and of a gigabyte a month in an object store: about what clouds charge."""
RECORD = 3.55
"""Charges of a usage record."""

HEAD = """# Scale

`benchmarks/scale.py` measures this page and writes it; the ledgers are those of [`tallystick sim ledger`](simulator.md#a-ledger-of-any-size).
Seconds are of the processor, all cores together, the median of three runs; each question runs in a process of its own,
which opens the ledger anew. A busy machine makes them longer: compare figures of one table. Files are counted as the
kernel sees them opened. The exponent says how time grows from the smallest ledger to the largest: 1 is in proportion, 0
is not at all.

"""
ASKED = """## More charges asked

A year of charges at list price. The first six questions are of the whole year, the others of October alone, which grows
with it.

"""
KEPT = """## More charges kept

Half a million charges a year. Each question is of the last 30 days, or of the last month, however many years there are.

"""
MOVE = """## When one machine is too small

{moves}

Before that, more memory and more cores help, without any change: DuckDB uses all cores of the machine. After that the
ledger does not move: its tables are Delta tables, and [other engines](bi.md) read them in place.

"""
COST = """## A thousand organizations

Measured: one organization of {keys} keys with {records:,} usage records a day, answered from memory. The first sync reads
60 days. A sync on the next day reads what is new, and what may have changed. One a quarter of an hour later finds
nothing new.

"""


def page(measured: dict[str, Any]) -> str:
    """Return the page of these figures."""
    text = HEAD
    if asked := measured.get("asked"):
        text += MOVE.format(moves="\n".join(_moves(asked["ledgers"])))
        sizes = [f"{ledger['charges'] / 1e6:g} M" for ledger in asked["ledgers"]]
        text += ASKED + _table(asked["ledgers"], sizes) + _ledgers(asked["ledgers"]) + _machine(asked)
    if kept := measured.get("kept"):
        years = [f"{ledger['days'] // 365} years" for ledger in kept["ledgers"]]
        text += KEPT + _table(kept["ledgers"], years) + _months(kept["ledgers"]) + _machine(kept)
    if organization := measured.get("organization"):
        text += _cost(organization["ledgers"], measured) + _machine(organization)
    return text.rstrip("\n") + "\n"


def exponent(ledgers: list[dict[str, Any]], name: str, measure: str = "seconds") -> float:
    """By which power of the charges a question grows, from the first ledger to the last."""
    first, last = ledgers[0], ledgers[-1]
    least, most = (_value(ledger["questions"][name], measure) for ledger in (first, last))
    return log(most / least) / log(last["charges"] / first["charges"]) if first is not last and least else 0.0


def _value(answer: dict[str, Any], measure: str) -> float:
    value = answer[measure]
    return float(median(value) if isinstance(value, list) else value)


def _table(ledgers: list[dict[str, Any]], heads: list[str]) -> str:
    """A row for each question: seconds, memory and files at each size, and the exponent of the seconds."""
    columns = [f"{head}: {what}" for what in ("seconds", "MB", "files") for head in heads]
    rows = [f"| question | {' | '.join(columns)} | exponent |", "|---|" + "---:|" * (len(columns) + 1)]
    for name in ledgers[0]["questions"]:
        answers = [ledger["questions"][name] for ledger in ledgers]
        cells = [f"{_value(answer, 'seconds'):.2f}" for answer in answers]
        cells += [f"{answer['peak']:,.0f}" for answer in answers] + [f"{answer['files']}" for answer in answers]
        rows.append(f"| {name} | {' | '.join(cells)} | {exponent(ledgers, name):.2f} |")
    return "\n".join(rows) + "\n\n"


def _ledgers(ledgers: list[dict[str, Any]]) -> str:
    """How large the ledgers are."""
    return "".join(
        f"- {ledger['charges']:,} charges: {ledger['bytes'] / 1e6:,.0f} MB in {ledger['files']:,} files, "
        f"{ledger['bytes'] / ledger['charges']:.0f} bytes a charge.\n"
        for ledger in ledgers
    )


def _months(ledgers: list[dict[str, Any]]) -> str:
    """Of which months files were opened, in the largest ledger."""
    last = ledgers[-1]
    by_months: dict[tuple[str, ...], list[str]] = {}
    for name, answer in last["questions"].items():
        by_months.setdefault(tuple(answer["months"]), []).append(name)
    lines = [
        f"Months whose files were opened, of the {last['days'] // 30} of the largest ledger ({last['files']:,} files):\n\n"
    ]
    for months, names in by_months.items():
        span = [month.removeprefix("month=") for month in months]
        words = ", ".join(span) if len(span) < 4 else f"{span[0]} to {span[-1]}, {len(span)} months"  # noqa: PLR2004
        lines.append(f"- {', '.join(names)}: {words or 'none'}\n")
    return "".join(lines)


def _machine(part: dict[str, Any]) -> str:
    return f"\nCommit {part['commit']}, {part['when']}: {part['machine']}.\n\n"


def _moves(ledgers: list[dict[str, Any]]) -> list[str]:
    """What the measured growth says of the size at which each question takes too long."""
    last = ledgers[-1]
    limits = {}
    for name, answer in last["questions"].items():
        grows = max(exponent(ledgers, name), 0.01)
        limits[name] = last["charges"] * (PATIENCE / _value(answer, "seconds")) ** (1 / grows)
    name = min(limits, key=lambda name: limits[name])
    slow = {name: _value(answer, "seconds") for name, answer in last["questions"].items()}
    worst = max(slow, key=lambda name: slow[name])
    peak = max(answer["peak"] for answer in last["questions"].values())
    lines = [
        f"- At {last['charges'] / 1e6:,.0f} million charges a year the slowest of ten questions, `{worst}`, takes "
        f"{slow[worst]:.1f} s of a processor, and the largest {peak:,.0f} MB.",
    ]
    if limits[name] < last["charges"] * 100:
        size = limits[name] / 1e6
        lines.append(
            f"- By its growth, `{name}` is the first to take {PATIENCE:.0f} s: at about {size:,.0f} million charges a year "
            f"(computed), which {round(size * 1e6 / 365 / RECORD / 8):,} keys make."
        )
    lines.append(
        "- A ledger has one writer at a time. Where organizations cannot take turns, give each a ledger of its own."
    )
    return lines


def _cost(steps: dict[str, Any], measured: dict[str, Any]) -> str:
    """What one organization was measured to cost, and what a thousand would."""
    rows = ["| sync | requests | seconds of a processor | bytes written |", "|---|---:|---:|---:|"]
    names = {"first": "first, 60 days", "day": "a day later", "again": "a quarter of an hour later"}
    for step, name in names.items():
        part = steps[step]
        rows.append(f"| {name} | {part['requests']} | {part['processor']:.2f} | {part['bytes']:,} |")
    day, again = steps["day"], steps["again"]
    requests = ORGANIZATIONS * (day["requests"] + (SYNCS - 1) * again["requests"])
    seconds = ORGANIZATIONS * (day["processor"] + (SYNCS - 1) * again["processor"])
    grown = ORGANIZATIONS * (day["bytes"] + (SYNCS - 1) * again["bytes"])
    charges = ORGANIZATIONS * steps["records"] * RECORD
    year = grown * 365 / 1e9
    text = COST.format(keys=steps["keys"], records=steps["records"]) + "\n".join(rows) + "\n\n"
    text += (
        f"Computed from that: {ORGANIZATIONS:,} such organizations, each synced {SYNCS} times a day, come to {charges / 1e6:,.1f} "
        "million charges a day:\n\n"
        "| a day | |\n|---|---:|\n"
        f"| requests | {requests:,}, {requests / 86_400:,.1f} a second |\n"
        f"| processor | {seconds / 3600:,.1f} hours, {seconds / 86_400:.2f} processors all day; {seconds / 3600 * CPU_HOUR:,.2f} USD |\n"
        f"| storage | {grown / 1e9:,.2f} GB; after a year {year:,.0f} GB, {year * GB_MONTH:,.2f} USD a month |\n\n"
        f"At {CPU_HOUR} USD an hour of a processor and {GB_MONTH} USD a gigabyte and month. Each organization has its own limit of "
        "requests, so they do not share one.\n"
    )
    return text
