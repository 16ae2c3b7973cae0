from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from support.simulated_truth import assert_true
from support.wire import NOW, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.ledger_tables import NAMES, TABLES, VERSIONS
from tallystick.ledger import Ledger
from tallystick.store.bucket import Bucket
from tallystick.store.remote.objects import Objects
from tallystick.store.remote.remote import Remote
from tallystick.store.tables import Tables

SINCE = date(2026, 9, 1)
QUESTIONS = [
    ("spend", {"by": ["workspace", "model"], "since": "30d"}),
    ("usage", {"by": ["day"], "since": "2026-09"}),
    ("reconcile", {"month": "2026-10"}),
    ("cache", {"month": "2026-10"}),
    ("days", {"month": "2026-10"}),
    ("months", {}),
    ("log", {}),
    ("verify", {}),
]


def contents(tables: Tables) -> dict[str, list[str]]:
    """The rows of every table but those that name files."""
    tables.exists()
    version = tables.newest()
    rows = {
        table.name: tables.rows(table, version.tables.get(table.name))
        for table in TABLES
        if table is not VERSIONS and (version.tables.get(table.name) or tables.is_filled(table))
    }
    return {name: sorted(map(str, table.to_pylist())) for name, table in rows.items()}


def work(place: Path | Bucket) -> Ledger:
    """What is done to a ledger in its life: syncs, a closed month, somebody forgotten."""
    world = small()
    synced(place, Wire(world, Clock(NOW)), SINCE)
    ledger = Ledger(place, Clock(NOW))
    ledger.close("2026-09", without_owners=True)
    synced(place, Wire(world, Clock(NOW)), SINCE)
    names = ledger._tables.rows(NAMES, ledger._tables.newest().tables[NAMES.name]).to_pylist()
    person = min(row["email"] for row in names if row["type"] == "user" and row["email"])
    ledger.forget(ledger.find_person(person))
    return ledger


@pytest.mark.long
def test_a_ledger_in_a_bucket_is_one_in_a_folder(here: Bucket, there: Bucket, tmp_path: Path) -> None:
    """The same work leaves the same tables, answers the same, and is whole; another machine has all of it."""
    folder, bucket = work(tmp_path / "folder"), work(here)
    elsewhere = Ledger(there, Clock(NOW))
    plain = contents(Tables(tmp_path / "folder"))
    assert contents(Tables(here)) == contents(Tables(there)) == plain
    for name, values in QUESTIONS:
        answers = [book.ask(name, **values) for book in (folder, bucket, elsewhere)]
        first, *others = [(answer.cells, [*map(str, answer.messages)]) for answer in answers]
        assert others == [first, first], name
    for book in (bucket, elsewhere):
        assert book.examine().healthy
    elsewhere.rebuild(tmp_path / "rebuilt")
    folder.rebuild(tmp_path / "folder rebuilt")
    assert contents(Tables(tmp_path / "rebuilt")) == contents(Tables(tmp_path / "folder rebuilt"))


@pytest.mark.long
def test_old_versions_are_dropped_in_a_bucket(here: Bucket, there: Bucket) -> None:
    """One machine drops old versions, another deletes what only they had, and both answer as before."""
    before = work(here).ask("spend", by=["day"], since="30d").cells
    later = NOW + timedelta(days=3)
    dropped = Ledger(here, Clock(later)).vacuum(timedelta(days=1))
    assert dropped.dropped
    assert dropped.stay == len(Tables(there).versions())
    assert Ledger(there, Clock(later + timedelta(hours=1))).vacuum(timedelta(days=1)).due is None
    for place in (here, there):
        book = Ledger(place, Clock(NOW))
        assert book.ask("spend", by=["day"], since="30d").cells == before
        assert book.examine().healthy
        assert not book.verify().cells


@pytest.mark.long
def test_what_was_forgotten_is_in_no_object(here: Bucket) -> None:
    """After a forgetting the bucket has no object that the newest state does not name."""
    Objects(here).put("pages/of-a-dead-writer", b"somebody")
    work(here)
    objects, remote = Objects(here), Remote(here)
    remote.reading.refresh()
    state = remote.reading._state
    assert state
    named = {
        entry.key(path)
        for names in state.head.segments.values()
        for path, entry in remote._segments.files(names).items()
    }
    named |= {f"segments/{name}" for names in state.head.segments.values() for name, _ in names}
    shown = {key for key in objects.list() if key.endswith("_last_checkpoint")}
    late = {key for key in state.head.gone if "segments/" in key or "contents/" in key}
    assert {*objects.list()} - shown - late == named | {"head", "lease"}


@pytest.mark.long
def test_a_lost_object_is_mended(here: Bucket, there: Bucket) -> None:
    """An object that the bucket has lost is damage that doctor names, and --repair makes anew."""
    world = small()
    synced(here, Wire(world, Clock(NOW)), days_ago(40))
    objects = Objects(here)
    lost = [key for key in objects.list() if key.startswith("charges/") and "part-" in key][:1]
    objects.delete(lost)
    book = Ledger(there, Clock(NOW))
    objects.put("usage/part-of-a-dead-writer.parquet", b"rows")
    examination = book.examine()
    assert not examination.healthy
    assert any("objects of 0.0 MB that no state names" in note for note in examination.notes)
    assert book.repair(lambda _: None).healthy
    assert "usage/part-of-a-dead-writer.parquet" not in objects.list()
    assert_true(Ledger(there, Clock(NOW))._all().root, world, span(days_ago(40), TODAY))
