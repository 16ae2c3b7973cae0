"""Backup: the newest version of a ledger, copied while syncs go on: each file once, by its hash, and one list of them.

Files of a ledger are added and never changed, and whatever names a file is written after it. So what names is copied
first: the number of the newest version, copies, versions, logs, then rows, and pages last. A backup is the list that
was written last; until it is there, the list before holds, so one that was stopped goes on where it stood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from tallystick.core.ledger_tables import GROWING, PAGES, PINNED, VERSIONS
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import acknowledgements, erasure, faults, lock
from tallystick.store.archive import Archive
from tallystick.store.copies import FOLDER
from tallystick.store.disk import private, put
from tallystick.store.format import FILE as FORMAT
from tallystick.store.tables import Tables
from tallystick.store.version import Version

LIST = "backup.json"
"""The list of the files of a backup."""
PEOPLE_KEY = "people.key"
"""The name under which a backup has the key that hides people."""
_TRIES = 3
"""Times that a backup begins: a forgetting meanwhile deletes files that are to be copied."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a ledger as a backup has it."""

    hash: str
    size: int
    written_at: int


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: the version, all files, and those that were new."""

    version: int
    files: int
    new: int
    size: int


def back_up(tables: Tables, folder: Path, people_key: Path | None) -> Backup:
    """Copy the newest version of a ledger into a folder, private to its user; only what it lacks is written.

    Raises LedgerError where the ledger is damaged, InvalidQuestion where the folder holds something else.
    """
    folder = folder.absolute()
    if folder.is_relative_to(tables.root.absolute()):
        raise InvalidQuestion("A backup inside the ledger would be lost with it.", "Name another folder.")
    with faults.writing(folder), private(folder):
        names = {path.name for path in folder.iterdir() if path not in _parts(folder)}
        if names - {LIST, "files", "writer.lock", "writer.json"}:
            raise InvalidQuestion(f"{folder} holds something else than a backup.", "Name another folder.")
        with lock.turn(folder, None, patience=0):
            for _ in range(_TRIES):
                with suppress(FileNotFoundError):
                    return _back_up(tables, folder, people_key)
    raise LedgerError("Files of the ledger were deleted while they were copied.", "Run the same again.")


def _back_up(tables: Tables, folder: Path, people_key: Path | None) -> Backup:
    before, root = stored(folder), tables.root
    version = tables.newest()
    if not version.number:
        raise LedgerError(f"There is nothing to back up at {root}.", "Run `tallystick sync` first.")
    files: dict[str, Stored] = {}
    new = 0
    keys = [(PEOPLE_KEY, people_key)] if people_key and people_key.exists() else []
    paths = ((path.relative_to(root).as_posix(), path) for path in _files(tables))  # listed as their turn comes
    for name, path in chain(paths, keys):
        status, known = path.stat(), before.get(name)
        if known and (known.size, known.written_at) == (status.st_size, status.st_mtime_ns) and _lies(folder, known):
            files[name] = known
            continue
        content = path.read_bytes()
        files[name] = Stored(hashlib.sha256(content).hexdigest(), len(content), status.st_mtime_ns)
        new += _keep(folder, files[name], content)
    _check(tables, version, before, files)
    listing = {"version": version.number, "files": {name: asdict(file) for name, file in sorted(files.items())}}
    put(folder / LIST, json.dumps(listing, indent=1).encode())
    hashes = {file.hash for file in files.values()}
    others = chain((folder / "files").glob("*/*"), _parts(folder))
    for path in others:  # what is in no list: of before a forgetting, of replaced rows, of a dead backup
        if path.name not in hashes:
            path.unlink()
    return Backup(version.number, len(files), new, sum(file.size for file in files.values()))


def stored(folder: Path) -> dict[str, Stored]:
    """The files of the last whole backup, by their names in the ledger; none where there is none."""
    try:
        content = json.loads((folder / LIST).read_bytes())
        return {name: Stored(**file) for name, file in content["files"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise LedgerError(
            f"The list {folder / LIST} cannot be read: {safe(str(wrong))}", "Back up into another folder."
        ) from None


def content_of(folder: Path, file: Stored) -> bytes:
    """What a file of a backup holds; LedgerError where it is not what was copied."""
    try:
        content = _place(folder, file).read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != file.hash:
        raise LedgerError(f"The backup {folder} is damaged: {file.hash} is not as it was.", "Take another backup.")
    return content


def _files(tables: Tables) -> Iterator[Path]:
    """Every file of a ledger, what names others first; what is listed late was written by then."""
    root = tables.root
    yield from (path for path in [tables.newest_file] if path.exists())
    yield from _below(root / FOLDER)
    for table in (VERSIONS, *PINNED, *GROWING):
        yield from _below(tables.folder(table) / "_delta_log")
        yield from (path for path in _below(tables.folder(table)) if "_delta_log" not in path.parts)
    yield from (path for path in _below(root / "pages") if path.suffix == ".zst")
    for name in (FORMAT, acknowledgements.FILE, erasure.FORGOTTEN):
        yield from (path for path in [root / name] if path.exists())


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".part", ".tmp"})


def _check(tables: Tables, version: Version, before: Mapping[str, Stored], files: Mapping[str, Stored]) -> None:
    """Raise LedgerError where what was copied is not what was written: a damaged ledger replaces no backup.

    FileNotFoundError where a file of the version was not there to copy.
    """
    root = tables.root
    for table in PINNED:
        hashes, target = tables.hashes(table, version), tables.folder(table).relative_to(root).as_posix()
        for path in tables.listing(table, version).files:
            if (file := files.get(f"{target}/{path}")) is None:
                raise FileNotFoundError(path)
            if hashes.get(Path(path).name) not in {None, file.hash}:
                raise LedgerError(f"The file {path} of the table {table.name} has been altered.", faults.REPAIR)
    known = {file.hash for file in before.values()}
    archive, indexed = Archive(root), set(tables.rows(PAGES, columns=["hash"])["hash"].to_pylist())
    for name, file in files.items():  # a page that the index does not name is what a power cut left
        if name.endswith(".zst") and file.hash not in known and Path(name).stem in indexed:
            archive.body(Path(name).stem)


def _keep(folder: Path, file: Stored, content: bytes) -> bool:
    """Write a file into a backup and read it again; whether it was not there."""
    if _lies(folder, file):
        return False
    target = _place(folder, file)
    target.parent.mkdir(parents=True, exist_ok=True)
    put(target, content)
    content_of(folder, file)
    return True


def _parts(folder: Path) -> list[Path]:
    """What backups that were killed left of their lists."""
    return [*folder.glob(f".{LIST}.*.part")]


def _lies(folder: Path, file: Stored) -> bool:
    target = _place(folder, file)
    return target.exists() and target.stat().st_size == file.size


def _place(folder: Path, file: Stored) -> Path:
    return folder / "files" / file.hash[:2] / file.hash
