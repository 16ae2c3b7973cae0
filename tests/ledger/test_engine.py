from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import weakref
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import duckdb
import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, example, given, settings, strategies as st

from support.full_ledger import SINCE
from support.records import records, rows
from support.wire import TODAY, Clock, Wire, days_ago, small, synced
from support.written_ledger import charge, sighting, written_ledger
from tallystick.core.ledger_tables import NAMES
from tallystick.core.report_tables import BREAKDOWN_TABLES, COST, USAGE_DAY
from tallystick.core.select import select
from tallystick.core.table import LedgerTable
from tallystick.errors import InvalidQuestion, LedgerError, TallystickError
from tallystick.ledger import Ledger
from tallystick.query.conditions import equals
from tallystick.reports import sql
from tallystick.sim import World
from tallystick.store.batches import Limits
from tallystick.store.engine import Engine
from tallystick.store.erasure import repin
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.store.views import VIEWS


@pytest.fixture(scope="module")
def engine(full: Path) -> Engine:
    """The newest version of the synced ledger."""
    return Ledger(full, Clock()).engine()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file beside no ledger, that no query may read."""
    file = tmp_path_factory.mktemp("outside") / "secret.csv"
    file.write_text("secret\nhunter2\n")
    return file


def test_the_documented_views_are_there() -> None:
    """The views that are documented are those of the ledger's tables."""
    assert [view.name for view in VIEWS] == [
        "names", "usage", "usage_hour", "cost", "analytics_usage", "analytics_cost", *BREAKDOWN_TABLES, "charges",
        "owned", "used", "bill", "activity", "closed", "days", "notices", "losses", "forecasts", "findings",
        "deliveries", "versions", "pages",
    ]  # fmt: skip


def test_a_query_opens_the_tables_that_it_names_and_is_run_once(full: Path) -> None:
    """A question reads no table that it does not name, and what was asked of a version is not asked again."""
    tables = Tables(full)
    opened: list[str] = []

    class Watched(Tables):
        def pinned(self, table: LedgerTable, version: Version) -> list[str]:
            opened.append(table.name)
            return super().pinned(table, version)

    engine = Engine(Watched(full), tables.newest())
    query = select("sum(billed)").from_("ledger.charges")
    assert engine.ask(query) is engine.ask(query)
    assert (opened, len(engine.statements)) == (["charges"], 1)


def test_an_organization_called_as_hive_calls_null_stays_itself(tmp_path: Path) -> None:
    """The id `__HIVE_DEFAULT_PARTITION__`, a folder's name for null, is an organization's like any other."""
    hive = "__HIVE_DEFAULT_PARTITION__"
    day, amounts = date(2026, 11, 1), {"o": Decimal(1), hive: Decimal(2)}
    charges = [charge(day, organization=id_, billed=amount) for id_, amount in amounts.items()]
    engine = written_ledger(tmp_path, charges, [sighting("organization", hive, day, organization=hive)])
    query = select("organization", "billed").from_("ledger.charges")
    assert {row["organization"]: row["billed"] for row in engine.rows(query)} == amounts
    assert [row["billed"] for row in engine.rows(query.where(equals("organization", hive)))] == [amounts[hive]]
    assert [row["organization"] for row in engine.rows(select("*").from_("ledger.names"))] == [hive]


@pytest.mark.long
@pytest.mark.parametrize(
    ("report", "values", "most"),
    [
        ("summary", {"month": TODAY.strftime("%Y-%m")}, 30),
        ("keys", {}, 10),
        ("spend", {"by": ["team"]}, 6),
        ("spend", {"by": ["key"]}, 8),  # the last reads single days of lines that several keys share
    ],
)
def test_a_question_asks_few_statements(full: Path, report: str, values: dict[str, Any], most: int) -> None:
    """A question runs so many statements at most, none of them twice: names are read once, whoever needs them."""
    engines: list[Engine] = []

    class Watched(Ledger):
        def engine(self) -> Engine:
            engines.append(super().engine())
            return engines[-1]

    Watched(full, Clock()).ask(report, **values)
    engine = engines[-1]
    assert len(set(engine.statements)) == len(engine.statements) <= most, engine.statements


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_exactly_the_documented_columns(engine: Engine, view: Any) -> None:
    """A view has the columns that are documented, in that order, of these types, and each has a meaning."""
    columns = select("column_name AS name", "data_type AS type").from_("information_schema.columns")
    of_view = columns.where(f"table_name = '{view.name}' AND table_schema = 'main'")
    described = engine.sql(str(of_view)).to_pylist()
    assert [(column["name"], _spoken(column["type"])) for column in described] == [
        (name, kind) for name, kind, _ in view.columns
    ]
    assert view.meaning
    assert all(meaning for *_, meaning in view.columns)


