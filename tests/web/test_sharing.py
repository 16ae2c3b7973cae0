"""Readers share what they read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tallystick.store.engine import Engine


@pytest.mark.parametrize("path", ["/", "/workspace/Research", "/cache", "/forecast"])
def test_readers_put_no_question_to_the_files_twice(
    dashboard: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """What one reader has asked of a version another has from it, also while it is asked."""
    statements: Counter[str] = Counter()
    run = Engine._run

    def counted(engine: Engine, text: str, work: Callable[[str], Any], duck: Any = None) -> Any:
        if duck is None:  # else over tables of its own
            statements[text] += 1
        return run(engine, text, work, duck)

    monkeypatch.setattr(Engine, "_run", counted)
    assert dashboard.get(f"{path}?whole=1").status_code == 200
    assert statements
    assert {text: count for text, count in statements.items() if count > 1} == {}
