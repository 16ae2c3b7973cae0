"""Comparison: an answer beside that of the period before, or of the same days a year ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.core.dimensions import TIMES
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, ratio, rounded, total as money_total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import day_spans
from tallystick.core.time import DAY, FIRST_DAY, Grain, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.query.gaps import LATE
from tallystick.query.groups import OTHERS
from tallystick.query.report import BEFORE

Group = tuple[Cell, ...]
RATES = ("hit_rate",)
"""Shares that are compared too: their change is in points."""
_LEAP = (2, 29)


def window_before(window: Window, word: str) -> Window:
    """Return the days that ended days are compared with: as many just before, or the same dates of the year before.

    Before a month, or its first days, are the same days of the month before. Raises InvalidQuestion where nothing was
    used so early.
    """
    if word == "year":
        before = Window(_year_ago(window.start), _year_ago(window.end))
    elif window.start == Grain.MONTH.floor(window.start) and window.end <= Grain.MONTH.after(window.start):
        month = Grain.MONTH.around(window.start - DAY)
        is_month = window.end == Grain.MONTH.after(window.start)
        before = month if is_month else month & Window(month.start, month.start + (window.end - window.start))
    else:
        before = Window(window.start - (window.end - window.start), window.start)
    if before.start < midnight(FIRST_DAY):
        raise InvalidQuestion(
            f"There is nothing to compare with: nothing was used before {FIRST_DAY}.", "Ask of later days."
        )
    return before


def compared(ask: Callable[[Question], Table], question: Question, word: str, order: str, now: datetime) -> Table:
    """Return the answer to a question with columns of the window before: exact, in each row and in the totals.

    Of each figure in US dollars, else of `order`, it adds what it was before, the change, and the change to what it
    was; of `RATES` what they were, and the change in points. A group that one window does not have is zero there where
    the window is known, else unknown. Times are compared in their order: one that is not in the ledger, or has no
    counterpart, is unknown. Raises InvalidQuestion.
    """
    if question.zone:
        raise InvalidQuestion("Days of a time zone are not compared.", "Leave out --tz or --compare.")
    ended = question.window & Window(question.window.start, max(Grain.DAY.floor(now), question.window.start + DAY))
    before_question = replace(question, window=window_before(ended, word), top=None)
    after, before = ask(question), ask(before_question)
    figures = [heading for heading in after.headings if heading.kind is Kind.MONEY]
    figures = figures or [heading for heading in after.headings if heading.name == order]
    figures += [heading for heading in after.headings if heading.name in RATES]
    merged = _Merged(question, after, before, tuple(figures), order)
    added = [heading for figure in figures for heading in _headings(figure)]
    totals = {
        name: cell
        for figure in figures
        for name, cell in _cells(figure, after.totals.get(figure.name), before.totals.get(figure.name)).items()
    }
    return replace(
        after,
        question=replace(question, against=before_question.window),
        headings=(*after.headings, *added),
        cells=[tuple(row[heading.name] for heading in (*after.headings, *added)) for row in merged.rows()],
        totals={**after.totals, **totals},
        messages=(*merged.apart(), *_windows(after, before), *after.messages, *_of_before(after, before)),
        coverage={**after.coverage, "against": before.coverage},
    )


@dataclass(frozen=True)
class _Merged:
    """The rows of two answers by group; times of the earlier one stand as those in their place of the later one."""

    question: Question
    after: Table
    before: Table
    figures: tuple[Heading, ...]
    order: str

    def rows(self) -> list[dict[str, Cell]]:
        """Every group of either, sorted as the later answer is."""
        earlier = self._earlier()
        rows = [row for row in self.after.rows if OTHERS not in self._dimension_cells(row)]
        rests = [row for row in self.after.rows if OTHERS in self._dimension_cells(row)]
        rows_beside = [self._beside(row, earlier.pop(self._group(row), None)) for row in rows]
        if not rests and self.question.top is None:
            rows_beside += [self._ended(row) for row in earlier.values()]
        else:
            rows_beside += self._rests(rests, list(earlier.values()))
        return sorted(rows_beside, key=self._sorting)

    def _earlier(self) -> dict[Group, dict[str, Cell]]:
        """The rows of the earlier answer by group, each time as its counterpart."""
        moved = [row | {name: later.get(str(row[name])) for name, later in self._times()} for row in self.before.rows]
        return {self._group(row): row for row in moved if all(row[name] for name, _ in self._times())}

    def apart(self) -> Iterator[Message]:
        """What the earlier answer has of times without a counterpart, in words: no row can show it."""
        rows = [row for row in self.before.rows if any(str(row[name]) not in later for name, later in self._times())]
        for figure in self.figures[: 1 if rows else 0]:
            amount = _sum(figure, [row[figure.name] for row in rows], self.before)
            text = (
                f"{amount_text} {figure.unit or figure.name}"
                if (amount_text := _amount(amount))
                else f"An unknown {figure.name}"
            )
            dollars = amount if isinstance(amount, Decimal) else None
            yield warning(f"{text} before is of days without a counterpart, and in the total alone.", dollars)

    def _times(self) -> list[tuple[str, dict[str, str]]]:
        """Each grain of time that is asked by, with the counterparts of the earlier times."""
        return [(name, self._counterparts(name)) for name in self.question.by if name in TIMES]

    def _counterparts(self, grain: str) -> dict[str, str]:
        """Each time of the earlier window, as an answer writes it, with the one in its place of the later window."""
        windows = (self.before.question, self.after.question)
        old, new = (
            [_written(part.start, grain) for part in window.window.split(Grain(grain))] for window in windows if window
        )
        return dict(zip(old, new, strict=False))

    def _group(self, row: Mapping[str, Cell]) -> Group:
        return tuple(row[heading.name] for heading in self.after.headings if heading.kind is Kind.DIMENSION)

    def _dimension_cells(self, row: Mapping[str, Cell]) -> list[Cell]:
        return [row[name] for name in self.question.by]

    def _unasked(self, row: Mapping[str, Cell]) -> Group:
        """What stands apart though nobody asked."""
        dims = (heading.name for heading in self.after.headings if heading.kind is Kind.DIMENSION)
        return tuple(row[name] for name in dims if name not in self.question.by)

    def _beside(self, row: dict[str, Cell], earlier: Mapping[str, Cell] | None) -> dict[str, Cell]:
        cells = dict(row)
        is_known = earlier is not None or self._is_known(row, self.before, self._counterparts)
        for figure in self.figures:
            old = earlier[figure.name] if earlier else _nothing(figure, self.before) if is_known else None
            cells |= _cells(figure, row[figure.name], old)
        return cells

    def _is_known(
        self, row: Mapping[str, Cell], table: Table, moved: Callable[[str], Mapping[str, str]] | None = None
    ) -> bool:
        """Whether an answer knows all days of a row's times, so that what it does not have is zero."""
        unknown = {*table.coverage["absent"], *table.coverage.get(LATE, {}).get("days", ())}
        for name in self.question.by:
            if name in TIMES and row[name] != OTHERS:
                time = {new: old for old, new in moved(name).items()}.get(str(row[name])) if moved else str(row[name])
                if time is None or any(_written(midnight(date.fromisoformat(day)), name) in time for day in unknown):
                    return False
        return True

    def _ended(self, row: Mapping[str, Cell]) -> dict[str, Cell]:
        """A group that the later window does not have."""
        is_known = self._is_known(row, self.after)
        cells: dict[str, Cell] = {}
        for heading in self.after.headings:
            if heading.kind in {Kind.DIMENSION, Kind.NAME}:
                cells[heading.name] = row[heading.name]
            else:
                is_sum = is_known and heading.kind in {Kind.MONEY, Kind.COUNT}
                cells[heading.name] = _nothing(heading, self.after) if is_sum else None
        return self._beside(cells, row)

    def _rests(self, rests: list[dict[str, Cell]], earlier: list[dict[str, Cell]]) -> Iterator[dict[str, Cell]]:
        """The rows of all that `top` leaves out, with what their groups were before."""
        by_rest: dict[Group, list[dict[str, Cell]]] = {self._unasked(row): [] for row in rests}
        for row in earlier:
            by_rest.setdefault(self._unasked(row), []).append(row)
        rests_by_group = {self._unasked(row): row for row in rests}
        for unasked, rows in by_rest.items():
            sums = {
                figure.name: _sum(figure, [row[figure.name] for row in rows], self.before) for figure in self.figures
            }
            if unasked in rests_by_group:
                yield self._beside(rests_by_group[unasked], sums)
            elif rows:
                rest = {
                    name: OTHERS if name.removesuffix("_name") in self.question.by else cell
                    for name, cell in rows[0].items()
                }
                yield self._ended(rest | sums)

    def _sorting(self, row: Mapping[str, Cell]) -> Any:
        cells = self._dimension_cells(row)
        times = [str(row[name]) for name in self.question.by if name in TIMES]
        size = row[self.order]
        amount = size if not isinstance(size, str | None) else 0
        return (OTHERS in cells, times, -amount, [str(cell) for cell in self._group(row)])


