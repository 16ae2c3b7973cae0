"""SQL: a user's own query is answered as a Table, and only reads."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from support.tables import REPORTS, column
from tallystick import Ledger
from tallystick.errors import InvalidQuestion
from tallystick.reports.sql import ask
from tallystick.store.engine import Engine
from tallystick.store.views import VIEWS


@pytest.fixture(scope="module")
def engine(book: Ledger) -> Engine:
    """The ledger's newest version, opened once for many questions."""
    return book.engine()


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_the_query_of_a_report_gives_its_figures(book: Ledger, engine: Engine, report: object) -> None:
    """What `--sql` shows can be asked as it stands, and has the same groups and figures as the report."""
    name = report.name  # type: ignore[attr-defined]
    where = {"workspace": ["Production", "default"]}
    table = book.ask(name, by=("workspace", "day"), since="7d", where=where)
    answer = ask(engine, book.query(name, by=("workspace", "day"), since="7d", where=where))
    names = [heading.name for heading in answer.headings]
    assert {tuple(row[name] for name in names) for row in table.rows} == {
        tuple(f"{row[name]}" if name == "day" else row[name] for name in names) for row in answer.rows
    }


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_column_is_documented(engine: Engine, view: object) -> None:
    """Each view has exactly the columns and types that the schema documents, each with a meaning."""
    rows = ask(engine, f"DESCRIBE {view.name}").rows  # type: ignore[attr-defined]
    types = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
    columns = [(row["column_name"], types.get(str(row["column_type"]), row["column_type"])) for row in rows]
    assert columns == [(name, kind) for name, kind, _ in view.columns]  # type: ignore[attr-defined]
    assert all(re.search("[a-z]{3}", meaning) for _, _, meaning in view.columns)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "SELECT * FROM nowhere",
        "DELETE FROM ledger.cost",
        "INSERT INTO ledger.cost SELECT * FROM ledger.cost",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW cost",
        "SET enable_external_access = true",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "EXPORT DATABASE 'x'",
        "COPY (SELECT 1) TO 'x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM text",
        "SELECT getenv('HOME')",
        "SELECT error('stop')",
        "SELECT CAST('x' AS INTEGER)",
    ],
)
def test_only_one_reading_statement_is_run(engine: Engine, text: str, tmp_path: Path) -> None:
    """Anything that writes, configures, leaves the ledger's folder or cannot be run is an error, and does nothing."""
    with pytest.raises(InvalidQuestion) as wrong:
        ask(engine, text)
    assert wrong.value.hint
    assert not list(tmp_path.iterdir())
    assert column(ask(engine, "SELECT count(*) > 0 AS there FROM cost"), "there") == ["true"]


def test_money_stays_exact(engine: Engine, book: Ledger) -> None:
    """A sum of money in SQL is the report's, to the last place."""
    query = "SELECT sum(billed) AS billed FROM cost WHERE day >= '2026-10-23' AND day < '2026-11-22'"
    assert column(ask(engine, query), "billed") == [book.spend().totals["billed"]]
    assert column(ask(engine, "SELECT 0.1::DECIMAL(3,1) + 0.2::DECIMAL(3,1) AS x"), "x") == [Decimal("0.3")]


def test_columns_of_one_name_are_not_lost(engine: Engine) -> None:
    """Two columns that a query gives the same name both reach the rows."""
    assert sorted(map(str, ask(engine, "SELECT 1 AS a, 2 AS a").rows[0].values())) == ["1", "2"]


def test_every_type_of_cell_can_be_written(engine: Engine) -> None:
    """Booleans, dates, instants, lists, floats, big integers, nulls: each is a plain value in rows, Arrow and JSON."""
    table = ask(
        engine,
        "SELECT true AS yes, DATE '2026-11-22' AS day, TIMESTAMPTZ '2026-11-22 10:30:00+00' AS at, [1, 2] AS list, "
        "{'a': 1} AS struct, -0.5::DOUBLE AS half, 10000000000000000000::HUGEINT AS big, NULL AS nothing, 'x' AS text, "
        "1.50::DECIMAL(5,2) AS money, TIME '10:30:00' AS time",
    )
    assert table.rows[0] | {"half": "-0.5"} == {
        "yes": "true",
        "day": "2026-11-22",
        "at": "2026-11-22T10:30:00Z",
        "list": "[1, 2]",
        "struct": '{"a": 1}',
        "half": "-0.5",
        "big": 10**19,
        "nothing": None,
        "text": "x",
        "money": Decimal("1.50"),
        "time": "10:30:00",
    }
    assert table.to_arrow().num_rows == 1
    assert table.written()["rows"]


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**38 - 1, 10**38, 2**127 - 1, -(2**127) + 1])
def test_an_integer_of_any_size_is_exact_in_arrow(engine: Engine, number: int) -> None:
    """Every integer that DuckDB has comes back from Arrow as it was, one of 39 digits too."""
    assert ask(engine, f"SELECT '{number}'::HUGEINT AS whole").to_arrow().to_pylist() == [{"whole": number}]


def test_the_first_rows_are_enough_to_read(engine: Engine) -> None:
    """With `most` only so many rows are read, in their order, and a note says so; an answer that fits has none."""
    table = ask(engine, "SELECT range AS x FROM range(5000) ORDER BY x", 1000)
    assert column(table, "x") == list(range(1000))
    assert table.notes == ("These are the first 1,000 rows. Add a limit, or --format csv for all.",)
    assert ask(engine, "SELECT 1 AS x;", 1).notes == ()
