"""Case 28: a user id that is in no passwd, and no HOME."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from support.case import KEY
from support.command import Run
from tallystick import Ledger
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings

Tallystick = Callable[..., Run]


def test_without_a_home_what_needs_none_works(tallystick: Tallystick, book: Ledger, monkeypatch: Any) -> None:
    """With --ledger commands answer; without it, and to trust a file, a message says what to set."""
    pwd = pytest.importorskip("pwd", reason="no passwd on this system")

    def nobody(_: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TALLYSTICK_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    assert tallystick("log", "--top", "1", "--ledger", str(book.path)).code == 0
    tallystick("log").refused(2, "no home folder", "TALLYSTICK_LEDGER", "--ledger")
    tallystick("log", "--ledger", "~/books").refused(2, "no home folder")
    with open("t.toml", "w", encoding="utf-8") as file:  # noqa: PTH123 - in the working folder
        file.write("breakdowns = []\n")
    tallystick("trust", "t.toml").refused(2, "no home folder", "--config")
    settings = Settings.load(environment={"ANTHROPIC_ADMIN_KEY": KEY})
    assert settings.credential().source == "ANTHROPIC_ADMIN_KEY"
    with pytest.raises(InvalidQuestion, match="people_key"):
        settings.people().hidden("ann@example.com")
    assert os.environ.get("HOME") is None
