"""Sharing: several keys or people that begin to spend more on the same day, told as what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tallystick.outlook.anomalies.cells import Cell, DailySums
from tallystick.outlook.anomalies.episode import State
from tallystick.outlook.anomalies.sighting import Sighting
from tallystick.outlook.anomalies.subjects import Subject, subjects

TOGETHER = 1
"""Days between the beginnings of what begins together."""
SEVERAL = 3
"""So many that begin together are told as what they share, where they are most of it."""
MOST = 0.6
"""The part of a whole that is most of it."""
BEFORE = 28
"""Days that tell how much is most."""
WHOLES = ("model", "team", "workspace", "organization")
"""What can be shared, the most specific first."""


def shared_sightings(
    sightings: Sequence[Sighting], by_cell: Mapping[Cell, DailySums], teams: Callable[[Cell], str | None]
) -> list[Sighting]:
    """Put one sighting in the place of several that begin together and are most of a model, team or workspace."""
    rest = sorted((sighting for sighting in sightings), key=lambda sighting: sighting.start)
    result = []
    while rest:
        first = rest[0]
        group = [sighting for sighting in rest if sighting.start - first.start <= TOGETHER and not sighting.new]
        shared = _shared_subject(group, by_cell, teams) if len(group) >= SEVERAL else None
        if shared is None:
            result.append(rest.pop(0))
            continue
        subject, members = shared
        result.append(_joint_sighting(subject, members, by_cell))
        rest = [sighting for sighting in rest if sighting not in members]
    return result


def _shared_subject(
    group: Sequence[Sighting], by_cell: Mapping[Cell, DailySums], teams: Callable[[Cell], str | None]
) -> tuple[Subject, list[Sighting]] | None:
    """The most specific thing of which the sightings of a group are most, with those that are of it."""
    for level in WHOLES:
        for subject, cells in subjects(by_cell, level, teams).items():
            inside = {*cells}
            members = [sighting for sighting in group if _is_in(sighting, inside, by_cell)]
            if len(members) < SEVERAL:
                continue
            span = range(max(0, members[0].start - BEFORE), max(sighting.end for sighting in members) + 1)
            own = {cell for sighting in members for cell in sighting.cells} & inside
            amounts = [sum(sum(by_cell[cell].dollars[day] for day in span) for cell in part) for part in (own, inside)]
            if amounts[0] >= MOST * amounts[1]:
                return subject, members
    return None


def _is_in(sighting: Sighting, inside: set[Cell], by_cell: Mapping[Cell, DailySums]) -> bool:
    """Whether most of what a sighting is above expectation lies in these cells."""
    span = range(max(0, sighting.start - BEFORE), sighting.start)
    days = list(sighting.expected)
    before = {cell: sum(by_cell[cell].dollars[day] for day in span) for cell in sighting.cells}
    after = {cell: sum(by_cell[cell].dollars[day] for day in days) for cell in sighting.cells}
    scale = sum(sighting.expected.values()) / (sum(before.values()) or 1.0)
    above = {cell: after[cell] - before[cell] * scale for cell in sighting.cells}
    total = sum(amount for amount in above.values() if amount > 0)
    return sum(amount for cell, amount in above.items() if amount > 0 and cell in inside) > MOST * total


def _joint_sighting(subject: Subject, members: Sequence[Sighting], by_cell: Mapping[Cell, DailySums]) -> Sighting:
    first = members[0]
    days = sorted({day for sighting in members for day in sighting.expected})
    expected = dict.fromkeys(days, 0.0)
    for sighting in members:
        for day in days:
            usual = sighting.expected.get(day)
            expected[day] += sum(by_cell[cell].dollars[day] for cell in sighting.cells) if usual is None else usual
    states = {sighting.state for sighting in members}
    state = next(state for state in (State.ACTIVE, State.LEVEL, State.ENDED) if state in states)
    return replace(
        first,
        subject=subject,
        cells=tuple(cell for sighting in members for cell in sighting.cells),
        end=max(sighting.end for sighting in members),
        seen=min(sighting.seen for sighting in members),
        state=state,
        deviations=max(sighting.deviations for sighting in members),
        far_days=max(sighting.far_days for sighting in members),
        goes_on=any(sighting.goes_on for sighting in members),
        expected=expected,
        parts=tuple(members),
    )
