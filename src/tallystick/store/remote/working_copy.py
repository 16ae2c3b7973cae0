"""Working copy: the whole ledger in a folder of this machine, in which its writer works as in any, then publishes.

Publishing puts what is new: rows, pages and small files first, then entries of logs in their order, then the head,
which alone decides. What a writer did and did not publish stays in the folder. If nobody else has committed since, the
next turn on this machine goes on from there, as from what a killed writer leaves in a folder: no page is asked for
twice. Else it is dropped: its numbers were given again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import msgspec

from tallystick.core.ledger_tables import VERSIONS
from tallystick.errors import LedgerError
from tallystick.store import faults
from tallystick.store.disk import private
from tallystick.store.remote.files import Fetcher, at_once, clear, is_as, missing, walk
from tallystick.store.remote.head import NAME as HEAD, Head, State, commit
from tallystick.store.remote.lease import NAME as LEASE, Lease
from tallystick.store.remote.manifest import Entry, Files, Segment, Segments, family, is_fixed, is_log, key_of
from tallystick.store.remote.objects import Changed, Objects

GRACE = 3600.0
"""Seconds for which objects that no state names stay, for readers of an older one."""
_SMALL = 1 << 16
"""Bytes up to which a file that is replaced is compared by its content."""
_HINT = "_delta_log/_last_checkpoint"
"""The end of the path of a file that other engines look for under its own name."""


class WorkingCopy:
    """The copy of the writer whose turn a lease is, or another `folder`."""

    def __init__(
        self,
        objects: Objects,
        segments: Segments,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder or objects.bucket.working
        self._state_file = objects.bucket.folder / ("copied.json" if folder else "working.json")
        self._objects = objects
        self._segments = segments
        self._fetcher = Fetcher(objects, self.folder, objects.bucket.reading)
        self._state: State | None = None
        self._lost: set[str] = set()
        """Files of the state that the bucket has lost; what is here in their place is put again."""
        self._listed: dict[str, int] = {}
        """Objects that were put before, and their sizes, as far as they were listed."""

    def pull(self, state: State, *, lenient: bool = False) -> None:
        """Make the folder what the head says, or what this machine made of it and has not published.

        LedgerError where an object is lost; with `lenient` its file is left out, to be mended.
        """
        with faults.writing(self.folder), private(self.folder):
            disk_state = State.read(self._state_file)
            files, here = self._segments.all(state.head), dict(walk(self.folder))
            if disk_state is None or disk_state.head.segments != state.head.segments:
                self._state_file.unlink(missing_ok=True)
                clear(self.folder, here.keys() - files.keys())
                absent = {path: entry for path, entry in files.items() if not is_as(here.get(path), entry)}
            else:
                absent = {path: entry for path, entry in files.items() if path not in here}
            self._lost = missing(self._objects, files) if lenient else set()
            lost = self._fetcher.fetch(absent)
            if lost and not lenient:
                raise LedgerError(
                    f"The ledger {self._objects.bucket} is damaged: {lost[0]} is lost or not as it was written"
                    + (f", and {len(lost) - 1:,} more." if lost[1:] else "."),
                    faults.REPAIR,
                )
            self._lost |= {*lost}
            state.write(self._state_file)
            self._state = state

    def adopt(self, state: State) -> WorkingCopy:
        """Let the folder be as it is; what it has is put in the place of all that the head says."""
        self._state = state
        self._listed = self._objects.list()
        return self

    def publish(self, lease: Lease, *, erasing: bool = False) -> None:
        """Commit what the folder holds now; LedgerError where the turn is lost, and nothing is committed then.

        With `erasing` what no state names any more is deleted at once, else after the grace.
        """
        assert self._state is not None  # noqa: S101 - it was pulled
        before, now = self._state.head, time.time()
        files, changes = self._segments.all(before), self._put_new(lease)
        if not changes and not erasing:
            return
        segments = {
            name: [
                *self._segments.add(
                    names, {path: file_entry for path, file_entry in changes.items() if family(path) == name}
                )
            ]
            for name, names in before.segments.items()
        }
        head = Head(before.number + 1, lease.epoch, str(uuid4()), segments)
        due_by_key = before.gone | dict.fromkeys(_replaced(files, changes, before, head), now + GRACE)
        needed = {entry.key(path) for path, entry in self._segments.all(head).items()} if due_by_key else set()
        due_by_key = {key: now if erasing else due for key, due in due_by_key.items() if key not in needed}
        overdue = [key for key in before.gone if due_by_key.get(key, now + 1) <= now]
        if overdue:
            lease.confirm()
            self._objects.delete(overdue)
        due_by_key = {key: due for key, due in due_by_key.items() if key not in overdue}
        self._state = commit(self._objects, lease, msgspec.structs.replace(head, gone=due_by_key), self._state)
        self._state.write(self._state_file)
        self._lost.clear()
        self._show(changes)
        if erasing:
            self._sweep(lease)

    def _put_new(self, lease: Lease) -> Segment:
        """Put every file that is new or another, what names others last; what changes in the manifest."""
        assert self._state is not None  # noqa: S101 - it was pulled
        files, due_by_key = self._segments.all(self._state.head), self._state.head.gone
        here = dict(walk(self.folder))
        changes: Segment = dict.fromkeys(files.keys() - here.keys())

        def put(path: str) -> None:
            try:
                data = (self.folder / path).read_bytes()
            except FileNotFoundError:  # a page that another thread gave up
                return
            known = None if path in self._lost else files.get(path)
            by_content = not is_fixed(path) or path in files or path in due_by_key
            digest = hashlib.sha256(data).hexdigest()
            entry = Entry(len(data), here[path].st_mtime_ns, digest, by_content)
            if known is None or known.hash != digest:
                self._create(entry.key(path), data, digest, lease)
                changes[path] = entry
            elif not is_as(here[path], known):
                changes[path] = msgspec.structs.replace(known, written_at=entry.written_at)

        def put_in_order(paths: list[str]) -> None:
            for path in paths:
                put(path)

        differing = sorted(
            path for path, status in here.items() if path in self._lost or _may_differ(path, status, files.get(path))
        )
        logs = [path for path in differing if is_log(path)]
        at_once(put, [path for path in differing if not is_log(path)])
        tables = [[*paths] for _, paths in groupby(logs, lambda path: path.partition("/_delta_log/")[0])]
        at_once(put_in_order, [paths for paths in tables if not paths[0].startswith(f"{VERSIONS.name}/")])
        at_once(put_in_order, [paths for paths in tables if paths[0].startswith(f"{VERSIONS.name}/")])
        return changes

    def _create(self, key: str, data: bytes, digest: str, lease: Lease) -> None:
        """Put an object that no state names; one that a dead writer left of another content is replaced."""
        if self._listed.get(key) == len(data) and (put := self._objects.hash(key)) and put[0] == digest:
            return  # by a copy that was stopped: it is not sent again
        while True:
            try:
                self._objects.create(key, data, digest)
            except Changed:
                remnant = self._objects.hash(key)
                if remnant and remnant[0] == digest:
                    return
                if remnant is None:
                    continue
                lease.confirm()  # between both: who took the turn since has replaced it, and the condition fails
                try:
                    self._objects.replace(key, data, remnant[1], digest)
                except Changed:
                    continue
            return

    def _sweep(self, lease: Lease) -> None:
        """Delete every object that the state does not name, also what dead writers put and no state ever named."""
        assert self._state is not None  # noqa: S101 - it was pulled
        unnamed = unnamed_objects(self._objects, self._segments, self._state.head)
        lease.confirm()
        self._objects.delete([*unnamed])

    def _show(self, changes: Segment) -> None:
        """Put what other engines look for under its own name there too, once it is committed."""
        for path, entry in changes.items():
            if entry and entry.by_content and _is_shown(path):
                self._objects.put(path, (self.folder / path).read_bytes(), entry.hash)


def _replaced(files: Files, changes: Segment, before: Head, head: Head) -> Iterator[str]:
    """The objects of one state that the next one does not name, unless it puts another under their name."""
    for path, entry in changes.items():
        if known := files.get(path):
            if entry is None or known.by_content:
                yield known.key(path)
            if entry is None and known.by_content and _is_shown(path):
                yield path
    segment_names = {name for names in head.segments.values() for name, _ in names}
    yield from (key_of(name) for names in before.segments.values() for name, _ in names if name not in segment_names)


def unnamed_objects(objects: Objects, segments: Segments, head: Head) -> dict[str, int]:
    """Every object that a state does not name, and its size."""
    files = segments.all(head)
    keys = {entry.key(path) for path, entry in files.items()} | {path for path in files if _is_shown(path)}
    keys |= {key_of(name) for names in head.segments.values() for name, _ in names} | {HEAD, LEASE}
    return {key: size for key, size in objects.list().items() if key not in keys}


def _is_shown(path: str) -> bool:
    """Whether other engines look for a file under its own name."""
    return is_fixed(path) or path.endswith(_HINT)


def _may_differ(path: str, status: os.stat_result, known: Entry | None) -> bool:
    """Whether a file may be another than is known: what is small and replaced is looked at in any case."""
    return not is_as(status, known) if known is None or is_fixed(path) or status.st_size > _SMALL else True
