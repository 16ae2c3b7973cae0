"""JSON: the answer whole, exact; money and ratios as strings."""

from __future__ import annotations

import msgspec

from tallystick.core.document import Answer
from tallystick.core.text import inert_json


def as_json(answer: Answer) -> str:
    """The answer as one JSON object: report, question, columns, rows, totals, warnings, notes, coverage, as_of.

    A document has title, figures, and in each of its sections such an answer.
    """
    return inert_json(msgspec.json.format(msgspec.json.encode(answer.written()), indent=2).decode()) + "\n"
