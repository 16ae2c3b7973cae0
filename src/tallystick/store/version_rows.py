"""Version rows: the table of versions read, from which none may be lost."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from tallystick.core.ledger_tables import CLOSED, VERSIONS
from tallystick.errors import LedgerError
from tallystick.store import faults
from tallystick.store.version import Version

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.store.tables import Tables


def read_versions(tables: Tables, *, newest_alone: bool = False) -> list[Version]:
    """Every committed version, the newest first, or that one alone. LedgerError where one is lost."""
    with faults.reading(tables.name, "the table versions"):
        try:
            return [Version.of_row(row) for row in _rows(tables, newest_alone=newest_alone).to_pylist()]
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise LedgerError(
                f"A row of the table versions of the ledger {tables.name} is damaged: {faults.reason(fault)}",
                faults.REPAIR,
            ) from None


def _rows(tables: Tables, *, newest_alone: bool) -> pa.Table:
    """The rows of `versions`, the newest first, or the first of them. LedgerError where one is lost."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    from tallystick.store.columns import schema

    fits = schema(VERSIONS)
    exists = tables.exists()
    with faults.reading(tables.name, "the file newest"):
        newest = newest_number(tables)  # before the rows: a commit meanwhile writes its row first, then the number
    files = tables.files(VERSIONS) if exists else []
    tables.fetch(files)
    with faults.reading(tables.name, "the table versions"):
        in_files = {file: ParquetFile(file).read(["version"])["version"].to_pylist() for file in files}
    numbers = sorted(chain.from_iterable(in_files.values()), reverse=True)
    if numbers != list(range(len(numbers), 0, -1)) or len(numbers) < newest:
        lost = sorted({*range(1, max([newest, *numbers]) + 1)} - {*numbers})
        raise LedgerError(
            f"The table versions of the ledger {tables.name} is damaged: "
            + (f"version {lost[0]} of {max([newest, *numbers])} is lost." if lost else "a version is there twice."),
            f"Nothing is read or written. {faults.REPAIR}",
        )
    if not numbers and tables.is_filled(CLOSED):  # a first writer that died has closed nothing
        raise LedgerError(
            f"The ledger {tables.name} has closed months and no version that holds them.",
            f"Nothing is read or written. {faults.REPAIR}",
        )
    if newest_alone:
        files = [file for file, in_file in in_files.items() if numbers[0] in in_file]
    with faults.reading(tables.name, "the table versions"):
        parts = [ParquetFile(file).read().select(fits.names).cast(fits) for file in files]
    rows = pa.concat_tables([fits.empty_table(), *parts]).sort_by([("version", "descending")])
    return rows.slice(0, 1) if newest_alone else rows


def newest_number(tables: Tables) -> int:
    """The number of the newest version by the file `newest`, which each commit replaces; 0 where there is none."""
    try:
        return int(tables.newest_file.read_bytes())
    except FileNotFoundError:
        return 0
    except ValueError:
        raise LedgerError(
            f"{tables.newest_file} is damaged: it should hold the number of the newest version.", faults.REPAIR
        ) from None
