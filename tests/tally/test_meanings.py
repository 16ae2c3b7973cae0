"""Meanings: no cause between billed and priced is without a sentence."""

from __future__ import annotations

from tallystick.tally.reconcile.causes import CAUSES
from tallystick.tally.reconcile.meanings import MEANINGS
from tallystick.tally.reconcile.pieces import UNEXPLAINED


def test_every_cause_has_a_sentence() -> None:
    """Each cause that a reconciliation can name has one sentence, and nothing else has."""
    assert MEANINGS.keys() == {*CAUSES, UNEXPLAINED}
    assert [text for text in MEANINGS.values() if not text.endswith(".")] == []
