"""Formats: an answer to text or bytes. Each is one file with one writer, imported when it writes; listed once, here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from tallystick.core.document import Answer
    from tallystick.core.question import Table
    from tallystick.core.rows import Rows


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name and the ending of its files.

    `rows` alone are in some: messages go to the error stream, and a document must have one Table that holds its
    `lines`. What is not `text` is bytes. What `streams` can also write rows that do not fit in memory.
    """

    name: str
    ending: str
    rows: bool = False
    text: bool = True
    streams: bool = False

    def write(self, answer: Answer) -> str | bytes:
        """The answer in this format; bytes where it is not text. InvalidQuestion where it has no rows to hold."""
        written: str | bytes = getattr(import_module(f"{__name__}.{self.name}"), f"as_{self.name}")(answer)
        return written

    def more(self, table: Table) -> str:
        """Further rows of an answer that `write` began; only formats of rows that are text have them."""
        text: str = getattr(import_module(f"{__name__}.{self.name}"), f"more_{self.name}")(table)
        return text

    def stream(self, rows: Rows, file: BinaryIO) -> None:
        """Write every row of an export; raise InvalidQuestion where the format cannot stream."""
        if not self.streams:
            choices = ", ".join(entry.name for entry in FORMATS.values() if entry.streams)
            raise InvalidQuestion(f"No export is written as {self.name}.", f"Formats: {choices}.")
        import_module(f"{__name__}.{self.name}_rows").write_rows(rows, file)


FORMATS = {
    entry.name: entry
    for entry in (
        Format("text", "txt"),
        Format("json", "json"),
        Format("csv", "csv", rows=True, streams=True),
        Format("jsonl", "jsonl", rows=True, streams=True),
        Format("markdown", "md"),
        Format("html", "html"),
        Format("pdf", "pdf", text=False),
        Format("parquet", "parquet", rows=True, text=False, streams=True),
        Format("xlsx", "xlsx", text=False, streams=True),
    )
}
"""Every format, by the name that `--format` takes."""
ENDINGS = {entry.ending: entry for entry in FORMATS.values()}
"""The same by the ending of a file."""
