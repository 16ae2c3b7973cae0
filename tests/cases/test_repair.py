from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from support import damaged_ledger
from support.full_ledger import shared
from support.wire import NOW, PUBLIC
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import CLOSED, PAGES, VERSIONS
from tallystick.core.report_tables import COST
from tallystick.errors import LedgerError
from tallystick.store.tables import Tables
from tallystick.sync.rebuild import rebuild

DOCS = Path(__file__).parent.parent.parent / "docs" / "ledger.md"
SAMPLE = 40
SEED = 5
MOST = int(os.environ.get("TALLYSTICK_DAMAGES", "0"))
"""How many damages are tried in the long test, of each part of the ledger about as many."""
_TABLE = re.compile(r"(?<=<!-- damages -->\n).*?(?=<!-- end -->)", re.DOTALL)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ledger that has one of everything; only to be read."""
    return shared(tmp_path_factory, "whole", damaged_ledger.make)


@pytest.fixture
def broken(original: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    shutil.copytree(original, tmp_path / "ledger")
    return tmp_path / "ledger"


def _book(path: Path) -> Ledger:
    return Ledger(path, SystemClock(NOW))


def _outcomes(original: Path, path: Path, cases: Iterable[damaged_ledger.Case]) -> list[damaged_ledger.Outcome]:
    before = damaged_ledger.answers(original)
    assert not [answer for answer in before.values() if isinstance(answer, LedgerError)]
    return [damaged_ledger.befall(original, path, *case, before) for case in cases]


def _wrong(outcomes: list[damaged_ledger.Outcome]) -> list[tuple[str, str, list[str]]]:
    return [(outcome.file, outcome.damage, outcome.wrong) for outcome in outcomes if outcome.wrong]


@pytest.mark.long
def test_a_sample_of_damages_heals(original: Path, tmp_path: Path) -> None:
    """With one file damaged every answer is right or refused, and right again after a repair and a sync."""
    assert _wrong(_outcomes(original, tmp_path / "ledger", damaged_ledger.sample(original, SEED, SAMPLE))) == []


@pytest.mark.long
@pytest.mark.skipif(not MOST, reason="takes 2 to 5 seconds each: TALLYSTICK_DAMAGES=1000 runs all of them")
def test_every_damage_heals(original: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The same for as many files and ways to damage them as are wanted; the docs have the counts."""
    outcomes = _outcomes(original, tmp_path / "ledger", damaged_ledger.sample(original, SEED, MOST))
    assert _wrong(outcomes) == []
    if request.config.getoption("--regenerate"):
        text = _TABLE.sub(lambda _: damaged_ledger.table(outcomes) + "\n", DOCS.read_text(encoding="utf-8"))
        DOCS.write_text(text, encoding="utf-8")


@pytest.mark.long
def test_a_healthy_ledger_is_healthy(broken: Path) -> None:
    """A ledger that nobody damaged has no damage, and a repair changes no file of it but the snapshot."""
    before = {path: path.read_bytes() for path in damaged_ledger.files(broken) if path.name != "snapshot"}
    assert _book(broken).examine().damages == []
    assert _book(broken).repair(pytest.fail).healthy
    assert {path: path.read_bytes() for path in damaged_ledger.files(broken) if path.name != "snapshot"} == before


@pytest.mark.long
def test_a_repair_keeps_versions_closed_months_and_findings(broken: Path, original: Path) -> None:
    """A table whose log is lost is made anew as one more version; older ones stay listed and are refused by name."""
    before = damaged_ledger.answers(original)
    for entry in (broken / "cost" / "_delta_log").iterdir():
        entry.write_bytes(b"")
    with pytest.raises(LedgerError, match="cost") as refusal:
        Ledger.open(broken, clock=SystemClock(NOW), as_of="4").engine().rows("SELECT * FROM ledger.cost")
    assert "doctor --repair" in refusal.value.hint
    messages: list[str] = []
    examination = _book(broken).repair(messages.append)
    assert examination.healthy, examination.damages
    assert messages == ["cost: made anew from pages, as version 5."]
    assert damaged_ledger.answers(broken) == before
    assert [version.number for version in Tables(broken).versions()] == [5, 4, 3, 2, 1]
    old = Ledger.open(broken, clock=SystemClock(NOW), as_of="2")
    with pytest.raises(LedgerError, match="cost"):
        old.engine().rows("SELECT * FROM ledger.cost")
    assert any((broken / "damaged").rglob("_delta_log"))
    assert not [path for path in broken.rglob("*") if path.stat().st_mode & 0o077]


