"""docs/bi.md in the engines themselves, which `make bi` installs; each runs in a process of the venv that has them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from support.command import Run
from support.organization import CLOCK, NOW
from tallystick import Ledger
from tallystick.exports.views import SHARED_VIEWS

pytestmark = pytest.mark.bi
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-bi" / "bin" / "python"
PINS, *SNIPPETS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "bi.md").read_text(encoding="utf-8"), re.DOTALL)
NAMES = ("pandas", "polars", "duckdb", "duckdb-delta", "clickhouse", "clickhouse-delta", "spark", "spark-delta")
CODE = dict(zip(NAMES, SNIPPETS, strict=True))
CODE["spark-delta"] = CODE["spark"] + CODE["spark-delta"]  # in the session of the other
VIEWS = ("duckdb", "clickhouse", "spark")
ASK = {
    "duckdb": "duck.sql(query).fetchall()",
    "clickhouse": "[tuple(row.values()) for row in clickhouse.query(query, 'ArrowTable').to_pylist()]",
    "spark": "[tuple(row) for row in spark.sql(query).collect()]",
}
"""How an engine answers another query after its snippet."""
QUESTION = PINS.split('"""')[1]
Rows = list[list[str | None]]


@pytest.fixture(scope="module", params=["demo", "two"])
def ledger(
    request: pytest.FixtureRequest, child: Callable[..., Run], two: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> Ledger:
    """The demo's ledger, or one of two organizations; the newest Delta version of its charges is half a commit."""
    path = tmp_path_factory.mktemp("bi") / "ledger"
    if request.param == "two":
        shutil.copytree(two.path, path)
    else:
        assert child("demo", "--ledger", str(path), TALLYSTICK_NOW=NOW.isoformat()).code == 0
    charges = DeltaTable(str(path / "charges"))
    write_deltalake(charges, charges.to_pyarrow_table().slice(0, 100), mode="append")
    return Ledger(path, CLOCK)


def write_views(name: str, ledger: Ledger, folder: Path) -> None:
    """Write views.sql in a folder, where an engine's snippet reads one."""
    if "views.sql" in CODE[name]:
        (folder / "views.sql").write_text(ledger.export_views(name.removesuffix("-delta")), encoding="utf-8")


def answers(name: str, ledger: Ledger, folder: Path, queries: Sequence[str] = (), pins: str = PINS) -> list[Rows]:
    """What an engine's snippet leaves in `rows`, then its answers to queries; sorted, each value as text."""
    code = f"LEDGER = {str(ledger.path)!r}\n{pins}\n{CODE[name]}\nanswers = [rows]\n"
    if queries:
        code += f"answers += [{ASK[name]} for query in {list(queries)!r}]\n"
    done = subprocess.run(  # noqa: S603 - the documentation's own code
        [PYTHON, "-c", f"{code}print(json.dumps(answers, default=str))"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [as_text(rows) for rows in json.loads(done.stdout.splitlines()[-1])]


def as_text(rows: Iterable[Sequence[Any]]) -> Rows:
    """Rows in an order of their own, each value as text with all its places."""
    return sorted(([None if cell is None else str(cell) for cell in row] for row in rows), key=str)


def own(ledger: Ledger, query: str) -> Rows:
    """Our own answer to a query."""
    return as_text([list(row.values()) for row in ledger.engine().sql(query).to_pylist()])


@pytest.mark.parametrize("name", NAMES)
def test_every_engine_has_our_rows_and_sums(name: str, ledger: Ledger, tmp_path: Path) -> None:
    """A snippet of docs/bi.md has tallystick's charges, billed, priced and tokens for each organization and month."""
    write_views(name, ledger, tmp_path)
    [rows] = answers(name, ledger, tmp_path)
    assert rows == own(ledger, QUESTION)
    billed = sum(Decimal(str(row[3])) for row in rows)
    assert billed == ledger.spend(by="", since="2026-01").totals["billed"]


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_has_our_rows(name: str, ledger: Ledger, tmp_path: Path) -> None:
    """Each view in another engine has as many rows as ours, the same sums of amounts and counts, and the same names."""
    queries = ["SELECT workspace_name, key_name, actor_name, sum(billed) FROM charges GROUP BY 1, 2, 3"]
    for view in SHARED_VIEWS:
        sums = [f"sum({column})" for column, kind, _ in view.columns if kind.startswith(("DECIMAL", "BIGINT"))]
        names = [f"count(DISTINCT {column})" for column, *_ in view.columns if column.endswith("_name")]
        queries.append(f"SELECT {', '.join(['count(*)', *sums, *names])} FROM {view.name}")  # noqa: S608 - our own names
    write_views(name, ledger, tmp_path)
    for query, rows in zip(queries, answers(name, ledger, tmp_path, queries)[1:], strict=True):
        assert rows == own(ledger, query), query


@pytest.mark.parametrize("name", NAMES[1:])
def test_one_month_reads_no_file_of_another(name: str, ledger: Ledger, tmp_path: Path) -> None:
    """A question for a month of an organization is answered where the rows of all other files are destroyed."""
    organization, month, *_ = own(ledger, QUESTION)[-1]
    asked = f"FROM charges WHERE organization = '{organization}' AND month = '{month}'"
    expected = own(ledger, QUESTION.replace("FROM charges", asked))
    spoiled = Ledger(tmp_path / "spoiled", CLOCK)
    shutil.copytree(ledger.path, spoiled.path)
    write_views(name, spoiled, tmp_path)
    for file in (spoiled.path / "charges").rglob("*.parquet"):
        if f"organization={organization}/month={month}" not in file.as_posix():
            destroy(file)
    assert answers(name, spoiled, tmp_path, pins=PINS.replace("FROM charges", asked)) == [expected]


def destroy(file: Path) -> None:
    """Zero the rows of a Parquet file and leave its footer, which an engine may read to know the columns."""
    metadata = pq.read_metadata(file)
    content = bytearray(file.read_bytes())
    rows = len(content) - 8 - metadata.serialized_size
    content[4:rows] = bytes(rows - 4)
    file.write_bytes(content)
