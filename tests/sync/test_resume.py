"""Resume: what a sync had read when it was cut off is committed by the next one, or read again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.cut import Cut
from support.records import content
from support.wire import DAY, KEY, NOW, PUBLIC, Clock, Wire, days_ago, small, synced, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.store.tables import Tables
from tallystick.sync.options import Options
from tallystick.sync.rebuild import rebuild
from tallystick.sync.run import Sync

SINCE = days_ago(20)
MOMENTS = range(2, 60, 8)
"""Files that are synced before the cut."""


@pytest.fixture(scope="module")
def week_old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that was synced eight days ago."""
    path = tmp_path_factory.mktemp("resume") / "ledger"
    synced(path, Wire(small(), Clock(NOW - 8 * DAY)), SINCE, source="analytics")
    return path


def _renamed() -> Wire:
    """Answers of today, in which the same amounts are of others: no control total tells."""
    return Wire(small(), faults=("extra-fields:always",))


def _cut(path: Path, copy: Path, moment: int, *, power: bool) -> bool:
    """Sync, and leave in `copy` what a cut at a moment leaves; whether it came."""
    cut, wire = Cut(path, copy, moment, power=power), _renamed()
    options = Options.of(str(SINCE), None, {"source": "analytics"}, wire.clock.now())
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire), most_at_once=1) as client:
        Sync(client, Tables(path, sync=cut), wire.clock, options, prices=PUBLIC).run()
    return cut.done


@pytest.mark.long
@pytest.mark.parametrize("power", [False, True], ids=["killed", "power cut"])
def test_a_sync_that_was_cut_off_ends_as_if_never_cut(week_old: Path, tmp_path: Path, *, power: bool) -> None:
    """Cut off at any moment, and run again, a sync makes the ledger of one that was not, and so does a rebuild."""
    shutil.copytree(week_old, tmp_path / "whole")
    synced(tmp_path / "whole", _renamed(), SINCE, source="analytics")
    right, cuts = content(tmp_path / "whole", untimed=True), 0
    for moment in MOMENTS:
        path = tmp_path / f"{moment}"
        shutil.copytree(week_old, tmp_path / f"{moment} on")
        cuts += _cut(tmp_path / f"{moment} on", path, moment, power=power)
        if not path.exists():
            continue
        synced(path, _renamed(), SINCE, source="analytics")
        assert content(path, untimed=True) == right, moment
        rebuild(path, tmp_path / f"{moment} anew", PUBLIC)
        assert content(tmp_path / f"{moment} anew", untimed=True) == right, moment
    assert cuts > 3, "the sync has fewer moments than that"
