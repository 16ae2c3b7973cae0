"""Cases from the field: the command line against a stand-in for the API that a third hand wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.case import CASES, KEY, Case
from support.command import Tallystick


@pytest.fixture
def case(tallystick: Tallystick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A ledger that does not exist yet, and the stand-in to sync it from."""
    monkeypatch.syspath_prepend(str(CASES))
    ledger = tmp_path / "case-ledger"
    environment = {"TALLYSTICK_LEDGER": str(ledger), "ANTHROPIC_ADMIN_KEY": KEY}
    return Case(tallystick, ledger, environment, monkeypatch.setenv, [])
