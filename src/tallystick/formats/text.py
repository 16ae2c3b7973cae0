"""Text for the terminal: figures aligned and rounded for reading, totals, caveats below.

Text from the API cannot steer the terminal: control and direction characters are shown as escapes. Where the output
is no terminal nothing is cut or folded.
"""

from __future__ import annotations

import io

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from tallystick.core.document import Answer, Document
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.formats.shown import FIGURES, document, footer, nothing, shown, title

WIDE = 100_000
"""Columns of an output that is not a terminal."""


def as_text(answer: Answer, width: int = WIDE) -> str:
    """The answer for the eye: money to the cent, counts with thousands, ratios in percent.

    JSON and CSV are exact. `width` is the terminal's columns; where it is too narrow lines run over its edge, a figure
    is never cut.
    """
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, emoji=False, markup=False)
    if isinstance(answer, Document):
        _document(console, answer, width)
    else:
        if heading := title(answer):
            console.print(heading)
        _table(console, answer, width)
    for caveat in document(answer).caveats:
        console.print(Text(f"* {safe(caveat)}"))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _document(console: Console, made: Document, width: int) -> None:
    for line in filter(None, (made.title, made.subtitle)):
        console.print(Text(safe(line)))
    if made.figures:
        grid = Grid.grid(padding=(0, 2))
        grid.add_column()
        grid.add_column(justify="right")
        for it in made.figures:
            unit = it.heading.unit or ""
            grid.add_row(*(Text(safe(text)) for text in (it.heading.name, shown(it.cell, it.heading), unit, it.note)))
        _print(console, grid, width)
    for section in made.sections:
        console.print(Text(f"\n{safe(section.title)}"))
        for words in section.words:
            console.print(Text(safe(words)))
        if section.table:
            _table(console, section.table, width)


def _table(console: Console, table: Table, width: int) -> None:
    if not table.cells:
        console.print(f"\n{said}\n" if (said := nothing(table)) else "")
        return
    feet = footer(table)
    grid = Grid(box=SIMPLE_HEAD, show_footer=bool(feet), pad_edge=False)
    for heading, foot in zip(table.headings, feet or [""] * len(table.headings), strict=True):
        unit = f"\n{heading.unit}" if heading.unit else ""
        grid.add_column(
            Text(safe(heading.name) + unit),
            Text(foot),
            justify="right" if heading.kind in FIGURES else "left",
            overflow="fold",
            no_wrap=heading.kind in FIGURES,
        )
    for row in table.cells:
        grid.add_row(*(Text(shown(cell, heading)) for cell, heading in zip(row, table.headings, strict=True)))
    _print(console, grid, width)


def _print(console: Console, grid: Grid, width: int) -> None:
    """Print it as wide as it needs to be, so that no figure is cut."""
    console.width = max(width, Measurement.get(console, console.options.update(width=WIDE), grid).minimum)
    console.print(grid)
    console.width = width
