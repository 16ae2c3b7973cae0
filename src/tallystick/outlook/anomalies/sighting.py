"""Sighting: one anomaly of one subject, in days of a window and floats, before its dollars are made exact."""

from __future__ import annotations

from dataclasses import dataclass, field

from tallystick.outlook.anomalies.cells import Cell
from tallystick.outlook.anomalies.episode import State
from tallystick.outlook.anomalies.series import Measure
from tallystick.outlook.anomalies.subjects import Subject


@dataclass(slots=True)
class Sighting:
    """What stands out: its subject and cells, from `start` to `end` (days of the window, included), since when seen.

    `expected` holds what each day would usually have cost, at the prices of the first day of all, `above` what it cost
    more, at its own prices: both US dollars. `measure` is what first stood out; `rate` whether the price itself moved.
    `ratio` is what the level was before of what it is in the last days, None where it fell back. A `running` one is of
    a day that has not ended; one that `goes_on` began before such a day, which is above what is usual too. `deviations`
    are those of the day that is furthest above, `far_days` counts those on which a rate is far above.
    """

    subject: Subject
    cells: tuple[Cell, ...]
    start: int
    end: int
    seen: int
    state: State
    measure: Measure
    expected: dict[int, float]
    new: bool = False
    rate: bool = False
    ratio: float | None = None
    above: dict[int, float] = field(default_factory=dict)
    running: bool = False
    goes_on: bool = False
    deviations: float = 0.0
    far_days: int = 0
    parts: tuple[Sighting, ...] = ()
    """Those that began together, where it is of several."""
