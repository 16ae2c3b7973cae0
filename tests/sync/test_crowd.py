from __future__ import annotations

from pathlib import Path

import pytest

from support.crowd import crowd

JOBS = {"sync", "watch", "verify", "doctor", "backup", "rebuild", "spend", "page"}


@pytest.mark.long
def test_many_at_once_do_no_harm(tmp_path: Path) -> None:
    """Syncs, a dashboard, a watcher, a doctor, a backup and readers at once: no fault, one answer a version."""
    log = crowd(tmp_path, 20)
    assert log.faults == []
    assert log.mixed == 0
    assert set(log.runs) == JOBS
