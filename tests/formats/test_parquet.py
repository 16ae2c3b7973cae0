"""Parquet: the rows exact and typed, with what is said of them in the file."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import read_table

from support.hostile_sheet import BILLED, NAME, NAMES, TOKENS, hostile
from tallystick import Ledger, Table
from tallystick.core.document import Document
from tallystick.core.question import Heading, Kind
from tallystick.errors import InvalidQuestion
from tallystick.formats.parquet import as_parquet


def read(written: bytes) -> Any:
    """The Arrow table of a file."""
    return read_table(pa.BufferReader(written))


@pytest.mark.parametrize("report", ["spend", "usage", "cache"])
def test_the_rows_come_back_exactly(book: Ledger, report: str) -> None:
    """Each cell comes back as it was: money to the picodollar, counts as integers, what is not known as null."""
    table = book.ask(report, by=("workspace", "day"))
    rows = read(as_parquet(table))
    assert rows.to_pylist() == table.rows
    for heading in table.headings:
        if heading.kind is Kind.MONEY:
            assert rows.schema.field(heading.name).type == pa.decimal128(38, 12)


def test_names_and_extremes_come_back_exactly() -> None:
    """Any name, the largest and the smallest amount, a null and a count beyond 64 bits survive."""
    rows = [(name, Decimal("9999999999999999.999999999999"), 2**70) for name in NAMES]
    table = Table(None, (NAME, BILLED, TOKENS), [*rows, ("", Decimal("-0.000000000001"), None), ("", None, 0)], {})
    assert read(as_parquet(table)).to_pylist() == table.rows


def test_the_file_says_what_the_json_answer_says(book: Ledger) -> None:
    """The schema has every key of the JSON answer but the rows, each as JSON."""
    table = book.spend(since="2026-09-25")
    metadata = {name.decode(): json.loads(text) for name, text in read(as_parquet(table)).schema.metadata.items()}
    assert metadata == {name: value for name, value in table.written().items() if name != "rows"}
    assert metadata["warnings"] + metadata["notes"]


def test_a_document_is_its_lines() -> None:
    """A document is its lines, with their columns, its own title, figures, messages; without lines it is refused."""
    made = hostile()
    assert made.lines is not None
    rows = read(as_parquet(made))
    metadata = {name.decode(): json.loads(text) for name, text in rows.schema.metadata.items()}
    assert rows.to_pylist() == made.lines.rows
    assert (metadata["report"], metadata["title"], metadata["notes"]) == ("statement", made.title, list(made.notes))
    assert [figure["value"] for figure in metadata["figures"]] == [None, "9.999999999999", "0.125", 1234567]
    assert metadata["columns"] == made.lines.written()["columns"]
    with pytest.raises(InvalidQuestion, match="no single table"):
        as_parquet(Document("summary", "t", "", ()))


def test_an_answer_without_rows_has_its_columns(empty: Ledger) -> None:
    """Without rows the file has its columns, money among them as money."""
    rows = read(as_parquet(empty.spend()))
    assert (rows.num_rows, rows.schema.names) == (0, ["workspace", "workspace_name", "billed"])
    assert rows.schema.field("billed").type == pa.decimal128(38, 12)


def test_columns_of_nothing_known() -> None:
    """A column in which nothing is known can be written and read."""
    table = Table(None, (Heading("until", Kind.TEXT), Heading("limit", Kind.NUMBER)), [(None, None)], {})
    assert read(as_parquet(table)).to_pylist() == table.rows