def _spoken(kind: object) -> str:
    return {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(str(kind), str(kind))


def test_no_other_view_is_shown(engine: Engine) -> None:
    """Beside the documented views there is nothing in the main schema."""
    views = engine.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'").to_pylist()
    assert {row["view_name"] for row in views} == {view.name for view in VIEWS}


def test_names_never_multiply_rows(full: Path) -> None:
    """A view with names beside its ids has as many rows as its table, and the same sums."""
    for table in (USAGE_DAY, COST):
        (row,) = rows(full, f"SELECT count(*) AS n FROM {table.name}")  # noqa: S608
        assert row["n"] == len(records(full, table))
    assert len(rows(full, "SELECT DISTINCT type, id FROM names")) == len(rows(full, "SELECT * FROM names"))
    assert len(rows(full, "SELECT * FROM names")) == len({(row["type"], row["id"]) for row in records(full, NAMES)})


def test_derived_columns_are_what_they_say(full: Path, truth: World) -> None:
    """`actor`, `total_tokens` and `hour` follow from the other columns of their row."""
    for row in rows(full, "SELECT * FROM usage_hour"):
        kinds = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
        assert row["total_tokens"] == sum(row[name] for name in kinds)
        people = [account for account in (row["account"], row["service_account"]) if account != "none"]
        assert row["actor"] == (people[0] if people else "unattributed")
        assert (row["hour"].date(), row["hour"].hour) == (row["day"], row["hour_of_day"])
    people = {user.id: user.name for user in truth.organization.users}
    people |= {service_account.id: service_account.name for service_account in truth.organization.service_accounts}
    named = {row["actor"]: row["actor_name"] for row in rows(full, "SELECT actor, actor_name FROM usage")}
    assert named.pop("unattributed") == "unattributed"
    robots = {service_account.id for service_account in truth.organization.service_accounts}
    assert named == {account_id: account_id if account_id in robots else people[account_id] for account_id in named}, (
        "robots need a token to be named"
    )


def test_a_select_is_answered(engine: Engine) -> None:
    """One statement that reads, with or without a semicolon, comments or a common table, is answered."""
    for text in (
        "SELECT 1 AS x",
        "select 1 as x;",
        "-- a remark\nSELECT 1 AS x;  ",
        "WITH one AS (SELECT 1 AS x) SELECT x FROM one",
        "FROM (VALUES (1)) AS t(x)",
        "SELECT 1 AS x UNION SELECT 1",
    ):
        assert engine.sql(text).to_pylist() == [{"x": 1}], text


REFUSED = [
    "",
    "   ",
    "-- nothing",
    ";",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW usage",
    "nonsense",
    "SELECT * FROM nowhere",
    "SELECT nothing FROM usage",
    "SELECT 'x'::INTEGER",
    "INSERT INTO ledger.usage SELECT * FROM ledger.usage",
    "DELETE FROM usage",
    "UPDATE cost SET billed = 0",
    "CREATE TABLE mine AS SELECT 1",
    "CREATE OR REPLACE VIEW usage AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "DROP VIEW usage",
    "DROP SCHEMA ledger CASCADE",
    "ALTER VIEW usage RENAME TO mine",
    "TRUNCATE usage",
    "ATTACH '{folder}/other.db' AS other",
    "DETACH memory",
    "USE ledger",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{ledger}/out.csv'",
    "COPY usage FROM '{outside}'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET lock_configuration = false",
    "RESET memory_limit",
    "SET VARIABLE x = 1",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "VACUUM",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "CALL duckdb_settings()",
    "SELECT * FROM '{outside}'",
    "SELECT * FROM read_csv('{outside}')",
    "SELECT * FROM read_text('{outside}')",
    "SELECT * FROM read_blob('{outside}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_text('{ledger}/../../outside0/secret.csv')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('{outside}')",
    "SELECT * FROM parquet_metadata('{outside}')",
    "SELECT * FROM read_csv('https://example.invalid/x.csv')",
    "SELECT * FROM query('DROP VIEW usage')",
    "SELECT * FROM query_table('{outside}')",
    "WITH gone AS (DELETE FROM usage RETURNING *) SELECT * FROM gone",
]


@pytest.mark.long
@pytest.mark.parametrize("text", REFUSED)
def test_anything_but_one_reading_statement_is_refused(engine: Engine, full: Path, outside: Path, text: str) -> None:
    """Writes, settings, several statements, and reading outside the ledger are InvalidQuestion; nothing changes."""
    query = (
        text.replace("{outside}", str(outside)).replace("{folder}", str(outside.parent)).replace("{ledger}", str(full))
    )
    with pytest.raises(InvalidQuestion) as wrong:
        engine.sql(query)
    assert "hunter2" not in str(wrong.value)
    assert engine.sql("SELECT count(*) > 0 AS n FROM usage").to_pylist() == [{"n": True}]
    assert [file.name for file in outside.parent.iterdir()] == ["secret.csv"]
    assert not (full / "out.csv").exists()


def test_what_fails_in_a_later_batch_is_asked_wrongly(engine: Engine) -> None:
    """An answer that is read in batches fails as one that is read whole: with DuckDB's reason, not as a closed file."""
    text = "SELECT CASE WHEN i < 50000 THEN i ELSE error('boom') END AS i FROM range(100000) t(i)"
    with pytest.raises(InvalidQuestion, match="boom"):
        [*engine.sql_batches(text)]
    assert engine.sql("SELECT 1 AS i").to_pylist() == [{"i": 1}]


def test_the_environment_cannot_be_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query cannot read the environment, where a credential may be."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-hunter2")
    with pytest.raises(InvalidQuestion):
        engine.sql("SELECT getenv('ANTHROPIC_ADMIN_KEY')")


