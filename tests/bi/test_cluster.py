"""Every report by Sail, a Spark Connect server of the venv of `make bi`, beside the same by DuckDB."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bi.test_engines import PYTHON, ROOT, destroy
from formats.test_screens import SETTINGS
from support.bucket_server import ENVIRONMENT, NAME, bucket_server
from support.command import Run
from support.ledgers import OpenLedger
from support.organization import CLOCK, NOW
from support.written_ledger import charge, written_ledger
from tallystick import Ledger
from tallystick.catalog import CATALOG, Entry
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, MONTH_SUMS, PINNED
from tallystick.core.report_tables import REPORT_TABLES
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.settings import Settings
from tallystick.store.cluster_address import ClusterAddress
from tallystick.store.cluster_engine import ClusterEngine
from tallystick.store.engine import Engine
from test_catalog import GIVEN

pytestmark = pytest.mark.bi
PAGE = ROOT / "docs" / "engine.md"
OFFLINE = [listed for listed in CATALOG if not listed.report.api]
LARGE = [f"`ledger_{table.name}`" for table in (CHARGES, DAY_SUMS, MONTH_SUMS, *REPORT_TABLES)]
SUMMED = ("GROUP BY", "DISTINCT", "LIMIT", "SUM(", "MIN(", "MAX(", "COUNT(")
"""Words of a query whose answer is small, however many rows it reads."""
SERVER = """
from pysail.spark import SparkConnectServer
server = SparkConnectServer()
server.start(background=True)
print(*server.listening_address, flush=True)
input()
"""
OPENED: list[Engine] = []
"""The engines that asked a Sail."""
BY = ("model", "key", "workspace,day", "week", "month", "organization", "team", "kind", "hour", "cost_center")


@pytest.fixture(scope="module")
def sail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Sail that listens."""
    with listening(tmp_path_factory.mktemp("sail")) as address:
        yield address
        while OPENED:
            OPENED.pop().close()  # a session without its server waits for it


