from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from support.command import Tallystick
from tallystick import Ledger
from tallystick.core.ledger_tables import CLOSED
from tallystick.store.tables import Tables


@pytest.fixture
def month_end(book: Ledger, tmp_path: Path, tallystick: Tallystick) -> Tallystick:
    """The command line on a copy of a ledger that begins with October, at `tmp_path / "open"`."""
    shutil.copytree(book.path, tmp_path / "open")
    return lambda *words: tallystick(*words, TALLYSTICK_LEDGER=str(tmp_path / "open"))


def _closed(folder: Path) -> int:
    tables = Tables(folder / "open")
    return tables.rows(CLOSED, tables.newest().tables[CLOSED.name]).num_rows


@pytest.mark.long
def test_closing_shows_what_it_closes_and_asks(
    month_end: Tallystick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`close` shows organization, bill, teams and provisional days; without a terminal it wants --yes, exit code 2."""
    words = ("close", "2026-10", "--provisional", "--without-owners")
    run = month_end(*words)
    assert run.code == 2
    assert "--yes" in run.err
    assert run.out == ""
    assert _closed(tmp_path) == 0
    first, *rest = run.err.splitlines()
    assert first.startswith("2026-10 of ")
    assert first.endswith(" USD.")
    assert any(line.startswith("  Teams (1): unowned ") for line in rest)
    assert any(line.startswith("  Provisional: Anthropic may still change ") for line in rest)
    assert any("is owned by nobody" in line for line in rest), "before the question, not after the commit"
    assert any("cannot be undone" in line for line in rest)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    questions: list[str] = []

    def no(question: str, **_: object) -> bool:
        questions.append(question)
        return False

    monkeypatch.setattr(click, "confirm", no)
    run = month_end(*words)
    assert (run.code, run.err.splitlines()[-1]) == (2, "tallystick: Nothing was closed.")
    assert questions == ["Close 2026-10 for ever?"]
    assert _closed(tmp_path) == 0

    run = month_end(*words, "--yes")
    assert run.code == 0, run.err
    assert first in run.err
    assert _closed(tmp_path) > 0
    for more in ((), ("--yes",)):
        run = month_end(*words, *more)
        assert (run.code, run.err.splitlines()[0]) == (2, "tallystick: 2026-10 is closed already.")
        assert "cannot be undone" not in run.err


@pytest.mark.long
def test_a_month_that_cannot_be_closed_asks_nothing(month_end: Tallystick, tmp_path: Path) -> None:
    """What `close` refuses it refuses before it asks, and --yes does not help; nothing is written."""
    for month, code in (("2026-11", 2), ("2026-09", 6), ("2026-13", 2)):
        run = month_end("close", month, "--yes")
        assert run.code == code, run.err
    run = month_end("close", "2026-10", "--yes")
    assert run.code == 2, "its days are provisional"
    assert "--provisional" in run.err
    assert _closed(tmp_path) == 0


@pytest.mark.long
def test_all_that_is_in_the_way_is_listed_at_once(
    month_end: Tallystick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal lists every obstacle, with the day from which the month can be closed and what would allow it."""
    (tmp_path / "owners.csv").write_text("team,workspace\ndocs,*\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run = month_end("close", "2026-10", "--yes")
    run.refused(2, "2026-10 cannot be closed yet, for 2 reasons:", "from 2026-12-06 on", "--provisional")
    assert 'owners.csv is in this folder, but no setting names it: write owners = "owners.csv"' in run.err
    assert 'write owners = "owners.csv"' in month_end("spend", "--by", "team").out
    assert _closed(tmp_path) == 0


@pytest.mark.long
def test_without_owners_nothing_is_closed_unless_that_is_asked_for(month_end: Tallystick, tmp_path: Path) -> None:
    """Where the settings name no owners, `close` refuses without a question, exit code 2, but for --without-owners."""
    words = ("close", "2026-10", "--yes", "--provisional")
    month_end(*words).refused(2, "The settings name no owners", "--without-owners")
    assert _closed(tmp_path) == 0
    assert month_end(*words, "--without-owners").code == 0


@pytest.mark.long
def test_python_closes_without_asking(month_end: Tallystick, tmp_path: Path) -> None:
    """`Ledger.close` is for programs: it asks nothing, and `closable` tells before what it would close."""
    assert month_end("verify").code == 0

    class At:
        def now(self) -> datetime:
            return datetime(2026, 11, 22, 12, tzinfo=UTC)

        def elapsed(self) -> float:
            return 0.0

        def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    ledger = Ledger.open(tmp_path / "open", clock=At())
    [draft] = ledger.closable("2026-10", provisional=True, without_owners=True)
    assert draft.provisional
    [month] = ledger.close("2026-10", provisional=True, without_owners=True)
    assert month.billed("charge") == draft.month.billed("charge")
