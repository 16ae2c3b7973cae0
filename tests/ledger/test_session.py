"""The DuckDB that computes leaves nothing where the user works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.store.session import database


def test_what_does_not_fit_into_memory_is_not_left_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that needs more than its memory is answered, from a folder that only its user can read."""
    monkeypatch.chdir(tmp_path)
    with database(threads=1) as duck:
        duck.execute("SET memory_limit = '20MB'")
        folder = Path(duck.sql("SELECT current_setting('temp_directory')").fetchall()[0][0])
        sql = "CREATE TEMP TABLE sorted AS SELECT hash(range) AS hashed FROM range(6_000_000) ORDER BY hashed"
        duck.execute(sql)
        assert any(folder.iterdir())
    assert not any(tmp_path.iterdir())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not any(folder.iterdir())