@contextmanager
def listening(home: Path, **variables: str) -> Iterator[str]:
    """Start a Sail whose environment has these variables; its address."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **variables}
    with subprocess.Popen(  # noqa: S603 - our own code
        [PYTHON, "-c", SERVER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        try:
            host, port = server.stdout.readline().split()
            yield f"sc://{host}:{port}"
        finally:
            server.stdin.close()
            server.kill()


Books = tuple[Ledger, Ledger]


@pytest.fixture(scope="module", params=["demo", "hostile", "hours", "two"])
def books(
    request: pytest.FixtureRequest, child: Callable[..., Run], sail: str, tmp_path_factory: pytest.TempPathFactory
) -> Books:
    """A ledger as DuckDB answers for it, and as Sail does; with owners, some shared, and budgets."""
    folder = tmp_path_factory.mktemp("books")
    if request.param == "demo":
        path = folder / "ledger"
        assert child("demo", "--ledger", str(path), TALLYSTICK_NOW=NOW.isoformat()).code == 0
    else:
        path = request.getfixturevalue("book" if request.param == "hostile" else request.param).path
    (folder / "tallystick.toml").write_text(SHARED + SETTINGS, encoding="utf-8")
    return opened(path, None, folder), opened(path, sail, folder)


SHARED = """
[[owner]]
shared = {rule = "fixed", shares = {left = "1/3", right = "2/3"}}
workspace = "Public Sector"
[[owner]]
shared = {rule = "proportional", teams = ["docs", "platform"]}
workspace = "Research"
"""


def opened(path: Path, engine: str | None, folder: Path) -> Ledger:
    """A ledger whose forecasts are not written down, so that both engines find the same."""
    settings = Settings.load(config=str(folder / "tallystick.toml"), ledger=str(path), engine=engine, environment={})
    book = (Ledger if engine else OpenLedger)(path, CLOCK, settings.price_lists(), settings)
    book.records = False
    if engine:
        OPENED.append(book.asked())
    return book


def answer(book: Ledger, report: str, values: dict[str, Any]) -> tuple[Any, list[list[type]]]:
    """What a report answers as JSON has it, with the type of each cell; an error that says what cannot be asked."""
    try:
        table = book.ask(report, **values)
    except InvalidQuestion as wrong:
        return str(wrong), []
    return json.loads(json.dumps(table.written())), [list(map(type, row)) for row in getattr(table, "cells", ())]


def questions(listed: Entry) -> Iterator[dict[str, Any]]:
    """How a report is asked: as it is, by each dimension, by a filter."""
    given = GIVEN.get(listed.name, {})
    parameters = {parameter.name for parameter in listed.report.parameters}
    yield given
    yield from ({**given, "by": by} for by in BY if "by" in parameters)
    if "where" in parameters:
        yield from ({**given, "where": where} for where in ({"model": "claude-opus-5-5"}, {"!workspace": "Research"}))


@pytest.mark.parametrize("listed", OFFLINE, ids=lambda listed: listed.name)
def test_a_report_is_the_same_by_sail(listed: Entry, books: Books) -> None:
    """Rows, types, totals, warnings and notes of every report are those of DuckDB, however it is asked."""
    near, far = books
    for values in questions(listed):
        assert answer(far, listed.name, values) == answer(near, listed.name, values), values


def test_exports_are_the_same_by_sail(books: Books) -> None:
    """Rows of charges, usage and cost, and of a month as FOCUS, come in the same order with the same values."""
    for ask in (
        lambda book: book.export("charges", since="2026-11-01"),
        lambda book: book.export("usage", since="2026-11-01"),
        lambda book: book.export("cost", since="2026-11-01"),
        lambda book: book.export_focus("2026-10"),
    ):
        near, far = ([row for batch in ask(book).batches for row in batch.to_pylist()] for book in books)
        assert far == near


def test_an_engine_of_one_organization_sees_no_other(two: Ledger, sail: str) -> None:
    """With `organizations`, as for a token of the dashboard, a cluster answers as a ledger that holds no others."""
    engine = two.engine()
    own, other = two.organizations()
    address = ClusterAddress(sail, str(two.path))
    for organizations in ({own}, {other}, {own, other}, {"it's none\\"}, set()):
        near = Engine(engine.tables, engine.version, None, organizations)
        far = ClusterEngine(engine.tables, engine.version, address, None, organizations)
        OPENED.append(far)
        for table in PINNED:
            query = f"SELECT organization, count(*) AS n FROM ledger.{table.name} GROUP BY ALL ORDER BY ALL"  # noqa: S608
            assert far.rows(query) == near.rows(query), table.name


def test_sums_of_large_counts_and_amounts_are_exact(sail: str, tmp_path: Path) -> None:
    """Counts near 2^63, which Sail would wrap, and amounts of 28 digits come to the same there, to the last digit."""
    rows = [
        charge(
            NOW.date(), quantity=2**63 - 1 - index, billed=Decimal(f"{10**15 - index}.999999999999"), key=f"k{index}"
        )
        for index in range(5)
    ]
    near = written_ledger(tmp_path, rows, [])
    far = ClusterEngine(near.tables, near.version, ClusterAddress(sail, str(tmp_path / "ledger")))
    OPENED.append(far)
    query = """
        SELECT sum(quantity) AS quantity, sum(billed) AS billed, max(billed - list) AS rest, count(priced) AS priced,
            sum(billed)::DECIMAL(38, 12) AS wide FROM ledger.charges
    """
    assert far.rows(query) == near.rows(query)
    assert len(far.sent) == 1
    for engine in (near, far):
        with pytest.raises(LedgerError):
            engine.rows("SELECT quantity + quantity AS twice FROM ledger.charges")


@pytest.mark.parametrize(
    ("report", "values"),
    [
        ("spend", {"by": "model", "month": "2026-10"}),
        ("sql", {"query": "SELECT key, sum(billed) FROM charges WHERE month = '2026-10' GROUP BY key ORDER BY key"}),
    ],
)
def test_the_tables_are_read_by_the_cluster_alone(
    report: str, values: dict[str, Any], book: Ledger, sail: str, tmp_path: Path
) -> None:
    """Where charges and their sums are destroyed here, a cluster with a copy answers; there it reads no other month."""
    expected = book.ask(report, **values)
    for name in ("here", "there"):
        shutil.copytree(book.path, tmp_path / name)
        for file in (tmp_path / name).rglob("*.parquet"):
            is_of_month = name == "there" and "month=2026-10" in file.as_posix()
            if file.relative_to(tmp_path / name).parts[0] in {"charges", "day_sums"} and not is_of_month:
                destroy(file)
    (tmp_path / "tallystick.toml").write_text(f'engine_ledger = "{tmp_path / "there"}"', encoding="utf-8")
    answer = opened(tmp_path / "here", sail, tmp_path).ask(report, **values)
    assert answer.written()["rows"] == expected.written()["rows"]


def test_a_ledger_in_a_bucket_is_read_there_by_the_cluster(
    book: Ledger, child: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a ledger in a bucket a cluster with access to it answers as DuckDB does, which fetches charges to here."""
    url, reports = f"s3://{NAME}/ledger", ("spend", "keys", "chargeback", "variance")
    (tmp_path / "tallystick.toml").write_text(SHARED + SETTINGS, encoding="utf-8")
    with bucket_server() as server:
        store = {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.url}
        for name, value in store.items():
            monkeypatch.setenv(name, value)
        assert child("copy", str(book.path), url, **store).code == 0
        with listening(tmp_path, **store, AWS_ENDPOINT=server.url, AWS_ALLOW_HTTP="true") as address:
            near, far = (of_bucket(url, engine, tmp_path) for engine in ("duckdb", address))
            answers = [[answer(each, report, GIVEN.get(report, {})) for report in reports] for each in (near, far)]
            far.asked().close()  # a session without its server waits for it
    assert answers[0] == answers[1]
    fetched = [[*(tmp_path / name).rglob("*.parquet")] for name in ("duckdb", "sc")]
    is_charges = re.compile("/(charges|day_sums|month_sums)/").search
    assert [any(is_charges(file.as_posix()) for file in files) for files in fetched] == [True, False]


