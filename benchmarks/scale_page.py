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
LEAST = 0.01
"""The least exponent that is reckoned with."""
FEW = 4
"""So many months or more are told by the first."""

HEAD = """# Scale

`benchmarks/scale.py` measures this page and writes it. The ledgers are those of
[`tallystick sim ledger`](simulator.md#a-ledger-of-any-size). Seconds are of the processor, all cores together, the
median of three runs. Each question runs in a process of its own, which opens the ledger anew. A busy machine makes them
longer: compare figures of one table. Files are counted as the kernel sees them opened. The exponent says how time grows
from the smallest ledger to the largest: 1 is in proportion, 0 is not at all.

"""
MOVE = """## When one machine is too small

- At {charges:,.0f} million charges a year the slowest of ten questions, `{slowest}`, takes {seconds:.1f} s of a
  processor, and the largest {peak:,.0f} MB.
- By its growth, `{first}` is the first to take {patience:.0f} s: at about {size:,.0f} million charges a year, which
  {keys:,} keys make (computed).
- A ledger has one writer at a time. Where organizations cannot take turns, give each a ledger of its own.

Before that, more memory and more cores help, without any change: DuckDB uses all cores of the machine. After that a
cluster [answers the same questions](engine.md) over the same Delta tables, on a shared disk or in [a
bucket](object-stores.md), and [other engines](bi.md) read them where they are.

"""
ASKED = """## More charges asked

A year of charges at list price. The first six questions are of the whole year, the others of October alone, which grows
with it.

"""
KEPT = """## More charges kept

Half a million charges a year. Each question is of the last 30 days, or of the last month, however many years there are.

"""
COST = """## A thousand organizations

Measured: one organization of {keys} keys with {records:,} usage records a day, answered from memory. The first sync
reads 60 days. A sync on the next day reads what is new, and what may have changed. One a quarter of an hour later finds
nothing new.

| sync | requests | seconds of a processor | bytes written |
|---|---:|---:|---:|
{steps}

Computed from that: {organizations:,} such organizations, each synced {syncs} times a day, come to {charges:,.1f}
million charges a day.

| a day | |
|---|---:|
| requests | {requests:,}, {a_second:,.1f} a second |
| processor | {hours:,.1f} hours, {processors:.2f} processors all day, {dollars:,.2f} USD |
| storage | {grown:,.2f} GB; after a year {year:,.0f} GB, {rent:,.2f} USD a month |

At {cpu_hour} USD an hour of a processor and {gb_month} USD a gigabyte and month. Each organization has a limit of
requests of its own, so none waits for another.
"""
CLUSTER = """## By a cluster

The questions of the first table, by DuckDB in the process and by Sail 0.7.2 in another process of the same machine:
seconds of the clock, the median of three runs. On one machine a cluster has no cores that DuckDB lacks, so this
says what the way to it costs.

"""
STEPS = {"first": "first, 60 days", "day": "a day later", "again": "a quarter of an hour later"}


def page(measured: dict[str, Any]) -> str:
    """Return the page of these figures."""
    text = HEAD
    if by_size := measured.get("asked"):
        text += MOVE.format(**_moves(by_size["ledgers"]))
        sizes = [f"{ledger['charges'] / 1e6:g} M" for ledger in by_size["ledgers"]]
        text += ASKED + _table(by_size["ledgers"], sizes) + _ledgers(by_size["ledgers"]) + _machine(by_size)
    if by_years := measured.get("kept"):
        years = [f"{ledger['days'] // 365} y" for ledger in by_years["ledgers"]]
        text += KEPT + _table(by_years["ledgers"], years) + _months(by_years["ledgers"]) + _machine(by_years)
    if by_engine := measured.get("cluster"):
        text += CLUSTER + _engines(by_engine["ledgers"]) + _machine(by_engine)
    if organization := measured.get("organization"):
        text += _cost(organization["ledgers"]) + _machine(organization)
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


def _engines(ledgers: list[dict[str, Any]]) -> str:
    """A row for each question: the seconds of the clock of both engines at each size."""
    heads = [f"{ledger['charges'] / 1e6:g} M: {engine}" for ledger in ledgers for engine in ("DuckDB", "Sail")]
    rows = [f"| question | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for name in ledgers[0]["questions"]:
        answers = [ledger["questions"][name] for ledger in ledgers]
        cells = [f"{median(answer[engine]):.2f}" for answer in answers for engine in ("here", "there")]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


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
        f"Of the {last['days']:,} days of the largest ledger ({last['files']:,} files) these months were opened:\n\n"
    ]
    for months, names in by_months.items():
        span = [month.removeprefix("month=") for month in months]
        words = (
            ", ".join(span)
            if len(span) < FEW
            else f"all {len(span)} months from {span[0]} on: `keys` says when each key was last used"
        )
        lines.append(f"- {', '.join(names)}: {words or 'none'}\n")
    return "".join(lines)


def _machine(part: dict[str, Any]) -> str:
    return f"\nCommit {part['commit']}, {part['when']}: {part['machine']}.\n\n"


def _moves(ledgers: list[dict[str, Any]]) -> dict[str, Any]:
    """What the measured growth says of the size at which each question takes too long."""
    last = ledgers[-1]
    seconds = {name: _value(answer, "seconds") for name, answer in last["questions"].items()}
    limits = {
        name: last["charges"] * (PATIENCE / seconds[name]) ** (1 / max(exponent(ledgers, name), LEAST))
        for name in seconds
    }
    first, slowest = min(limits, key=lambda name: limits[name]), max(seconds, key=lambda name: seconds[name])
    return {
        "charges": last["charges"] / 1e6,
        "slowest": slowest,
        "seconds": seconds[slowest],
        "peak": max(answer["peak"] for answer in last["questions"].values()),
        "first": first,
        "patience": PATIENCE,
        "size": limits[first] / 1e6,
        "keys": round(limits[first] / 365 / RECORD / 8),
    }


def _cost(steps: dict[str, Any]) -> str:
    """What one organization was measured to cost, and what a thousand would."""
    lines = [
        f"| {name} | {steps[step]['requests']} | {steps[step]['processor']:.2f} | {steps[step]['bytes']:,} |"
        for step, name in STEPS.items()
    ]
    requests, seconds, grown = (
        ORGANIZATIONS * (steps["day"][name] + (SYNCS - 1) * steps["again"][name])
        for name in ("requests", "processor", "bytes")
    )
    year = grown * 365 / 1e9
    return COST.format(
        keys=steps["keys"],
        records=steps["records"],
        steps="\n".join(lines),
        organizations=ORGANIZATIONS,
        syncs=SYNCS,
        charges=ORGANIZATIONS * steps["records"] * RECORD / 1e6,
        requests=requests,
        a_second=requests / 86_400,
        hours=seconds / 3600,
        processors=seconds / 86_400,
        dollars=seconds / 3600 * CPU_HOUR,
        grown=grown / 1e9,
        year=year,
        rent=year * GB_MONTH,
        cpu_hour=CPU_HOUR,
        gb_month=GB_MONTH,
    )
