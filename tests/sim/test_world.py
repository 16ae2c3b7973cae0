from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from support.simulator_api import NOW
from tallystick.core.time import Grain, midnight
from tallystick.sim import Plant, Planted, Request, World
from tallystick.sim.world.plants import LOOP_HOURS
from tallystick.sim.world.tariff import OPENS

START, END = date(2026, 8, 1), date(2026, 11, 22)
DAY = timedelta(days=1)


def planted(world: World, kind: Plant) -> Planted:
    """The plant of a kind."""
    return next(plant for plant in world.plants if plant.kind is kind)


def requests_of(world: World, plant: Planted, day: date) -> list[Request]:
    """The requests of a plant's subject on a day."""
    return [request for request in world.requests(day) if request.group.key == plant.subject]


def test_a_day_is_the_same_whenever_it_is_asked() -> None:
    """A day depends on the seed and the day, not on the order of asking."""
    forwards, backwards = World(start=START, end=END), World(start=START, end=END)
    days = [END - DAY * age for age in range(0, 50, 7)]
    seen = {day: forwards.requests(day) for day in days}
    assert {day: backwards.requests(day) for day in reversed(days)} == seen
    assert {day: forwards.requests(day) for day in days} == seen


def test_another_seed_is_another_organization() -> None:
    """Worlds of different seeds share neither ids nor days."""
    first, two = World(start=START, end=END, seed=1), World(start=START, end=END, seed=2)
    assert first.organization.id != two.organization.id
    assert first.requests(END) != two.requests(END)


def test_a_world_can_show_everything(world: World) -> None:
    """Within two months every dimension takes every value that the contract lets the simulator show."""
    groups = [group for age in range(60) for group, _ in world.sums(midnight(END - DAY * age), Grain.DAY)]
    assert {group.tier for group in groups} == {"standard", "batch", "priority", "flex"}
    assert {group.geo for group in groups} == {"global", "us", "not_available"}
    assert {group.context for group in groups} == {"0-200k", "200k-1M"}
    assert {group.speed for group in groups} == {"standard", "fast"}
    assert {group.workspace for group in groups} == {workspace.id for workspace in world.organization.workspaces}
    assert {group.key for group in groups} == {None, *(key.id for key in world.organization.keys)}
    assert len({group.account for group in groups}) == 5
    assert any(group.service_account for group in groups)
    assert any(group.refused for group in groups)
    assert any(group.large for group in groups)
    assert any(not (group.key or group.account or group.service_account) for group in groups)
    assert len({group.model for group in groups}) >= 8
    services = {service.cost_type for age in range(9) for service in world.services(END - DAY * age)}
    assert services == {"code_execution", "session_usage"}


def test_every_kind_of_token_is_used(world: World) -> None:
    """A day has tokens of all five kinds, and web searches."""
    requests = world.requests(END - DAY * 3)
    for index in range(2, 8):
        assert any(request[index] for request in requests)


def test_requests_are_in_order_and_in_their_day(world: World) -> None:
    """The requests of a day stand in order of time, within the UTC day."""
    day = END - DAY
    times = [request.at for request in world.requests(day)]
    assert times == sorted(times)
    assert midnight(day) <= times[0] <= times[-1] < midnight(END)


def test_context_is_what_the_prompt_says(world: World) -> None:
    """A request is in the long context window exactly if its prompt has more than 200,000 tokens."""
    for request in world.requests(END - DAY * 3):
        prompt = request.uncached + request.write_5m + request.write_1h + request.read
        assert (request.group.context == "200k-1M") == (prompt > 200_000)
        assert min(request[2:]) >= 0


@pytest.mark.long
def test_refused_and_priority_requests_are_free(world: World) -> None:
    """A refused request has tokens and no cost, a priority one no token cost."""
    requests = [request for age in range(30) for request in world.requests(END - DAY * age)]
    refused = [request for request in requests if request.group.refused]
    assert refused
    assert all(request.uncached and not request.output and request.cost() == 0 for request in refused)
    priority = [request for request in requests if request.group.tier == "priority"]
    assert priority
    assert all(request.picodollars().keys() <= {"web_search"} for request in priority)


def test_weekends_are_quiet(world: World) -> None:
    """A Sunday has fewer requests than the Wednesday before it."""
    assert len(world.requests(date(2026, 11, 15))) < 0.7 * len(world.requests(date(2026, 11, 18)))


def test_nothing_happens_before_the_start(world: World) -> None:
    """A day before the organization starts has no requests, no services and no cost."""
    assert world.requests(START - DAY) == ()
    assert world.services(START - DAY) == ()
    assert world.billed(START - DAY) == 0


def test_every_day_has_a_bill() -> None:
    """From the opening of the tariff to beyond the anchor, nobody asks for what has no price."""
    world = World(start=OPENS, end=END, requests_per_key_day=6)
    for age in range(-60, (END - OPENS).days, 9):
        assert world.billed(END - DAY * age) > 0


