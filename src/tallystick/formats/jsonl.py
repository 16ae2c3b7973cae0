"""JSONL: one object a row, exact, as JSON answers have it."""

from __future__ import annotations

import msgspec

from tallystick.core.document import Answer
from tallystick.core.question import Table
from tallystick.core.text import inert_json
from tallystick.formats.shown import rows


def as_jsonl(answer: Answer) -> str:
    """The rows, one JSON object a line; money and ratios are strings. InvalidQuestion where there are none to hold."""
    return inert_json(msgspec.json.Encoder().encode_lines(rows(answer).written()["rows"]).decode())


def more_jsonl(table: Table) -> str:
    """Further rows: a line says all of its row."""
    return as_jsonl(table)
