from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, strategies as st

from support.command import Run
from support.organization import CLOCK
from support.simulated_truth import used
from support.tables import summed
from tallystick.core.message import note, warning
from tallystick.core.money import plain
from tallystick.core.question import Question
from tallystick.core.rows import Rows
from tallystick.core.text import harmless, inert
from tallystick.core.time import Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.exports import TABLES
from tallystick.exports.tables import EXPORTED, columns, export
from tallystick.formats import FORMATS
from tallystick.formats.csv_rows import write_rows as as_csv
from tallystick.formats.jsonl_rows import write_rows as as_jsonl
from tallystick.formats.lines import digits
from tallystick.ledger import Ledger
from tallystick.sim import World
from tallystick.store.engine import Engine

Tallystick = Callable[..., Run]
FIRST = date(2026, 10, 1)
OCTOBER = {"since": "2026-10", "until": "2026-10"}
DAYS = {"since": "2026-10-13", "until": "2026-10-16"}
MONEY = pa.decimal128(28, 12)


def written(rows: Rows, form: str) -> bytes:
    """An export as bytes."""
    file = io.BytesIO()
    FORMATS[form].stream(rows, file)
    return file.getvalue()


def read(ledger: Ledger, table: str, form: str = "parquet", **options: Any) -> list[dict[str, Any]]:
    """The rows of an export as it was written and read again."""
    content = written(ledger.export(table, **(OCTOBER | options)), form)
    if form == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    if form == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    rows: list[dict[str, Any]] = pa.parquet.read_table(io.BytesIO(content)).to_pylist()
    return rows


@given(st.lists(st.one_of(st.none(), st.integers(-(10**28) + 1, 10**28 - 1)), max_size=20), st.integers(0, 5))
def test_digits_are_those_of_the_answers(amounts: list[int | None], offset: int) -> None:
    """A column of money is written digit by digit as one amount is."""
    money = [None if amount is None else Decimal(amount).scaleb(-12) for amount in amounts]
    column = pa.array(money, MONEY)[offset:]
    assert digits(column).to_pylist() == [None if amount is None else plain(amount) for amount in money[offset:]]


@pytest.mark.long
@given(st.lists(st.tuples(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)))))
def test_text_comes_back_as_it_was(cells: list[tuple[str | None, int | None]]) -> None:
    """CSV and JSON lines hold any text: read again it is the same, but what would run or steer in CSV is harmless."""
    schema = pa.schema([("name", pa.string()), ("count", pa.int64())])
    cells = [(text and text.replace("\0", " "), count) for text, count in cells]  # Python's csv has no NUL
    batch = pa.RecordBatch.from_arrays(
        [pa.array([cell[index] for cell in cells], schema.types[index]) for index in (0, 1)], schema=schema
    )
    rows = Rows("", schema, iter([batch, batch.slice(1)]), [], {})
    file = io.BytesIO()
    as_jsonl(rows, file)
    expected = [{"name": text, "count": count} for text, count in [*cells, *cells[1:]]]
    assert [json.loads(line) for line in file.getvalue().split(b"\n")[:-1]] == expected
    file = io.BytesIO()
    as_csv(Rows("", schema, iter([batch]), [], {}), file)
    shown = [("'" if text and text[0] in "=+-@\t\r\n" else "") + inert(text or "") for text, _ in cells]
    records = list(csv.reader(io.StringIO(file.getvalue().decode(), newline="")))
    assert records == [
        ["name", "count"],
        *([text, "" if n is None else str(n)] for text, (_, n) in zip(shown, cells, strict=True)),
    ]


@pytest.mark.long
@pytest.mark.parametrize("table", EXPORTED)
def test_a_file_is_the_same_however_many_rows_are_sorted_at_a_time(ledger: Ledger, table: str) -> None:
    """A day at a time, some days or all of a month make the same bytes."""
    question = Question(table, Window(midnight(FIRST), midnight(date(2026, 11, 1))), ())
    contents = {written(export(ledger.engine(), question, CLOCK.now(), most), "csv") for most in (1, 700, 10**6)}
    [content] = contents
    assert content == written(ledger.export(table, **OCTOBER), "csv")


