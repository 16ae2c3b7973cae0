"""Reuse: how much of what was written to the cache was read again, beside the share from which caching pays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tallystick.address import Address
from tallystick.core.question import Cell, Kind, Table
from tallystick.core.text import safe
from tallystick.formats.shown import nothing, shown
from tallystick.query.names import apart
from tallystick.web.links import lines, narrowed, source
from tallystick.web.marks import standing

NOTHING = "Nothing was written to the cache or read from it."
GRAVEST = ("bad", "warn", "ok", "unknown")
"""The states of groups in the order in which they stand."""
LIFETIMES = {"5m": "5 minutes", "1h": "1 hour"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A break-even share: of which lifetime, where it stands in percent, and whether the reuse is above it."""

    lifetime: str
    at: str
    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Reuse:
    """One group: its share of reuse, the marks of the lifetimes that it wrote, a verdict, what it saved.

    `lines` are the charges that this is computed from, `about` how far it can be trusted.
    """

    name: str
    url: str
    share: str
    text: str
    marks: tuple[Mark, ...]
    verdict: str
    state: str
    net: str
    lines: str
    about: str


def reuse(table: Table, address: Address, most: int) -> tuple[Reuse, ...] | str:
    """Return the groups that wrote to the cache or read from it, those that lose first, or what to say where none did.

    What has no known price has no marks.
    """
    headings = {heading.name: heading for heading in table.headings}
    dims = [heading.name for heading in table.headings if heading.kind is Kind.DIMENSION]
    [dimension] = table.question.by if table.question else ("",)
    several = len({row.get("tier") for row in table.rows}) > 1
    names = apart({str(row[dimension]): str(row.get(f"{dimension}_name", row[dimension])) for row in table.rows})
    entries = []
    for row in table.rows:
        written = [life for life in LIFETIMES if row[f"cache_write_{life}"]]
        if not written and not row["cache_read"]:
            continue
        share = row["reuse"]
        marks = tuple(
            Mark(LIFETIMES[life], _percent(even), shown(even, headings["reuse"]), share > even)
            for life in written
            if isinstance(even := row[f"break_even_{life}"], Decimal) and isinstance(share, Decimal)
        )
        value = str(row[dimension])
        tier = f", {row['tier']} tier" if several and row.get("tier") == "priority" else ""
        verdict, state = _verdict(marks, row["net"])
        entries.append(
            Reuse(
                safe(f"{names[value]}{tier}"),
                narrowed(address, dimension, value),
                _percent(share),
                shown(share, headings["reuse"]),
                marks,
                verdict,
                state,
                shown(row["net"], headings["net"]),
                lines(table.question, "net", row, dims) if table.question and row["net"] else "",
                "\n".join((standing(table.coverage, model=str(row.get("model") or "")), source("cache", "net", row))),
            )
        )
    entries.sort(key=lambda group: GRAVEST.index(group.state))
    text = nothing(table)
    return tuple(entries[:most]) or (NOTHING if text in {"", "nothing"} else text)


def _verdict(marks: tuple[Mark, ...], net: Cell) -> tuple[str, str]:
    """Whether caching pays, in words, and how grave that is."""
    if not marks:
        if not isinstance(net, Decimal):
            return "price unknown", "unknown"
        return ("pays in all", "ok") if net > 0 else ("does not pay in all", "bad")
    below = [mark.lifetime for mark in marks if not mark.met]
    if not below:
        return "pays", "ok"
    lifetimes = " and ".join(below)
    return (
        (f"does not pay at {lifetimes}", "bad")
        if len(below) == len(marks)
        else (f"pays, but not at {lifetimes}", "warn")
    )


def _percent(cell: Cell) -> str:
    return f"{float(cell) * 100:.2f}" if isinstance(cell, Decimal) else ""
