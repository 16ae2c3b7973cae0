"""Weight: how much memory an answer or a part of a page takes, in cells; texts count as so many as they are long."""

from __future__ import annotations

from tallystick.core.document import Document
from tallystick.core.question import Table
from tallystick.web.grid import Grid
from tallystick.web.panels import Shown

LETTERS = 20
"""Letters that take as much as a cell."""


def weight(answer: object) -> int:
    """Return what an answer weighs, at least 1."""
    match answer:
        case str():
            return 1 + len(answer) // LETTERS
        case Table():
            texts = sum(len(cell) for row in answer.cells for cell in row if isinstance(cell, str))
            return 1 + answer.size + texts // LETTERS
        case Document():
            tables = [section.table for section in answer.sections if section.table]
            return 1 + sum(map(weight, (*tables, *((answer.lines,) if answer.lines else ()))))
        case Grid():
            texts = sum(len(text.text) + len(text.url) for row in answer.rows for text in row)
            return 1 + len(answer.rows) * len(answer.heads) + texts // LETTERS
        case Shown():
            grids = [grid for grid in (answer.grid, answer.behind, answer.drawing) if isinstance(grid, Grid)]
            grids += [sheet.grid for sheet in answer.sheets if sheet.grid]
            return 1 + (len(answer.body) + len(answer.chart)) // LETTERS + sum(map(weight, grids))
    return 1
