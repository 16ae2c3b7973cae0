from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from support.newer_reports import COST, DAILY, MONTH, NEW, SPAN, USAGE, cents, grouped, refusal, rows
from support.simulator_api import Api, api_of
from tallystick.sim import AnalyticsBehavior, Ticking, World

PARAMS = [*SPAN, *grouped("model"), ("limit", "3")]
HOURS = AnalyticsBehavior(refresh=timedelta(hours=4))


def token(api: Api, path: str = USAGE) -> tuple[str, str]:
    """The parameter that asks for the second page."""
    return ("page", api.get(path, PARAMS, NEW)["next_page"])


def test_a_cursor_belongs_to_its_query(world: World) -> None:
    """A cursor under a changed query, or of the other report, is a 400, unless cursors are not bound."""
    for bound, status in ((True, 400), (False, 200)):
        api = api_of(world, analytics=AnalyticsBehavior(bound_cursors=bound))
        assert api.ask(USAGE, [token(api), *reversed(PARAMS)], NEW).status == 200
        assert api.ask(USAGE, [*PARAMS[:-1], ("limit", "4"), token(api)], NEW).status == status
        assert api.ask(USAGE, [*PARAMS, ("speeds[]", "fast"), token(api)], NEW).status == status
        assert api.ask(COST, [*PARAMS, token(api)], NEW).status == status


def test_a_cursor_goes_when_the_export_is_made_anew(world: World) -> None:
    """A cursor is a 410 once the export was refreshed, and good until then, also as the clock runs."""
    clock = Ticking(datetime(2026, 11, 22, 8, tzinfo=UTC))
    api = api_of(world, clock=clock, analytics=HOURS)
    cursor = token(api)
    clock.now = datetime(2026, 11, 22, 11, 59, 59, tzinfo=UTC)
    assert api.ask(USAGE, [*PARAMS, cursor], NEW).status == 200
    clock.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert refusal(api.ask(USAGE, [*PARAMS, cursor], NEW)) == (410, None)
    assert api.ask(USAGE, [*PARAMS, token(api)], NEW).status == 200


def test_cursors_can_outlive_the_export(world: World) -> None:
    """With the switch off a cursor goes on in the newer export."""
    clock = Ticking(datetime(2026, 11, 22, 8, tzinfo=UTC))
    api = api_of(world, clock=clock, analytics=AnalyticsBehavior(expiring_cursors=False))
    cursor = token(api)
    clock.now += timedelta(hours=1)
    assert api.ask(USAGE, [*PARAMS, cursor], NEW).status == 200


def test_a_default_end_stays_while_paging(world: World) -> None:
    """Without `ending_at` all pages of a query end where the first one did, however the clock runs."""
    clock = Ticking(datetime(2026, 11, 22, 8, 59, tzinfo=UTC))
    api = api_of(world, clock=clock, analytics=HOURS)
    params = [("starting_at", "2026-11-20T00:00:00Z"), *grouped("model"), ("limit", "3")]
    first = api.get(USAGE, params, NEW)
    clock.now += timedelta(minutes=30)
    second = api.get(USAGE, [*params, ("page", first["next_page"])], NEW)
    assert {row["ending_at"] for page in (first, second) for row in page["data"]} == {"2026-11-22T08:00:00Z"}


def test_a_restated_day_is_the_new_truth_and_ends_paging() -> None:
    """After a restatement the day reads higher, both dialects agree with the truth, and older cursors are gone."""
    world = World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=20)
    api = api_of(world)
    cursor, day = token(api), date(2026, 11, 10)
    before = {row["starting_at"][:10]: cents([row]) for row in rows(api, COST, DAILY)}
    world.restate(day)
    assert refusal(api.ask(USAGE, [*PARAMS, cursor], NEW))[0] == 410
    after = {row["starting_at"][:10]: cents([row]) for row in rows(api, COST, DAILY)}
    assert after.pop(str(day)) == 100 * world.billed(day) > before.pop(str(day))
    assert after == before


@pytest.mark.long
@pytest.mark.parametrize("limit", ["5", "1000"])
def test_a_far_cursor_is_an_empty_page(api: Api, limit: str) -> None:
    """A page has rows exactly if there are any left."""
    params = [*MONTH, *grouped("speed"), ("limit", limit)]
    page = api.get(USAGE, params, NEW)
    assert (len(page["data"]), page["has_more"], page["next_page"]) == (3, False, None)
