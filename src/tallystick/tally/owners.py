"""Owners: who a line of the bill belongs to on its day, and how shared lines are split, to the last picodollar.

Rules are read in order and the first that matches a line owns it: the lines of the CSV, then the `[[owner]]` tables.
Owners are settings, not records: they are resolved when a question is asked. Every charge is split by itself, so that
a team's amount is the same whatever else it is asked by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

from tallystick.core.models import same
from tallystick.tally.rules import FIELDS, NO_CENTER, UNOWNED, Rule, like, rule_of, rules_of_csv

Spelling = tuple[date, frozenset[str]]
"""The words for something from a UTC day on: its id, name, ...; the first of its spellings holds before too."""
Spellings = Mapping[str, Mapping[tuple[str, str], Sequence[Spelling]]]
"""For each condition, how an (organization, id) was spelt over time, in order; of `tag` those of the workspace."""
Span = tuple[tuple[str, ...], date, date, int]


@dataclass(frozen=True, slots=True)
class Renaming:
    """That something is called otherwise from a UTC day on, and which rules match it no longer, or only since.

    `before` and `after` are the words that changed; `ends` and `begins` are places of rules.
    """

    condition: str
    organization: str
    id: str
    day: date
    before: frozenset[str]
    after: frozenset[str]
    ends: Sequence[int]
    begins: Sequence[int]


@dataclass(frozen=True)
class Owners:
    """The rules in their order; none by default, and then nobody owns anything."""

    rules: tuple[Rule, ...] = ()
    ignored: str = ""
    """The columns of the CSV that no rule has, in words."""
    unnamed: str = ""
    """That a list of owners is at hand which no setting names, in words."""

    @classmethod
    def read(cls, tables: Sequence[Any] = (), lines: str = "", file: str = "owners.csv") -> Owners:
        """The rules of a CSV and of `[[owner]]` tables; InvalidQuestion names the one that cannot be."""
        listed, ignored = rules_of_csv(lines, file)
        return cls(
            (*listed, *(rule_of(f"[[owner]] {n}", table) for n, table in enumerate(tables, 1))),
            f"{file} has columns that no rule has, which are ignored: {', '.join(ignored)}." if ignored else "",
        )

    @cached_property
    def teams(self) -> tuple[str, ...]:
        """Every team that a rule names, and `unowned`."""
        return tuple(dict.fromkeys((*(team for rule in self.rules for team, _ in rule.teams), UNOWNED)))

    @cached_property
    def centers(self) -> tuple[str, ...]:
        """Every cost center that a rule names, and those of what has none."""
        return tuple(dict.fromkeys((*(rule.cost_center for rule in self.rules), NO_CENTER, UNOWNED)))

    @cached_property
    def looks_at(self) -> frozenset[str]:
        """The conditions that some rule has."""
        return frozenset(name for rule in self.rules for name in rule.conditions)

    @cached_property
    def sees(self) -> tuple[str, ...]:
        """The fields of a charge that decide whose it is: those that some rule looks at, after the organization."""
        fields = {"organization", *self.looks_at, *(("workspace",) if "tag" in self.looks_at else ())}
        return tuple(name for name in FIELDS if name in fields)

    def turns(self, spellings: Spellings) -> list[date]:
        """The days from which on something may be another's: a rule begins or ends, or matches a name that changed."""
        days = {edge for rule in self.rules for edge in (rule.start, rule.end)} - {date.min, date.max}
        for name in self.looks_at & spellings.keys():
            for (_, id_), spelt in spellings[name].items():
                for (_, before), (day, after) in pairwise(spelt):
                    old, new = (self._matching(name, _itself(name, id_) | words) for words in (before, after))
                    days |= {day} if old != new else set()
        return sorted(days)

    def center(self, team: str, day: date) -> str:
        """The cost center of a team's share: that of the first rule in force that gives the team one."""
        for rule in self.rules:
            if rule.how == "team" and rule.teams[0][0] == team and rule.cost_center != NO_CENTER and rule.holds(day):
                return rule.cost_center
        return NO_CENTER

    def owned(self, subjects: Iterable[tuple[str, ...]], spellings: Spellings) -> list[Span]:
        """Each subject (its `FIELDS`) with the spans of days and the place of the rule that owns it; -1 for none."""
        edges = sorted({date.min, date.max, *(edge for rule in self.rules for edge in (rule.start, rule.end))})
        spans = [
            (start, end, sum(1 << index for index, rule in enumerate(self.rules) if rule.holds(start)))
            for start, end in pairwise(edges)
        ]
        masks: dict[tuple[str, str, str], Sequence[tuple[date, int]]] = {}
        owned_spans: list[Span] = []
        for subject in subjects:
            subject_masks: list[Sequence[tuple[date, int]]] = []
            for name, id_ in (*zip(FIELDS, subject, strict=True), ("tag", subject[FIELDS.index("workspace")])):
                mask_key = (name, subject[0], id_)
                if mask_key not in masks:
                    spelt = spellings.get(name, {}).get(mask_key[1:]) or ((date.min, frozenset()),)
                    masks[mask_key] = [
                        (day if later else date.min, self._matching(name, _itself(name, id_) | words))
                        for later, (day, words) in enumerate(spelt)
                    ]
                subject_masks.append(masks[mask_key])
            for start, end, matching, in_force in _crossed(subject_masks, spans):
                first = matching & in_force
                index = (first & -first).bit_length() - 1
                if owned_spans and owned_spans[-1][0] is subject and owned_spans[-1][3] == index:
                    owned_spans[-1] = (subject, owned_spans[-1][1], end, index)
                else:
                    owned_spans.append((subject, start, end, index))
        return owned_spans

    def renamings(self, spellings: Spellings) -> list[Renaming]:
        """The changes of names by which a rule in force ceases or begins to match something, the oldest first.

        Where one rule ceases and one that gives it to the same teams begins, nothing changes.
        """
        changes = []
        for name in self.looks_at & spellings.keys():
            for (organization, id_), spelt in spellings[name].items():
                for (_, before), (day, after) in pairwise(spelt):
                    old, new = (self._matching(name, _itself(name, id_) | words) for words in (before, after))
                    ends, begins = (
                        {index for index, rule in enumerate(self.rules) if mask >> index & 1 and rule.end > day}
                        for mask in (old & ~new, new & ~old)
                    )
                    follows = {self._to(index) for index in begins} & {self._to(index) for index in ends}
                    ends, begins = (
                        {index for index in indexes if self._to(index) not in follows} for indexes in (ends, begins)
                    )
                    if ends or begins:
                        words = (before - after, after - before)
                        changes.append(Renaming(name, organization, id_, day, *words, sorted(ends), sorted(begins)))
        return sorted(
            changes, key=lambda renaming: (renaming.day, renaming.condition, renaming.organization, renaming.id)
        )

    def _to(self, index: int) -> tuple[object, ...]:
        """Where a rule sends what it matches."""
        rule = self.rules[index]
        return rule.teams, rule.how, rule.cost_center

    def _matching(self, name: str, words: frozenset[str]) -> int:
        """The rules that these words for an id satisfy in one condition, a bit each."""
        conditions = (rule.conditions.get(name) for rule in self.rules)
        return sum(
            1 << index
            for index, values in enumerate(conditions)
            if values is None
            or any(
                value in words
                or ("*" in value and any(map(like(value).fullmatch, words)))
                or (name == "model" and any(same(value, word) for word in words))
                for value in values
            )
        )


def _itself(name: str, id_: str) -> frozenset[str]:
    """The word that every id is: itself; a tag has none."""
    return frozenset() if name == "tag" else frozenset((id_,))


def _crossed(
    mask_lists: Sequence[Sequence[tuple[date, int]]], spans: Sequence[tuple[date, date, int]]
) -> Iterator[tuple[date, date, int, int]]:
    """Spans of days over which neither the rules in force nor the spellings change: start, end, matching, in force."""
    days = sorted({day for masks in mask_lists for day, _ in masks})
    for day, until in pairwise([*days, date.max]):
        matching = -1
        for masks in mask_lists:
            matching &= next(mask for since, mask in reversed(masks) if since <= day)
        for start, end, in_force in spans:
            if max(start, day) < min(end, until):
                yield max(start, day), min(end, until), matching, in_force
