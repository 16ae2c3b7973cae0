"""Moves of prices: a model, or all models of an organization, that cost more per token than before."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from tallystick.outlook.anomalies.cells import Cells
from tallystick.outlook.anomalies.deflator import Index, Model
from tallystick.outlook.anomalies.detection import SETTLED
from tallystick.outlook.anomalies.episode import CERTAIN, State
from tallystick.outlook.anomalies.series import Measure
from tallystick.outlook.anomalies.sighting import Sighting
from tallystick.outlook.anomalies.subjects import Subject

ALIKE = 0.01
"""Moves of several models that differ by less are one."""
NEAR = 7
"""Days between them: a model that is used on some days alone shows its new price later."""


def price_moves(cells: Cells, indexes: Mapping[Model, Index], minimum: float) -> list[Sighting]:
    """Each rise of prices that costs the minimum or more, in US dollars; one of several models alike is one.

    A rise is news for a fortnight; then the new price is the usual one. A price that comes back within a week is no
    rise: on a day with many refused requests less is billed for the same tokens.
    """
    rises: list[tuple[int, float, Model]] = sorted(
        (day, ratio, model)
        for model, index in indexes.items()
        for day, ratio in index.moves
        if ratio > 1 and prod(move for on, move in index.moves if day - NEAR <= on <= day) > 1 + ALIKE
    )
    groups: list[list[tuple[int, float, Model]]] = []
    for rise in rises:
        day, ratio, model = rise
        for group in groups:
            first_day, first_ratio, first_model = group[0]
            if day - first_day <= NEAR and abs(ratio / first_ratio - 1) < ALIKE and model[0] == first_model[0]:
                group.append(rise)
                break
        else:
            groups.append([rise])
    sightings = []
    for group in groups:
        day, ratio, (organization, model_id) = group[0]
        models = {model for _, _, model in group}
        own = tuple(cell for cell in cells.by_cell if (cell.organization, cell.model) in models)
        fall = min(
            (fall for model in models for fall, back in indexes[model].moves if fall > day and back < 1),
            default=cells.days,
        )
        end = min(fall, day + SETTLED, cells.days) - 1
        single = len(models) == 1
        subject = Subject(organization, *(("model", model_id) if single else ("organization", organization)))
        sighting = Sighting(subject, own, day, end, day, State.ACTIVE, Measure.PRICE, {}, rate=True, deviations=CERTAIN)
        spent = {on: sum(cells.by_cell[cell].dollars[on] for cell in own) for on in range(day, end + 1)}
        sighting.expected = {on: amount / ratio for on, amount in spent.items()}
        sighting.above = {on: amount - amount / ratio for on, amount in spent.items()}
        if end < cells.days - 1 or end - day + 1 >= SETTLED:
            sighting.state = State.ENDED if end == fall - 1 else State.LEVEL
        if sum(spent.values()) * (1 - 1 / ratio) >= minimum:
            sightings.append(sighting)
    return sightings
