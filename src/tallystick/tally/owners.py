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

    @classmethod
    def read(cls, tables: Sequence[Any] = (), lines: str = "", file: str = "owners.csv") -> Owners:
        """The rules of a CSV and of `[[owner]]` tables; AskedWrongly names the one that cannot be."""
        return cls((*rules_of_csv(lines, file), *(rule_of(f"[[owner]] {n}", it) for n, it in enumerate(tables, 1))))

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

    def center(self, team: str, day: date) -> str:
        """The cost center of a team's share: that of the first rule in force that gives the team one."""
        for rule in self.rules:
            if rule.how == "team" and rule.teams[0][0] == team and rule.cost_center != NO_CENTER and rule.holds(day):
                return rule.cost_center
        return NO_CENTER

    def owned(self, who: Iterable[tuple[str, ...]], spellings: Spellings) -> list[Span]:
        """Each of `who` (their `FIELDS`) with the spans of days and the place of the rule that owns it; -1 for none."""
        edges = sorted({date.min, date.max, *(it for rule in self.rules for it in (rule.start, rule.end))})
        spans = [
            (start, end, sum(1 << place for place, rule in enumerate(self.rules) if rule.holds(start)))
            for start, end in pairwise(edges)
        ]
        masks: dict[tuple[str, str, str], Sequence[tuple[date, int]]] = {}
        found: list[Span] = []
        for one in who:
            of: list[Sequence[tuple[date, int]]] = []
            for name, id_ in (*zip(FIELDS, one, strict=True), ("tag", one[FIELDS.index("workspace")])):
                at = (name, one[0], id_)
                if at not in masks:
                    spelt = spellings.get(name, {}).get(at[1:]) or ((date.min, frozenset()),)
                    masks[at] = [
                        (day if later else date.min, self._matching(name, _itself(name, id_) | words))
                        for later, (day, words) in enumerate(spelt)
                    ]
                of.append(masks[at])
            for start, end, matching, in_force in _crossed(of, spans):
                first = matching & in_force
                place = (first & -first).bit_length() - 1
                if found and found[-1][0] is one and found[-1][3] == place:
                    found[-1] = (one, found[-1][1], end, place)
                else:
                    found.append((one, start, end, place))
        return found

    def renamings(self, spellings: Spellings) -> list[Renaming]:
        """The changes of names by which a rule in force ceases or begins to match something, the oldest first.

        Where one rule ceases and one that gives it to the same teams begins, nothing changes.
        """
        found = []
        for name in self.looks_at & spellings.keys():
            for (organization, id_), spelt in spellings[name].items():
                for (_, before), (day, after) in pairwise(spelt):
                    old, new = (self._matching(name, _itself(name, id_) | words) for words in (before, after))
                    ends, begins = (
                        {place for place, rule in enumerate(self.rules) if mask >> place & 1 and rule.end > day}
                        for mask in (old & ~new, new & ~old)
                    )
                    follows = {self._to(place) for place in begins} & {self._to(place) for place in ends}
                    ends, begins = ({it for it in them if self._to(it) not in follows} for them in (ends, begins))
                    if ends or begins:
                        words = (before - after, after - before)
                        found.append(Renaming(name, organization, id_, day, *words, sorted(ends), sorted(begins)))
        return sorted(found, key=lambda it: (it.day, it.condition, it.organization, it.id))

    def _to(self, place: int) -> tuple[object, ...]:
        """Where a rule sends what it matches."""
        rule = self.rules[place]
        return rule.teams, rule.how, rule.cost_center

    def _matching(self, name: str, words: frozenset[str]) -> int:
        """The rules that these words for an id satisfy in one condition, a bit each."""
        said = (rule.conditions.get(name) for rule in self.rules)
        return sum(
            1 << place
            for place, values in enumerate(said)
            if values is None
            or any(
                it in words
                or ("*" in it and any(map(like(it).fullmatch, words)))
                or (name == "model" and any(same(it, word) for word in words))
                for it in values
            )
        )


def _itself(name: str, id_: str) -> frozenset[str]:
    """The word that every id is: itself; a tag has none."""
    return frozenset() if name == "tag" else frozenset((id_,))


def _crossed(
    of: Sequence[Sequence[tuple[date, int]]], spans: Sequence[tuple[date, date, int]]
) -> Iterator[tuple[date, date, int, int]]:
    """Spans of days over which neither the rules in force nor the spellings change: start, end, matching, in force."""
    days = sorted({day for masks in of for day, _ in masks})
    for day, until in pairwise([*days, date.max]):
        matching = -1
        for masks in of:
            matching &= next(mask for since, mask in reversed(masks) if since <= day)
        for start, end, in_force in spans:
            if max(start, day) < min(end, until):
                yield max(start, day), min(end, until), matching, in_force
