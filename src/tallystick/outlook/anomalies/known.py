"""Known findings: those that an event of the settings covers, or that somebody acknowledged; they are no news."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter
from tallystick.core.money import EXACT
from tallystick.core.time import text
from tallystick.errors import InvalidQuestion
from tallystick.outlook.anomalies.cells import Cell
from tallystick.outlook.anomalies.finding import EXPECTED, Finding
from tallystick.outlook.anomalies.subjects import Subject
from tallystick.query.context import Context
from tallystick.query.names import directory
from tallystick.store.acknowledgements import Acknowledgement
from tallystick.store.engine import Engine
from tallystick.tally.events import Event

NEAR = Decimal("1.25")
"""An event that says how large it is covers up to so many times that."""
SAME = 3
"""Days by which the beginning of a finding can move, as days are restated, and it stays the acknowledged one."""


def with_expectation(
    engine: Engine,
    finding: Finding,
    events: Sequence[Event],
    acknowledgements: Sequence[Acknowledgement],
    teams: Mapping[Cell, str],
) -> Finding:
    """Return the finding, as expected where it is acknowledged or an event of the settings covers it."""
    for acknowledgement in reversed(acknowledgements):
        subject = Subject(acknowledgement.organization, acknowledgement.level, acknowledgement.subject)
        if finding.subject == subject and abs((finding.since - acknowledgement.day).days) <= SAME:
            return replace(finding, id=acknowledgement.finding, state=EXPECTED, reason=acknowledgement.reason)
    for event in events:
        if event.holds(finding.since) and _covers(engine, event, finding, teams.get):
            return replace(finding, state=EXPECTED, reason=event.reason)
    return finding


def _covers(engine: Engine, event: Event, finding: Finding, team: Callable[[Cell], str | None]) -> bool:
    """Whether all that a finding is of is of an event, and no more than the event says."""
    if event.factor is not None and finding.spent > EXACT.multiply(
        EXACT.multiply(finding.expected, event.factor), NEAR
    ):
        return False
    if event.dollars is not None:
        most = EXACT.multiply(EXACT.multiply(event.dollars, Decimal(len(finding.days))), NEAR)
        if finding.above > most:
            return False
    return all(
        all(_takes(engine, part, name, _value(cell, name, team)) for cell in finding.cells)
        for name, part in event.scope.items()
        if name not in {"cost_center", "product"}
    )


def _value(cell: Cell, name: str, team: Callable[[Cell], str | None]) -> str:
    return str(team(cell)) if name in OWNED else str(getattr(cell, name))


def _takes(engine: Engine, part: Filter, name: str, id_: str) -> bool:
    return part.takes(id_, directory(engine, name).get(id_, id_))


def acknowledgement_of(context: Context, finding: str, reason: str) -> Acknowledgement:
    """The acknowledgement of the finding of that id, as `finding_of` finds it; InvalidQuestion for an empty reason."""
    from tallystick.outlook.anomalies.anomaly import finding_of

    if not reason.strip():
        raise InvalidQuestion("The reason is empty.", "Write --reason planned.")
    match = finding_of(context, finding)
    return Acknowledgement(match.id, *match.subject, str(match.since), reason.strip(), text(context.now))
