"""Excel: real numbers, dates and formulas; no text of the API runs, no figure is lost."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.cell import Cell as Written

from support.hostile_sheet import BILLED, DAY, NAME, NAMES, TOKENS, hostile
from support.organization import NOW
from tallystick import Ledger, Table
from tallystick.billing.chargeback import charged
from tallystick.billing.statement import overview
from tallystick.core.document import Document, Section
from tallystick.core.question import Cell, Heading, Kind
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion
from tallystick.formats import xlsx
from tallystick.formats.xlsx import as_xlsx
from tallystick.tally.owners import Owners


def sheet(table: Table, *, results: bool = False) -> Any:
    """The sheet of a table, as another program reads it."""
    return openpyxl.load_workbook(io.BytesIO(as_xlsx(table)), data_only=results).worksheets[1]


def written_cell(cell: Cell, heading: Heading) -> Written:
    """The cell that a table of one cell has."""
    written: Written = sheet(Table(None, (heading,), [(cell,)], {}))["A2"]
    return written


def sum_of(cells: list[Cell], total: Cell, heading: Heading = BILLED) -> Written:
    """The cell of the total under these."""
    table = Table(None, (NAME, heading), [("x", cell) for cell in cells], {heading.name: total})
    written: Written = sheet(table).cell(max(len(cells), 1) + 3, 2)
    return written


@pytest.mark.parametrize(
    "name", [*(name for name in NAMES if name != "x" * 300), "=cmd|' /C calc'!A0", "<r>broken", "x" * 300]
)
def test_a_text_stays_a_text(name: str) -> None:
    """Any text is a cell of text, whole and safe to show, no link; one that would run is marked as text for good."""
    cell = written_cell(name, NAME)
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", safe(name), None)
    assert cell.quotePrefix is name.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("name", ["<r>a & b</r>", "<r><t>x</t></r>", "<r></si><si></r>", "<r></r>"])
def test_a_text_is_never_taken_for_markup_of_the_library(name: str) -> None:
    """The library writes a text between <r> and </r> as XML; such a name comes back as it is."""
    assert written_cell(name, NAME).value == name


@pytest.mark.parametrize(
    ("amount", "form"),
    [
        ("0", "#,##0.00"),
        ("12.345", "#,##0.00"),
        ("-0.01", "#,##0.00"),
        ("0.009999999999", "#,##0.00##########"),
        ("-0.000000000001", "#,##0.00##########"),
        ("31.126860655", "#,##0.00"),
        ("9007199254740993.123456789012", "#,##0.00"),
        ("72057594037927937.3", "#,##0.00"),
    ],
)
def test_money_is_the_nearest_number_that_excel_can_hold(amount: str, form: str) -> None:
    """Money is the double nearest to the exact amount, shown to the cent; one below a cent never shows as 0.00."""
    cell = written_cell(Decimal(amount), BILLED)
    assert (cell.data_type, float(cell.value), cell.number_format) == ("n", float(Decimal(amount)), form)


def test_counts_ratios_and_numbers() -> None:
    """A count has thousands, a ratio is a percentage, another number all its places, a float of SQL is a number too."""
    number = Heading("per", Kind.NUMBER)
    shown = [
        (written_cell(value, heading).value, written_cell(value, heading).number_format)
        for value, heading in (
            (1234567, TOKENS),
            (2**60, TOKENS),
            (Decimal("0.6625"), Heading("share", Kind.RATIO)),
            (Decimal("0.0000025"), number),
            ("-1.5e-07", number),
            ("inf", number),
        )
    ]
    assert shown == [
        (1234567, "#,##0"),
        (2**60, "#,##0"),
        (0.6625, "0.0 %"),
        (0.0000025, "#,##0.00##########"),
        (-1.5e-07, "General"),
        ("inf", "General"),
    ]


def test_days_are_dates() -> None:
    """In the column `day` a day is a date; what is none there, and a day in another column, is text."""
    assert written_cell("2026-11-03", DAY).value == datetime(2026, 11, 3)  # noqa: DTZ001 - Excel knows no zones
    assert written_cell("2026-11-03", DAY).number_format == "yyyy-mm-dd"
    assert written_cell("others", DAY).value == "others"
    assert written_cell("2026-11-03", NAME).value == "2026-11-03"


def test_unknown_is_not_zero() -> None:
    """An amount or count that is not known is the word, a ratio of nothing an empty cell; neither is a number."""
    assert [written_cell(None, heading).value for heading in (BILLED, TOKENS)] == ["unknown", "unknown"]
    assert written_cell(None, Heading("share", Kind.RATIO)).value is None
    assert sum_of([Decimal(1)], None).value == "unknown"


def test_a_total_is_a_formula_where_it_is_the_sum() -> None:
    """A total that is the exact sum of its rows is SUM over them; another, as that of groups that overlap, a value."""
    ten: list[Cell] = [Decimal("0.1")] * 10
    assert sum_of(ten, Decimal(1)).value == "=SUM(B2:B11)"
    assert sum_of([*ten, None], Decimal(1)).value == "=SUM(B2:B12)"
    assert sum_of(ten, Decimal("1.000000000001")).value == pytest.approx(1.000000000001, abs=1e-15)
    assert sum_of([1, 2], 3, TOKENS).value == "=SUM(B2:B3)"
    assert sum_of([1, 2], 2, TOKENS).value == 2
    assert sum_of([], Decimal(0)).value == 0
    assert sum_of([Decimal("0.5")], Decimal("0.5"), Heading("share", Kind.RATIO)).value == 0.5


def test_a_formula_has_the_exact_total_as_its_result() -> None:
    """Who does not calculate reads the exact total, to its last digit."""
    amounts: list[Cell] = [Decimal("1234567890123456.123456789012"), Decimal("0.000000000001")]
    table = Table(
        None, (BILLED,), [(amount,) for amount in amounts], {"billed": Decimal("1234567890123456.123456789013")}
    )
    xml = _part(as_xlsx(table), "xl/worksheets/sheet2.xml").decode()
    assert "<f>SUM(A2:A3)</f><v>1234567890123456.123456789013</v>" in xml


@pytest.mark.long
@pytest.mark.parametrize("report", ["spend", "usage", "cache"])
def test_no_row_or_figure_is_lost(book: Ledger, report: str) -> None:
    """Each row and each total of a report is in its sheet, under a frozen header with a filter over the rows alone."""
    table = book.ask(report, by=("workspace", "day"))
    read = sheet(table, results=True)
    _, *rows = [[cell.value for cell in row] for row in read]
    assert len(rows) == len(table.rows) + 2
    for cells, row in zip(
        rows, [*table.cells, None, [table.totals.get(heading.name, "") for heading in table.headings]], strict=True
    ):
        for cell, value in zip(cells, row or [None] * len(cells), strict=True):
            if isinstance(value, int | Decimal):
                assert cell == float(value)
            elif row and value:
                assert (
                    cell in {safe(value), datetime.fromisoformat(value)} if value[:3] == "202" else cell == safe(value)
                )
    assert read.freeze_panes == "A2"
    assert read.auto_filter.ref == f"A1:{read.cell(len(table.rows) + 1, len(table.headings)).coordinate}"


def test_the_cover_says_what_the_rows_cannot(book: Ledger) -> None:
    """The first sheet has the title, every message, the question, the version of the ledger and what Excel rounds."""
    table = book.spend(since="2026-09-25")
    cover = openpyxl.load_workbook(io.BytesIO(as_xlsx(table))).worksheets[0]
    entries = [(row[0].value, row[2].value) for row in cover]
    assert cover.title == "Cover"
    assert [text for label, text in entries if label == "warning"] == list(table.warnings)
    assert [text for label, text in entries if label == "note"] == list(table.notes)
    assert entries[0][0].startswith("spend, 2026-09-25 to ")
    assert '"since":"2026-09-25T00:00:00Z"' in dict(entries)["question of spend"]
    assert f'"version":{table.as_of["version"]}' in dict(entries)["as of"]
    assert "15 digits" in dict(entries)["precision"]


def test_every_section_has_a_sheet_of_its_own() -> None:
    """Sections of one title get names that Excel takes: 31 letters at most, none twice in any case, none reserved."""
    titles = [
        "a" * 40,
        "A" * 40,
        "a" * 40,
        "History",
        "cover",
        "",
        "''",
        "[]:*?/\\",
        "🚀" * 20,
        "x" * 30 + "'s",
        "\x1b",
    ]
    table = Table(None, (NAME,), [("x",)], {})
    names = [
        sheet.title
        for sheet in openpyxl.load_workbook(
            io.BytesIO(as_xlsx(Document("summary", "t", "", tuple(Section(title, table) for title in titles))))
        )
    ]
    assert len({name.casefold() for name in names}) == len(titles) + 1
    assert all(0 < len(name.encode("utf-16-le")) <= 62 for name in names)
    assert not [name for name in names if name.startswith("'") or name.endswith("'") or set(name) & set("[]:*?/\\")]
    assert "history" not in {name.casefold() for name in names}


@pytest.mark.long
def test_the_lines_of_a_document_are_a_sheet_too(book: Ledger) -> None:
    """Where no section shows all its lines, as in the overview of statements, a sheet has them with their formula."""
    [organization] = book.organizations()
    made = overview(charged(book.engine(), organization, "2026-10", Owners(), NOW))
    assert made.lines is not None
    read = openpyxl.load_workbook(io.BytesIO(as_xlsx(made)))
    assert read.sheetnames == ["Cover", "By team", "Lines"]
    last = len(made.lines.cells) + 3
    [column] = [column for column, heading in enumerate(made.lines.headings, 1) if heading.name == "amount"]
    assert read["Lines"].cell(last, column).value.startswith("=SUM(")


def test_the_same_answer_is_the_same_bytes(book: Ledger) -> None:
    """A workbook has no clock in it: who compares two files compares two answers."""
    assert as_xlsx(book.spend()) == as_xlsx(book.spend())
    assert as_xlsx(hostile()) == as_xlsx(hostile())
    assert b"2000-01-01" in _part(as_xlsx(hostile()), "docProps/core.xml")


def _part(written: bytes, name: str) -> bytes:
    return zipfile.ZipFile(io.BytesIO(written)).read(name)


def test_more_than_a_sheet_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is too large for Excel is refused with what holds it; no row is dropped."""
    monkeypatch.setattr(xlsx, "ROWS", 13)  # what Excel holds is no choice, and a million rows take a minute to write
    rows: list[tuple[Cell, ...]] = [("x",)] * 10
    assert sheet(Table(None, (NAME,), rows, {})).max_row == 11
    with pytest.raises(InvalidQuestion, match="11 rows") as refused:
        as_xlsx(Table(None, (NAME,), [*rows, ("x",)], {}))
    assert "parquet" in refused.value.hint


def test_columns_are_wide_enough_for_their_figures() -> None:
    """No figure is shown as ####: a column is as wide as its widest figure, a long text takes no more than its part."""
    table = Table(None, (NAME, BILLED), [("x" * 300, Decimal("1234567890123.45"))], {})
    widths = {name: dimension.width for name, dimension in sheet(table).column_dimensions.items()}
    assert widths["A"] < 70
    assert widths["B"] >= len("1,234,567,890,123.45")
