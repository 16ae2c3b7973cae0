"""Golden files: every report in every format, byte for byte; `make golden` writes them anew."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pyarrow as pa
import pypdf
import pytest
from pyarrow.parquet import read_table

from support.hostile_sheet import hostile
from support.organization import NOW
from tallystick import Ledger
from tallystick.billing.chargeback import charged
from tallystick.billing.statement import statement
from tallystick.core.document import Document
from tallystick.formats import FORMATS
from tallystick.outlook.summary import summary
from tallystick.tally.budgets import Budgets
from tallystick.tally.owners import Owners

GOLDEN = Path(__file__).parent.parent / "golden"


class Asked(NamedTuple):
    """What a golden file answers; its name is the file's."""

    name: str
    report: str
    by: tuple[str, ...]
    since: str = "30d"
    until: str | None = None
    top: int | None = None


ANSWERS = (
    Asked("spend", "spend", ("workspace",)),
    Asked("spend-by-description", "spend", ("description", "model", "kind"), "2026-11-20", "2026-11-20"),
    Asked("spend-top-days", "spend", ("day",), "mtd", None, 5),
    Asked("spend-unknown", "spend", ("workspace",), "2026-09-01", "2026-09-10"),
    Asked("usage", "usage", ("key",)),
    Asked("usage-partly-absent", "usage", ("day", "tier"), "2026-09-29", "2026-10-02"),
    Asked("cache", "cache", ("model",)),
)


READ = ("pdf", "xlsx", "parquet")
"""Formats of which what is read in them is compared: their bytes change with the library that wrote them."""
WHOLE = [form.name for form in FORMATS.values() if not form.rows]
"""Formats that a document without a single table can be written in."""
OWNERS = Owners.read(
    [
        {"team": "docs", "cost_center": "4711", "key": ["docs-*"]},
        {"shared": {"rule": "fixed", "shares": {"docs": "1/3", "platform": "2/3"}}, "model": "*haiku*"},
    ]
)
DOCUMENT = ("text", "json", "markdown", "xlsx")
"""Formats that the hostile document is kept in."""


def _read(form: str, written: str | bytes) -> bytes:
    """What is compared: the text itself; of a PDF that on its pages, of a workbook its cells, of Parquet its rows."""
    if isinstance(written, str):
        return written.encode()
    lines = {"pdf": _pages, "xlsx": _cells, "parquet": _columns}[form](io.BytesIO(written))
    return "".join(f"{line}\n" for line in lines).encode()


def _pages(file: io.BytesIO) -> Iterator[str]:
    yield from (page.extract_text() for page in pypdf.PdfReader(file).pages)


def _cells(file: io.BytesIO) -> Iterator[str]:
    """Each cell of a workbook: its place, its value or formula, the format of its number, what a formula came to."""
    book, results = openpyxl.load_workbook(file), openpyxl.load_workbook(file, data_only=True)
    for sheet in book:
        yield f"[{sheet.title}] frozen {sheet.freeze_panes}, filter {sheet.auto_filter.ref}"
        for cell in (cell for row in sheet for cell in row if cell.value is not None):
            result = f" = {results[sheet.title][cell.coordinate].value!r}" if cell.data_type == "f" else ""
            quoted = " quoted" if cell.quotePrefix else ""
            form = "" if cell.number_format == "General" else f"  {cell.number_format}"
            yield f"{cell.coordinate} {cell.data_type}{quoted} {cell.value!r}{result}{form}"


def _columns(file: io.BytesIO) -> Iterator[str]:
    table = read_table(pa.BufferReader(file.getvalue()))
    yield from (f"{field.name}: {field.type}" for field in table.schema)
    for name, text in (table.schema.metadata or {}).items():
        yield f"{name.decode()} = {json.dumps(json.loads(text), ensure_ascii=True)}"
    yield from (str(tuple(None if cell is None else str(cell) for cell in row.values())) for row in table.to_pylist())


def _file(name: str, form: str) -> str:
    return f"{name}.{FORMATS[form].ending}" + (".txt" if form in READ else "")


def _agreed(path: Path, text: bytes, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--regenerate"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    assert path.exists(), "run `make golden`, and read what it wrote"
    assert text.decode() == path.read_bytes().decode()


@pytest.mark.long
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("question", ANSWERS, ids=lambda question: question.name)
def test_answers_are_as_agreed(book: Ledger, question: Asked, form: str, request: pytest.FixtureRequest) -> None:
    """An answer over the fixed organization at the pinned time is, byte for byte, the one that somebody has read."""
    table = book.ask(question.report, by=question.by, since=question.since, until=question.until, top=question.top)
    _agreed(GOLDEN / _file(question.name, form), _read(form, FORMATS[form].write(table)), request)


@pytest.mark.parametrize("form", DOCUMENT)
def test_a_hostile_document_is_as_agreed(form: str, request: pytest.FixtureRequest) -> None:
    """A document of hostile names is the one that somebody has read and found harmless."""
    _agreed(GOLDEN / _file("hostile", form), _read(form, FORMATS[form].write(hostile())), request)


@pytest.mark.long
@pytest.mark.parametrize("form", FORMATS)
def test_a_statement_is_as_agreed(book: Ledger, form: str, request: pytest.FixtureRequest) -> None:
    """A team's statement of a month, with shared costs, is the one that somebody has read."""
    [organization] = book.organizations()
    made = charged(book.engine(), organization, "2026-10", OWNERS, NOW)
    _agreed(GOLDEN / _file("statement", form), _read(form, FORMATS[form].write(statement(made, "docs"))), request)


@pytest.mark.long
@pytest.mark.parametrize("form", WHOLE)
def test_a_summary_is_as_agreed(book: Ledger, form: str, request: pytest.FixtureRequest) -> None:
    """The summary of a running month, with a budget, is the one that somebody has read."""
    text = _read(form, FORMATS[form].write(_summary(book)))
    _agreed(GOLDEN / _file("summary", form), text, request)


@cache
def _summary(book: Ledger) -> Document:
    budgets = Budgets.read([{"amount": "3000"}])
    context = replace(book.context(), now=NOW, read_owners=lambda: OWNERS, read_budgets=lambda: budgets)
    return summary(context, "2026-11", None, None)


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to an answer."""
    expected = {_file(question.name, form) for question in ANSWERS for form in FORMATS}
    expected |= {_file("hostile", form) for form in DOCUMENT} | {_file("statement", form) for form in FORMATS}
    expected |= {_file("summary", form) for form in WHOLE}
    assert {path.name for path in GOLDEN.iterdir()} == expected