def _year_ago(when: datetime) -> datetime:
    return when.replace(year=when.year - 1, day=28 if (when.month, when.day) == _LEAP else when.day)


def _written(start: datetime, grain: str) -> str:
    """A time as an answer writes it."""
    forms = {"hour": "%Y-%m-%dT%H:00:00Z", "month": "%Y-%m"}
    return Grain(grain).floor(start).strftime(forms.get(grain, "%Y-%m-%d"))


def _headings(figure: Heading) -> Iterator[Heading]:
    last = figure.drop_order or 1
    yield replace(figure, name=figure.name + BEFORE, drop_order=figure.drop_order)
    yield replace(figure, name=f"{figure.name}_change", drop_order=figure.drop_order)
    if figure.name not in RATES:
        yield Heading(f"{figure.name}_growth", Kind.RATIO, drop_order=last)


def _cells(figure: Heading, new: Cell, old: Cell) -> dict[str, Cell]:
    """What a figure was before, its change and growth; unknown where one of them is."""
    change: Cell = None
    growth: Cell = None
    if not isinstance(new, str | None) and not isinstance(old, str | None):
        change = new - old if isinstance(new, int) and isinstance(old, int) else EXACT.subtract(new, old)
        growth = ratio(change, old)
    cells = {figure.name + BEFORE: old, f"{figure.name}_change": change}
    return cells if figure.name in RATES else {**cells, f"{figure.name}_growth": growth}


