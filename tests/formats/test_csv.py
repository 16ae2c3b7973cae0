"""CSV: exact, rectangular, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from tallystick import Ledger, Table
from tallystick.core.question import Heading, Kind
from tallystick.formats.csv import as_csv

NAME, MONEY = Heading("key_name", Kind.NAME), Heading("billed", Kind.MONEY, "USD")


def read(text: str) -> list[list[str]]:
    """The cells of a CSV, as another program reads them."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("https://example.invalid","Research")'],
)
def test_text_that_would_run_is_made_harmless(name: str) -> None:
    """A text that a spreadsheet would run as a formula begins with an apostrophe, its own text whole behind it."""
    assert read(as_csv(Table(None, (NAME,), [(name,)], {})))[1] == [f"'{name}"]


@pytest.mark.parametrize(
    "name", ["Production", "a=b", "1-2", "mail@example.com", "'quoted'", 'say "hi", twice', "two\nlines"]
)
def test_other_text_stays_as_it_is(name: str) -> None:
    """Any other text comes back from the CSV exactly."""
    assert read(as_csv(Table(None, (NAME,), [(name,)], {})))[1] == [name]


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("-12.5", "-12.50"),
        ("-0.000000000001", "-0.000000000001"),
        ("0", "0.00"),
        ("1E+3", "1000.00"),
        ("1234567.123456789012", "1234567.123456789012"),
        ("3.100000000000", "3.10"),
    ],
)
def test_money_is_exact_and_a_number(amount: str, written: str) -> None:
    """Money is written exactly, without exponent, thousands or apostrophe; a negative one is still a number."""
    assert read(as_csv(Table(None, (MONEY,), [(Decimal(amount),)], {})))[1] == [written]


def test_a_null_is_an_empty_cell() -> None:
    """Null is empty, and zero is not."""
    table = Table(None, (NAME, Heading("hit_rate", Kind.RATIO)), [("x", None), ("y", Decimal(0))], {})
    assert read(as_csv(table))[1:] == [["x", ""], ["y", "0.00"]]


def test_negative_numbers_of_sql_stay_numbers(book: Ledger) -> None:
    """A negative number of a user's own query, float or decimal or integer, gets no apostrophe."""
    text = as_csv(book.sql("SELECT -0.5::DOUBLE AS a, -0.5::DECIMAL(3,1) AS b, -5 AS c"))
    assert read(text) == [["a", "b", "c"], ["-0.5", "-0.50", "-5"]]


@pytest.mark.parametrize("report", ["spend", "usage", "cache"])
def test_a_report_is_one_rectangle(book: Ledger, report: str) -> None:
    """The header is the column names and each line a row with the exact cells; no totals, no messages among them."""
    table = book.ask(report, by=("workspace", "day"))
    header, *rows = read(as_csv(table))
    assert header == [heading.name for heading in table.headings]
    assert len(rows) == len(table.rows)
    for cells, row in zip(rows, table.rows, strict=True):
        for cell, value in zip(cells, row.values(), strict=True):
            if isinstance(value, str):
                assert cell.removeprefix("'") == value
            elif value is None:
                assert not cell
            else:
                assert Decimal(cell) == value


def test_an_answer_without_rows_is_its_header(empty: Ledger) -> None:
    """Without rows the CSV is the header alone: an unknown is not a line of zeros."""
    assert read(as_csv(empty.spend())) == [["workspace", "workspace_name", "billed"]]


def test_lines_end_as_rfc_4180_has_it(book: Ledger) -> None:
    """Every line ends with a carriage return and a line feed, the last one too."""
    text = as_csv(book.spend())
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n") == len(book.spend().rows) + 1
