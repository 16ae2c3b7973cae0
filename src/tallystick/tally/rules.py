"""Rules: what `owners.csv` and the `[[owner]]` tables say, read strictly: the one that cannot be is named."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tallystick.core.dimensions import NAMED
from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion

UNOWNED = NAMED["team"].absent
"""The team and cost center of what nobody owns."""
NO_CENTER = "none"
"""The cost center of a team that has none."""
FIELDS = ("organization", "workspace", "key", "actor", "model")
"""What a rule can look at, beside the tags of the workspace."""
CONDITIONS = (*FIELDS, "tag")
SHARED = ("even", "proportional", "fixed")
"""How a shared line can be split: evenly, by the teams' own amounts of that day, by stated shares."""

COLUMNS = ("team", "cost_center", *CONDITIONS, "from", "until")
"""The columns that a CSV of rules can have; shared lines have none."""

_DIVIDERS = (",", ";", "\t")
_SHARE = re.compile(r"[0-9]+(\.[0-9]+|/[1-9][0-9]*)?", re.ASCII)
_MEND = "`tallystick docs owners` shows the rules."


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, the teams with their whole weights, how they share, what it matches, on which days.

    `how` is `team` where one team owns it all. `end` is exclusive.
    """

    name: str
    teams: tuple[tuple[str, int], ...]
    how: str
    cost_center: str
    conditions: Mapping[str, tuple[str, ...]]
    start: date
    end: date

    @property
    def label(self) -> str:
        """What it matches, in words."""
        words = [f"{name} = {' or '.join(values)}" for name, values in self.conditions.items()]
        words += [f"from {self.start}"] if self.start > date.min else []
        words += [f"until {self.end}"] if self.end < date.max else []
        return ", ".join(words) or "everything"

    @property
    def to(self) -> str:
        """Who it gives what it matches to, in words."""
        return " + ".join(team for team, _ in self.teams)

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.start <= day < self.end


@lru_cache(maxsize=4096)
def like(value: str) -> re.Pattern[str]:
    """What a value with stars stands for."""
    return re.compile(".*".join(map(re.escape, value.split("*"))), re.DOTALL)


def rules_of_csv(text: str, file: str) -> tuple[list[Rule], list[str]]:
    """Return the rules of a CSV in their order, and the columns that no rule has, which are ignored.

    Columns are divided by commas, semicolons or tabs, names in a cell by `|`, line ends, or semicolons where those
    divide no columns. InvalidQuestion names the line that cannot be read.
    """
    text = text.lstrip("\ufeff")
    header = next((line for line in text.splitlines() if line.strip()), "")
    divider = max(_DIVIDERS, key=header.count)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=divider, strict=True)
    columns: list[str] = []
    rules = []
    try:
        for row in rows:
            name = f"{file} line {rows.line_num}"
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = _header(name, [column.lower() for column in cells])
                continue
            if len(cells) != len(columns):
                raise InvalidQuestion(f"{name}: {len(cells)} cells, {len(columns)} columns.", _MEND)
            rule = rule_of(name, _fields(columns, cells, divider))
            if rule.how != "team" or not rule.conditions:
                raise InvalidQuestion(f"{name} says nothing of what the team owns.", "Fill workspace, key, actor, ...")
            rules.append(rule)
    except csv.Error as wrong:
        raise InvalidQuestion(f"{file} line {rows.line_num} is not CSV: {wrong}.", _MEND) from None
    return rules, [column for column in columns if column and column not in COLUMNS]


def _fields(columns: list[str], cells: list[str], divider: str) -> dict[str, Any]:
    """What the cells of a line say of a rule; a cell of conditions may hold several names."""
    between = re.compile(r"[|\r\n]" if divider == ";" else r"[|;\r\n]")
    fields: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell and column in COLUMNS:
            names = [name.strip() for name in between.split(cell) if name.strip()]
            fields[column] = names if column in CONDITIONS and names else cell
    return fields


def _header(name: str, columns: list[str]) -> list[str]:
    """The columns of a CSV; InvalidQuestion where one is misspelt or there twice, or none is known."""
    for index, column in enumerate(columns):
        if column and column in columns[:index]:
            raise InvalidQuestion(f"{name}: the header has {column!r} twice.", _MEND)
        hint = did_you_mean(column, COLUMNS, cutoff=0.75)
        if column == "shared":
            hint = "Shared lines are [[owner]] tables in tallystick.toml."
        if column not in COLUMNS and hint:
            raise InvalidQuestion(f"{name}: the header has {column!r}, which is no column.", hint)
    if not {*columns} & {*COLUMNS}:
        raise InvalidQuestion(f"{name}: the header has no known column.", f"Columns are {', '.join(COLUMNS)}.")
    return columns


def check_fields(table: str, fields: Any, known: Sequence[str], kind: str, mend: str) -> None:
    """Raise InvalidQuestion where a table of the settings is none, or has a field that no such kind of it has."""
    if not isinstance(fields, Mapping):
        raise InvalidQuestion(f"{table} is not a table.", mend)
    for field in fields:
        if field not in known:
            hint = f"{did_you_mean(field, known)} {kind.capitalize()}s have {', '.join(known)}.".strip()
            raise InvalidQuestion(f"{table} holds {field!r}, which no {kind} has.", hint)


def rule_of(name: str, fields: Any) -> Rule:
    """Return the rule of one table; InvalidQuestion names what in it cannot be."""
    check_fields(
        name, fields, sorted({"name", "team", "cost_center", "shared", "from", "until", *CONDITIONS}), "rule", _MEND
    )
    if ("team" in fields) == ("shared" in fields):
        raise InvalidQuestion(f"{name} must name either a team or how it is shared.", _MEND)
    if "shared" in fields and "cost_center" in fields:
        raise InvalidQuestion(
            f"{name} is shared: its parts go to the cost centers of its teams.", "Leave cost_center out."
        )
    method, teams = (
        _shares(name, fields["shared"]) if "shared" in fields else ("team", ((_text(name, "team", fields), 1),))
    )
    start, end = day_of(name, "from", fields, date.min), day_of(name, "until", fields, date.max)
    if not start < end:
        raise InvalidQuestion(
            f"{name} ends ({end}) before it begins ({start}).", "`from` is inclusive, `until` exclusive."
        )
    conditions = {
        condition: values_of(name, condition, fields[condition]) for condition in CONDITIONS if condition in fields
    }
    if not all("=" in tag for tag in conditions.get("tag", ())):
        raise InvalidQuestion(f"{name}: a tag is not NAME=VALUE.", "Write team=search or team=*.")
    center = _text(name, "cost_center", fields) if "cost_center" in fields else NO_CENTER
    rule_name = _text(name, "name", fields) if "name" in fields else name
    return Rule(rule_name, teams, method, center, conditions, start, end)


def _shares(name: str, options: Any) -> tuple[str, tuple[tuple[str, int], ...]]:
    method = options.get("rule") if isinstance(options, Mapping) else None
    if not isinstance(options, Mapping) or method not in SHARED or options.keys() != {"rule", _PARTS[method]}:
        raise InvalidQuestion(
            f"{name}: `shared` cannot be understood.",
            'Write shared = {rule = "even", teams = ["a", "b"]}, the same with "proportional", or '
            'shared = {rule = "fixed", shares = {a = "0.6", b = "0.4"}}.',
        )
    if method != "fixed":
        teams = values_of(name, "teams", options["teams"])
        if len(set(teams)) < len(teams) or UNOWNED in teams:
            raise InvalidQuestion(f"{name} names a team twice, or {UNOWNED!r}.", _MEND)
        return method, tuple((team, 1) for team in teams)
    shares = options["shares"]
    if not isinstance(shares, Mapping) or not shares or UNOWNED in shares or not all(map(str.strip, shares)):
        raise InvalidQuestion(f"{name}: `shares` must map teams to their shares.", _MEND)
    if wrong := [share for share in shares.values() if not isinstance(share, str) or not _SHARE.fullmatch(share)]:
        raise InvalidQuestion(f"{name}: the share {wrong[0]!r} is not exact text.", 'Write "0.25" or "1/3", in quotes.')
    parts = {team: Fraction(share) for team, share in shares.items()}
    if (share_sum := sum(parts.values())) != 1:
        raise InvalidQuestion(f"{name}: the shares sum to {share_sum}, not to 1.", 'Thirds are written "1/3".')
    unit = math.lcm(*(part.denominator for part in parts.values()))
    return method, tuple((team, int(part * unit)) for team, part in parts.items())


_PARTS = {"even": "teams", "proportional": "teams", "fixed": "shares"}


def _text(name: str, field: str, fields: Mapping[str, Any]) -> str:
    text = fields[field]
    if isinstance(text, str) and text.strip() == UNOWNED:
        raise InvalidQuestion(
            f"{name}: {field} cannot be {UNOWNED!r}, which is what nobody owns.", "Name another, or drop the rule."
        )
    if not isinstance(text, str) or not text.strip():
        raise InvalidQuestion(f"{name}: {field} {text!r} is not a text, or is empty.", "Write it in quotes.")
    return text.strip()


def values_of(name: str, field: str, value: Any) -> tuple[str, ...]:
    """A text or a list of texts, none empty; InvalidQuestion names the table and the field that is not."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(text, str) and text.strip() for text in values):
        raise InvalidQuestion(f"{name}: {field} must be a text or a list of texts, none empty.", _MEND)
    return tuple(values)


def day_of(name: str, field: str, fields: Mapping[str, Any], otherwise: date) -> date:
    """A UTC day, or what is there without one; InvalidQuestion names the table and the field that is none."""
    day = fields.get(field, otherwise)
    try:
        day = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidQuestion(f"{name}: {field} {fields[field]!r} is not a day.", "Write 2026-10-01.")
    return day
