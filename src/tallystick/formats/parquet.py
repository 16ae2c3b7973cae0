"""Parquet: the rows as typed columns, money as exact decimals; what is said of them stands in the schema's metadata."""

from __future__ import annotations

import msgspec

from tallystick.core.document import Answer
from tallystick.formats.shown import rows


def as_parquet(answer: Answer) -> bytes:
    """The rows as a Parquet file; money is decimal(38, 12), a null is what is not known.

    The metadata has every other key of the JSON answer (question, columns, totals, warnings, notes, ...), each as JSON.
    InvalidQuestion for a document that no one Table holds.
    """
    import pyarrow as pa
    from pyarrow.parquet import write_table

    table = rows(answer)
    fields = {**table.written(), **answer.written()}
    metadata = {name: msgspec.json.encode(value) for name, value in fields.items() if name not in {"rows", "sections"}}
    out = pa.BufferOutputStream()
    write_table(table.to_arrow().replace_schema_metadata(metadata), out)
    written: bytes = out.getvalue().to_pybytes()
    return written
