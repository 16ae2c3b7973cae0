from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx2
import pytest

from support.records import days_of
from support.wire import DAY, KEY, NOW, TODAY, Clock, Wire, days_ago, small, span, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.errors import Unreachable
from tallystick.ledger import Ledger
from tallystick.sim import Answer, World
from tallystick.sync.outcome import Outcome

SINCE = days_ago(38)


class RealClock(Clock):
    """A clock that is not pinned, which the API's may be held against."""

    real = True


@pytest.fixture(scope="module")
def world() -> World:
    """A world that nobody changes."""
    return small(requests=1)


def _synced(path: Path, world: World, clock: Clock) -> Outcome:
    """Sync with a clock of one's own from an API whose clock says NOW in each `Date` header."""
    inner = transport(Wire(world))

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = inner.handle_request(request)
        answer.headers["date"] = format_datetime(NOW, usegmt=True)
        return answer

    with Client(Credential(KEY), clock=clock, transport=httpx2.MockTransport(handle)) as client:
        return Ledger(path, clock).sync(str(SINCE), client=client, source="reports", claude_code=False)


def _states(now: datetime) -> dict[str, int]:
    return {"settled": sum((now - DAY * 35).date() > day for day in span(SINCE, TODAY))}


@pytest.mark.long
def test_a_clock_that_is_ahead_settles_nothing(path: Path, world: World) -> None:
    """Days end and settle by the API's time where ours is ahead of it, and the sync says by how much."""
    outcome = _synced(path, world, RealClock(NOW + 2 * DAY))
    states = days_of(path, "usage")
    assert states[TODAY] == "running"
    assert max(states) == TODAY
    assert list(states.values()).count("settled") == _states(NOW)["settled"]
    assert max(days_of(path, "cost")) == days_ago(1)
    assert any("2 days ahead" in message for message in outcome.warnings)


@pytest.mark.long
def test_a_clock_that_is_behind_is_said_and_one_that_is_pinned_is_not_compared(path: Path, world: World) -> None:
    """A clock behind the API's makes days late, never wrong, and is said; a pinned clock is nobody's fault."""
    behind = _synced(path, world, RealClock(NOW - timedelta(hours=3)))
    assert any("3 hours behind" in message for message in behind.warnings)
    assert _synced(path, world, Clock(NOW - DAY)).warnings == []


@pytest.mark.long
def test_what_was_read_before_the_api_fell_silent_is_kept(path: Path, world: World) -> None:
    """Where no answer comes to one half of a month, the half that was read is committed, and the sync ends."""
    down = Answer(503, b"{}", {})
    wire = Wire(world, before=lambda target: down if "usage_report/messages" in target else None)
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire), patience=1) as client:
        book = Ledger(path, wire.clock)
        with pytest.raises(Unreachable):
            book.sync(str(days_ago(3)), client=client, source="reports", claude_code=False)
    assert set(days_of(path, "cost")) == set(span(days_ago(3), TODAY))
    assert days_of(path, "usage") == {}
