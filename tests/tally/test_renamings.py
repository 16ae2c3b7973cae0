"""Renamings: whose something is on each day, where it or what it belongs to was called otherwise before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from tallystick.tally.owners import Owners, Renaming, Spelling

DAY = date(2026, 11, 1)
NEXT, LATER = DAY + timedelta(1), DAY + timedelta(2)
SUBJECT = ("o", "w", "k", "u", "m")


def spelt(*names: str, day: date = DAY) -> list[Spelling]:
    """Something that had the first of these names, and has the others one after another from a day on."""
    return [(day + timedelta(number - 1), frozenset({name, "nick"})) for number, name in enumerate(names)]


def renamed(id_: str, before: str, after: str, ends: list[int], begins: list[int], day: date = DAY) -> Renaming:
    """A workspace that is called otherwise from a day on."""
    return Renaming("workspace", "o", id_, day, frozenset({before}), frozenset({after}), ends, begins)


def workspaces(**spellings: list[Spelling]) -> Mapping[str, Mapping[tuple[str, str], list[Spelling]]]:
    """The spellings of workspaces of one organization."""
    return {"workspace": {("o", id_): listed for id_, listed in spellings.items()}}


def test_a_new_name_ends_one_rule_and_begins_another() -> None:
    """A change of name says which rules match no longer and which only since, with the words that changed alone."""
    owners = Owners.read(
        [{"team": "c", "key": "k"}, {"team": "a", "workspace": "A"}, {"team": "b", "workspace": "B"}, {"team": "rest"}]
    )
    spellings = workspaces(w=spelt("A", "B"), v=spelt("B", "A"), q=spelt("Q", "A"), p=spelt("B", "P"))
    assert owners.renamings(spellings) == [
        renamed("p", "B", "P", [2], []),
        renamed("q", "Q", "A", [], [1]),
        renamed("v", "B", "A", [2], [1]),
        renamed("w", "A", "B", [1], [2]),
    ]
    assert owners.turns(spellings) == [DAY]


def test_the_oldest_renaming_comes_first() -> None:
    """Renamings come in the order of their days, and each change of a name is one."""
    owners = Owners.read([{"team": "a", "workspace": "A"}])
    spellings = workspaces(v=spelt("A", "B", day=LATER), w=spelt("A", "B", "A"))
    assert owners.renamings(spellings) == [
        renamed("w", "A", "B", [0], []),
        renamed("w", "B", "A", [], [0], NEXT),
        renamed("v", "A", "B", [0], [], LATER),
    ]
    assert owners.turns(spellings) == [DAY, NEXT, LATER]


def test_a_rule_that_ended_before_matches_no_longer_anyway() -> None:
    """A rule of days before a change of name is no part of it; one that ends later is."""
    owners = Owners.read(
        [{"team": "a", "workspace": "A", "until": DAY}, {"team": "b", "workspace": "A", "from": DAY, "until": NEXT}]
    )
    spellings = workspaces(w=spelt("A", "B"))
    assert owners.renamings(spellings) == [renamed("w", "A", "B", [1], [])]
    assert owners.turns(spellings) == [DAY, NEXT]


def test_what_stays_with_its_team_is_no_change() -> None:
    """A new name that the same rule matches, or one of the same team and cost center, changes nothing."""
    spellings = workspaces(w=spelt("A", "B"))
    same = Owners.read([{"team": "a", "workspace": ["A", "B"]}])
    assert (same.renamings(spellings), same.turns(spellings)) == ([], [])
    assert not Owners.read([{"team": "a", "workspace": "nick"}]).renamings(spellings)
    assert not Owners.read([{"team": "a", "workspace": "A"}, {"team": "a", "workspace": "B"}]).renamings(spellings)
    other = [{"team": "a", "workspace": "A", "cost_center": "1"}, {"team": "a", "workspace": "B", "cost_center": "2"}]
    assert Owners.read(other).renamings(spellings) == [renamed("w", "A", "B", [0], [1])]


def test_names_that_no_rule_looks_at_turn_nothing() -> None:
    """Days on which something is another's are those of rules alone where no rule looks at what was renamed."""
    owners = Owners.read([{"team": "a", "key": "k", "from": DAY}, {"team": "b"}])
    assert owners.turns(workspaces(w=spelt("A", "B", day=NEXT))) == [DAY]


def test_each_thing_has_its_own_days() -> None:
    """A line is a rule's from the day on which the last of its conditions holds, whichever was renamed first."""
    owners = Owners.read([{"team": "a", "workspace": "W", "key": "K"}, {"team": "b", "workspace": "W", "until": LATER}])
    for workspace, key in ((DAY, NEXT), (NEXT, DAY)):
        spellings = {
            "workspace": {("o", "w"): spelt("old", "W", day=workspace)},
            "key": {("o", "k"): spelt("old", "K", day=key)},
        }
        between = [(SUBJECT, DAY, NEXT, 1)] if workspace == DAY else []
        first = DAY if workspace == DAY else NEXT
        assert owners.owned([SUBJECT], spellings) == [
            (SUBJECT, date.min, first, -1),
            *between,
            (SUBJECT, NEXT, date.max, 0),
        ]
