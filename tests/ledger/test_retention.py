"""Retention: versions are dropped and files deleted, and whatever stays answers as before."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.wire import KEY, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import PINNED, VERSIONS
from tallystick.errors import InvalidQuestion
from tallystick.ledger import Ledger
from tallystick.settings import Settings
from tallystick.sim import Simulator, World
from tallystick.store import retention, unneeded
from tallystick.store.engine import Engine
from tallystick.store.retention import is_due
from tallystick.store.tables import Tables
from tallystick.store.unneeded import GRACE

pytestmark = pytest.mark.long

FIRST_SYNC = datetime(2026, 11, 4, 9, tzinfo=UTC)
DAYS, CLOSED_ON = 9, 3
WORLD = World(start=date(2026, 9, 15), keys=16, requests_per_key_day=1)


def book_of(folder: Path, now: datetime, **settings: str) -> Ledger:
    """The ledger as it is asked at an instant."""
    environment = {"TALLYSTICK_NOW": now.isoformat(), "HOME": str(folder.parent)}
    return Ledger.of(Settings.load(ledger=folder, environment=environment, **settings))


def sync(folder: Path, now: datetime) -> None:
    """Sync at an instant."""
    clock = SystemClock(now)
    simulator = Simulator(WORLD, clock=clock.now)
    with Client(Credential(KEY), clock=clock, transport=transport(simulator)) as client:
        Ledger(folder, clock).sync("2026-10-01", source="reports", client=client)


def answers(folder: Path) -> dict[int, Any]:
    """How many rows each version that stays has in each table, and what tells them from others."""
    tables = Tables(folder)
    sums = (
        f"(SELECT [count(*), sum(hash({', '.join(column.name for column in table.columns)}))] FROM ledger.{table.name})"  # noqa: S608 - our own names
        f" AS {table.name}"
        for table in PINNED
    )
    query = f"SELECT {', '.join(sums)}"
    return {version.number: Engine(tables, version).rows(query)[0] for version in tables.versions()}


def reports(folder: Path, now: datetime) -> tuple[Any, ...]:
    """What is spent by now, and what was charged for the closed month."""
    book = book_of(folder, now)
    document = book.chargeback("2026-10")
    return book.spend(by=["day", "key"], since="2026-10-01").cells, [
        section.table.cells for section in document.sections if section.table
    ]


def healthy(folder: Path, now: datetime) -> None:
    """Verify and doctor find nothing, and no version lacks the hash of a file."""
    book = book_of(folder, now)
    assert not book.verify().cells
    assert book.examine().healthy, book.examine().damages
    tables = Tables(folder)
    newest = tables.newest()
    for table in PINNED:
        names = {Path(path).name for path in tables.listing(table, newest).files}
        assert names <= tables.hashes(table, newest).keys()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that was synced daily for half a month, in which October was closed; it is only read."""
    folder = tmp_path_factory.mktemp("retention") / "ledger"
    for day in range(DAYS):
        now = FIRST_SYNC + timedelta(days=day)
        sync(folder, now)
        if day == CLOSED_ON:
            book_of(folder, now).close("2026-10", provisional=True, without_owners=True)
    return folder


@pytest.fixture
def ledger(lived: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(lived, tmp_path / "ledger"))


END = FIRST_SYNC + timedelta(days=DAYS - 1, hours=1)


@pytest.mark.parametrize("days", [1, 4])
def test_what_stays_answers_as_before(ledger: Path, days: int) -> None:
    """After each vacuum and sync, every version that stays and the closed month answer as before, and all is whole."""
    keep, now = timedelta(days=days), END
    before = answers(ledger)
    closing = min(number for number, answer in before.items() if answer["closed"][0])
    for step in range(4):
        charged = reports(ledger, now)
        done = book_of(ledger, now).vacuum(keep)
        after = answers(ledger)
        assert done.stay == len(after)
        assert after == {number: before[number] for number in after}
        assert reports(ledger, now) == charged
        versions = {version.number: version.at for version in Tables(ledger).every_version()}
        recent = {number for number in versions if number + 1 not in versions or versions[number + 1] > now - keep}
        assert recent | {closing} == after.keys()
        healthy(ledger, now)
        now += GRACE
        if step == 1:
            now += timedelta(days=1)
            sync(ledger, now)
            before = answers(ledger) | before
    again = ledger.parent / "again"
    assert book_of(ledger, now).rebuild(again)
    assert reports(again, now) == reports(ledger, now)


def test_nothing_is_deleted_within_an_hour(ledger: Path) -> None:
    """Versions that are dropped leave their files for an hour, so that who reads one of them ends well."""
    tables, keep = Tables(ledger), timedelta(days=1)
    oldest = next(version for version in tables.versions()[::-1] if "charges" in version.contents)
    reader = Engine(tables, oldest)
    reader.rows("SELECT count(*) FROM ledger.days")
    files = set(ledger.rglob("part-*.parquet"))
    assert book_of(ledger, END).vacuum(keep).dropped
    soon = book_of(ledger, END + GRACE / 2).vacuum(keep)
    assert (soon.dropped, soon.files, soon.due) == (0, 0, END + GRACE)
    assert files <= set(ledger.rglob("part-*.parquet"))
    assert reader.rows("SELECT count(*) AS rows FROM ledger.charges")[0]["rows"]
    later = book_of(ledger, END + GRACE).vacuum(keep)
    assert later.files > 0
    assert later.size > 0
    assert later.due is None
    assert not book_of(ledger, END + GRACE).vacuum(keep).files


