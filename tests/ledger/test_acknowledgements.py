"""Acknowledgements: what a user said of findings, kept for good beside the tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.errors import LedgerError
from tallystick.store.acknowledgements import FILE, Acknowledgement, acknowledge, acknowledgements

FIRST = Acknowledgement("f1", "o", "key", "k", "2026-11-01", "a launch", "2026-11-02T09:00:00Z")
SECOND = replace(FIRST, finding="f2", since="2026-11-03", reason="Größe\nof two lines")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with two acknowledgements."""
    for acknowledgement in (FIRST, SECOND):
        acknowledge(tmp_path, acknowledgement)
    return tmp_path


def test_acknowledgements_stay_in_their_order(ledger: Path) -> None:
    """What was acknowledged is read as it was said, the oldest first; a ledger without any has none."""
    assert acknowledgements(ledger) == [FIRST, SECOND]
    assert f"{SECOND.day}" == "2026-11-03"
    assert acknowledgements(ledger / "other") == []


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"finding": "f"}', '{"finding": "f", "more": 1}'],
    ids=["cut", "list", "missing field", "unknown field"],
)
def test_a_line_that_cannot_be_is_named(tmp_path: Path, line: str) -> None:
    """A line that is no acknowledgement is refused by its number, and nothing is added to such a file."""
    acknowledge(tmp_path, FIRST)
    with (tmp_path / FILE).open("a") as file:
        file.write(f"{line}\n")
    for ask in (lambda: acknowledgements(tmp_path), lambda: acknowledge(tmp_path, SECOND)):
        with pytest.raises(LedgerError, match="Line 2 "):
            ask()


def test_a_day_that_is_none_is_damage(ledger: Path) -> None:
    """An acknowledgement since no day is refused where it is read."""
    acknowledge(ledger, replace(FIRST, since="soon"))
    with pytest.raises(LedgerError, match="Line 3 "):
        acknowledgements(ledger)


@pytest.mark.parametrize("content", [b"", b"{}\n"], ids=["emptied", "altered"])
def test_a_file_that_was_altered_is_damage(ledger: Path, content: bytes) -> None:
    """A file that does not begin with what was written is refused, and nothing is added to it."""
    (ledger / FILE).write_bytes(content)
    for ask in (lambda: acknowledgements(ledger), lambda: acknowledge(ledger, SECOND)):
        with pytest.raises(LedgerError, match="not as it was written"):
            ask()
    assert (ledger / FILE).read_bytes() == content