def test_python_cannot_be_reached(engine: Engine) -> None:
    """A query cannot reach Python's own variables as if they were tables."""
    for name in ("text", "self", "VIEWS", "PINNED", "statements", "pa"):
        with pytest.raises(InvalidQuestion):
            engine.sql(f"SELECT * FROM {name}")  # noqa: S608


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=40), st.text("SELECT 1*'\"();-/\\\0\n,$", max_size=30)))
@example("\0")
@example("SELECT '\0'")
@example("SELECT $1")
@example("SELECT ?")
def test_any_text_is_answered_or_asked_wrongly(engine: Engine, text: str) -> None:
    """Whatever a user types gives an answer or InvalidQuestion, never another error."""
    try:
        engine.sql(text)
    except InvalidQuestion as wrong:
        assert wrong.hint  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    "value",
    [
        "1::HUGEINT", "1::UHUGEINT", "'a'::BLOB", "'101'::BIT", "uuid()", "INTERVAL 1 MONTH", "TIME '12:00'",
        "'12:00+01'::TIMETZ", "[1, NULL]", "{'a': 1}", "MAP {'k': 1}", "'x'::ENUM('x')", "1.5::DOUBLE", "'nan'::DOUBLE",
        "NULL", "TRUE", "DATE '2026-10-01'", "'infinity'::DATE", "now()", "TIMESTAMP_NS '2026-10-01'",
        "union_value(a := 1)", "1::DECIMAL(38,30)", "'{}'::JSON", "(1, 2)", "'infinity'::TIMESTAMP",
        "DATE '9999999-01-01'", "1::BIGNUM", "1::VARIANT",
    ],
)  # fmt: skip
def test_a_value_of_any_type_is_shown(engine: Engine, value: str) -> None:
    """A query may give values of any type DuckDB has: they are shown, or refused as InvalidQuestion."""
    try:
        table = sql.ask(engine, f"SELECT {value} AS x")
    except InvalidQuestion:
        return
    assert len(table.rows) == 1


def test_two_columns_may_have_one_name(engine: Engine) -> None:
    """A query whose columns share a name is answered with both."""
    assert [column.to_pylist() for column in engine.sql("SELECT 1 AS x, 2 AS x").columns] == [[1], [2]]


def test_a_query_is_asked_as_it_is(engine: Engine, full: Path) -> None:
    """`ask` takes a query, whose values are quoted, and gives exact decimals."""
    sums = engine.ask(select("sum(billed) AS b").from_("cost")).to_pylist()
    assert sums == [{"b": sum(row["billed"] for row in records(full, COST))}]
    quoted = equals("model", "x' OR '1'='1")
    assert engine.ask(select("model").from_("cost").where(quoted)).num_rows == 0


