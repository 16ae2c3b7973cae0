"""Factors that are prices: rates that differ from the list's by one exact factor on three days or more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache

from tallystick.core.money import EXACT, PLACES

STALE, DISCOUNT = "price list stale", "discount"
DAYS = 3
"""On how many days one factor has to fit before it is called a price."""
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Change:
    """Rates that differ from the list, or from one's `own` prices, by one factor since a day: of `whom`, or of all."""

    cause: str
    whom: str
    since: date
    factor: Fraction
    own: bool = False

    def __str__(self) -> str:
        price_name = "your own price" if self.own else "the list price"
        return f"{self.whom} since {self.since}: {written(self.factor)} of {price_name}"


@dataclass(slots=True)
class Cell:
    """So many lines of a model, kind and day of which one part of the list price was billed.

    `ratio` is None where large prompts can account for what was billed. `own` is whether they are priced otherwise than
    by the public list. The `model` of web searches is the first that has any.
    """

    organization: str
    day: date
    model: str
    kind: str
    ratio: Fraction | None
    own: bool
    lines: int
    change: Change | None = None


def changes(cells: list[Cell]) -> None:
    """Find the factors that are prices: of a model, of a kind of its tokens, or of all models from a day on."""

    def apply(to: Iterable[Cell], change: Change, until: date) -> None:
        within = [cell for cell in to if change.since <= cell.day < until]
        change = replace(change, own=any(cell.own for cell in within))
        for cell in within:
            cell.change = change

    levels: tuple[Callable[[Cell], tuple[str, ...]], ...] = (
        lambda cell: (cell.organization, "web searches" if cell.kind == "web_search" else cell.model),
        lambda cell: (cell.organization, cell.model, cell.kind),
    )
    for level in levels:
        for (_, *whom), group_cells in _grouped([cell for cell in cells if not cell.change], level):
            for since, until, factor in _runs(group_cells):
                apply(group_cells, Change(STALE, " ".join(whom), since, factor), until)
    for _, group_cells in _grouped(cells, lambda cell: (cell.organization,)):
        tokens = [cell for cell in group_cells if cell.kind != "web_search"]
        for since, until, factor in _runs(tokens):
            equal_cells = [
                cell for cell in group_cells if (cell.change.factor if cell.change else cell.ratio) == factor
            ]
            if factor < 1 and len({cell.model for cell in equal_cells}) >= _SEVERAL:
                open_ = [cell for cell in tokens if not cell.change]
                apply([*equal_cells, *open_], Change(DISCOUNT, "all models", since, factor), until)


@lru_cache(1024)
def written(factor: Fraction) -> str:
    """A factor in digits where it has an end there, else as a fraction."""
    places = next((digits for digits in range(PLACES + 1) if not 10**digits % factor.denominator), None)
    return f"{factor}" if places is None else f"{EXACT.scaleb(int(factor * 10**places), -places):f}"


def _grouped(cells: Iterable[Cell], key: Callable[[Cell], tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[Cell]]]:
    groups: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[key(cell)].append(cell)
    return sorted(groups.items(), key=lambda group: group[0])


def _runs(cells: Iterable[Cell]) -> Iterator[tuple[date, date, Fraction]]:
    """Where one factor other than 1 fits on `DAYS` days or more and 1 on none between: first day, first day after."""
    ratios: dict[date, Counter[tuple[int, int]]] = defaultdict(Counter)  # of whole numbers, which hash fast
    for cell in cells:
        if cell.ratio is not None:
            ratios[cell.day][cell.ratio.as_integer_ratio()] += cell.lines
    often = Counter(ratio for day_ratios in ratios.values() for ratio in day_ratios)
    since, current, fits = date.min, Fraction(1), 0
    for day, day_ratios in sorted(ratios.items()):
        known = {Fraction(*ratio): count for ratio, count in day_ratios.items() if often[ratio] >= DAYS}
        listed = (1, 1) in day_ratios
        if not known and not listed:
            continue
        vote = Fraction(1) if listed else max(known, key=lambda ratio: (known[ratio], ratio))
        if vote != current:
            if current != 1 and fits >= DAYS:
                yield since, day, current
            since, current, fits = day, vote, 0
        fits += 1
    if current != 1 and fits >= DAYS:
        yield since, date.max, current
