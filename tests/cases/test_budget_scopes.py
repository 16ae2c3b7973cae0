from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from support.case import Case

BUDGETS = """
[[budget]]
key = "search-prod"
amount = "10"
[[budget]]
actor = "ann@example.com"
every = "week"
amount = "0"
[[budget]]
product = "claude_code"
amount = "100"
every = "year"
starts = "2026-07-01"
carry_over = true
from = 2026-07-01
"""


@pytest.mark.long
def test_budgets_of_a_key_a_person_and_a_product(case: Case, tmp_path: Path) -> None:
    """A budget names a key by its name, a person by e-mail, a product by its word, for a week or a fiscal year."""
    settings = tmp_path / "budgets.toml"
    settings.write_text(BUDGETS, encoding="utf-8")
    with case.serve("40-budgets/scenario.py"):
        assert case("sync", "--source", "analytics", "--since", "2026-11-20").code == 0
    rows = case("budget", "--config", str(settings), "--format", "json").json["rows"]
    key, person, product = (dict(row) for row in rows)
    assert (Decimal(key["billed"]), key["status"]) == (Decimal(36), "100 % passed")
    assert (person["period"], Decimal(person["billed"]), person["status"]) == (
        "2026-W48",
        Decimal(15),
        "100 % passed",
    )
    assert (product["period"], Decimal(product["billed"])) == ("2026-07-01 to 2027-06-30", Decimal(24))