@pytest.mark.long
def test_a_reader_keeps_its_version(copy: Path, full: Path) -> None:
    """An engine goes on answering from the version it was made of, whatever is written meanwhile."""
    old = Ledger(copy, Clock()).engine()
    count = "SELECT count(*) AS n, sum(billed) AS b FROM cost"
    before, version = old.sql(count).to_pylist(), old.version.number
    world = small(requests=8)
    world.restate(days_ago(2))
    synced(copy, Wire(world), SINCE)
    assert old.sql(count).to_pylist() == before == rows(full, count)
    assert Ledger(copy, Clock()).engine().version.number > version
    assert rows(copy, count) != before


@pytest.mark.long
@pytest.mark.parametrize("name", ["a space", "Bücher", "it's", "50%", "#1", "a&b", "star*"])
def test_a_folder_may_have_any_name(full: Path, tmp_path: Path, name: str) -> None:
    """A ledger's folder may have spaces, umlauts and signs in its name, as `Application Support` has."""
    copytree(full, tmp_path / name)
    assert rows(tmp_path / name, "SELECT count(*) AS n FROM usage") == [{"n": len(records(full, USAGE_DAY))}]


@pytest.mark.parametrize("name", ["[1]", "50%20", "back\\slash"])
def test_a_folder_that_cannot_hold_a_ledger_is_told(tmp_path: Path, name: str) -> None:
    """A folder whose name the tables cannot bear is an error that says so, never a panic; else it holds a ledger."""
    try:
        synced(tmp_path / name, Wire(small()), days_ago(1))
    except TallystickError as wrong:
        assert wrong.hint  # noqa: PT017 - either is right
    else:
        assert rows(tmp_path / name, "SELECT * FROM usage")


@pytest.mark.long
def test_days_are_utc_wherever_one_is(full: Path) -> None:
    """On a machine in any time zone, instants cut to days in SQL are UTC days."""
    query = (
        "SELECT strftime(min(committed_at), '%Y-%m-%d %H:%M') AS text, min(committed_at)::DATE AS day, "
        "date_trunc('day', min(committed_at)) AS start FROM versions"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tallystick", "sql", query, "--format", "csv", "--ledger", str(full)],
        env={**os.environ, "TZ": "Pacific/Auckland"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[1] == f"{TODAY} 12:00,{TODAY},{TODAY}T00:00:00Z"


def test_a_ledger_of_another_version_says_so(full: Path, tmp_path: Path) -> None:
    """Where a table lacks a column of today, the error names the table and the way to build the ledger anew."""
    path = tmp_path / "ledger"
    copytree(full, path)
    tables = Tables(path)
    with tables.writing() as writer:
        rows = tables.rows(COST, tables.newest().tables[COST.name]).drop_columns(["currency"])
        write_deltalake(writer.delta(COST), rows, mode="overwrite", schema_mode="overwrite")
        repin(writer, COST)
    with pytest.raises(LedgerError, match="another version") as wrong:
        Engine(tables, tables.newest()).sql("SELECT * FROM cost")
    assert "tallystick rebuild" in wrong.value.hint


def test_an_engine_that_nobody_has_is_gone(full: Path) -> None:
    """The thread that ran a query keeps neither it nor the version that it was put to."""
    engine = Engine(Tables(full), Tables(full).newest())
    assert engine.rows("SELECT 1 AS a") == [{"a": 1}]
    there, until = weakref.ref(engine), time.monotonic() + 5
    del engine
    while there() and time.monotonic() < until:
        gc.collect()
    assert there() is None


def test_a_query_that_is_wrong_is_no_damage(engine: Engine) -> None:
    """A query of ours that names what is not there is an internal error: no repair of the ledger would mend it."""
    for query in ("SELECT nothing FROM ledger.cost", "SELECT 1 FROM nowhere", "SELECT FROM WHERE"):
        with pytest.raises(duckdb.ProgrammingError):
            engine.rows(query)


def test_an_answer_without_room_is_no_damage(full: Path) -> None:
    """Where the memory of a question is too small, the refusal says so and names no repair."""
    small_room = Engine(tables := Tables(full), tables.newest(), Limits("1MB", 10, 10))
    with pytest.raises(LedgerError, match="does not fit in memory") as refusal:
        small_room.rows("SELECT list(range) FROM range(10_000_000)")
    assert "doctor" not in str(refusal.value)
