"""Budgets: how much may be spent, by whom, every day, week, month, quarter or year; dated, as all money settings are.

The rows of a scope follow each other: one is in force until the next begins, or until the day that it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tallystick.core.filter import Filter
from tallystick.core.money import PLACES
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.tally.cycles import LAST_DAY, Cycle, Every
from tallystick.tally.rules import check_fields, day_of, values_of

SCOPE = ("organization", "workspace", "key", "actor", "product", "model", "team", "cost_center")
"""What a budget can be of; of everything where it names none."""
_FIELDS = ("name", *SCOPE, "amount", "every", "starts", "carry_over", "from", "until")
_AMOUNT = re.compile(rf"[0-9]{{1,15}}(\.[0-9]{{1,{PLACES}}})?", re.ASCII)
_MEND = "`tallystick docs budgets` shows the tables."


@dataclass(frozen=True, slots=True)
class Budget:
    """One row: US dollars for each period of a scope, in force from `start` to before `end`.

    `table` says where it stands in the settings. With `carry_over`, what is left of a period is added to the next.
    """

    table: str
    name: str
    scope: Mapping[str, tuple[str, ...]]
    amount: Decimal
    cycle: Cycle
    start: date
    end: date
    carry_over: bool

    @property
    def scope_label(self) -> str:
        """What it is of, in words."""
        return ", ".join(f"{name} = {' or '.join(values)}" for name, values in self.scope.items()) or "everything"

    @property
    def label(self) -> str:
        """Its name, or what it is of where it has none."""
        return self.name or f"the budget of {self.scope_label}"


@dataclass(frozen=True)
class Budgets:
    """Every row; those of one scope and period in the order of their days, none over another."""

    rows: tuple[Budget, ...] = ()

    @classmethod
    def read(cls, tables: Sequence[Any]) -> Budgets:
        """The rows of `[[budget]]` tables; InvalidQuestion names the one that cannot be, or that lies over another."""
        scopes: dict[tuple[Any, ...], list[Budget]] = {}
        for number, table in enumerate(tables, 1):
            row = _budget(f"[[budget]] {number}", table)
            scopes.setdefault((row.cycle.every, *row.scope.items()), []).append(row)
        return cls(tuple(row for rows in scopes.values() for row in _followed(rows)))

    def within(self, where: Mapping[str, Filter]) -> Budgets:
        """Return those of nothing but what the filters take: a budget of everything, or of another team too, is not."""

        def inside(budget: Budget) -> bool:
            return all(
                budget.scope.get(name) and all(map(part.takes, budget.scope[name])) for name, part in where.items()
            )

        return Budgets(tuple(filter(inside, self.rows)))

    def during(self, window: Window) -> list[tuple[Budget, Window]]:
        """The rows in force on the days of a window, each with its period; of one scope the last that is in force."""
        in_force: dict[tuple[Any, ...], tuple[Budget, Window]] = {}
        first, last = window.start.date(), window.end.date() - timedelta(days=1)
        for row in self.rows:
            on = min(last, row.end - timedelta(days=1))
            if first <= on and row.start <= on:
                in_force[row.cycle.every, *row.scope.items()] = (row, row.cycle.around(on))
        return list(in_force.values())


def _followed(rows: list[Budget]) -> list[Budget]:
    """The rows of one scope by their days, each until the next begins; raise InvalidQuestion where two overlap."""
    rows = sorted(rows, key=lambda row: row.start)
    for row, after in pairwise(rows):
        if row.start == after.start or (row.end < date.max and row.end > after.start):
            on = "" if after.start == date.min else f" on {after.start}"
            raise InvalidQuestion(
                f"{row.table} and {after.table} are both in force{on}, for {row.scope_label} every {row.cycle.every}.",
                "Give the later one a later `from`, or end the earlier one with `until`.",
            )
    return [*(replace(row, end=min(row.end, after.start)) for row, after in pairwise(rows)), rows[-1]]


def _budget(table: str, fields: Any) -> Budget:
    check_fields(table, fields, _FIELDS, "budget", _MEND)
    amount = fields.get("amount")
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        raise InvalidQuestion(
            f"{table} has no amount."
            if amount is None
            else f"{table}: amount {amount!r} is not exact text of US dollars.",
            'Write amount = "5000", in quotes.',
        )
    start, end = day_of(table, "from", fields, date.min), day_of(table, "until", fields, date.max)
    if not start < end:
        raise InvalidQuestion(
            f"{table} ends ({end}) before it begins ({start}).", "`from` is inclusive, `until` exclusive."
        )
    carry_over = fields.get("carry_over", False)
    if not isinstance(carry_over, bool):
        raise InvalidQuestion(
            f"{table}: carry_over {carry_over!r} is neither true nor false.", "Write carry_over = true."
        )
    if carry_over and start == date.min:
        raise InvalidQuestion(
            f"{table} carries its rest over, but has no first day.", "Give it `from`, the day from which rests count."
        )
    scope = {name: tuple(sorted(set(values_of(table, name, fields[name])))) for name in SCOPE if name in fields}
    name = fields.get("name", "")
    if not isinstance(name, str) or ("name" in fields and not name.strip()):
        raise InvalidQuestion(f"{table}: name {name!r} is not a text, or is empty.", "Write it in quotes.")
    return Budget(table, name.strip(), scope, Decimal(amount), _cycle(table, fields), start, end, carry_over)


def _cycle(table: str, fields: Mapping[str, Any]) -> Cycle:
    """The periods that a table asks for; InvalidQuestion where they cannot be."""
    length = fields.get("every", Every.MONTH.value)
    if length not in list(Every):
        raise InvalidQuestion(f"{table}: every {length!r} is no period.", f"It can be {', '.join(Every)}.")
    if "starts" not in fields:
        return Cycle(Every(length))
    starts = day_of(table, "starts", fields, date.min)
    if length == Every.DAY:
        raise InvalidQuestion(f"{table} has `starts`, and days begin at 00:00 UTC.", "Leave it out.")
    if length != Every.WEEK and starts.day > LAST_DAY:
        raise InvalidQuestion(
            f"{table}: starts {starts} is a day that some months lack.", f"Write a day of the month up to {LAST_DAY}."
        )
    return Cycle(Every(length), starts)
