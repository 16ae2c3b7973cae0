"""The rooms: a file of the source holds one noun, so none is long."""

from __future__ import annotations

from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
LONGEST = 300


def test_no_file_is_long() -> None:
    """Every file of the source has under 300 lines."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCE.rglob("*.py")}
    assert not {str(path.relative_to(SOURCE)): lines for path, lines in lengths.items() if lines >= LONGEST}
