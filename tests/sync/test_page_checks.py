from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from support.scripted_api import KEY, NOW, FakeClock, Server, reply
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.reports_query import usage_report_query
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import UnexpectedResponse
from tallystick.sync.page_checks import Watch

START = datetime(2026, 10, 1, tzinfo=UTC)
QUERY = usage_report_query(Window(START, START + DAY), Grain.DAY)
ME = "3f0c6a52-5d0b-4c57-9a35-7b1d2b8e4a10"
OTHER = "11111111-5d0b-4c57-9a35-7b1d2b8e4a10"


class RealClock(FakeClock):
    """A clock that is not pinned, so that the API's is held against it."""

    real = True


def watch(
    *dates: datetime | str | None, body: str = '{"data": [], "has_more": false}', **headers: str
) -> tuple[Watch, list[str]]:
    """A watch that has seen an answer of each of these dates, and what it warned of."""
    texts = [format_datetime(date, usegmt=True) if isinstance(date, datetime) else date for date in dates]
    replies = [reply(body=body, **({"date": text} if text else {}), **headers) for text in texts]
    client = Client(Credential(KEY), clock=RealClock(), transport=httpx2.MockTransport(Server(*replies)))
    warnings: list[str] = []
    made = Watch(client, RealClock(), warnings.append, lambda: None)
    for _ in texts:
        made.get(QUERY)
    return made, warnings


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(days=3), "3 days ahead of"),
        (timedelta(hours=30), "30 hours ahead of"),
        (timedelta(minutes=-6), "6 minutes behind"),
        (timedelta(minutes=4), None),
    ],
)
def test_a_clock_that_is_wrong_is_told_once(ahead: timedelta, text: str | None) -> None:
    """By how much the clock is off is said once, in days, hours or minutes; one that is ahead takes the API's time."""
    made, warnings = watch(NOW - ahead, NOW - ahead)
    assert len(warnings) == (text is not None)
    assert all(str(text) in warning for warning in warnings)
    assert made.now() == (NOW - ahead if ahead > timedelta(0) else NOW)


def test_the_clock_is_taken_by_the_answer_on_which_it_is_least_ahead() -> None:
    """An answer that was long on its way makes no clock late: the least difference counts."""
    made, _ = watch(NOW - timedelta(hours=1), NOW - timedelta(seconds=30))
    assert made.now() == NOW


@pytest.mark.parametrize("date", [None, "no date", "Tue, 99 Nov 2026 09:30:00 GMT"])
def test_a_date_that_is_none_says_nothing(date: str | None) -> None:
    """Without a date that can be read our own clock holds."""
    made, warnings = watch(date)
    assert (made.now(), warnings) == (NOW, [])


@pytest.mark.parametrize("body", ['{"data": [], "organization_id": "%s"}', '{"data": [{"organization_id": "%s"}]}'])
def test_an_answer_of_another_organization_is_refused(body: str) -> None:
    """An answer that says by its header, its envelope or a row that it is another organization's is refused."""
    for made, _ in (watch(NOW, body=body % OTHER), watch(NOW, anthropic_organization_id=OTHER)):
        assert made.owners == [OTHER]
        with pytest.raises(UnexpectedResponse, match=f"answered for the organization {OTHER}; the key says"):
            made.expect(ME, "the key")
    for owner in (ME, ME.upper(), ME.replace("-", ""), "org_01abc"):
        made, _ = watch(NOW, body=body % owner)
        made.expect(ME, "the key")


def test_a_later_answer_of_another_organization_is_refused() -> None:
    """Once the organization is known each answer is held to it."""
    made, _ = watch(NOW, anthropic_organization_id=ME)
    made.expect(ME, "the key")
    made.get(QUERY)
    made.expect(OTHER, "the key")
    with pytest.raises(UnexpectedResponse, match="Nothing of this answer was kept"):
        made.get(QUERY)
