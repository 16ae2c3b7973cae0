"""Examination: every part of the ledger compared with what was written, whatever is damaged; nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.core.ledger_tables import CLOSED, PAGES, PINNED, VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.doctor.damage import NOTHING, REPAIR, RESTORE, SYNC, Damage, Examination, Kind
from tallystick.doctor.leftovers import leftovers
from tallystick.errors import LedgerError
from tallystick.reports.verify import verify
from tallystick.store import acknowledgements, erasure, faults
from tallystick.store.archive import Archive
from tallystick.store.columns import read
from tallystick.store.copies import COPIED, Copies, file_copy
from tallystick.store.engine import Engine
from tallystick.store.format import FILE as FORMAT, supported
from tallystick.store.snapshot import NAME as SNAPSHOT, Snapshot
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.store.version_rows import newest_number
from tallystick.tally.prices_in_force import Prices

if TYPE_CHECKING:
    import pyarrow as pa

_STOPS = "Nothing is answered or written."
_COSTS = {PAGES: "Syncs and `verify` stop.", CLOSED: "What reads closed months stops."}


def examine(tables: Tables, prices: Prices) -> Examination:
    """Compare every part of a ledger with what was written. LedgerError where there is none."""
    root, examination = tables.root, Examination()
    check_format(root, examination)
    if examination.damages:  # what nobody knows how to read is not looked at
        return examination
    versions = check_versions(tables, examination)
    for table in COPIED:
        if table not in {VERSIONS, CLOSED}:
            examination.damages += _growing(tables, table)
        if not Copies(root, table).are_whole:
            examination.damages.append(_of_copies(table.name, Copies(root, table).damaged()))
    examination.damages += _small_files(root)
    if versions:
        examination.damages += [damage for table in PINNED for damage in _pinned(tables, table, versions)]
        examination.damages += _snapshot(tables, versions[0])
    hashes = _pages(tables, examination)
    examination.parts |= {"versions": len(versions), "tables": len([table for table in PINNED if _lies(tables, table)])}
    if versions and not examination.of(Kind.LOG, Kind.FILES, Kind.GROWING):
        examination.damages += _figures(tables, versions[0], prices)
    examination.notes += leftovers(tables, versions, hashes)
    return examination


def _lies(tables: Tables, table: LedgerTable) -> bool:
    return tables.folder(table).exists()


def check_format(root: Path, examination: Examination) -> None:
    """What is wrong with the format; LedgerError for that of a newer release, and where there is no ledger."""
    with faults.reading(root, "the folder"):
        if not root.is_dir() or not any((root / name).exists() for name in ("versions", "newest", "pages", "copies")):
            raise LedgerError(f"There is no ledger at {root}.", "Run `tallystick sync` first, or name another.")
    try:
        supported(root)
    except LedgerError as fault:
        if "damaged" not in fault.what:
            raise
        examination.damages.append(Damage(Kind.FORMAT, FORMAT, fault.what, _STOPS, paths=(root / FORMAT,)))


def check_versions(tables: Tables, examination: Examination) -> Sequence[Version]:
    """Every version, the newest first; none where they cannot be read, which is a damage."""
    copies = Copies(tables.root, VERSIONS)
    try:
        number = newest_number(tables)
    except (LedgerError, OSError) as fault:
        examination.damages.append(Damage(Kind.NEWEST, "newest", _what(fault), _STOPS))
        return []
    try:
        versions = tables.every_version()
        _hold_to_copies(copies, tables.rows(VERSIONS))
    except (LedgerError, OSError, ValueError) as fault:
        rows = len(set(copies.rows()["version"].to_pylist()))
        remedy = REPAIR if rows and rows >= number else f"{REPAIR}, or {RESTORE}"
        examination.damages.append(Damage(Kind.VERSIONS, "versions", _what(fault), _STOPS, remedy))
        return []
    if number != len(versions):
        examination.damages.append(
            Damage(Kind.NEWEST, "newest", f"It says {number}, not {len(versions)}.", "Reads are slower.")
        )
    return versions


def _hold_to_copies(copies: Copies, rows: pa.Table) -> None:
    if not copies.are_in(rows):
        raise LedgerError("Its rows are not those that were written.")


def _growing(tables: Tables, table: LedgerTable) -> Iterator[Damage]:
    """What is wrong with a table that grows without versions."""
    cost = _COSTS.get(table, "What reads it stops.")
    try:
        if tables.folder(table).exists() or tables.has(table):
            _hold_to_copies(Copies(tables.root, table), tables.rows(table))
    except (LedgerError, OSError) as fault:
        yield Damage(Kind.GROWING, table.name, _what(fault), cost, table=table)


def _of_copies(name: str, damaged: Sequence[Path]) -> Damage:
    problem = f"{len(damaged) or 'Some'} of its copies are not as they were written."
    return Damage(Kind.COPIES, f"copies/{name}", problem, "Nothing, until the table is damaged too.", paths=(*damaged,))


def _pinned(tables: Tables, table: LedgerTable, versions: Sequence[Version]) -> Iterator[Damage]:
    """What is wrong with a table of the newest version, and of older ones."""
    newest, part = versions[0], f"table {table.name}"
    cost = _COSTS.get(table, f"Questions that read {table.name} stop, and syncs.")
    try:
        listing = tables.listing(table, newest)
    except LedgerError as fault:
        yield Damage(Kind.LOG, part, _what(fault), cost, table=table)
        return
    folder, hashes = tables.folder(table), tables.hashes(table, newest)
    damaged = [folder / path for path in listing.files if not _is_whole(folder / path, hashes)]
    if damaged:
        problem = f"{len(damaged)} of {len(listing.files)} files: not as written."
        yield Damage(Kind.FILES, part, problem, cost, table=table, paths=(*damaged,))
    older = {version.tables.get(table.name, 0): version.number for version in versions[1:]}
    lost = []
    for pin, number in older.items():
        if pin in {0, newest.tables.get(table.name, 0)}:
            continue
        try:
            files = tables.listing(table, next(version for version in versions if version.number == number)).files
            original = all(path in listing.files or _is_whole(folder / path, hashes) for path in files)
        except LedgerError:
            original = False
        if not original:
            lost += [version.number for version in versions if version.tables.get(table.name, 0) == pin]
    if lost:
        several = f"{len(lost)} older versions, {min(lost)} to {max(lost)}"
        problem = f"{several if len(lost) > 1 else f'Older version {lost[0]}'}: not as written."
        yield Damage(Kind.OLD, part, problem, "`--as-of` refuses them.", NOTHING, table)


def _is_whole(file: Path, hashes: Mapping[str, str]) -> bool:
    """Whether a file is as it was written, by its hash; one without a hash must be there."""
    expected = hashes.get(file.name)
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == expected if expected else file.stat().st_size > 0
    except OSError:
        return False


def _snapshot(tables: Tables, newest: Version) -> Iterator[Damage]:
    """What is wrong with the snapshot; one that is not there is none."""
    if (tables.root / SNAPSHOT).exists():
        snapshot = Snapshot.read(tables.root)
        if snapshot is None or (snapshot.version.number == newest.number and snapshot.version != newest):
            yield Damage(Kind.SNAPSHOT, SNAPSHOT, "It is not as it was written.", "Questions are slower.")


def _small_files(root: Path) -> Iterator[Damage]:
    """What is wrong with the lists of acknowledgements and of those who were forgotten."""
    checks = (
        (Kind.ACKNOWLEDGEMENTS, acknowledgements.FILE, acknowledgements.acknowledgements, "`anomalies` stops."),
        (Kind.FORGOTTEN, erasure.FORGOTTEN, erasure.forgotten, "Syncs stop: they must name nobody who was forgotten."),
    )
    for kind, name, check, cost in checks:
        path = root / name
        try:
            check(root)
        except LedgerError as fault:
            remedy = RESTORE if file_copy(path) is None else REPAIR
            yield Damage(kind, name, _what(fault), cost, remedy, paths=(path,))
            continue
        if path.exists() and file_copy(path) != path.read_bytes():
            yield _of_copies(name, [path])
    if (root / FORMAT).exists() != (file_copy(root / FORMAT) is not None):
        yield _of_copies(FORMAT, [root / FORMAT])


def _pages(tables: Tables, examination: Examination) -> list[str]:
    """The hashes of all pages that the index names, or its copy; those that are not as they were answered."""
    try:
        rows = read(tables.open(PAGES))
    except (LedgerError, OSError):
        rows = Copies(tables.root, PAGES).rows()
    archive, rows_by_hash = Archive(tables.root), {row["hash"]: row for row in rows.to_pylist()}
    for digest, row in rows_by_hash.items():
        try:
            archive.body(digest)
        except LedgerError as fault:
            part = f"page of {row['source']}, {row['window_start']:%Y-%m-%d} to {row['window_end']:%Y-%m-%d}"
            cost = "Its reading is in no rebuild; figures stay."
            examination.damages.append(Damage(Kind.PAGE, part, _what(fault), cost, SYNC, PAGES, hash=digest))
    examination.parts["pages"] = len(rows_by_hash)
    return [*rows_by_hash]


def _figures(tables: Tables, newest: Version, prices: Prices) -> Iterator[Damage]:
    """What does not add up, as `verify` has it, though every file is as it was written."""
    try:
        for row in verify(Engine(tables, newest), prices, archive=False).cells:
            if row[1] == "all":  # which is of prices and of what matches, not of what lies on the disk
                continue
            part = f"{row[2]} of {row[1]}"
            yield Damage(Kind.FIGURES, part, f"{row[4]}, expected {row[3]}.", "Figures do not add up.")
    except LedgerError as fault:
        yield Damage(Kind.FIGURES, "figures", _what(fault), "Questions stop.")


def _what(fault: Exception) -> str:
    return fault.what if isinstance(fault, LedgerError) else faults.reason(fault)
