"""The least that the ledger's format asks of any code: its parts alone, on the pages of `ingest.py`, without checks.

Before the tally: msgspec decodes the pages (the collector off), Arrow makes columns of what differs from row to row,
zstd compresses the pages, SHA-256 names them, the rows of each day are hashed, Parquet files of them are written. The
tally: DuckDB makes rows of the counters, joins a rate and sums by day and kind; charges are hashed and written. Of
files the faster of Arrow and DuckDB counts. Rows are those that a sync made. One thread; seconds of the processor.
"""

from __future__ import annotations

import gc
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from canned import DIMENSIONS, ORGANIZATION, SOURCES, Canned
from client import in_memory, sync
from figures import Spent
from pyarrow.parquet import ParquetWriter

AT_ONCE = 12
"""Days whose records are tallied at once, as a sync does."""
PATHS = (
    *("uncached_input_tokens", "cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"),
    *("cache_read_input_tokens", "output_tokens", "server_tool_use.web_search_requests"),
)
RATES = """
CREATE TEMP TABLE rates AS SELECT model, unnest([0, 1, 2, 3, 4, 5]) AS kind, 3000000::BIGINT AS rate
FROM (SELECT DISTINCT model FROM records)
"""
TALLY = """
CREATE TEMP TABLE charged AS
SELECT record, day, kind, quantity, quantity * rate AS priced
FROM (
    SELECT record, day, model, unnest([0, 1, 2, 3, 4, 5]) AS kind, unnest([{counters}]) AS quantity FROM records
) JOIN rates USING (model, kind) WHERE quantity > 0
"""
SUMS = "SELECT day, kind, sum(quantity), sum(priced) FROM charged GROUP BY ALL"


class Parts:
    """Seconds of the processor by part; of a part that is done in several ways, of each way."""

    def __init__(self) -> None:
        self.ways: dict[str, dict[str, float]] = {}

    def take(self, part: str, work: Callable[[], Any], way: str = "") -> Any:
        """Do the work, and count what it takes."""
        spent, ways = Spent(), self.ways.setdefault(part, {})
        with spent:
            result = work()
        ways[way] = ways.get(way, 0.0) + spent.processor
        return result

    @property
    def seconds(self) -> dict[str, float]:
        """What each part takes in its fastest way."""
        return {part: min(ways.values()) for part, ways in self.ways.items()}


def of_pages(parts: Parts, pages: Sequence[bytes], page_type: type[Any]) -> None:
    """Decode, make columns, compress and hash."""
    decoder, codec = msgspec.json.Decoder(page_type), pa.Codec("zstd", 3)
    gc.disable()
    for page in pages:
        decoded = parts.take("decode", lambda: decoder.decode(page))  # noqa: B023 - called at once
        parts.take("columns", lambda: columns(decoded))  # noqa: B023
        parts.take("zstd", lambda: codec.compress(page, asbytes=True))  # noqa: B023
        parts.take("SHA-256", lambda: hashlib.sha256(page).digest())  # noqa: B023
    gc.enable()


def columns(page: Any) -> pa.Table:
    """The columns of a page that differ from row to row; a group of the newer dialect is one of them, as written."""
    if hasattr(page.data[0], "results"):
        rows = [row for bucket in page.data for row in bucket.results]
        texts = {name: pa.array(map(attrgetter(name), rows), pa.string(), size=len(rows)) for name in DIMENSIONS}
    else:
        texts = {"group": pa.array([bytes(row.group) for row in page.data], pa.binary())}
        rows = [row.usage for row in page.data]
    counts = {path: pa.array(map(attrgetter(path), rows), pa.int64(), size=len(rows)) for path in PATHS}
    return pa.table({name: text.dictionary_encode() for name, text in texts.items()} | counts)


def of_rows(parts: Parts, canned: Canned, dialect: str, days: int) -> None:
    """Hash and write records and charges, and tally, some days at a time."""
    from tallystick.core.ledger_tables import CHARGES
    from tallystick.core.records import COUNTERS
    from tallystick.core.report_tables import ANALYTICS_USAGE, USAGE_DAY
    from tallystick.store.digests import digests
    from tallystick.store.tables import Tables

    table, first = {"older": USAGE_DAY, "newer": ANALYTICS_USAGE}[dialect], canned.first.date()
    with tempfile.TemporaryDirectory() as folder:
        ledger, file = Path(folder) / "ledger", Path(folder) / "part.parquet"
        sync(ledger, f"{first}", SOURCES[dialect], transport=in_memory(canned.answer))
        with Tables(ledger).writing() as writer:
            for start in range(0, days, AT_ONCE):
                on_days = [first + timedelta(days=day) for day in range(start, min(days, start + AT_ONCE))]
                for name, rows in (
                    ("usage", writer.rows_on(table, ORGANIZATION, on_days)),
                    ("charges", writer.rows_on(CHARGES, ORGANIZATION, on_days)),
                ):
                    flat = rows.unify_dictionaries().combine_chunks()
                    parts.take(f"digests of {name}", lambda: digests(flat))  # noqa: B023 - called at once
                    for way, write in (("Arrow", by_arrow), ("DuckDB", by_duckdb)):
                        parts.take(f"Parquet of {name}", lambda: write(flat, file), way)  # noqa: B023
                    if name == "usage":
                        parts.take("rows, rates, sums", lambda: tally(flat, COUNTERS))  # noqa: B023


def by_arrow(rows: pa.Table, file: Path) -> None:
    """Write a Parquet file with Arrow."""
    texts = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    with ParquetWriter(file, rows.schema, store_schema=False, use_dictionary=texts, write_statistics=False) as writer:
        writer.write_table(rows, row_group_size=rows.num_rows)


def by_duckdb(rows: pa.Table, file: Path) -> None:
    """Write a Parquet file with DuckDB."""
    with duckdb.connect(config={"threads": 1}) as duck:
        duck.register("written", rows)
        duck.execute(f"COPY written TO '{file}' (FORMAT parquet)")


def tally(usage: pa.Table, counters: Sequence[str]) -> None:
    """One join and one aggregate of usage records; texts are numbers already."""
    records = usage.select(["day", *counters]).append_column("model", usage["model"].chunk(0).indices)
    records = records.append_column("record", pa.array(range(usage.num_rows), pa.int64()))
    with duckdb.connect(config={"threads": 1}) as duck:
        duck.register("records", records)
        duck.execute(RATES)
        duck.execute(TALLY.format(counters=", ".join(counters)))
        duck.sql("FROM charged").to_arrow_table()
        duck.execute(SUMS).fetchall()


BEFORE = ("decode", "columns", "zstd", "SHA-256", "digests of usage", "Parquet of usage")
"""The parts before the tally."""
