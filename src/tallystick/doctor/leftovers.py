"""Leftovers: what lies in the ledger's folder and no version needs. None of it is damage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from tallystick.core.ledger_tables import GROWING, PINNED, VERSIONS
from tallystick.errors import LedgerError
from tallystick.store import lock
from tallystick.store.contents import Listing
from tallystick.store.erasure import DAMAGED, WORK
from tallystick.store.tables import Tables
from tallystick.store.version import Version


def leftovers(tables: Tables, versions: Sequence[Version], hashes: Iterable[str]) -> Iterator[str]:
    """Say what is left over; `hashes` are the pages that the archive's index names."""
    root = tables.root
    orphans = [*_files(tables, versions), *_pages(root, {*hashes})]
    if orphans:
        yield f"{_counted(orphans)} that no version needs: of replaced rows, of answers that were not kept."
    parts = [path for path in root.rglob("*.part") if path.is_file()]
    parts += [path for path in root.glob(".link-*") if path.is_file()]
    if parts:
        yield f"{_counted(parts)} that dead writers left behind."
    if (root / WORK).exists():
        yield "A repair was stopped: `tallystick doctor --repair` goes on with it."
    moved = [path for path in (root / DAMAGED).rglob("*") if path.is_file()]
    if moved:
        yield f"{_counted(moved)} under {root / DAMAGED}: what earlier repairs moved away."
    if lock.is_of_the_dead(root):
        yield "The lock names a process that has died; the next writer takes it."


def _files(tables: Tables, versions: Sequence[Version]) -> Iterator[Path]:
    """The files of rows that no version and no log lists."""
    for table in (*PINNED, *GROWING, VERSIONS):
        folder = tables.folder(table)
        needed = set[str]()
        pins = {version.tables.get(table.name, 0) for version in versions} - {0} if table in PINNED else {None}
        if not folder.is_dir():
            continue
        for pin in pins:
            with suppress(LedgerError):
                needed |= Listing.of(tables.open(table, pin)).files.keys()
        paths = (path.relative_to(folder) for path in folder.rglob("part-*.parquet"))
        yield from (folder / path for path in paths if path.as_posix() not in needed and "_delta_log" not in path.parts)


def _pages(root: Path, hashes: set[str]) -> Iterator[Path]:
    return (path for path in (root / "pages").glob("[0-9a-f][0-9a-f]/*.zst") if path.stem not in hashes)


def _counted(paths: Sequence[Path]) -> str:
    size = 0
    for path in paths:
        with suppress(OSError):
            size += path.stat().st_size
    return f"{len(paths):,} {'file' if len(paths) == 1 else 'files'} of {size / 1_000_000:,.1f} MB"
