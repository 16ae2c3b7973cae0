"""Exit code 1 of a command that answered: what ends it so, and the help that tells it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tallystick.catalog import CATALOG, Entry
from tallystick.query import gaps
from tallystick.query.strictness import COMPLETE, INCOMPLETE

STRICT = [entry for entry in CATALOG if entry.report.strict]


@pytest.mark.parametrize("entry", STRICT, ids=[entry.name for entry in STRICT])
def test_the_help_tells_all_that_ends_with_1(entry: Entry) -> None:
    """The help of a report names each gap that ends its command with 1, and any further condition."""
    strict = entry.report.strict
    assert strict is not None
    for reason in (*strict.gaps.values(), strict.words):
        assert reason in strict.help
    assert strict.gaps or strict.words


@pytest.mark.parametrize("gap", [gaps.LATE, gaps.LOST, gaps.UNREAD, "absent", "in_doubt"])
@pytest.mark.parametrize("side", ["asked", "against"])
def test_each_gap_of_either_window_fails(gap: str, side: str) -> None:
    """Each gap of a coverage ends the command with 1, and so does one of the window that is compared with."""
    coverage = {gap: 1} if side == "asked" else {"against": {gap: 1}}
    assert gap in INCOMPLETE
    assert COMPLETE.fails(SimpleNamespace(coverage=coverage))
    assert not COMPLETE.fails(SimpleNamespace(coverage={"present": 1}))
