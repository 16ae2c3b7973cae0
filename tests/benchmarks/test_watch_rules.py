"""Rules over a planted organization: each day judged, incidents speak, and a quiet month is quiet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from planted_world import DAY, END, write
from watch_rules import SPEND, judged


@pytest.mark.long
def test_a_loop_speaks_and_a_quiet_month_is_quiet(tmp_path: Path) -> None:
    """A planted loop is told on its day or the next, by its key; three quiet weeks of an organization tell nothing."""
    [loop, *_] = [truth for truth in write(2002, tmp_path / "planted") if truth.cause == "runaway loop"]
    told, _ = judged(tmp_path / "planted", loop.first + DAY * 3, 4)
    seen = [spoken.hit.seen for spoken in told if loop.key in spoken.hit.keys and spoken.rule in SPEND]
    assert min(seen) in {loop.first, loop.first + DAY}
    write(2001, tmp_path / "quiet")
    told, _ = judged(tmp_path / "quiet", END - DAY, 20)
    assert [spoken.text for spoken in told if spoken.rule in SPEND] == []
