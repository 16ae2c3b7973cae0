from __future__ import annotations

import pytest

from support.case import Case


@pytest.mark.long
def test_both_dialects_of_the_stand_in_give_its_own_truth(case: Case) -> None:
    """What either dialect bills is what the stand-in says of itself, each in a ledger of its own."""
    for source in ("reports", "analytics"):
        with case.serve("small.py") as world:
            ledger = str(case.ledger.with_name(source))
            synced = case("sync", "--source", source, "--since", "2026-11-20", TALLYSTICK_LEDGER=ledger)
            assert synced.code == 0, synced.err
            spend = case("spend", "--by", "", "--since", "2026-11-20", "--format", "csv", TALLYSTICK_LEDGER=ledger)
        assert spend.out.split() == ["billed", world.truth()["billed_usd"]]
