"""XLSX rows: numbers that can be summed and days that are days; no text is a formula or a link."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from decimal import Decimal
from typing import IO, Any, BinaryIO

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from tallystick.core.message import ordered
from tallystick.core.rows import Rows
from tallystick.core.text import inert

MOST = 1_048_576
"""Rows of a sheet, its header among them."""
LONGEST = 32_767
"""Characters of a cell."""
NOTE = "Excel keeps 15 digits of a number: amounts here can be off in the last places. The CSV and Parquet are exact."


def write_rows(rows: Rows, file: BinaryIO, most: int = MOST) -> None:
    """A sheet of notes, then as many of rows as it takes; `most` rows on each.

    The workbook is made in a temporary file: a pipe cannot be sought in, and one that fails leaves no half zip behind.
    """
    with tempfile.TemporaryFile() as workbook_file:
        try:
            _write_book(rows, workbook_file, most)
        except FileCreateError as wrong:
            raise OSError(getattr(wrong.args[0], "errno", 0), getattr(wrong.args[0], "strerror", "no file")) from None
        workbook_file.seek(0)
        shutil.copyfileobj(workbook_file, file)


def _write_book(rows: Rows, file: IO[bytes], most: int) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(file, options) as book:
        notes = book.add_worksheet("Notes")
        lines = (f"{message.kind}: {message.text}" for message in ordered(rows.messages))
        for index, text in enumerate((rows.title, NOTE, *lines)):
            notes.write_string(index, 0, inert(text)[:LONGEST])
        sheet, row_index, many = None, most, 0
        for batch in rows.batches:
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if sheet is None or row_index == most:
                    many += 1
                    sheet, row_index = _sheet(book, f"Rows {many}", rows.schema.names), 1
                for index, cell in enumerate(row):
                    if cell is not None:
                        _write(sheet, cell)(row_index, index, inert(cell)[:LONGEST] if isinstance(cell, str) else cell)
                row_index += 1
        if sheet is None:
            _sheet(book, "Rows 1", rows.schema.names)


def _sheet(book: Any, name: str, columns: list[str]) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(columns):
        sheet.write_string(0, index, column)
    return sheet


def _write(sheet: Any, cell: Any) -> Callable[..., Any]:
    if isinstance(cell, str):
        return sheet.write_string  # type: ignore[no-any-return]
    return sheet.write_number if isinstance(cell, (int, Decimal)) else sheet.write_datetime  # type: ignore[no-any-return]
