"""Scale: what a question of some days opens of a ledger of many, by the kernel's own word."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tallystick.catalog import CATALOG, entry
from tallystick.clock import SystemClock
from tallystick.ledger import Ledger
from tallystick.synthetic.ledger import write

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from opened_files import OpenedFiles

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")]

DAYS, CHARGES = 240, 30_000
LOOKS_BACK = {
    "keys": "says when each key was last used",
    "arrivals": "says what was never used before",
    "anomalies": "says what is unusual by the half year before",
    "drift": "compares with the months before",
    "variance": "compares with the days before",
    "claude-code": "knows the product by all day sums",
}
"""Reports that read more months than they are asked of, and why."""
OF_DAYS = [
    listed.name
    for listed in CATALOG
    if "since" in {parameter.name for parameter in listed.report.parameters} and listed.name != "rules"
]
"""Reports of some days; `rules` takes some only to replay a rule over versions."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger of eight months, which is only read, on the day after its last."""
    folder = tmp_path_factory.mktemp("scale") / "ledger"
    return Ledger(folder, SystemClock(write(folder, CHARGES, DAYS).read_at))


@pytest.mark.parametrize("name", OF_DAYS)
def test_a_question_of_some_days_opens_files_of_their_months_alone(book: Ledger, name: str) -> None:
    """Asked of 30 days of eight months, a report opens files of the two months of these days, unless it looks back."""
    required = [parameter.name for parameter in entry(name).report.parameters if parameter.required]
    with OpenedFiles(book.path) as opened:
        book.ask(name, since="30d", **dict.fromkeys(required, "x"))
    months = {part.removeprefix("month=") for path in opened.paths for part in path.parts if part.startswith("month=")}
    assert months
    assert (months <= {"2026-06", "2026-07"}) == (name not in LOOKS_BACK)