def of_bucket(url: str, engine: str, home: Path) -> Ledger:
    """A ledger of a bucket, with copies in a folder of the engine that answers."""
    environment = {"TALLYSTICK_CACHE": str(home / engine.partition(":")[0]), "TALLYSTICK_NOW": NOW.isoformat()}
    config = str(home / "tallystick.toml")
    book = Ledger.of(Settings.load(config=config, ledger=url, engine=engine, environment=environment))
    book.records = False
    return book


def test_the_page_names_what_comes_back_one_by_one(
    book: Ledger, sail: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """docs/engine.md lists the reports for which rows of a large table leave the cluster; `--regenerate` writes it."""
    lines = ["| report | rows of |", "|---|---|"]
    (tmp_path / "tallystick.toml").write_text(SHARED + SETTINGS, encoding="utf-8")
    for listed in OFFLINE:
        far = opened(book.path, sail, tmp_path)
        answer(far, listed.name, GIVEN.get(listed.name, {}))
        sent = [query for query in far.asked().sent if not any(word in query for word in SUMMED)]
        sent = [query for query in sent if any(name in query for name in LARGE)]
        bounded = [query for query in sent if re.search("`(day|month)` (>=|=|IN) ", query)]
        assert bounded == sent or listed.name == "verify"  # which holds every row to its sum
        names = [name for name in LARGE if any(name in query for query in sent)]
        if names:
            lines.append(f"| `{listed.name}` | {', '.join(name.replace('ledger_', '') for name in names)} |")
    table = "\n".join(lines)
    page = PAGE.read_text(encoding="utf-8")
    listing = re.compile(r"\| report \| rows of \|\n(\|.*\n)*")
    if pytestconfig.getoption("regenerate"):
        page = listing.sub(lambda _: f"{table}\n", page)
        PAGE.write_text(page, encoding="utf-8")
    assert f"{table}\n" in page
