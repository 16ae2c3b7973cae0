from __future__ import annotations

import random
import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from support.full_ledger import HOURS_SINCE, SINCE
from support.records import content, days_of, false_digests, rows
from support.simulated_truth import assert_true
from support.wire import DAY, NOW, PUBLIC, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.ledger_tables import PAGES, PINNED
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.sim import World
from tallystick.store.archive import Archive
from tallystick.store.tables import Tables
from tallystick.sync.rebuild import rebuild


def _delta(path: Path) -> dict[str, int]:
    tables = Tables(path)
    stored = [table for table in PINNED if tables.folder(table).exists()]
    return {table.name: tables.open(table).version() for table in stored} | {"versions": tables.newest().number}


@pytest.fixture(scope="module")
def world() -> World:
    """A small world that this file leaves as it is."""
    return small()


@pytest.fixture(scope="module")
def one_go(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """Nine days in one go, usage by day and by hour."""
    path = tmp_path_factory.mktemp("one") / "ledger"
    for grain in ("day", "hour"):
        synced(path, Wire(world), days_ago(9), grain=grain)
    return path


@pytest.mark.long
def test_a_second_sync_changes_nothing(copy: Path, truth: World) -> None:
    """A sync that finds nothing new writes no version, no row and no file, and reads little but control totals."""
    before, tables = content(copy), _delta(copy)
    for grain in ("day", "hour"):
        wire = Wire(truth)
        done = synced(copy, wire, SINCE if grain == "day" else HOURS_SINCE, grain=grain)
        for query in (*wire.queries("usage_report"), *wire.queries("cost_report")):
            start = datetime.fromisoformat(query["starting_at"][0]).date()
            assert start >= days_ago(3) or ("group_by[]" not in query and start >= days_ago(35)), query
        assert (done.days, done.names, done.moved, done.gaps, done.warnings) == (0, 0, {}, {}, [])
        assert done.version == tables["versions"]
    assert _delta(copy) == tables
    assert content(copy) == before


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_pieces_in_any_order_make_the_same_tables(path: Path, world: World, one_go: Path, seed: int) -> None:
    """A window synced in pieces, overlapping, in any order, by either grain first, gives the tables of one go."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    edges = [days_ago(9), *sorted(rng.sample(span(days_ago(8), days_ago(-1)), k=2)), days_ago(-1)]
    pieces = [(piece, grain) for piece in pairwise(edges) for grain in ("day", "hour")]
    pieces.append(((days_ago(6), days_ago(2)), rng.choice(["day", "hour"])))
    rng.shuffle(pieces)
    for (since, until), grain in pieces:
        synced(path, Wire(world), since, until, grain=grain)
    assert content(path) == content(one_go)


@pytest.mark.long
def test_day_by_day_makes_the_same_tables(tmp_path: Path) -> None:
    """A sync each day, over the edges of settling and of a month, ends in the tables of one late sync."""
    world, since = small(), TODAY - 36 * DAY
    for back in range(3, -1, -1):
        clock = Clock(NOW - back * DAY)
        synced(tmp_path / "daily", Wire(world, clock), since)
        states = days_of(tmp_path / "daily", "usage")
        assert states[clock.now().date()] == "running"
        assert set(states) == set(span(since, clock.now().date() + DAY))
    synced(tmp_path / "late", Wire(world), since)
    assert content(tmp_path / "daily", untimed=True) == content(tmp_path / "late", untimed=True)


@pytest.mark.long
def test_the_archive_alone_gives_the_same_ledger(full: Path, tmp_path: Path) -> None:
    """A ledger rebuilt from its pages has the same rows of every table, and the pages; the old one is only read."""
    old = _delta(full)
    readings = rebuild(full, tmp_path / "new", PUBLIC)
    assert readings == rows(full, "SELECT count(DISTINCT reading) AS n FROM pages")[0]["n"]
    assert content(tmp_path / "new") == content(full)
    assert _delta(full) == old
    index = Tables(full).open(PAGES).to_pyarrow_table().to_pylist()
    assert all(Archive(tmp_path / "new").body(row["hash"]) for row in index)
    assert sorted(map(repr, Tables(tmp_path / "new").open(PAGES).to_pyarrow_table().to_pylist())) == sorted(
        map(repr, index)
    )


@pytest.mark.long
def test_what_was_restated_and_moved_is_rebuilt_too(tmp_path: Path) -> None:
    """Days read several times, restated, given up or gone by in between, are rebuilt as they stand."""
    world, path = small(), tmp_path / "ledger"
    synced(path, Wire(world, Clock(NOW - 2 * DAY)), days_ago(12))
    world.restate(days_ago(9))
    synced(path, Wire(world, Clock(NOW - DAY)), days_ago(12))
    restless = days_ago(1)
    wire = Wire(world, before=lambda target: world.restate(restless) if "group_by%5B%5D=workspace" in target else None)
    synced(path, wire, days_ago(12))
    assert rows(path, "SELECT * FROM notices")
    rebuild(path, tmp_path / "new", PUBLIC)
    assert content(tmp_path / "new") == content(path)
    synced(tmp_path / "new", Wire(world), days_ago(12))
    assert_true(tmp_path / "new", world, span(days_ago(12), TODAY))
    assert false_digests(path) == []


def test_rebuilding_needs_an_archive_and_an_empty_place(full: Path, tmp_path: Path) -> None:
    """A rebuild into a folder that holds something, or from one without an archive, is refused and changes nothing."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "note").write_text("mine")
    with pytest.raises(InvalidQuestion):
        rebuild(full, tmp_path / "taken", PUBLIC)
    assert [file.name for file in (tmp_path / "taken").iterdir()] == ["note"]
    with pytest.raises(LedgerError):
        rebuild(tmp_path / "nothing", tmp_path / "new", PUBLIC)
    assert not (tmp_path / "new").exists()


@pytest.mark.long
def test_two_seeds_do_not_look_alike(tmp_path: Path, one_go: Path) -> None:
    """The comparison of tables can fail: another world gives other rows."""
    synced(tmp_path / "other", Wire(small(seed=2)), days_ago(9))
    assert content(tmp_path / "other")["usage"] != content(one_go)["usage"]


def test_a_version_states_its_totals(full: Path, truth: World) -> None:
    """Each version says what was committed and the control totals that were checked, in the order of commits."""
    versions = rows(full, "SELECT * FROM versions ORDER BY version")
    assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
    version, days = next(
        (row, window.groups())
        for row in versions
        if (window := re.search(r"cost by day, (\S{10}) to (\S{10})", row["what"]))
    )
    first, last = map(date.fromisoformat, days)
    billed = sum((truth.billed(day) for day in span(first, last + timedelta(days=1))), start=0)
    assert f'"{billed.normalize():f}"' in version["totals"]
    assert all(row["committed_at"] - NOW < timedelta(seconds=1) for row in versions)
