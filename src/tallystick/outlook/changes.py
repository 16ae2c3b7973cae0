"""Changes: the sections of a summary that say why the bill changed, and by what, each from a Table of variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallystick.core.document import Chart, Section
from tallystick.core.money import EXACT, ratio, total
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import DAY, Grain, Window
from tallystick.outlook.spenders import Amounts
from tallystick.query.groups import OTHERS
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
        Section("Why it changed", effect_table, (changed.headline, words), Chart("bars", "effect", ("amount",))),
        Section("What changed most", most),
    ]


def by_dimension(dim: str, amounts: Amounts, names: Mapping[str, str], changed: Table) -> Section:
    """What was spent by a dimension, the largest first, beside the days that it is compared with.

    `names` are those of ids, `changed` compares the same days: what is unknown in its totals is so in every row.
    """
    totals = {"billed": changed.totals["after"], **{name: changed.totals[name] for name in ("before", "change")}}
    labels = apart({id_: names.get(id_, id_) for id_ in amounts})
    rows: list[dict[str, Cell]] = [
        {
            "name": labels[id_],
            "after": None if totals["billed"] is None else now,
            "before": None if totals["before"] is None else before,
            "change": None if totals["change"] is None else EXACT.subtract(now, before),
        }
        for id_, (before, now) in sorted(amounts.items(), key=lambda entry: (-entry[1][1], entry[0]))
    ]
    figures = rows[:TOP]
    if rest := rows[TOP:]:
        sums = {name: _sum([row[name] for row in rest]) for name in ("after", "before", "change")}
        figures.append({"name": OTHERS, **sums})
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
