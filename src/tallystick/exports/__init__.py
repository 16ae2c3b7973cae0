"""Exports: every row of a table, as a stream of record batches, to a file or a pipe. One file, one writer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    import pyarrow

    from tallystick.core.message import Message

FORMATS = ("csv", "jsonl", "parquet", "xlsx")
"""Every format of an export; each is also the ending of its files."""
TEXTS = ("csv", "jsonl")
"""Those that can be read in a terminal."""
TABLES = ("charges", "usage", "cost")
"""What can be exported row by row."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an export, to be read once: batches of one schema, with the messages beside them.

    `messages` may grow while the batches are read. `coverage` is that of an answer.
    """

    title: str
    schema: pyarrow.Schema
    batches: Iterator[pyarrow.RecordBatch]
    messages: list[Message]
    coverage: Mapping[str, Any]

    def write(self, form: str, file: BinaryIO) -> None:
        """Write every row in a format of FORMATS; InvalidQuestion for another."""
        if form not in FORMATS:
            raise InvalidQuestion(f"No export is written as {form}.", f"Formats: {', '.join(FORMATS)}.")
        import_module(f"{__name__}.{form}").write(self, file)
