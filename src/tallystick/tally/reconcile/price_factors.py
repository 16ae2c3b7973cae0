"""Factors that are prices: rates that differ from the list's by one exact factor on three days or more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

from tallystick.tally.reconcile.bill_line import Change, Line, Part

STALE, DISCOUNT = "price list stale", "discount"
DAYS = 3
"""On how many days one factor has to fit before it is called a price."""
_SEVERAL = 2


def changes(lines: list[Line]) -> None:
    """Find the factors that are prices: of a model, of a kind of its tokens, or of all models from a day on."""

    def apply(to: Iterable[Line], change: Change, until: date) -> None:
        within = [line for line in to if change.since <= line.parts[0].day < until]
        change = replace(change, own=any(line.own for line in within))
        for line in within:
            line.change = change

    levels: tuple[Callable[[Part], tuple[str, ...]], ...] = (
        lambda part: (part.organization, "web searches" if part.kind == "web_search" else part.model),
        lambda part: (part.organization, part.model, part.kind),
    )
    for level in levels:
        for (_, *whom), group_lines in _grouped([line for line in lines if not line.change], level):
            for since, until, factor in _runs(group_lines):
                apply(group_lines, Change(STALE, " ".join(whom), since, factor), until)
    for _, group_lines in _grouped(lines, lambda part: (part.organization,)):
        tokens = [line for line in group_lines if line.parts[0].kind != "web_search"]
        for since, until, factor in _runs(tokens):
            same = [line for line in group_lines if (line.change.factor if line.change else line.ratio) == factor]
            if factor < 1 and len({line.parts[0].model for line in same}) >= _SEVERAL:
                open_ = [line for line in tokens if not line.change]
                apply([*same, *open_], Change(DISCOUNT, "all models", since, factor), until)


def _grouped(lines: Iterable[Line], key: Callable[[Part], tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[Line]]]:
    groups: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        groups[key(line.parts[0])].append(line)
    return sorted(groups.items(), key=lambda group: group[0])


def _runs(lines: Iterable[Line]) -> Iterator[tuple[date, date, Fraction]]:
    """Where one factor other than 1 fits on `DAYS` days or more and 1 on none between: first day, first day after."""
    ratios: dict[date, Counter[tuple[int, int]]] = defaultdict(Counter)  # of whole numbers, which hash fast
    for line in lines:
        if line.ratio is not None:
            ratios[line.parts[0].day][line.ratio.as_integer_ratio()] += 1
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
