"""Restore of a backup: built beside, held to every hash and to its versions, then renamed; whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tallystick.core.ledger_tables import GROWING, PAGES, PINNED
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import faults, lock
from tallystick.store.archive import Archive
from tallystick.store.backup import LIST, PEOPLE_KEY, Stored, content_of, stored
from tallystick.store.beside import beside
from tallystick.store.disk import private
from tallystick.store.tables import Tables


def restore(folder: Path, ledger: Path, people_key: Path | None) -> int:
    """Bring a backup back as the ledger; its newest version.

    Raises InvalidQuestion where there is no backup, or something where the ledger shall be; LedgerError where a file
    of the backup is damaged.
    """
    files = stored(folder)
    if not files:
        raise InvalidQuestion(f"There is no backup in {folder}: it has no {LIST}.", "Name the folder of a backup.")
    if ledger.exists() and (not ledger.is_dir() or any(ledger.iterdir())):
        raise InvalidQuestion(f"{ledger} is there and not an empty folder.", "Move it away, or name another: --ledger.")
    with beside(ledger) as part, faults.writing(part), private(part):
        with lock.turn(part, None, patience=0):
            for name, file in files.items():
                if name != PEOPLE_KEY:
                    _restore_file(folder, file, part, name)
        version = checked(Tables(part))
        with Tables(part).writing():  # whose end writes the snapshot
            pass
        for path in part.rglob("*"):
            Tables(part).sync(path)
    if people_key and (key := files.get(PEOPLE_KEY)):
        _restore_key(people_key, content_of(folder, key))
    return version


def _restore_file(folder: Path, file: Stored, ledger: Path, name: str) -> None:
    """Put one file of a backup where it was, with the time at which it was written."""
    target = ledger / name
    if not target.resolve().is_relative_to(ledger.resolve()):
        raise LedgerError(f"The backup names a file outside the ledger: {name}", "Take another backup.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content_of(folder, file))
    os.utime(target, ns=(file.written_at, file.written_at))


def checked(tables: Tables) -> int:
    """Return the newest version; raise LedgerError where a table or a page is not what it states."""
    version = tables.newest()
    for table in PINNED:
        tables.pinned(table, version)
    for table in GROWING:
        if table is PAGES or tables.has(table):
            tables.open(table)
    archive = Archive(tables.root)
    for digest in set(tables.rows(PAGES, columns=["hash"])["hash"].to_pylist()):
        archive.body(digest)
    return version.number


def _restore_key(path: Path, key: bytes) -> None:
    """Put the key of people back; another that is there stays, and is an error."""
    if path.exists() and path.read_bytes().strip() != key.strip():
        raise LedgerError(
            f"The ledger is restored, but {path} is not the key by which it hides people.",
            "Set `people_key` to another file, and restore into another folder: the key comes along.",
        )
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            suppress(FileExistsError),
            os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        ):
            file.write(key)