def test_a_restated_day_grows() -> None:
    """Restating a day adds requests and cost to it, keeps what was there, and leaves other days alone."""
    world = World(start=START, end=END, requests_per_key_day=20)
    day = END - DAY * 9
    before, neighbor, cost = world.requests(day), world.requests(day + DAY), world.billed(day)
    world.restate(day)
    assert set(before) < set(world.requests(day))
    assert world.billed(day) > cost
    assert world.requests(day + DAY) == neighbor
    assert sum(counts.requests for _, counts in world.sums(midnight(day), Grain.DAY)) == len(world.requests(day))


def test_minutes_make_hours_make_days(world: World) -> None:
    """The counts of a day are those of its hours, and those of an hour are those of its minutes."""
    day = midnight(END - DAY * 2)
    per_hour = [world.sums(day + timedelta(hours=hour), Grain.HOUR) for hour in range(24)]
    per_minute = [world.sums(day + timedelta(minutes=minute), Grain.MINUTE) for minute in range(24 * 60)]
    totals = [
        [sum(numbers) for numbers in zip(*(counts for sums in pieces for _, counts in sums), strict=True)]
        for pieces in ([world.sums(day, Grain.DAY)], per_hour, per_minute)
    ]
    assert totals[0] == totals[1] == totals[2]


def test_plants_fall_into_the_last_sixty_days(world: World) -> None:
    """Every kind of plant that is no incident is there once, on a key of its own, in the 60 days before the anchor."""
    assert {plant.kind for plant in world.plants} == set(Plant) - {Plant.SWAP, Plant.LEAK, Plant.GROWTH, Plant.HOLIDAY}
    assert len({plant.subject for plant in world.plants}) == len(world.plants)
    assert all(END - DAY * 60 <= plant.first < END for plant in world.plants)


def test_the_launch_shows(world: World) -> None:
    """The launched key is first used on its day."""
    plant = planted(world, Plant.LAUNCH)
    assert not requests_of(world, plant, plant.first - DAY)
    assert requests_of(world, plant, plant.first)


def test_the_loop_shows(world: World) -> None:
    """The runaway key makes many times its usual requests, and costs many times as much, in the hours said."""
    plant = planted(world, Plant.LOOP)
    loop, usual = requests_of(world, plant, plant.first), requests_of(world, plant, plant.first - DAY)
    assert len(loop) > 8 * len(usual)
    assert sum(request.at.hour in LOOP_HOURS for request in loop) > 0.9 * len(loop)
    assert world.billed_to(plant, plant.first) > 5 * world.billed_to(plant, plant.first - DAY)


def test_the_broken_cache_shows(world: World) -> None:
    """The key reads nothing from its cache on the broken days, and does before and after."""
    plant = planted(world, Plant.CACHE)
    assert plant.last is not None
    broken = requests_of(world, plant, plant.first)
    assert sum(request.read for request in broken) == 0
    assert sum(request.uncached for request in broken) > 0
    for day in (plant.first - DAY, plant.last + DAY):
        usual = requests_of(world, plant, day)
        assert sum(request.read for request in usual) > sum(request.uncached for request in usual)


def test_the_refusals_show(world: World) -> None:
    """On the day of refusals about a third of the key's requests are refused, on the day before hardly any."""
    plant = planted(world, Plant.REFUSALS)

    def share(day: date) -> Decimal:
        requests = requests_of(world, plant, day)
        return Decimal(sum(request.group.refused for request in requests)) / len(requests)

    assert share(plant.first) > Decimal("0.15")
    assert share(plant.first - DAY) < Decimal("0.1")


def test_the_retired_model_is_replaced(world: World) -> None:
    """The key calls one model before the day and another from it on."""
    plant = planted(world, Plant.RETIREMENT)
    assert {request.group.model for request in requests_of(world, plant, plant.first - DAY)} == {
        "claude-sonnet-4-5-20250929"
    }
    assert {request.group.model for request in requests_of(world, plant, plant.first)} == {"claude-sonnet-5-5"}


def test_keys_fall_out_of_use(world: World) -> None:
    """Keys that are inactive, archived, expired or deleted are used until some day and not after it."""
    gone = {key.id for key in world.organization.keys if key.status != "active" or key.deleted}
    assert len(gone) == 4
    assert gone <= {group.key for age in range(50) for group, _ in world.sums(midnight(END - DAY * age), Grain.DAY)}
    assert not gone & {request.group.key for request in world.requests(NOW.date())}


@pytest.mark.parametrize(
    "options",
    [
        {"start": END - DAY * 59},
        {"start": date(2025, 1, 1)},
        {"start": START, "keys": 3},
        {"start": date(2026, 1, 1), "end": date(2026, 5, 31)},
    ],
)
def test_a_world_that_cannot_be_is_refused(options: dict[str, object]) -> None:
    """A world too short for its plants, older than the tariff, or without room for each kind of key is a ValueError."""
    with pytest.raises(ValueError, match="world"):
        World(**({"end": END} | options))  # type: ignore[arg-type]


def test_memory_stays_bounded(world: World) -> None:
    """Only a few days are kept request by request, and sums for a bounded number of days."""
    assert world._requests.cache_info().maxsize == 6
    for age in range(20):
        world.requests(END - DAY * age)
    assert world._requests.cache_info().currsize <= 6
