"""Many commits: what a ledger is seen by does not grow with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tallystick.store.tables import Tables

COMMITS = 2_000


def test_a_ledger_is_there_by_its_first_log_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a log of thousands of entries one is read to know that there is a ledger."""
    log = tmp_path / "versions" / "_delta_log"
    log.mkdir(parents=True)
    for number in range(COMMITS):
        (log / f"{number:020}.json").touch()
    seen: list[str] = []
    scandir = os.scandir

    @contextmanager
    def counted(path: Any) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(path) as entries:
            yield (seen.append(entry.name) or entry for entry in entries)  # type: ignore[func-returns-value]

    monkeypatch.setattr(os, "scandir", counted)
    assert Tables(tmp_path).exists()
    assert 0 < len(seen) < 10
