"""Pages that are damaged: moved away, and their readings marked as never read, so that the next sync reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import write_deltalake

from tallystick.core.ledger_tables import LOST, PAGES
from tallystick.doctor.damage import Damage
from tallystick.store.archive import Archive, named
from tallystick.store.columns import schema
from tallystick.store.copies import Copies

if TYPE_CHECKING:
    from tallystick.doctor.repair import Repair


MOST = 5
"""Sources and days that a message names."""


def mend_pages(repair: Repair, damages: Sequence[Damage]) -> None:
    """Move damaged pages away. A note that a sync made of itself is written again; any other costs its reading."""
    archive, lost = Archive(repair.tables.root), set[str]()
    rows = repair.tables.rows(PAGES).to_pylist()
    notes = {named(row["purpose"].encode()): row["purpose"].encode() for row in rows}
    for damage in damages:
        repair.move(archive.path(damage.hash))
        if damage.hash in notes:
            archive.keep(notes[damage.hash])
            repair.say(f"{damage.part}: written again.")
        else:
            lost.add(damage.hash)
    if not lost:
        return
    page = archive.keep(LOST.encode())
    readings = {row["reading"] for row in rows if row["hash"] in lost}
    for row in rows:
        if row["reading"] in readings:
            row["purpose"] = LOST
        if row["hash"] in lost:
            row |= {"hash": page, "size": len(LOST), "original": None, "redacted": None}
    delta, new = repair.tables.open(PAGES), pa.Table.from_pylist(rows, schema(PAGES))
    Copies(repair.tables.root, PAGES).replace(new)  # first: where it ends here, the next repair goes by them
    write_deltalake(delta, new, mode="overwrite", schema_mode="overwrite")
    sources = sorted({f"{row['source']} {row['window_start']:%Y-%m-%d}" for row in rows if row["reading"] in readings})
    repair.say(
        f"pages: {len(lost):,} lost, with the reading of each ({', '.join(sources[:MOST])}"
        f"{', ...' if len(sources) > MOST else ''}). The next `tallystick sync` reads those days again."
    )
