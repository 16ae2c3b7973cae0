"""Rows: what the newer reports write, fanned out where cost is asked for by its components (analytics-api 1.4, 1.7)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from tallystick.core.time import text
from tallystick.sim.newer.axes import AXES, FANNED
from tallystick.sim.newer.export import BILLED, COMPONENTS, LISTED
from tallystick.sim.newer.inquiry import Inquiry
from tallystick.sim.newer.ranking import TOKENS, Row, components
from tallystick.sim.wire.answer import Json
from tallystick.sim.world import tariff
from tallystick.sim.world.identities import Actor
from tallystick.sim.world.requests import Counts

_USAGE_KEYS = tuple(AXES)
_COST_KEYS = tuple(sorted((*AXES, *FANNED)))


def written(row: Row, inquiry: Inquiry) -> Iterator[dict[str, Json]]:
    """A row as the wire has it; a fan-out gives one for each component, next to each other."""
    bounds: dict[str, Json] = {"starting_at": text(row.window.start), "ending_at": text(row.window.end)}
    known = dict(zip(inquiry.grouped, map(_plain, row.values), strict=True))
    if not inquiry.cost:
        group = {name: known.get(name) for name in _USAGE_KEYS}
        yield {**bounds, "group": group, "usage": _usage(Counts(*row.measures[: len(Counts._fields)]))}
        return
    for cost_type, token_type, listed, billed in _parts(row, inquiry):
        fields = {**known, "cost_type": cost_type, "token_type": token_type}
        cost: dict[str, Json] = {
            "amount": tariff.cents(billed),
            "list_amount": tariff.cents(listed),
            "currency": "USD",
            "requests": None if inquiry.fanned else row.measures[TOKENS + 1],
        }
        yield {**bounds, "group": {name: fields.get(name) for name in _COST_KEYS}, "cost": cost}


def _parts(row: Row, inquiry: Inquiry) -> Iterator[tuple[str | None, str | None, int, int]]:
    """Cost type, token type, list amount and billed amount of every row that a row fans out to."""
    if not inquiry.fanned:
        yield None, None, sum(row.measures[LISTED]), sum(row.measures[BILLED])
        return
    if inquiry.fanned == {"cost_type"}:
        tokens = [(listed, billed) for index, listed, billed in components(row, inquiry) if index < TOKENS]
        if tokens:
            listed, billed = map(sum, zip(*tokens, strict=True))
            yield "tokens", None, listed, billed
    for index, listed, billed in components(row, inquiry):
        if index >= TOKENS:
            yield COMPONENTS[index], None, listed, billed
        elif "token_type" in inquiry.fanned:
            yield "tokens", COMPONENTS[index], listed, billed


def _plain(value: Hashable) -> Json:
    """A value as the wire has it."""
    if isinstance(value, Actor):
        return value.wire()
    return None if value is None else str(value)


def _usage(counts: Counts) -> Json:
    return {
        "uncached_input_tokens": counts.uncached,
        "cache_read_input_tokens": counts.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.write_5m,
            "ephemeral_1h_input_tokens": counts.write_1h,
        },
        "output_tokens": counts.output,
        "total_tokens": sum(counts[:TOKENS]),
        "server_tool_use": {"web_search_requests": counts.searches},
        "requests": counts.requests,
    }
