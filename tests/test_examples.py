"""The scripts of examples/: each does what it says, and its types hold."""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support.organization import NOW
from tallystick import Ledger

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.fixture
def environment(child_environment: dict[str, str], book: Ledger) -> dict[str, str]:
    """What a script finds around it: the small organization's ledger, at a pinned time."""
    return {**child_environment, "TALLYSTICK_LEDGER": str(book.path), "TALLYSTICK_NOW": NOW.isoformat()}


def run(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these words in a folder."""
    return subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, *words], env=environment, cwd=folder, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.long
def test_chargeback_adds_up(environment: dict[str, str], tmp_path: Path, book: Ledger) -> None:
    """The CSV has a row for each team of the settings, and its last row is the bill."""
    (tmp_path / "tallystick.toml").write_text(
        '[[owner]]\nteam = "search"\nworkspace = "Production"\n', encoding="utf-8"
    )
    done = run(environment, tmp_path, str(EXAMPLES / "chargeback.py"), "2026-10", "october.csv")
    assert (done.returncode, done.stderr) == (0, "")
    with (tmp_path / "october.csv").open(encoding="utf-8", newline="") as file:
        *teams, total = csv.DictReader(file)
    assert {row["team"] for row in teams} == {"search", "unowned"}
    assert sum(Decimal(row["billed"]) for row in teams) == Decimal(total["billed"])
    assert Decimal(total["billed"]) == book.spend(by="", month="2026-10").totals["billed"]


@pytest.mark.long
def test_analysis_prints_weeks_and_days(environment: dict[str, str], tmp_path: Path) -> None:
    """The analysis prints a row for each week and five unusual days."""
    done = run(environment, tmp_path, str(EXAMPLES / "analysis.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "difference" in done.stdout
    assert len(done.stdout.splitlines()) > 10


@pytest.mark.long
@pytest.mark.parametrize(("limit", "code"), [("0.01", 1), ("1000000", 0)])
def test_alert_exits_with_1_over_the_limit(environment: dict[str, str], tmp_path: Path, limit: str, code: int) -> None:
    """The alert exits with 1 and names keys and days where one is over the limit, else with 0 and says nothing."""
    done = run(environment, tmp_path, str(EXAMPLES / "alert.py"), "--limit", limit)
    assert (done.returncode, done.stderr) == (code, "")
    assert (" USD on 2026-11-" in done.stdout) is bool(code)


@pytest.mark.long
def test_focus_bucket_has_the_month(environment: dict[str, str], tmp_path: Path, book: Ledger) -> None:
    """The file in the bucket holds the bill of the month, written once more in its place."""
    for _ in range(2):
        done = run(environment, tmp_path, str(EXAMPLES / "focus_bucket.py"), "2026-10", "bucket")
        assert (done.returncode, done.stderr) == (0, "")
    (path,) = (tmp_path / "bucket").rglob("*.*")
    assert path.parent.name == "billing_period=2026-10"
    billed = pq.read_table(path, partitioning=None)["BilledCost"].to_pylist()
    assert sum(billed) == book.spend(by="", month="2026-10").totals["billed"]


@pytest.mark.long
def test_the_test_of_a_script_passes(environment: dict[str, str], tmp_path: Path) -> None:
    """The example of a test passes as it stands."""
    done = run(
        environment, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / "test_chargeback.py")
    )
    assert done.returncode == 0, done.stdout


def test_each_script_is_listed() -> None:
    """The list of examples names each script."""
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in SCRIPTS if f"({name})" not in page] == []
