"""Replay: archived readings judged once more, in the order in which they were read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

import pyarrow as pa

from tallystick.api.page import Page
from tallystick.core.ledger_tables import LOST, PAGES, SUCCESS, UNREAD
from tallystick.core.time import Grain, Window
from tallystick.errors import LedgerError
from tallystick.store.archive import Archive
from tallystick.store.columns import read, schema
from tallystick.store.writer import Writer
from tallystick.sync.batch import GAP, CheckedBatch, FetchedPage
from tallystick.sync.commit import Committer
from tallystick.sync.fetch import TRIES
from tallystick.sync.pending_losses import ACCEPTED
from tallystick.sync.plan import SyncTask
from tallystick.sync.redaction import People
from tallystick.sync.sources import NAMES, SOURCES
from tallystick.tally.prices_in_force import Prices

Row = dict[str, Any]


def replay(index: pa.Table, archive: Archive, writer: Writer, prices: Prices, people: People | None) -> int:
    """Judge every reading of an archive's index once more and commit what it gives; how many.

    Its pages are kept in the archive of the writer too. LedgerError where one cannot be read.
    """
    committers = _Committers(writer, prices, people)
    readings = 0
    for number, rows in _readings(index):
        writer.append(PAGES, pa.Table.from_pylist(rows, schema(PAGES)))
        writer.reading = number
        bodies = [archive.body(row["hash"]) for row in rows]
        for body in bodies:
            writer.archive.keep(body)
        committer = committers.of(rows[0]["organization"])
        committer.keep(*_judged(committer, rows, bodies))
        readings += 1
    return readings


def resume(writer: Writer, prices: Prices, people: People) -> set[date]:
    """Commit the readings of the archive that a killed sync had no time to commit; the days that changed.

    Else their days would count as read. A reading whose pages are gone is marked as lost: its days are read again.
    """
    if writer.reading is None:
        return set()
    complete = max(writer.reading, writer.newest_reading(("source", "=", SUCCESS)))
    newest = writer.newest_reading()
    if newest == complete:
        return set()
    committers, batches = _Committers(writer, prices, people), defaultdict[str, list[CheckedBatch]](list)
    lost = list[Row]()
    for _, rows in _readings(read(writer.delta(PAGES), filters=[("reading", ">", complete)])):
        organization = rows[0]["organization"]
        try:
            bodies = [writer.archive.body(row["hash"]) for row in rows]
        except LedgerError:
            newest += 1
            lost.append(_lost(rows[0], newest, writer.archive))
        else:
            batches[organization] += _judged(committers.of(organization), rows, bodies)
    writer.append(PAGES, pa.Table.from_pylist(lost, schema(PAGES)))
    writer.reading = newest
    return {day for name, group in batches.items() for day in committers.of(name).keep(*group)}


class _Committers:
    """One committer for each organization, each with its own people."""

    def __init__(self, writer: Writer, prices: Prices, people: People | None) -> None:
        self._writer, self._prices, self._people = writer, prices, people
        self._known: dict[str, Committer] = {}

    def of(self, organization: str) -> Committer:
        """The committer of an organization."""
        if organization not in self._known:
            people = self._people and replace(self._people, emails={}, met={})
            self._known[organization] = Committer(self._writer, organization, self._prices, people)
        return self._known[organization]


def _readings(index: pa.Table) -> Iterator[tuple[int, list[Row]]]:
    """The readings of an index by number, each with its rows in order."""
    rows = index.sort_by([("reading", "ascending"), ("place", "ascending")]).to_pylist()
    for number, group in groupby(rows, key=lambda row: int(row["reading"])):
        yield number, list(group)


def _judged(committer: Committer, rows: Sequence[Row], bodies: Sequence[bytes]) -> list[CheckedBatch]:
    """What a reading gives to commit; nothing where it is of names, which are committed, or is nothing to judge."""
    first = rows[0]
    if first["purpose"] in {LOST, "check"} or not (first["source"] == NAMES or first["source"] in SOURCES):
        return []
    answers = [
        FetchedPage(row["purpose"], json.loads(row["fixed"]), Page(row["request"], body), row["refreshed_at"])
        for row, body in zip(rows, bodies, strict=True)
    ]
    if first["source"] == NAMES:
        committer.keep_names(((answer.purpose, answer.page) for answer in answers), first["read_at"])
        return []
    window = Window(first["window_start"], first["window_end"])
    task = SyncTask(SOURCES[first["source"]], Grain(first["grain"]), window)
    if first["purpose"] == UNREAD:
        committer.leave(task, bodies[0].decode(), first["read_at"])
        return []
    batch = task.source.batch(task, committer.organization, first["read_at"], committer)
    for answer in answers:
        if answer.purpose not in {ACCEPTED, GAP}:
            batch.add(answer)
    accept = any(row["purpose"] == ACCEPTED for row in rows)
    last, people = first["attempt"] == TRIES, tuple(batch.people.values())
    return [CheckedBatch(task, batch.check(), first["read_at"], last, people, accept)]


def _lost(first: Row, number: int, archive: Archive) -> Row:
    """The row of the index that marks the days of a reading as never read."""
    page = {"hash": archive.keep(LOST.encode()), "size": len(LOST), "original": None, "redacted": None}
    return first | page | {"reading": number, "purpose": LOST, "place": 0, "request": LOST, "fixed": "{}"}
