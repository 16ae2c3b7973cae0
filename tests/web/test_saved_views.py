"""Saved views of the dashboard: what to paste and where, read anew without a restart."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.wire import NOW
from tallystick.settings import Settings
from tallystick.web.application import application

VIEW = '[[view]]\nname = "Teams of October"\naddress = "/ask/spend?by=team&month=2026-10"\n'


def client_of(full: Path, config: Path) -> TestClient:
    """A dashboard of a ledger with these settings."""
    environment = {"TALLYSTICK_NOW": NOW.isoformat()}
    settings = Settings.load(config=str(config), ledger=str(full), environment=environment)
    return TestClient(application(settings), base_url="http://127.0.0.1")


def test_a_view_that_is_pasted_is_listed_at_once(full: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The running server reads saved views anew when the file changes; of a broken file it keeps those of before."""
    config = tmp_path / "tallystick.toml"
    config.write_text("", encoding="utf-8")
    with client_of(full, config) as client:
        assert "Teams of October" not in client.get("/ask/spend").text
        config.write_text(VIEW, encoding="utf-8")
        assert "Teams of October" in client.get("/ask/spend").text
        assert (
            client.get("/search?q=teams of oct", follow_redirects=False).headers["location"].endswith("month=2026-10")
        )
        with caplog.at_level(logging.ERROR):
            config.write_text("[[view]\n", encoding="utf-8")
            assert "Teams of October" in client.get("/ask/spend").text
        assert "is not TOML" in caplog.text
        config.write_text("", encoding="utf-8")
        assert "Teams of October" not in client.get("/ask/spend").text


def test_a_page_says_where_a_view_is_pasted(full: Path, tmp_path: Path) -> None:
    """Beside the lines stand the settings file, and of a word for a month the month that it names now."""
    config = tmp_path / "tallystick.toml"
    config.write_text("", encoding="utf-8")
    with client_of(full, config) as client:
        text = client.get("/ask/spend?by=team&month=last-month").text
    assert str(config) in text
    assert "Moves on with the calendar (last-month)" in text
    assert "Stays 2026-10" in text
    assert "month=2026-10" in text
