"""Aliases: one id for each model in both halves of a day, so that they are matched (drift: dated ids)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.models import stem


def known_as(canon: Callable[[str], str], *halves: pa.Table) -> list[pa.Table]:
    """The tables with the id that the price lists have for each model.

    A model of which they know nothing has the id without its date on the days on which the tables spell it both ways.
    """
    models = {model for half in halves for model in half["model"].unique().to_pylist()}
    listed = {model: canon(model) for model in models}
    dated_ids = {
        model
        for model in models
        if stem(model) != model
        and stem(model) in models
        and listed[model] == model
        and listed[stem(model)] == stem(model)
    }
    if not dated_ids and all(model == id_ for model, id_ in listed.items()):
        return [*halves]
    by_day: dict[date, set[str]] = {}
    for half in halves if dated_ids else ():
        for row in half.select(["day", "model"]).group_by(["day", "model"]).aggregate([]).to_pylist():
            by_day.setdefault(row["day"], set()).add(row["model"])
    undated: set[tuple[date, str]] = set()
    for day, present in by_day.items():
        for model in dated_ids & present:
            several = [spelling for spelling in present if stem(spelling) == stem(model) and spelling != stem(model)]
            if stem(model) in present and len(several) == 1:
                undated.add((day, model))
    return [_renamed(half, listed, undated) for half in halves]


def _renamed(half: pa.Table, listed: dict[str, str], undated: set[tuple[date, str]]) -> pa.Table:
    """One table with other ids."""
    index = half.schema.get_field_index("model")
    ids = pa.array([listed[model] for model in half["model"].to_pylist()], pa.string())
    half = half.set_column(index, "model", ids)
    for day, model in sorted(undated):
        concerned = pc.and_(pc.equal(half["day"], pa.scalar(day, pa.date32())), pc.equal(half["model"], model))
        ids = pc.if_else(concerned, pa.scalar(stem(model)), half["model"])
        half = half.set_column(index, "model", ids)
    return half
