"""A month with a day in doubt is neither closed nor delivered without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.case import Case

CLOCK = "2026-12-10T09:30:00Z"
SPAN = ("--since", "2026-10-01", "--until", "2026-11-01")


@pytest.mark.long
def test_a_month_with_a_sudden_loss_is_not_closed(case: Case, tmp_path: Path) -> None:
    """A settled day that the newest answer would empty is named by `close`, which refuses, and by what is delivered."""
    with case.serve("50-late/scenario.py", CLOCK=CLOCK) as world:
        sync = ("sync", *SPAN, "--source", "reports", "--without-claude-code")
        assert case(*sync, now=CLOCK).code == 0

        def lose(path: str, _: Any, body: Any) -> Any:
            if path.endswith("/cost_report"):
                for bucket in body["data"]:
                    if bucket["starting_at"].startswith("2026-10-25"):
                        bucket["results"] = []
            return body

        world.mutate = lose
        assert case(*sync, "--again", now=CLOCK).code == 1
    refused = case("close", "2026-10", "--yes", "--without-owners", now=CLOCK)
    assert refused.code == 2
    assert "Of 2026-10, days are in doubt: 2026-10-25." in refused.err
    assert "--accept-loss" in refused.err
    settings = tmp_path / "tallystick.toml"
    words = 'name = "m"\nask = "spend"\nevery = "month"\nformat = "csv"\nfolder = "out"\n'
    settings.write_text(f"[[deliver]]\n{words}", encoding="utf-8")
    waits = case("watch", "--once", "--config", str(settings), now="2026-11-12T09:30:00Z")
    assert "waiting: m, October 2026: in doubt: 25 Oct." in waits.out
    closed = case("close", "2026-10", "--yes", "--without-owners", "--provisional", now=CLOCK)
    assert closed.code == 0, closed.err
