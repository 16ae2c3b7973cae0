from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from support.command import Tallystick
from tallystick.core.ledger_tables import PINNED
from tallystick.exports import ENGINES
from tallystick.exports.views import DIALECTS, SHARED_VIEWS
from tallystick.ledger import Ledger
from tallystick.store.views import VIEWS


@pytest.mark.parametrize("source", ["reports", "analytics"])
def test_another_duckdb_has_the_rows_of_each_view(source: str, ledgers: dict[str, Ledger]) -> None:
    """The script for DuckDB makes each view with our columns, types and rows."""
    book = ledgers[source]
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(book.export_views("duckdb"))
    for view in SHARED_VIEWS:
        names = ", ".join(name for name, *_ in view.columns)
        query = f"SELECT {names} FROM {view.name} ORDER BY ALL"  # noqa: S608 - our own names
        assert duck.sql(query).to_arrow_table() == book.engine().sql(query), view.name


def test_what_is_left_out_is_what_the_page_says() -> None:
    """docs/bi.md names each view that other engines do not get."""
    page = (Path(__file__).parents[2] / "docs" / "bi.md").read_text(encoding="utf-8")
    [named] = re.findall(r"`tallystick schema` lists, except(.*?)\. ", page, re.DOTALL)
    assert {*re.findall(r"`(\w+)`", named)} == {view.name for view in VIEWS} - {view.name for view in SHARED_VIEWS}


@pytest.mark.parametrize("engine", ENGINES)
def test_each_script_pins_each_table(engine: str, tallystick: Tallystick, book: Ledger) -> None:
    """The command writes a statement for each table, of its files or its pin, and one for each view."""
    assert set(ENGINES) == set(DIALECTS)
    done = tallystick("export", "views", "--engine", engine)
    assert (done.code, done.err) == (0, "")
    statements = done.out.split(";\n")[:-1]
    assert len(statements) == len(PINNED) - 1 + len(SHARED_VIEWS)
    [charges] = [statement for statement in statements if " ledger_charges AS " in statement]
    pin = book.engine().version.tables["charges"]
    assert f"= {pin}" in charges or f"AS OF {pin}" in charges or charges.count(".parquet") > 1