def test_a_dropped_version_is_listed_and_refused(ledger: Path) -> None:
    """`log` lists a dropped version by number and instant; to ask it is refused with the oldest that stays."""
    before = {row["version"]: row for row in book_of(ledger, END).log().rows}
    book_of(ledger, END).vacuum(timedelta(days=1))
    after = {row["version"]: row for row in book_of(ledger, END).log().rows}
    assert after.keys() == before.keys()
    assert (after[1]["committed"], after[1]["what"]) == (before[1]["committed"], before[1]["what"])
    with pytest.raises(InvalidQuestion, match=r"Version 1 was dropped on 2026-11-12"):
        book_of(ledger, END, as_of="1").spend()
    with pytest.raises(InvalidQuestion, match="was dropped"):
        book_of(ledger, END, as_of="2026-11-05").spend()


def test_a_sync_vacuums_once_a_day(ledger: Path, tmp_path: Path) -> None:
    """With `keep` in the settings a sync drops old versions, and a second one within a day does not look again."""
    (tmp_path / "tallystick.toml").write_text('keep = "2d"\n')
    config = str(tmp_path / "tallystick.toml")
    clock = SystemClock(END + timedelta(hours=5))
    with Client(Credential(KEY), clock=clock, transport=transport(Simulator(WORLD, clock=clock.now))) as client:
        book_of(ledger, clock.now(), config=config).sync("2026-11-10", source="reports", client=client)
    versions = Tables(ledger).every_version()
    assert any(version.dropped_at == clock.now() for version in versions)
    assert not is_due(versions, timedelta(days=1), (), clock.now() + timedelta(hours=23))
    assert is_due(versions, timedelta(days=1), (), clock.now() + timedelta(days=1))


def test_without_keep_no_version_is_dropped(ledger: Path) -> None:
    """Where no time is set, `vacuum` keeps every version."""
    before = answers(ledger)
    assert book_of(ledger, END).vacuum().dropped == 0
    assert answers(ledger) == before


@pytest.mark.parametrize("calls", [0, 1, 5])
def test_a_vacuum_that_was_killed_is_done_by_the_next(
    ledger: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """Killed before the versions are written, or among files that it deletes, the next one ends with the same."""
    before = answers(ledger)
    keep, left = timedelta(days=1), iter(range(calls))

    def die(*_: object) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    if calls:
        book_of(ledger, END).vacuum(keep)
        unlink = retention._unlink
        monkeypatch.setattr(retention, "_unlink", lambda paths: unlink(path for path in paths if not die()))
    else:
        monkeypatch.setattr(retention, "rewrite", die)
    with pytest.raises(KeyboardInterrupt):
        book_of(ledger, END + GRACE).vacuum(keep)
    monkeypatch.undo()
    assert answers(ledger) == {number: before[number] for number in answers(ledger)}
    for hours in (0, 1):
        book_of(ledger, END + GRACE * (2 + hours)).vacuum(keep)
    assert answers(ledger) == {number: before[number] for number in answers(ledger)}
    healthy(ledger, END + GRACE * 4)
    assert not book_of(ledger, END + GRACE * 4).vacuum(keep).files


def test_replaced_files_of_the_versions_are_deleted(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the table of versions and others without versions have replaced is deleted, once the time has passed."""
    now = datetime.now(UTC) + timedelta(days=1)
    book_of(ledger, now).vacuum(timedelta(days=1))
    tables = Tables(ledger)
    assert len([*tables.folder(VERSIONS).glob("part-*.parquet")]) > len(tables.files(VERSIONS))
    monkeypatch.setattr(unneeded, "GRACE", timedelta(0))
    book_of(ledger, now + timedelta(days=1)).vacuum()
    assert len([*tables.folder(VERSIONS).glob("part-*.parquet")]) == len(tables.files(VERSIONS))
    healthy(ledger, now)


def test_a_sync_shortens_the_log_of_the_versions(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `keep` a sync deletes what the table of versions replaced, once that is much, and no version."""
    before, now = answers(ledger), datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(retention, "MANY", 5)
    monkeypatch.setattr(unneeded, "GRACE", timedelta(0))
    sync(ledger, now)
    tables = Tables(ledger)
    assert len([*tables.folder(VERSIONS).glob("part-*.parquet")]) == len(tables.files(VERSIONS))
    assert {number: answer for number, answer in answers(ledger).items() if number in before} == before
    healthy(ledger, now)


def test_a_folder_that_is_not_trusted_drops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `keep` of a working folder's file does not count until it is trusted, and says so."""
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    (tmp_path / "tallystick.toml").write_text('keep = "1d"\n')
    settings = Settings.load(environment={})
    assert settings.keep is None
    assert any("keep" in warning and "delete old versions" in warning for warning in settings.warnings)
