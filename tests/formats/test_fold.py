"""Text is folded as Rich folds it, cell for cell, without its console."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, strategies as st
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tallystick.formats.fold import cell_len, folded, grid

LETTERS = st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Po", "Sc"), exclude_characters="\u0300")
WORDS = st.text(st.one_of(st.sampled_from("abc 日本…  "), LETTERS), max_size=60)
CELLS = st.text("abc日 ", max_size=9).map(str.strip)
LAST = st.text("abc日  ", max_size=60).map(str.rstrip)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS, LAST), min_size=1, max_size=4)


def printed(made: RenderableType, width: int) -> list[str]:
    """What Rich prints, as wide as it needs to be."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, emoji=False, markup=False)
    least = Measurement.get(console, console.options.update(width=1000), made).minimum
    console.width = max(width, least) if isinstance(made, Table) else width
    console.print(made)
    return [line.rstrip() for line in out.getvalue().splitlines()]


@given(WORDS, st.integers(2, 40))
def test_text_is_folded_as_rich_folds_it(text: str, width: int) -> None:
    """Every text has the lines that Rich prints of it, whatever its cells and the width."""
    assert folded(text, width) == printed(Text(text), width)


@given(ROWS, st.integers(80, 120))
def test_a_grid_is_printed_as_rich_prints_it(rows: list[tuple[str, ...]], width: int) -> None:
    """Columns, the figures at the right, and a last column that is folded are where Rich has them."""
    expected = Table.grid(padding=(0, 2))
    expected.add_column()
    expected.add_column(justify="right")
    for row in rows:
        expected.add_row(*map(Text, row))
    assert grid(rows, 1, width, 2) == printed(expected, width)


@pytest.mark.parametrize(("text", "cells"), [("", 0), ("abc", 3), ("日本", 4), ("a…", 2)])
def test_a_wide_letter_takes_two_cells(text: str, cells: int) -> None:
    """A text is as long as the cells that a terminal shows it in."""
    assert cell_len(text) == cells
