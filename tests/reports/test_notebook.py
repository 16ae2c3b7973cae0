"""A Table in a notebook: rows, Arrow, pandas, HTML; all exact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec

import pyarrow as pa
import pytest

from support.tables import column
from tallystick import Ledger, Table
from tallystick.core.message import note
from tallystick.core.question import Heading, Kind
from tallystick.errors import InvalidQuestion


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


@pytest.mark.long
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


def test_a_notebook_shows_a_table_as_people_read_it(table: Table) -> None:
    """In a notebook, an answer shows its title, units, rounded figures, totals and messages."""
    shown = table._repr_html_()
    for text in ("spend, 2026-10-23 to 2026-11-21, UTC days", "USD", f"{table.totals['billed']:,.2f}", "Provisional"):
        assert text in shown
    assert str(table.totals["billed"]) not in shown


def test_a_notebook_shows_a_hundred_rows(book: Ledger) -> None:
    """A long answer shows its first hundred rows and counts them."""
    table = book.spend(("day", "key", "model"))
    shown = table._repr_html_()
    assert f"100 of {len(table.cells)} rows" in shown
    assert shown.count("<tr") == 102


@pytest.mark.long
def test_a_notebook_shows_a_document_as_its_page(book: Ledger) -> None:
    """A Document shows itself as its page, in a frame that runs nothing."""
    shown = book.status()._repr_html_()
    assert shown.startswith("<iframe")
    assert 'sandbox=""' in shown
    assert "&lt;!doctype html&gt;" in shown


def test_polars_is_optional(table: Table) -> None:
    """`to_polars` keeps money exact, or says how to install polars."""
    if find_spec("polars"):
        assert table.to_polars()["billed"].sum() == table.totals["billed"]
    else:
        with pytest.raises(InvalidQuestion, match="polars, which is not installed"):
            table.to_polars()


def test_time_is_a_word_a_date_or_a_datetime(book: Ledger) -> None:
    """The same day as text, date and datetime gives the same answer."""
    answers = [
        book.spend(since=since, until=since).cells
        for since in ("2026-11-20", date(2026, 11, 20), datetime(2026, 11, 20, 15, tzinfo=UTC))
    ]
    assert answers[0] == answers[1] == answers[2] != []
