"""JSON: the answer whole, exact; money and ratios as strings."""

from __future__ import annotations

import msgspec

from tallystick.core.question import Table


def as_json(table: Table) -> str:
    """The answer as one JSON object: report, question, columns, rows, totals, caveats, coverage, as_of."""
    return msgspec.json.format(msgspec.json.encode(table.written()), indent=2).decode() + "\n"
