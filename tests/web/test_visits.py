"""Which state of the ledger readers are shown: a newer one once it has its answers, and never much later."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from support.scripted_api import FakeClock
from support.wire import NOW
from tallystick.core.ledger_tables import PAGES
from tallystick.settings import Settings
from tallystick.store.tables import Tables
from tallystick.web.readers import Readers
from tallystick.web.visits import LATE, LOOK, MOVE, STAY, Visit, Visits

from .conftest import ENVIRONMENT


def commit(ledger: Path) -> int:
    """Make a newer version; its number."""
    with Tables(ledger).writing() as writer:
        writer.commit("o", "names", NOW, {})
    return Tables(ledger).newest().number


def number_of(visit: Visit) -> int:
    """The number of the version that a page is made of."""
    assert visit.version
    return visit.version.number


def test_a_newer_version_is_shown_when_it_is_ready_or_late(copy: Path) -> None:
    """Readers stay with a version until a newer one is shown to them, for `LATE` seconds at most."""
    clock = FakeClock(NOW)
    visits = Visits(Tables(copy), clock)
    first = number_of(visits.visit())
    clock.seconds += MOVE
    assert visits.newer() is None

    second = commit(copy)
    clock.seconds += LOOK
    newer = visits.newer()
    assert newer
    assert (number_of(visits.visit()), number_of(newer)) == (first, second)
    visits.show(newer)
    assert number_of(visits.visit()) == second

    third = commit(copy)
    clock.seconds += MOVE
    assert number_of(visits.visit()) == second
    clock.seconds += LATE
    assert number_of(visits.visit()) == third


def test_a_long_sync_keeps_nobody_on_an_old_version(copy: Path) -> None:
    """Versions that follow each other put off none: what readers have is never outdated for longer than `LATE`."""
    clock = FakeClock(NOW)
    visits = Visits(Tables(copy), clock)
    first = number_of(visits.visit())
    begun = clock.seconds
    while number_of(visits.visit()) == first:
        assert clock.seconds - begun <= MOVE + LATE + MOVE
        commit(copy)
        clock.seconds += MOVE


def test_pages_that_arrive_without_a_version_are_news_once_a_minute(copy: Path) -> None:
    """While a sync only reads, readers keep their answers for `STAY` seconds."""
    clock = FakeClock(NOW)
    visits = Visits(Tables(copy), clock)
    first = visits.visit()
    clock.seconds += STAY - LOOK
    os.utime(Tables(copy).folder(PAGES) / "_delta_log", ns=(1, 1))
    assert visits.newer() is None
    clock.seconds += LOOK
    newer = visits.newer()
    assert newer
    assert (newer.version, newer.reads) == (first.version, 1)


def test_what_was_asked_is_asked_of_a_newer_version_before_it_is_shown(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits because the ledger moved: what readers asked of the last version is answered of the next before."""
    for wait in ("visits.LOOK", "readers.LOOK"):
        monkeypatch.setattr(f"tallystick.web.{wait}", 0.01)
    monkeypatch.setattr("tallystick.web.visits.MOVE", 0.1)
    readers = Readers(Settings.load(ledger=str(copy), environment=ENVIRONMENT))
    made: list[tuple[str, int]] = []

    async def work(name: str, visit: Visit) -> str:
        made.append((name, number_of(visit)))
        return name

    async def moved() -> int:
        following = asyncio.create_task(readers.follow(lambda visit: work("first", visit)))
        begun = readers.visit()
        await readers.once(begun, "asked", lambda visit: work("asked", visit))
        await asyncio.sleep(0.1)
        second = commit(copy)
        await asyncio.sleep(1)
        count = len(made)
        await readers.once(readers.visit(), "asked", lambda visit: work("asked", visit))
        assert len(made) == count
        following.cancel()
        await readers.close()
        return second

    second = asyncio.run(moved())
    assert made[-2:] == [("first", second), ("asked", second)]


def test_an_answer_that_fails_of_a_newer_version_ends_no_following(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel that takes too long of a newer version, or breaks, keeps neither it nor the next from readers."""
    for wait in ("visits.LOOK", "readers.LOOK"):
        monkeypatch.setattr(f"tallystick.web.{wait}", 0.01)
    monkeypatch.setattr("tallystick.web.visits.MOVE", 0.1)
    readers = Readers(Settings.load(ledger=str(copy), environment=ENVIRONMENT))
    first = number_of(readers.visit())

    async def work(visit: Visit) -> None:
        if number_of(visit) > first:
            raise RuntimeError

    async def followed() -> None:
        following = asyncio.create_task(readers.follow(work))
        for _ in range(2):
            with suppress(RuntimeError):
                await readers.once(readers.visit(), "asked", work)
            await asyncio.sleep(0.2)
            newer = commit(copy)
            await asyncio.sleep(1)
            assert number_of(readers.visit()) == newer
        following.cancel()
        await readers.close()

    asyncio.run(followed())
