from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

pytest.importorskip("sqlglot", reason="an extra, which `make` installs")

from tallystick.core.ledger_tables import PINNED
from tallystick.errors import InvalidQuestion
from tallystick.store.exact_answer import arrow_type
from tallystick.store.pushdown import Part, Pushdown
from tallystick.store.table_sql import table_sql
from tallystick.store.views import DERIVED_SQL, VIEWS

VIEW_SQL = {view.name: view.sql for view in VIEWS} | {f"ledger.{table.name}": sql for table, sql in DERIVED_SQL.items()}


@pytest.fixture(scope="module")
def pushdown() -> Iterator[Pushdown]:
    """What takes queries apart, of a ledger without rows: DuckDB answers in the cluster's place."""
    duck = duckdb.connect()
    duck.execute("CREATE SCHEMA ledger")
    for table in PINNED:
        duck.execute(f"CREATE VIEW ledger.{table.name} AS {table_sql(table, ())}")

    def shape(query: str) -> list[tuple[str, str]] | None:
        try:
            columns = [(name, kind) for name, kind, *_ in duck.execute(f"DESCRIBE {query}").fetchall()]
        except duckdb.Error:
            return None
        return columns if all(arrow_type(kind) for _, kind in columns) else None

    def answer(_: Part) -> object:
        return duck.sql("SELECT DATE '2026-10-01' AS day WHERE false").to_arrow_table()

    with duck:
        yield Pushdown(VIEW_SQL, shape, answer)


SENT = {
    "SELECT model, sum(billed) AS billed FROM ledger.charges GROUP BY ALL": (
        "SELECT `model`, SUM(CAST(`billed` AS DECIMAL(38, 12))) AS `billed` FROM `ledger_charges` AS `charges` "
        "GROUP BY `model`"
    ),
    "SELECT CAST(day AS VARCHAR) AS day FROM ledger.charges WHERE day >= DATE '2026-10-01' ORDER BY day": (
        "SELECT CAST(`day` AS STRING) AS `day` FROM `ledger_charges` AS `charges` "
        "WHERE `day` >= CAST('2026-10-01' AS DATE) ORDER BY `day` NULLS LAST"
    ),
    "SELECT sum(output + cache_read) AS tokens FROM ledger.usage": (
        "SELECT SUM(CAST(CAST(`output` AS DECIMAL(32, 12)) + CAST(`cache_read` AS DECIMAL(32, 12)) "
        "AS DECIMAL(38, 12))) AS `tokens` FROM `ledger_usage` AS `usage`"
    ),
    "SELECT sum(quantity * 1000) AS q FROM ledger.charges WHERE kind = 'it''s \\ a'": (
        "SELECT SUM(CAST(CAST(`quantity` AS DECIMAL(20, 0)) * 1000 AS DECIMAL(38, 12))) AS `q` "
        "FROM `ledger_charges` AS `charges` WHERE `kind` = 'it\\'s \\\\ a'"
    ),
    "SELECT max(day) AS day FROM ledger.charges ORDER BY abs(max(billed)) DESC LIMIT 3": (
        "SELECT MAX(`day`) AS `day` FROM `ledger_charges` AS `charges` ORDER BY CASE WHEN MAX(`billed`) < 0 "
        "THEN -(MAX(`billed`)) ELSE MAX(`billed`) END DESC LIMIT 3"
    ),
}


@pytest.mark.parametrize("query", SENT)
def test_a_query_in_shared_words_is_sent_whole(query: str, pushdown: Pushdown) -> None:
    """Sums go as DECIMAL(38,12), terms and factors wide enough, nulls and quotes as DuckDB has them."""
    [part], rest = pushdown.split(query, "part", ())
    assert part.text == SENT[query]
    assert "ledger" not in rest


UNLIKE = (
    "avg(billed)",
    "sum(billed) / 2",
    "sum(billed * 2)",
    "sum(billed * quantity)",
    "sum(quantity * quantity)",
    "sum(quantity * 10000000000)",
    "sum(billed + quantity)",
    "sum(billed) - sum(list)",
    "sum(DISTINCT quantity)",
    "max(billed, 2)",
    "sum(billed::DECIMAL(28, 2))",
    "sum(billed)::BIGINT",
    "max(month || 1)",
    "max(CAST(quantity AS VARCHAR))",
    "max(date_trunc('week', day))",
    "list(model)",
    "max(lower(model))",
    "sum(quantity) FILTER (WHERE model LIKE '%a_')",
)


