"""Rows: a stream of record batches of one schema, with what is said beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

    from tallystick.core.message import Message


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
