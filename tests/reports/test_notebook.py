"""A Table in a notebook: rows, Arrow, pandas, HTML; all exact."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from support.tables import column
from tallystick import Ledger, Table
from tallystick.core.message import note
from tallystick.core.question import Heading, Kind


@pytest.fixture(scope="module")
def table(book: Ledger) -> Table:
    """The cache by model and the spend by workspace stand for all."""
    return book.spend(("day", "workspace"))


def test_rows_are_dictionaries(table: Table) -> None:
    """`rows` has one dictionary a row, by column name; money is Decimal."""
    assert set(table.rows[0]) == {"day", "workspace", "workspace_name", "billed"}
    assert {type(cell) for cell in column(table, "billed")} == {Decimal}


def test_arrow_types_are_exact(table: Table, book: Ledger) -> None:
    """In Arrow, money is decimal128(38, 12), a ratio decimal128(38, 6), a count int64, a dimension text."""
    arrow = table.to_arrow()
    assert arrow.schema.field("billed").type == pa.decimal128(38, 12)
    assert arrow.schema.field("workspace").type == pa.string()
    assert arrow["billed"].to_pylist() == column(table, "billed")
    cache = book.cache().to_arrow()
    assert cache.schema.field("hit_rate").type == pa.decimal128(38, 12)
    assert cache.schema.field("cache_read").type == pa.int64()
    assert cache["hit_rate"].to_pylist() == column(book.cache(), "hit_rate")


def test_arrow_of_no_rows_keeps_its_types(empty: Ledger, table: Table) -> None:
    """An answer without rows has the same columns and types as one with rows."""
    assert empty.spend(("day", "workspace")).to_arrow().schema == table.to_arrow().schema


def test_pandas_keeps_decimals(table: Table) -> None:
    """In pandas money stays Decimal, so that a sum is exact."""
    frame = table.to_pandas()
    assert {type(cell) for cell in frame["billed"]} == {Decimal}
    assert frame["billed"].sum() == table.totals["billed"]
    assert list(frame.columns) == [heading.name for heading in table.headings]


def test_pandas_takes_floats_for_plots(table: Table) -> None:
    """With `floats` money is a float column, near the exact amount."""
    frame = table.to_pandas(floats=True)
    assert frame["billed"].dtype == float
    assert frame["billed"].sum() == pytest.approx(float(table.totals["billed"]))  # type: ignore[arg-type]


def test_answers_and_ledgers_have_short_reprs(table: Table, book: Ledger) -> None:
    """What a notebook prints of a Table, a Document or a Ledger fits a line."""
    assert repr(table) == f"<Table spend: {len(table.cells)} rows of day, workspace, workspace_name, billed>"
    assert repr(book) == f"<Ledger {book.path}>"
    assert repr(book.status()).startswith("<Document Simulated & Daughters")


def test_html_is_harmless() -> None:
    """In a notebook, names and messages are text: no tag, no control or direction character of theirs works."""
    name = '<script>alert("1")</script>&\x1b[31m\u202egnp.exe'
    shown = Table(None, (Heading("<b>name</b>", Kind.NAME),), [(name,)], {}, (note("a <i>note</i>"),))._repr_html_()
    assert "&lt;script&gt;" in shown
    assert not [markup for markup in ("<script", "<b>", "<i>", "\x1b") if markup in shown]
    assert "\u202e" not in shown


def test_html_shows_the_totals(table: Table) -> None:
    """In a notebook, an answer shows its totals and messages as on the terminal."""
    shown = table._repr_html_()
    assert table.written()["totals"]["billed"] in shown
    assert "Provisional" in shown
