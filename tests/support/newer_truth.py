"""The truth of the newer dialect, request by request, and the ledger held to it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from support.records import records
from support.simulated_truth import COUNTED, KINDS
from tallystick.api.actors import Actor
from tallystick.core.dimensions import NAMED
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.report_tables import ANALYTICS_COST, ANALYTICS_USAGE
from tallystick.sim import World

FACETS = {
    "workspace": "workspace_id",
    "key": "api_key_id",
    "product": "product",
    "model": "model",
    "tier": "service_tier",
    "context": "context_window",
    "geo": "inference_geo",
    "speed": "speed",
}
BY = (*FACETS, "actor")
Row = dict[str, Any]


def _caller(world: World, facet: Any) -> tuple[str, ...]:
    """A request's dimensions as the ledger must hold them, in the order of BY."""
    dimensions = {name: getattr(facet, field) or NAMED[name].null for name, field in FACETS.items()}
    if dimensions["workspace"] == world.organization.default.id:
        dimensions["workspace"] = "default"
    wire = facet.actor.wire() if facet.actor else None
    actor = msgspec.convert(wire, Actor).id if wire else "unattributed"
    return (*dimensions.values(), actor)


def _used(world: World, day: date) -> dict[tuple[str, ...], Counter[str]]:
    """What was used on a day, by every dimension, request by request."""
    by_caller: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for request in world.requests(day):
        counts = by_caller[_caller(world, world.facet(request))]
        counts.update(dict(zip(COUNTED, request[2:8], strict=True)) | {"requests": 1})
    return by_caller


def _spent(world: World, day: date) -> dict[tuple[str, ...], Decimal]:
    """What requests of a day were billed at list price, by every dimension and kind."""
    picodollars: Counter[tuple[str, ...]] = Counter()
    for request in world.requests(day):
        caller = _caller(world, world.facet(request))
        for kind, amount in request.picodollars().items():
            picodollars[(*caller, KINDS[kind])] += amount
    return {caller: Decimal(amount).scaleb(-12) for caller, amount in picodollars.items() if amount}


def assert_newer(path: Path, world: World, days: list[date]) -> None:
    """Use, money and charges of these ended days are the truth, group by group."""
    used: dict[date, dict[tuple[str, ...], Row]] = defaultdict(dict)
    for row in records(path, ANALYTICS_USAGE):
        caller = tuple(row[name] for name in BY)
        assert caller not in used[row["day"]], "a group stands twice"
        used[row["day"]][caller] = row
    listed: dict[date, Counter[tuple[str, ...]]] = defaultdict(Counter)
    billed: Counter[date] = Counter()
    charged: dict[date, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for row in records(path, ANALYTICS_COST):
        billed[row["day"]] += row["billed"]
        if row["kind"] not in {"code_execution", "session_time"}:
            listed[row["day"]][*(row[name] for name in BY), row["kind"]] += row["list"]
    for row in records(path, CHARGES):
        assert row["source"] == "analytics"
        if row["billed"] is not None and row["kind"] not in {"code_execution", "session_time"}:
            charged[row["day"]][*(row[name] for name in BY), row["kind"]] += row["list"]
    for day in days:
        truth = _used(world, day)
        for caller, counts in truth.items():
            assert {name: used[day][caller][name] for name in (*COUNTED, "requests")} == {
                name: counts[name] for name in (*COUNTED, "requests")
            }, (day, caller)
        spans = [row for caller, row in used[day].items() if caller not in truth]
        assert all(row[name] == 0 for row in spans for name in COUNTED), "only code execution has no request"
        assert dict(listed[day]) == _spent(world, day), day
        assert dict(charged[day]) == _spent(world, day), day
        assert billed[day] == world.billed(day), day
