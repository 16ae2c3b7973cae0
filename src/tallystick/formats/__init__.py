"""Formats: an answer to text or bytes. Each is one file with one writer, imported when it writes; listed once, here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick.core.document import Answer


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name and the ending of its files.

    `rows` alone are in some: messages go to the error stream, and a document must have one Table that holds its
    `lines`. What is not `text` is bytes.
    """

    name: str
    ending: str
    rows: bool = False
    text: bool = True

    def write(self, answer: Answer) -> str | bytes:
        """The answer in this format; bytes where it is not text. InvalidQuestion where it has no rows to hold."""
        written: str | bytes = getattr(import_module(f"{__name__}.{self.name}"), f"as_{self.name}")(answer)
        return written


FORMATS = {
    entry.name: entry
    for entry in (
        Format("text", "txt"),
        Format("json", "json"),
        Format("csv", "csv", rows=True),
        Format("jsonl", "jsonl", rows=True),
        Format("markdown", "md"),
        Format("html", "html"),
        Format("pdf", "pdf", text=False),
        Format("parquet", "parquet", rows=True, text=False),
        Format("xlsx", "xlsx", text=False),
    )
}
"""Every format, by the name that `--format` takes."""
ENDINGS = {entry.ending: entry for entry in FORMATS.values()}
"""The same by the ending of a file."""
