"""Retention: versions that nobody needs any more are dropped, and an hour later the files that only they had.

A version is needed while it was the newest within the time that is kept, and for good where a month was closed by it.
A dropped one stays listed, by its number and instant. What only dropped versions had is deleted at least an hour
later, so that a question that was put to one meanwhile ends well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pyarrow as pa

from tallystick.core.ledger_tables import GROWING, PINNED, VERSIONS
from tallystick.core.time import DAY
from tallystick.errors import LedgerError
from tallystick.store.columns import schema
from tallystick.store.disk import LOG
from tallystick.store.erasure import rewrite
from tallystick.store.tables import Tables
from tallystick.store.unneeded import GRACE, Unneeded, outdated_entries, replaced
from tallystick.store.version import Version
from tallystick.store.version_choice import unbroken
from tallystick.store.writer import Writer

MANY = 1_000
"""Entries of the log of the versions that stay without a vacuum."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What was dropped and deleted, and what stays: versions, of which `closed` are older ones of closed months.

    `oldest` is the oldest version since which all stay. `due` is when what only dropped versions had can be deleted;
    None where nothing waits.
    """

    dropped: int
    stay: int
    closed: int
    oldest: Version | None
    files: int
    size: int
    due: datetime | None


def is_due(versions: Sequence[Version], keep: timedelta, needed: Collection[int], now: datetime) -> bool:
    """Whether a version is not kept, and none was dropped within a day; arguments as of `retain`."""
    drops = [version.dropped_at for version in versions if version.dropped_at]
    return all(drop <= now - DAY for drop in drops) and any(_unneeded(versions, keep, needed, now))


def is_long(tables: Tables) -> bool:
    """Whether the log of the versions, of which each commit makes an entry and a file of rows, is to be shortened."""
    return sum(1 for _ in islice((tables.folder(VERSIONS) / LOG).iterdir(), MANY + 1)) > MANY


def retain(writer: Writer, keep: timedelta | None, needed: Collection[int], now: datetime) -> Retained:
    """Delete what only versions had that were dropped an hour ago, then drop those that are not kept.

    Without `keep` every version stays. `needed` are the numbers of those that stay for good. LedgerError where the
    ledger is damaged: nothing is deleted then.
    """
    versions = writer.tables.every_version()
    drops = [version.dropped_at for version in versions if version.dropped_at]
    due = max(drops) + GRACE if drops else None
    files, size = 0, 0
    if due is None or due <= now:
        files, size = _delete(writer, versions, now)
        due = None
    dropped = {version.number for version in _unneeded(versions, keep, needed, now)} if keep else set[int]()
    if dropped:
        versions = _drop(writer, versions, dropped, now)
        due = now + GRACE
    readable, recent = [version for version in versions if version.tables], unbroken(versions)
    oldest = recent[-1] if recent else None
    return Retained(len(dropped), len(readable), len(readable) - len(recent), oldest, files, size, due)


def _unneeded(
    versions: Sequence[Version], keep: timedelta, needed: Collection[int], now: datetime
) -> Iterator[Version]:
    """The versions that another followed before the time that is kept; `every` is the newest first."""
    for newer, version in pairwise(versions):
        if version.tables and newer.at and newer.at <= now - max(keep, GRACE) and version.number not in needed:
            yield version


def _delete(writer: Writer, versions: Sequence[Version], now: datetime) -> tuple[int, int]:
    """Delete files and log entries that no version needs; how many files, and their bytes.

    Of a table of which an older state cannot be opened any more nothing is deleted.
    """
    paths: list[Path] = []
    for table in PINNED:
        with suppress(LedgerError):
            unneeded = Unneeded(writer.tables, table, versions)
            unneeded.checkpoint()
            _unlink(unneeded.log_entries())
            paths += unneeded.files()
    for table in (*GROWING, VERSIONS):
        if writer.tables.has(table):
            paths += replaced(writer.tables, table, now)
            _unlink(outdated_entries(writer.tables, table, now))
    size = sum(path.stat().st_size for path in paths)
    _unlink(paths)
    return len(paths), size


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()


def _drop(
    writer: Writer, versions_before: Sequence[Version], dropped: Collection[int], when: datetime
) -> list[Version]:
    """Let only the numbers of versions be left, for good; the versions as they are listed then, the newest first.

    Hashes of files that came with a dropped version are stated by the next one that stays, as far as it has the files.
    """
    carried: dict[str, dict[str, str]] = {}
    versions = []
    for version in reversed(versions_before):
        if version.number in dropped:
            for name, content in version.contents.items():
                carried.setdefault(name, {}).update(content.new)
            versions.append(version.dropped(when))
        elif version.tables:
            versions.append(_stating(writer.tables, version, carried))
        else:
            versions.append(version)
    versions.reverse()
    writer.flush()
    rewrite(writer, VERSIONS, pa.Table.from_pylist([version.row() for version in versions[::-1]], schema(VERSIONS)))
    writer.reread()
    writer.flush()
    for table in PINNED:
        with suppress(LedgerError):
            Unneeded(writer.tables, table, versions).checkpoint()
    return versions


def _stating(tables: Tables, version: Version, carried: dict[str, dict[str, str]]) -> Version:
    """A version that states the hashes of the files that came before too, which are carried no further."""
    contents = dict(version.contents)
    for table in PINNED:
        if table.name in carried and table.name in contents:
            with suppress(LedgerError):  # of a state that cannot be opened any more
                names = {Path(path).name for path in tables.listing(table, version).files}
                own = {file: digest for file, digest in carried.pop(table.name).items() if file in names}
                contents[table.name] = replace(contents[table.name], new={**own, **contents[table.name].new})
    return replace(version, contents=contents)
