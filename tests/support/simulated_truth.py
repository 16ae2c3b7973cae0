"""What was truly used and billed, request by request, and the ledger compared with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.records import records
from tallystick.core.ledger_tables import DAYS
from tallystick.core.report_tables import COST, USAGE_DAY, USAGE_HOUR
from tallystick.core.table import LedgerTable
from tallystick.sim import World

USED = ("workspace", "key", "account", "service_account", "model", "tier", "context", "geo", "speed")
COUNTED = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_searches")
KINDS = {
    "uncached_input_tokens": "uncached_input",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "cache_read_input_tokens": "cache_read",
    "output_tokens": "output",
    "web_search": "web_search",
}
Dims = tuple[str, ...]
Counts = tuple[int, ...]


def _named(world: World, group: Any) -> Dims:
    workspace = "default" if group.workspace == world.organization.default.id else group.workspace
    people = (group.key or "playground", group.account or "none", group.service_account or "none")
    return (workspace, *people, group.model, group.tier, group.context, group.geo, group.speed)


def used(world: World, day: date, hour: int | None = None) -> dict[Dims, Counts]:
    """What was truly used on a day or in one of its hours, by all nine dimensions, request by request."""
    sums: dict[Dims, list[int]] = defaultdict(lambda: [0] * 6)
    for request in world.requests(day):
        if hour is None or request.at.hour == hour:
            counts = sums[_named(world, request.group)]
            for index, count in enumerate(request[2:8]):
                counts[index] += count
    return {dims: tuple(counts) for dims, counts in sums.items()}


def counted(truth: Mapping[Dims, Counts]) -> Counts:
    """The control total of a truth."""
    return tuple(map(sum, zip(*truth.values(), strict=True))) if truth else (0,) * 6


def spent(world: World, day: date) -> dict[Dims, Decimal]:
    """What a day was truly billed by workspace, model, kind, tier, context, geo, request by request."""
    picodollars: Counter[Dims] = Counter()
    for request in world.requests(day):
        workspace, *_, model, tier, context, geo, _ = _named(world, request.group)
        for kind, amount in request.picodollars().items():
            token = (model, KINDS[kind], tier, context, geo)
            picodollars[workspace, *(("none", "web_search", *["none"] * 3) if kind == "web_search" else token)] += (
                amount
            )
    for service in world.services(day):
        workspace = "default" if service.workspace == world.organization.default.id else service.workspace
        kind = {"code_execution": "code_execution", "session_usage": "session_time"}[service.cost_type]
        picodollars[workspace, "none", kind, "none", "none", "none"] += service.picodollars
    return {dims: Decimal(amount) / 10**12 for dims, amount in picodollars.items() if amount}


def _rows(path: Path, table: LedgerTable, organization: str | None) -> list[dict[str, Any]]:
    return [row for row in records(path, table) if organization in {None, row["organization"]}]


def ledger_used(
    path: Path, table: LedgerTable = USAGE_DAY, organization: str | None = None
) -> dict[tuple[Any, ...], dict[Dims, Counts]]:
    """What the ledger says was used, by (day,) or (day, hour), then by all nine dimensions."""
    by_bucket: dict[tuple[Any, ...], dict[Dims, Counts]] = defaultdict(dict)
    hour = ("hour_of_day",) if table is USAGE_HOUR else ()
    for row in _rows(path, table, organization):
        bucket = by_bucket[tuple(row[name] for name in ("day", *hour))]
        dims = tuple(row[name] for name in USED)
        assert dims not in bucket, "a group stands twice"
        bucket[dims] = tuple(row[name] for name in COUNTED)
    return by_bucket


def ledger_spent(path: Path, organization: str | None = None) -> dict[date, dict[Dims, Decimal]]:
    """What the ledger says was billed, by day, then as `spent` has it."""
    by_day: dict[date, dict[Dims, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in _rows(path, COST, organization):
        by_day[row["day"]][tuple(row[name] for name in ("workspace", "model", "kind", "tier", "context", "geo"))] += (
            row["billed"]
        )
    return {day: {dims: amount for dims, amount in lines.items() if amount} for day, lines in by_day.items()}


def assert_true(path: Path, world: World, days: Iterable[date], organization: str | None = None) -> None:
    """Both halves of these ended days stand in the ledger as they happened, with their control totals.

    `organization` is the world's id in a ledger of several.
    """
    usage, cost = ledger_used(path, organization=organization), ledger_spent(path, organization)
    own_days = _rows(path, DAYS, organization)
    day_rows = {(row["source"], row["day"]): row for row in own_days if row["grain"] == "day"}
    for day in days:
        truth = used(world, day)
        assert usage.get((day,), {}) == truth, day
        assert tuple(day_rows["usage", day][name] for name in COUNTED) == counted(truth), day
        assert cost.get(day, {}) == spent(world, day), day
        assert day_rows["cost", day]["billed"] == world.billed(day), day
