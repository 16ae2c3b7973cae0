"""The format of a ledger: stated, refused where it is newer; each released one is read, and written on, for ever."""

from __future__ import annotations

import shutil
import tarfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from support.command import Tallystick
from support.ledgers import client_of
from support.organization import CLOCK
from tallystick import Ledger
from tallystick.errors import LedgerError
from tallystick.sim import Simulator, World
from tallystick.store.copies import put_twice
from tallystick.store.format import CURRENT, FILE

FORMATS = sorted((Path(__file__).parent / "formats").glob("*.tar.xz"))
WINDOW = {"since": "2026-10-01", "until": "2026-11-02"}
WORLD = World(start=date(2026, 8, 1), end=date(2026, 11, 22), seed=7, keys=16, requests_per_key_day=3)
"""The organization of every such ledger: scripts/released_ledger.py."""
BILLED, TOKENS, CLOSED_WITH = Decimal("40.274067265000"), 17_164_842, Decimal("38.829968965")


@pytest.fixture(params=FORMATS, ids=lambda path: path.name.partition(".")[0])
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    """A ledger as the first release of a format wrote it."""
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    return Ledger(tmp_path / "ledger", CLOCK)


def test_each_format_has_a_ledger() -> None:
    """From the first format to the present one, each has a small ledger among the tests."""
    assert {path.name for path in FORMATS} == {f"{number}.tar.xz" for number in range(1, CURRENT + 1)}
    assert all(path.stat().st_size < 200_000 for path in FORMATS)


def test_a_released_ledger_is_read(released: Ledger) -> None:
    """It gives the figures that it was written with, to the last place, and adds up."""
    assert released.spend(**WINDOW).totals["billed"] == BILLED
    assert released.usage(**WINDOW).totals["total_tokens"] == TOKENS
    assert [row["version"] for row in released.log().rows] == [3, 2, 1]
    closed = next(row for row in released.months().rows if row["month"] == "2026-10")
    assert (closed["state"], closed["closed_with"]) == ("closed", CLOSED_WITH)
    assert not released.verify().rows


def test_a_released_ledger_is_written_on(released: Ledger) -> None:
    """A sync adds days, leaves the figures of others as they were, and the ledger is of the present format."""
    with client_of(Simulator(WORLD, clock=CLOCK.now)) as client:
        released.sync("2026-11-03", "2026-11-04", source="reports", client=client)
    assert released.spend(**WINDOW).totals["billed"] == BILLED
    assert released.spend(since="2026-11-03", until="2026-11-04").totals["billed"] > 0
    assert (released.path / FILE).read_text(encoding="utf-8") == f"{CURRENT}\n"


def test_a_build_before_the_first_release_stated_no_format(released: Ledger) -> None:
    """A ledger without the file is of format 1: it is read as it is, and the next writer states it."""
    (released.path / FILE).unlink()
    assert released.spend(**WINDOW).totals["billed"] == BILLED
    assert not (released.path / FILE).exists()
    with released._tables.writing():
        pass
    assert (released.path / FILE).read_text(encoding="utf-8") == "1\n"


def test_a_newer_format_is_refused(book: Ledger, tallystick: Tallystick, tmp_path: Path) -> None:
    """Readers and writers refuse a ledger of a newer format with exit code 6 and change no file of it."""
    path = tmp_path / "ledger"
    shutil.copytree(book.path, path)
    put_twice(path / FILE, f"{CURRENT + 1}\n".encode())
    before = _contents(path)
    for words in (["spend"], ["verify"], ["log"], ["tally"], ["forget", "--all", "--yes"]):
        tallystick(*words, "--ledger", str(path)).refused(6, "newer tallystick", "Update tallystick")
    with pytest.raises(LedgerError, match="newer tallystick"), Ledger(path, CLOCK)._tables.writing():
        pass
    assert _contents(path) == before


def test_a_format_that_is_no_number_is_refused(book: Ledger, tallystick: Tallystick, tmp_path: Path) -> None:
    """A damaged file is told from a format, and the repair puts the number back."""
    path = tmp_path / "ledger"
    shutil.copytree(book.path, path)
    for damage in ("x", f"{CURRENT + 1}\n"):
        (path / FILE).write_text(damage, encoding="utf-8")
        tallystick("spend", "--ledger", str(path)).refused(6, "format is damaged", "tallystick doctor --repair")
        assert tallystick("doctor", "--repair", "--ledger", str(path)).code == 0
        assert (path / FILE).read_text(encoding="utf-8") == f"{CURRENT}\n"


def _contents(folder: Path) -> dict[Path, bytes]:
    """Every file of a ledger with its content, but for the empty one by which writers take turns."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "writer.lock"}
