from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def rows_of_checks() -> list[str]:
    """The rows of the table of checks in docs/sync.md."""
    section = (
        (ROOT / "docs" / "sync.md").read_text(encoding="utf-8").partition("\n## Checks\n")[2].partition("\n## ")[0]
    )
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


def test_each_check_names_a_test_that_breaks_it() -> None:
    """Every row of the checks in docs/sync.md names one test, and that test is there."""
    rows = rows_of_checks()
    names = [re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", row) for row in rows]
    assert len(rows) > 20
    assert [row for row, named in zip(rows, names, strict=True) if len(named) != 1] == []
    missing = [
        f"{path}::{name}"
        for [(path, name)] in names
        if name
        not in {node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)}
    ]
    assert missing == []