@pytest.mark.long
def test_charges_and_cost_are_the_bill(ledger: Ledger, source: str, worlds: dict[str, World]) -> None:
    """The rows of charges and those of cost both sum to what was truly billed, to the last place."""
    truth = sum((worlds[source].billed(FIRST.replace(day=n)) for n in range(1, 32)), Decimal(0))
    for table in ("charges", "cost"):
        billed = [row["billed"] for row in read(ledger, table) if row["billed"] is not None]
        assert Decimal(sum(int(amount.scaleb(12)) for amount in billed)).scaleb(-12) == truth
    assert summed(ledger.spend((), **OCTOBER), "billed") == truth


@pytest.mark.long
def test_usage_is_what_was_used(ledger: Ledger, source: str, worlds: dict[str, World]) -> None:
    """The rows of usage sum to the tokens of every request, by day and model."""
    truth: dict[tuple[date, str], int] = {}
    for n in range(1, 32):
        for dims, counts in used(worlds[source], FIRST.replace(day=n)).items():
            group = (FIRST.replace(day=n), dims[4])
            truth[group] = truth.get(group, 0) + sum(counts[:5])
    sums: dict[tuple[date, str], int] = {}
    for row in read(ledger, "usage"):
        group = (row["day"], row["model"])
        sums[group] = sums.get(group, 0) + row["total_tokens"]
    assert {group: count for group, count in sums.items() if count} == {
        group: count for group, count in truth.items() if count
    }


@pytest.mark.long
@pytest.mark.parametrize("table", TABLES)
def test_every_format_holds_the_same_rows(ledger: Ledger, table: str) -> None:
    """CSV, JSON lines and Parquet hold the same rows in the same order, money exact in each, names beside ids."""
    rows = read(ledger, table, **DAYS)
    assert rows
    money = {name for name, kind, _ in columns(table) if kind.startswith("DECIMAL")}
    spoken = [
        {
            name: plain(cell) if name in money and cell is not None else f"{cell}" if isinstance(cell, date) else cell
            for name, cell in row.items()
        }
        for row in rows
    ]
    assert read(ledger, table, "jsonl", **DAYS) == spoken
    assert read(ledger, table, "csv", **DAYS) == [
        {name: "" if cell is None else harmless(inert(str(cell))) for name, cell in row.items()} for row in spoken
    ]
    assert {"workspace_name", "key_name", "actor_name"} <= rows[0].keys()


@pytest.mark.long
@pytest.mark.parametrize("table", TABLES)
def test_an_export_holds_exactly_the_view(ledger: Ledger, table: str) -> None:
    """The rows are those of the documented view, each once, and two exports are the same bytes."""
    names = ", ".join(name for name, *_ in columns(table))
    view = ledger.sql(
        f"SELECT {names} FROM {EXPORTED[table].name} WHERE day >= '{DAYS['since']}' AND day <= '{DAYS['until']}'"  # noqa: S608
    )
    rows = [
        tuple(f"{cell}" if isinstance(cell, date) else cell for cell in row.values())
        for row in read(ledger, table, **DAYS)
    ]
    assert sorted(rows, key=repr) == sorted(view.cells, key=repr)
    assert written(ledger.export(table, **DAYS), "csv") == written(ledger.export(table, **DAYS), "csv")


@pytest.mark.long
def test_where_holds_the_rows(ledger: Ledger) -> None:
    """--where keeps the rows of an id or name alone, and refuses one that there is not."""
    row = read(ledger, "charges")[0]
    rows = read(ledger, "charges", where={"key": row["key_name"]})
    assert {charge["key"] for charge in rows} == {row["key"]}
    for where in ({"key": "nobody"}, {"team": "platform"}):
        with pytest.raises(InvalidQuestion):
            ledger.export("charges", where=where, **OCTOBER)


@pytest.mark.long
def test_excel_holds_numbers_and_days(ledger: Ledger, tmp_path: Path) -> None:
    """Cells of money are numbers, days are days, text is no formula nor link, and a sheet follows a full one."""
    import zipfile

    from tallystick.formats.xlsx_rows import write_rows

    schema = pa.schema([("name", pa.string()), ("day", pa.date32()), ("billed", MONEY)])
    names = ["=1+1", "https://example.invalid", None, "4711"]
    batch = pa.RecordBatch.from_arrays(
        [pa.array(names), pa.array([FIRST] * 4), pa.array([Decimal("0.5")] * 4, MONEY)], schema=schema
    )
    file = tmp_path / "book.xlsx"
    with file.open("wb") as opened:
        write_rows(
            Rows("title", schema, iter([batch]), [note("how it was made"), warning("what it lacks")], {}),
            opened,
            most=3,
        )
    with zipfile.ZipFile(file) as book:
        sheets = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2, 3)]
        assert "xl/worksheets/sheet4.xml" not in book.namelist()
    assert "15 digits" in sheets[0]
    assert 0 < sheets[0].index("warning: what it lacks") < sheets[0].index("note: how it was made")
    assert [sheet.count("<row ") for sheet in sheets[1:]] == [3, 3]
    for sheet in sheets:
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
    assert sheets[1].count("<v>0.500000000000</v>") == 2
    assert f"<v>{(FIRST - date(1899, 12, 30)).days}</v>" in sheets[1]
    assert ">4711</t>" in sheets[2]
    assert written(ledger.export("cost", **DAYS), "xlsx")[:2] == b"PK"


