"""Fold: text in lines of so many cells of a terminal, as Rich folds it, whose console takes longer than an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\s*\S+\s*")


def cell_len(text: str) -> int:
    """The cells of a terminal that a text without control characters takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def folded(text: str, width: int) -> list[str]:
    """A text in lines of `width` cells at most, cut between words, or within one that is longer than a line."""
    if cell_len(text) <= width:
        return [text.rstrip()]
    lines, line = [], ""
    for word in _WORD.findall(text):
        length = cell_len(word.rstrip())
        if cell_len(line) + length <= width:
            line += word
            continue
        if line:
            lines.append(line)
        if length > width:
            from rich.cells import chop_cells

            *parts, word = chop_cells(word, width)  # noqa: PLW2901 - the rest of it
            lines += parts
        line = word
    return [row.rstrip() for row in [*lines, line]]


def grid(rows: Sequence[Sequence[str]], figure: int, width: int, gap: int) -> list[str]:
    """Rows of cells under each other, of column `figure` at the right; the last column is folded to the `width`.

    It is never narrower than its longest word.
    """
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    longest = max(cell_len(word) for row in rows for word in (row[-1].split() or [""]))
    room = max(longest, width - sum(widths[:-1]) - gap * (len(widths) - 1))
    lines = []
    for *cells, last in rows:
        for index, part in enumerate(folded(last, room)):
            texts = [cell if index == 0 else "" for cell in cells]
            padded = [
                (" " * (most - cell_len(text)) + text) if column == figure else text + " " * (most - cell_len(text))
                for column, (text, most) in enumerate(zip(texts, widths[:-1], strict=True))
            ]
            lines.append((" " * gap).join([*padded, part]).rstrip())
    return lines
