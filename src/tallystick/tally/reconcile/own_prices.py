"""Own prices: where the bill follows the public list though they differ from it, line by line.

A line that is exactly the one price list's and not the other's decides for itself. One that is neither, for tokens
were refused or prompts were large, goes as most such lines do: of its model on its day, of all models on its day, of
its model on the day before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from datetime import date
from fractions import Fraction
from typing import TypeVar

from tallystick.tally.reconcile.bill_line import Line

NOT_APPLIED = "own prices not applied"

_Key = TypeVar("_Key", bound=Hashable)
_Group = tuple[str, str]
_ALL = ""
_LISTED = Fraction(1)


def not_applied(lines: Mapping[_Key, Line], public: Mapping[_Key, Line]) -> dict[_Key, str]:
    """The lines that were billed at public prices though their own differ, each with the words for it.

    `lines` are at one's own prices, `public` are the same at the public list's. Those whose prices differ are marked.
    """
    keys_by_group: dict[tuple[_Group, date], list[_Key]] = defaultdict(list)
    sure: dict[_Key, bool] = {}
    votes: dict[tuple[_Group, date], int] = defaultdict(int)
    for key, line in lines.items():
        twin, first = public[key], line.parts[0]
        line.own = (line.coins, line.steps) != (twin.coins, twin.steps)
        if not line.own or line.billed <= 0 or not line.units or line.unpriced or twin.unpriced:
            continue
        whom = "web searches" if first.kind == "web_search" else first.model
        keys_by_group[(first.organization, whom), first.day].append(key)
        own_fits, public_fits = line.fits(_LISTED, line.exact), twin.fits(_LISTED, twin.exact)
        if own_fits != public_fits:
            sure[key] = public_fits
            for group in ((first.organization, whom), (first.organization, _ALL)):
                votes[group, first.day] += 1 if public_fits else -1
    reasons: dict[_Key, str] = {}
    before: dict[_Group, bool] = {}
    since: dict[_Group, date | None] = {}
    for (group, day), keys in sorted(keys_by_group.items(), key=lambda entry: entry[0][1]):
        vote = votes.get((group, day)) or votes.get(((group[0], _ALL), day))
        before[group] = vote > 0 if vote else before.get(group, False)
        public_keys = [key for key in keys if sure.get(key, before[group])]
        since[group] = (since.get(group) or day) if public_keys else None
        reasons |= dict.fromkeys(public_keys, f"{group[1]} since {since[group]}: billed at the public list's price")
    return reasons
