"""Changes: the sections of a summary that say why the bill changed, and by what, each from a Table of variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallystick.core.document import Chart, Section
from tallystick.core.money import ratio, total
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import DAY, Grain, Window
from tallystick.query.grouping import OTHERS
from tallystick.query.names import apart

TOP = 10
"""Rows of a table of the summary; the rest stands in one."""
_MOST = ("model", "kind", "before", "after", "change", "price", "volume", "mix")


def why(changed: Table, window: Window, against: Window) -> list[Section]:
    """The three effects, and the lines that changed most."""
    if changed.totals["change"] is None:
        return [Section("Why it changed", words=(f"Nothing is known of {days_of(against)}.",))]
    effects = [(name, changed.totals[name]) for name in ("price", "volume", "mix")]
    headings = (Heading("effect", Kind.TEXT), money("amount"))
    effect_table = Table(None, headings, effects, {"amount": changed.totals["change"]})
    words = f"{days_of(window)} against {days_of(against)}: price, volume and mix add up to the change."
    most = replace(changed, cells=changed.cells[:TOP], totals={}).of_columns(_MOST)
    return [
        Section("Why it changed", effect_table, (words,), Chart("bars", "effect", ("amount",))),
        Section("What changed most", most),
    ]


def by_dimension(changed: Table, dim: str) -> Section:
    """What was spent by a dimension, the largest first, beside the days that it is compared with."""
    rows = sorted(changed.rows, key=lambda row: (-decimal(row["after"] or 0), str(row[dim])))
    called = apart({str(row[dim]): str(row.get(f"{dim}_name", row[dim])) for row in rows})
    figures: list[dict[str, Cell]] = [{**row, "name": called[str(row[dim])]} for row in rows[:TOP]]
    if rest := rows[TOP:]:
        sums = {name: _sum([row[name] for row in rest]) for name in ("after", "before", "change")}
        figures.append({"name": OTHERS, **sums})
    totals = {"billed": changed.totals["after"], **{name: changed.totals[name] for name in ("before", "change")}}
    cells = [
        (row["name"], row["after"], _share(row["after"], totals["billed"]), row["before"], row["change"])
        for row in figures
    ]
    headings = (
        Heading(dim, Kind.NAME),
        money("billed"),
        Heading("share", Kind.RATIO),
        money("before"),
        money("change"),
    )
    return Section(f"By {dim}", Table(None, headings, cells, totals), chart=Chart("bars", dim, ("billed",)))


def money(name: str) -> Heading:
    """A column of US dollars."""
    return Heading(name, Kind.MONEY, "USD")


def decimal(cell: Any) -> Decimal:
    """A figure that is known, as Decimal."""
    return cell if isinstance(cell, Decimal) else Decimal(cell)


def days_of(window: Window) -> str:
    """A window in words: a whole month by its name."""
    if window and window == Grain.MONTH.around(window.start):
        return f"{window.start:%Y-%m}"
    return f"{window.start:%Y-%m-%d} to {window.end - DAY:%Y-%m-%d}"


def _sum(cells: Sequence[Cell]) -> Cell:
    """The exact sum; None where one is unknown."""
    return None if None in cells else total([decimal(cell) for cell in cells])


def _share(part: Cell, amount: Cell) -> Cell:
    return None if part is None or amount is None else ratio(decimal(part), decimal(amount))
