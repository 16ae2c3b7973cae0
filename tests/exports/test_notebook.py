from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tallystick.ledger import Ledger

PAGE = (Path(__file__).parents[2] / "docs" / "notebook.md").read_text(encoding="utf-8")
SNIPPETS = [code for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "LEDGER}" in code]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["deltalake", "duckdb"])
def test_the_snippets_read_the_bill(snippet: str, ledgers: dict[str, Ledger]) -> None:
    """The snippets of docs/notebook.md that are run read exactly the charges that the newest version pins."""
    book = ledgers["reports"]
    namespace: dict[str, Any] = {"LEDGER": str(book.path)}
    exec(snippet, namespace)  # noqa: S102 - the documentation's own code
    rows = book.sql("SELECT model, sum(billed) AS billed FROM charges GROUP BY model").rows
    truth = {row["model"]: row["billed"] for row in rows}
    if "billed" not in namespace:
        summed = namespace["charges"].group_by("model").aggregate([("billed", "sum")]).to_pylist()
        namespace["billed"] = [(row["model"], row["billed_sum"]) for row in summed]
    assert dict(namespace["billed"]) == truth
