"""Panels: a panel of a page with its answer, ready for a template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from tallystick.core.document import Answer, Document
from tallystick.core.text import safe
from tallystick.errors import TallystickError
from tallystick.formats.page import laid
from tallystick.formats.shown import shown
from tallystick.web.address import Address
from tallystick.web.grid import Grid, grid
from tallystick.web.links import narrowed
from tallystick.web.page import Panel, View
from tallystick.web.series import Course, course
from tallystick.web.stack import stack


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure."""

    name: str
    value: str
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class Legend:
    """One series of a chart: its color's number, its name, where it leads."""

    number: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a template places of an answer. `chart` is SVG whose texts are escaped; `error` stands in its place."""

    panel: Panel
    chart: str = ""
    legend: tuple[Legend, ...] = ()
    states: tuple[str, ...] = ()
    grid: Grid | None = None
    tiles: tuple[Tile, ...] = ()
    words: tuple[str, ...] = ()
    laid: Any = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


def show(panel: Panel, answer: Answer | TallystickError) -> Shown:
    """Return a panel as its view shows the answer."""
    if isinstance(answer, TallystickError):
        return Shown(panel, error=safe(str(answer)))
    shown_panel = Shown(panel, warnings=_texts(answer.warnings), notes=_texts(answer.notes))
    if isinstance(answer, Document):
        if panel.view is View.FIGURES:
            return replace(shown_panel, tiles=_tiles(answer))
        if panel.view is View.ATTENTION:
            return replace(shown_panel, words=_texts(answer.facts.get("attention", ())))
        return replace(shown_panel, laid=laid(answer))
    table = answer.of_columns(panel.columns) if panel.columns else answer
    rows = grid(table, panel.address, panel.rows)
    drawn = course(answer) if panel.view is View.COURSE else None
    if not drawn:
        return replace(shown_panel, grid=rows)
    chart = stack(drawn, lambda slot: narrowed(panel.address, drawn.grain, slot.time))
    states = tuple(dict.fromkeys(slot.state for slot in drawn.slots if slot.state))
    return replace(shown_panel, chart=chart, legend=tuple(_legend(panel.address, drawn)), states=states, grid=rows)


def _texts(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(safe(str(text)) for text in texts)


def _tiles(document: Document) -> tuple[Tile, ...]:
    return tuple(
        Tile(
            safe(figure.heading.name.replace("_", " ")),
            shown(figure.cell, figure.heading),
            safe(figure.heading.unit or ""),
            safe(figure.note),
        )
        for figure in document.figures
    )


def _legend(address: Address, drawn: Course) -> Iterable[Legend]:
    if not drawn.dimension:
        return
    for number, series in enumerate(drawn.series):
        yield Legend(number, series.name, narrowed(address, drawn.dimension, series.value))
