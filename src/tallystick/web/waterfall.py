"""Waterfall: the bridge from billed to priced as steps: each a length on one scale, an amount, a sentence, a link.

Money becomes a float here for a length alone; what is read is text of the exact amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.money import EXACT
from tallystick.core.question import Kind, Table
from tallystick.core.text import safe
from tallystick.formats.shown import nothing, shown
from tallystick.reports.reconcile import BILLED, PRICED
from tallystick.tally.reconcile.meanings import MEANINGS
from tallystick.tally.reconcile.pieces import UNEXPLAINED
from tallystick.web.grid import organizations
from tallystick.web.links import lines, source
from tallystick.web.marks import standing
from tallystick.web.tiles import Tile

ENDS = {BILLED: "What Anthropic billed.", PRICED: "What the usage costs by the price lists in force."}
"""The first and the last step, and what they are."""
_ROOM = 0.3
"""How much of the change is left free below the lowest step, where the scale does not begin at zero."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its amount as text, its bar from `left` over `width` in percent of the scale, what it means.

    `whose` names the organization where there are several.
    """

    name: str
    whose: str
    kind: str
    amount: str
    share: str
    quantity: str
    left: str
    width: str
    meaning: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Every step, where the scale begins where that is not at zero, what is explained of the difference.

    `whole`: nothing is unexplained. `tiles` are both ends of it, and what separates them. `nothing` stands in their
    place where there are none.
    """

    steps: tuple[Step, ...]
    begins: str = ""
    verdict: str = ""
    whole: bool = False
    tiles: tuple[Tile, ...] = ()
    nothing: str = ""


def waterfall(table: Table) -> Waterfall:
    """Return the steps of a reconciliation of all; a step whose amount is not known is `unknown`, and has no length."""
    if not table.cells:
        return Waterfall((), nothing=nothing(table))
    headings = {heading.name: heading for heading in table.headings}
    rows = table.rows
    dims = [heading.name for heading in table.headings if heading.kind is Kind.DIMENSION]
    names = organizations(table)
    levels = [*_levels(table)]
    known = [level for level in levels if level]
    low, high = _scale([float(end) for level in known for end in level])
    steps = []
    for row, level in zip(rows, levels, strict=True):
        cause = str(row["cause"])
        left, right = sorted(float(end) for end in level) if level else (low, low)
        if cause in ENDS:
            left = max(low, min(left, right))
        steps.append(
            Step(
                name=safe(cause),
                whose=names.get(str(row.get("organization")), ""),
                kind=_kind(cause, row["amount"]),
                amount=shown(row["amount"], headings["amount"]),
                share=shown(row["share"], headings["share"]),
                quantity=f"{row['quantity']:,}" if isinstance(row["quantity"], int) else "-",
                left=f"{(left - low) / (high - low) * 100:.2f}",
                width=f"{(right - left) / (high - low) * 100:.2f}" if level else "0",
                meaning=ENDS.get(cause) or MEANINGS.get(cause, ""),
                detail=safe(str(row["detail"] or "")),
                url=lines(table.question, "amount", row, dims) if table.question else "",
            )
        )
    order = list(dict.fromkeys(step.whose for step in steps))
    steps.sort(key=lambda step: (order.index(step.whose), step.name == PRICED))
    begins = f"{low:,.2f}" if low else ""
    verdict = safe(next(iter(table.notes), "")).removeprefix("Verdict: ")
    return Waterfall(
        tuple(steps), begins, verdict[:1].upper() + verdict[1:], table.totals["unexplained"] == 0, _tiles(table)
    )


def _tiles(table: Table) -> tuple[Tile, ...]:
    """What was billed, what is priced, and what separates them."""
    heading = next(heading for heading in table.headings if heading.name == "amount")
    tiles = []
    for name, cell in table.totals.items():
        url, about = "", "Computed from billed, priced and the steps between them."
        if name in ENDS and table.question:
            row = {"cause": name}
            url, about = lines(table.question, "amount", row), source("reconcile", "amount", row)
        about = "\n".join(filter(None, (standing(table.coverage), about)))
        unit = "" if cell is None else "USD"
        tiles.append(Tile(name.capitalize(), shown(cell, heading), unit, cell is None, lines=url, about=about))
    return tuple(tiles)


def _levels(table: Table) -> Iterator[tuple[Decimal, Decimal] | None]:
    """Where each step begins and ends; None of one whose amount is not known."""
    zero = level = Decimal(0)
    for row in table.rows:
        amount = row["amount"]
        if not isinstance(amount, Decimal):
            yield None
        elif row["cause"] in ENDS:
            level = amount if row["cause"] == BILLED else level
            yield zero, amount
        else:
            yield level, EXACT.add(level, amount)
            level = EXACT.add(level, amount)


def _scale(ends: list[float]) -> tuple[float, float]:
    """The lowest and the highest of the scale: not from zero where all that moves is far above it."""
    levels = [end for end in ends if end]
    if not levels:
        return 0.0, 1.0
    low, high = min(levels), max(levels)
    if low <= 0 or high - low > low:
        return min(low, 0.0), max(high, 0.0) or 1.0
    span = (high - low) or high
    return max(low - span * _ROOM, 0.0), high + span * _ROOM / 3


def _kind(cause: str, amount: object) -> str:
    if cause in ENDS:
        return "end"
    if not isinstance(amount, Decimal):
        return "unknown"
    if cause == UNEXPLAINED:
        return "unexplained"
    return "plus" if amount >= 0 else "minus"
