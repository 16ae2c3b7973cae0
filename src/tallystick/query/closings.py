"""Closings: that months were closed, and the rows that each was closed with, which nothing rewrites."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tallystick.core.ledger_tables import CLOSED, CLOSED_AS
from tallystick.core.money import PLACES
from tallystick.core.select import Select, select
from tallystick.core.time import Grain, instant
from tallystick.core.time_words import utc_month
from tallystick.query.conditions import equals
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import Rule

if TYPE_CHECKING:
    import pyarrow as pa

CHARGE, ADJUSTMENT = "charge", "adjustment"
RULES, PRICES, PROVISIONAL, CLOSING = "rules", "prices", "provisional", "closing"
"""What a row of `closed` is."""
BATCH = 65_536
"""Rows that are made text at a time, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Closing:
    """That a month was closed: when, as which version, with which digest of its rows.

    `billed` is what its charges and its adjustments came to then, US dollars.
    """

    month: str
    at: datetime
    version: int
    digest: str
    provisional: tuple[date, ...]
    billed: Mapping[str, Decimal]


def closings(engine: Engine, organization: str) -> dict[str, Closing]:
    """The closed months of an organization, in their order."""
    if not engine.holds(CLOSED):
        return {}
    rows = rows_of(organization).where(equals("what", CLOSING)).order_by("month")
    by_month = {}
    for row in engine.rows(rows):
        details = json.loads(row["text"])
        days = tuple(map(date.fromisoformat, details["provisional"]))
        billed = {CHARGE: Decimal(details["billed"]), ADJUSTMENT: Decimal(details["adjustments"])}
        by_month[row["month"]] = Closing(
            row["month"], instant(details["at"]), details["version"], details["digest"], days, billed
        )
    return by_month


def closing_versions(engine: Engine) -> set[int]:
    """Return the numbers of the versions that closed a month, as the closed rows and the versions themselves say."""
    if not engine.holds(CLOSED):
        return set()
    rows = engine.rows(select("text").from_("ledger.closed").where(equals("what", CLOSING)))
    closed_from = {json.loads(row["text"])["version"] for row in rows}
    stating = (
        version.number
        for version in engine.tables.versions()
        if any(name.startswith(CLOSED_AS) for name in version.totals)
    )
    return {*closed_from, *stating}


def following(closed: Iterable[str]) -> str:
    """The month after the newest closed one."""
    return f"{Grain.MONTH.after(utc_month(max(closed)).start):%Y-%m}"


def rules(rows: pa.Table) -> Owners:
    """The rules by which a month was closed, from all its rows."""
    import msgspec
    import pyarrow.compute as pc

    [encoded] = rows.filter(pc.equal(rows["what"], RULES))["text"].to_pylist()
    return Owners(msgspec.json.decode(encoded, type=tuple[Rule, ...]))


def closed_rows(engine: Engine, organization: str, name: str) -> pa.Table:
    """Every row that a month was closed with."""
    from tallystick.store.columns import schema

    rows = rows_of(organization).where(equals("month", name))
    return engine.ask(rows).cast(schema(CLOSED))


def digest(rows: pa.Table) -> str:
    """The SHA-256 of the rows of a closed month but that of its closing, whatever their order.

    Each row is its columns in the order of the table, as a JSON list of texts: days as 2026-10-01, US dollars and
    counts in digits, exact and without idle zeros past the second place; the rows are sorted, a line each.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from tallystick.store.columns import schema

    rows = rows.filter(pc.not_equal(rows["what"], CLOSING)).select(schema(CLOSED).names)
    batches = rows.to_batches(max_chunksize=BATCH)
    lines = pa.chunked_array([_lines(batch) for batch in batches], pa.large_string())
    checksum = hashlib.sha256()
    order = pc.sort_indices(lines)
    for start in range(0, len(order), BATCH):
        checksum.update("".join(lines.take(order.slice(start, BATCH)).to_pylist()).encode())
    return checksum.hexdigest()


def _lines(rows: pa.RecordBatch) -> pa.Array:
    """The line of each row: of money by columns, of all else each distinct cell is made text once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [_money(column) if pa.types.is_decimal(column.type) else _cells(column) for column in rows.columns]
    return _joined("[", pc.binary_join_element_wise(*texts, pa.scalar(", ", pa.large_string())), "]\n")


def _cells(column: pa.Array) -> pa.Array:
    """Texts, counts or days as JSON texts."""
    import pyarrow as pa

    cells = column.dictionary_encode("encode")
    encoded = [json.dumps(cell if cell is None else str(cell)) for cell in cells.dictionary.to_pylist()]
    return pa.array(encoded, pa.large_string()).take(cells.indices)


def _money(amounts: pa.Array) -> pa.Array:
    """US dollars as JSON texts, each as `plain` writes it."""
    import pyarrow.compute as pc

    from tallystick.tally.picodollars import whole_picodollars

    digits = pc.utf8_lpad(whole_picodollars(pc.abs(amounts)).cast("large_string"), PLACES + 1, "0")
    units, fractions = (pc.utf8_slice_codeunits(digits, *span) for span in ((0, -PLACES), (-PLACES, None)))
    signs = pc.if_else(pc.less(amounts, Decimal(0)), "-", "").cast("large_string")
    fractions = pc.utf8_rpad(pc.utf8_rtrim(fractions, "0"), 2, "0")
    return pc.coalesce(_joined('"', signs, units, ".", fractions, '"'), "null").cast("large_string")


def _joined(*parts: pa.Array | str) -> pa.Array:
    """The texts of each row one after the other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.large_string()
    texts = [pa.scalar(part, kind) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*texts, pa.scalar("", kind))


def rows_of(organization: str) -> Select:
    """The query for all rows that months of an organization were closed with."""
    return select("*").from_("ledger.closed").where(equals("organization", organization))