@pytest.mark.parametrize("figure", UNLIKE)
def test_what_can_differ_there_is_computed_here(figure: str, pushdown: Pushdown) -> None:
    """Floats, products of decimals, narrowing casts and functions of DuckDB's own are no part; only rows are sent."""
    [part], rest = pushdown.split(f"SELECT {figure} AS figure FROM ledger.charges WHERE month = '2026-10'", "part", ())  # noqa: S608
    assert "`month` = '2026-10'" in part.text
    assert not any(word in part.text for word in ("SUM", "MAX", "AVG", "LOWER"))
    assert part.name in rest


def test_order_by_all_is_done_here(pushdown: Pushdown) -> None:
    """Sail takes ALL for a column."""
    [part], rest = pushdown.split("SELECT day FROM ledger.charges ORDER BY ALL", "part", ())
    assert ("ALL" in part.text, "ORDER BY ALL" in rest) == (False, True)


def test_an_instant_is_no_text_there(pushdown: Pushdown) -> None:
    """Spark writes an instant otherwise, so that is done here."""
    [part], _ = pushdown.split("SELECT CAST(seen_at AS VARCHAR) AS seen FROM ledger.names", "part", ())
    assert part.text == "SELECT `seen_at` FROM `ledger_names` AS `names`"


@pytest.mark.parametrize(
    "source",
    ["charges TABLESAMPLE 10 ROWS", "ledger.charges TABLESAMPLE 10 ROWS", "query('FROM charges')", "versions"],
)
def test_what_is_not_understood_stays_as_it_is(source: str, pushdown: Pushdown) -> None:
    """A sample, a function, or a table that the cluster has not is left for DuckDB to refuse or to read."""
    parts, rest = pushdown.split(f"SELECT count(*) FROM {source}", "part", ())  # noqa: S608
    assert (parts, rest.startswith("SELECT count(*) FROM")) == ([], True)


def test_a_table_of_the_connection_comes_first(pushdown: Pushdown) -> None:
    """`charges` is what the asking connection calls so, where it has one."""
    query = "SELECT sum(billed) AS billed FROM charges"
    assert pushdown.split(query, "part", {"charges"}) == ([], query)
    assert pushdown.split(query, "part", ())[0]


def test_rows_that_a_join_needs_are_narrowed(pushdown: Pushdown) -> None:
    """Of a table beside one of this connection come the columns that are named, and the rows of the conditions."""
    query = """
        SELECT day, sum(billed) AS billed FROM ledger.charges JOIN cells USING (key)
        WHERE month = '2026-10' AND day >= start GROUP BY day
    """
    [part], rest = pushdown.split(query, "part", {"cells"})
    assert part.text == (
        "SELECT `month`, `day`, `key`, `billed` FROM `ledger_charges` AS `charges` WHERE `month` = '2026-10'"
    )
    assert "JOIN cells USING (key)" in rest


def test_a_side_that_a_join_fills_with_nulls_keeps_its_rows(pushdown: Pushdown) -> None:
    """A condition on the right of a left join chooses among its rows after the join alone."""
    query = """
        SELECT cells.key FROM cells LEFT JOIN ledger.charges AS charges ON charges.key = cells.key
        WHERE charges.model IS NULL
    """
    [part], _ = pushdown.split(query, "part", {"cells"})
    assert "WHERE" not in part.text


def test_a_figure_by_a_list_of_another_query_is_sent(pushdown: Pushdown) -> None:
    """What requests depend on is asked first: which days are not told; then the sum of them goes whole."""
    [part], _ = pushdown.split("SELECT sum(requests) AS requests FROM ledger.used", "part", ())
    assert "SUM" in part.text
    assert "analytics_usage" not in part.text


@pytest.mark.parametrize("query", ["SUMMARIZE charges", "SELECT FROM WHERE", "SHOW TABLES"])
def test_what_is_no_select_is_refused(query: str, pushdown: Pushdown) -> None:
    """A statement that cannot be taken apart is InvalidQuestion."""
    with pytest.raises(InvalidQuestion, match="cannot be taken apart"):
        pushdown.split(query, "part", ())