def _nothing(figure: Heading, table: Table) -> Cell:
    """What a figure is of a group that an answer does not have: zero, or unknown where its total is."""
    known = table.totals.get(figure.name)
    return None if known is None or figure.name in RATES else _zero(figure)


def _zero(figure: Heading) -> Cell:
    return 0 if figure.kind is Kind.COUNT else money_total([])


def _sum(figure: Heading, cells: list[Cell], table: Table) -> Cell:
    if not cells:
        return _nothing(figure, table)
    known = [cell for cell in cells if not isinstance(cell, str | None)]
    if len(known) < len(cells) or figure.name in RATES:
        return None
    return sum(map(int, known)) if figure.kind is Kind.COUNT else money_total([*map(EXACT.create_decimal, known)])


def _amount(amount: Cell) -> str:
    return (
        f"{rounded(amount):,}"
        if isinstance(amount, Decimal)
        else f"{amount:,}"
        if isinstance(amount, int)
        else "An unknown amount of"
    )


def _windows(after: Table, before: Table) -> Iterator[Message]:
    """What is compared with what."""
    if not before.question or not after.question:
        return
    days = before.question.window.days()
    yield note(f"Compared with {day_spans(days, days[-1].year)} {days[-1].year}.")
    old, new = before.coverage.get("present"), after.coverage.get("present")
    if old and new and old != new:
        yield warning(f"{old} days are compared with {new}.")


def _of_before(after: Table, before: Table) -> Iterator[Message]:
    known = {message.text for message in after.messages}
    for message in before.messages:
        if message.text not in known:
            yield replace(message, text=f"Before: {message.text}")
