"""CSV rows: one header and the rows, exact, as RFC 4180 has it; text that a spreadsheet would run is made harmless."""

from __future__ import annotations

from typing import BinaryIO

from tallystick.core.message import Message, note
from tallystick.core.rows import Rows
from tallystick.core.text import ESCAPED, harmless, inert
from tallystick.formats.lines import cells, written

_QUOTED = frozenset(',"\r\n')


def write_rows(rows: Rows, file: BinaryIO) -> None:
    """The rows under their column names, in UTF-8. Null is an empty cell; decimals are all their digits."""
    escaped: set[Message] = set()

    def quoted(text: str) -> str:
        if inert(text) != text:
            escaped.add(note(ESCAPED))
        return _cell(inert(text))

    file.write((",".join(rows.schema.names) + "\r\n").encode())
    for batch in rows.batches:
        parts = []
        for column in batch.columns:
            parts += [cells(column, quoted, ""), ","]
        if batch.num_rows:
            file.write(written([*parts[:-1], "\r\n"], batch.num_rows))
    rows.messages.extend(escaped)


def _cell(text: str) -> str:
    text = harmless(text)
    if _QUOTED.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