@pytest.mark.long
def test_a_failure_leaves_no_file(
    tallystick: Tallystick, ledgers: dict[str, Ledger], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it fails halfway, what stood under the name stays as it was, and nothing lies beside it."""
    out = tmp_path / "charges.csv"
    out.write_text("older")
    words = ("export", "charges", "--since", "2026-10", "--until", "2026-10", "-o", str(out))
    there = {"TALLYSTICK_LEDGER": str(ledgers["reports"].path)}
    refused = tallystick(*words, **there)
    assert refused.code == 2
    real = Engine.stream

    def breaks(self: Engine, query: Any, rows: int) -> Any:
        yield next(real(self, query, rows))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as then:
        then.setattr(Engine, "stream", breaks)  # halfway through rows there is no seam that fails
        failed = tallystick(*words, "--force", **there)
    assert (failed.code, "No space left" in failed.err) == (2, True)
    assert [(path.name, path.read_text()) for path in tmp_path.glob("*.csv*")] == [("charges.csv", "older")]
    assert not list(tmp_path.glob(".*.part"))
    done = tallystick(*words, "--force", **there)
    assert (done.code, done.out) == (0, "")
    assert out.read_bytes().startswith(b"organization,month,day,")


@pytest.mark.long
def test_absent_days_are_said_and_strict_fails(tallystick: Tallystick, ledgers: dict[str, Ledger]) -> None:
    """Days that the ledger lacks are named on the error stream, and with --strict the exit code is 1."""
    there = {"TALLYSTICK_LEDGER": str(ledgers["reports"].path)}
    for table in TABLES:
        words = ("export", table, "--since", "2026-09-25", "--until", "2026-10-01")
        lenient, strict = tallystick(*words, **there), tallystick(*words, "--strict", **there)
        assert (lenient.code, strict.code) == (0, 1)
        assert lenient.out == strict.out
        assert "absent (unknown, not zero)" in lenient.err
        assert "absent" not in lenient.out
    assert tallystick("export", "charges", "--since", "2026-10", "--until", "2026-10", "--strict", **there).code == 0


def test_binary_is_not_for_a_terminal(
    tallystick: Tallystick, ledgers: dict[str, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet goes to a file or a pipe, never to a terminal; an ending that no export has is refused."""
    import sys

    there = {"TALLYSTICK_LEDGER": str(ledgers["reports"].path)}
    with monkeypatch.context() as then:
        then.setattr(type(sys.stdout), "isatty", lambda _: True, raising=False)
        refused = tallystick("export", "cost", "--format", "parquet", **there)
    assert (refused.code, refused.out) == (2, "")
    assert tallystick("export", "cost", "-o", "x.docx", **there).code == 2


def test_the_documented_columns_are_the_columns() -> None:
    """docs/export.md lists the columns of every export, in their order, with their types."""
    from tallystick.exports.focus_columns import COLUMNS

    page = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
    for table in TABLES:
        part = page.partition(f"### {table}\n")[2].partition("\n##")[0]
        listed = [
            tuple(cell.strip(" `") for cell in line.split("|")[1:3]) for line in part.splitlines() if "| `" in line
        ]
        assert listed == [(name, kind) for name, kind, _ in columns(table)]
    part = page.partition("### FOCUS columns\n")[2].partition("\n##")[0]
    listed_ = [[cell.strip(" `") for cell in line.split("|")[1:4]] for line in part.splitlines() if "| `" in line]
    assert listed_ == [[name, ", ".join(versions), meaning] for name, _, versions, meaning in COLUMNS]
    assert [name for name, *_ in COLUMNS] == sorted(name for name, *_ in COLUMNS)