@pytest.mark.long
def test_lost_versions_come_back(broken: Path, original: Path) -> None:
    """Where `versions` is gone the copies bring every version back; without them the newest, by the snapshot."""
    before = damaged_ledger.answers(original)
    shutil.rmtree(broken / VERSIONS.name)
    assert _book(broken).repair(lambda _: None).healthy
    assert damaged_ledger.answers(broken) == before
    shutil.rmtree(broken / VERSIONS.name)
    shutil.rmtree(broken / "copies")
    assert _book(broken).repair(lambda _: None).healthy
    assert damaged_ledger.answers(broken) == before
    with pytest.raises(LedgerError, match="Version 1 is lost"):
        Tables(broken).as_of("1")


def test_no_ledger_is_made_by_a_repair(tmp_path: Path) -> None:
    """Where there is no ledger, the doctor says so and makes none."""
    for repair in (False, True):
        with pytest.raises(LedgerError, match="There is no ledger"):
            _book(tmp_path / "none").repair(print) if repair else _book(tmp_path / "none").examine()
    assert not (tmp_path / "none").exists()


@pytest.mark.long
def test_what_nothing_tells_names_restore(broken: Path) -> None:
    """Where versions, their copies and the snapshot are gone, the refusal names `tallystick restore`."""
    for name in (VERSIONS.name, "copies"):
        shutil.rmtree(broken / name)
    (broken / "snapshot").unlink()
    messages: list[str] = []
    assert not _book(broken).repair(messages.append).healthy
    assert "tallystick restore" in "\n".join(messages)


@pytest.mark.long
@pytest.mark.parametrize("table", [PAGES, CLOSED], ids=lambda table: table.name)
def test_a_table_that_no_page_tells_comes_back(broken: Path, original: Path, table: object) -> None:
    """The whole folder of the index, or of the closed months, comes back from its copies."""
    before = damaged_ledger.answers(original)
    shutil.rmtree(Tables(broken).folder(PAGES if table is PAGES else CLOSED))
    assert _book(broken).repair(lambda _: None).healthy
    assert damaged_ledger.answers(broken) == before
    assert Tables(broken).rows(PAGES).num_rows == Tables(original).rows(PAGES).num_rows


@pytest.mark.long
def test_a_damaged_page_costs_its_reading_alone(broken: Path, original: Path) -> None:
    """A damaged page and a damaged table: the days of that reading are said to be gone, and the next sync has them."""
    before = damaged_ledger.answers(original)
    rows = Tables(broken).rows(PAGES).to_pylist()
    lost = next(row["hash"] for row in rows if row["source"] == "cost" and row["purpose"] != "check")
    (broken / "pages" / lost[:2] / f"{lost}.zst").write_bytes(b"")
    for file in (broken / "cost").rglob("part-*.parquet"):
        file.write_bytes(b"")
    messages: list[str] = []
    assert _book(broken).repair(messages.append).healthy
    assert any("days of reports are in no archived reading" in text for text in messages), messages
    assert _book(broken).verify().rows == []
    damaged_ledger.sync(broken)
    assert damaged_ledger.answers(broken) == before
    assert rebuild(broken, broken.parent / "again", PUBLIC)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_killed_repair_goes_on(broken: Path, original: Path) -> None:
    """Killed at any moment, a repair leaves right answers or refusals, and the next one completes it."""
    before = damaged_ledger.answers(original)
    for name in (COST.name, VERSIONS.name, "pages/index"):
        for entry in (broken / name / "_delta_log").glob("*.json"):
            entry.write_bytes(b"")
    words = [sys.executable, "-m", "tallystick", "doctor", "--repair", "--ledger", str(broken)]
    environment = os.environ | {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    random, kills = Random(SEED), 0  # noqa: S311 - no secret
    for _ in range(12):
        child = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own program
        time.sleep(random.uniform(0.5, 6))
        child.kill()
        kills += child.wait() == -signal.SIGKILL
        for name, answer in damaged_ledger.answers(broken).items():
            assert isinstance(answer, LedgerError) or answer == before[name]
    assert kills
    assert _book(broken).repair(lambda _: None).healthy
    assert damaged_ledger.answers(broken) == before
    assert not (broken / ".repair").exists()
