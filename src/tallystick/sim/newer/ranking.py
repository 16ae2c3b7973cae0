"""Ranking: the facts of an inquiry grouped into rows, in the order in which they are told (analytics-api 1.8)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from tallystick.core.time import Grain, Window, midnight
from tallystick.sim.newer.axes import AXES, UNIFIED
from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.newer.export import BILLED, LISTED, WIDTH, Export, Fact
from tallystick.sim.newer.inquiry import Inquiry
from tallystick.sim.wire.alteration import CREDIT, UNALTERED, Alterations
from tallystick.sim.world import tariff
from tallystick.sim.world.facets import Facet
from tallystick.sim.world.identities import Actor
from tallystick.sim.world.requests import KINDS

TOKENS = len(KINDS)


class Row(NamedTuple):
    """A row before it fans out: its bounds, the values of what it is grouped by, and the sums of its facts.

    Two rows can read alike: identities that cannot be rendered differ in their values and not on the wire.
    """

    window: Window
    values: tuple[Hashable, ...]
    measures: tuple[int, ...]


def ranked(
    exports: Iterable[Export],
    inquiry: Inquiry,
    until: datetime,
    behavior: AnalyticsBehavior,
    altered: Alterations = UNALTERED,
) -> list[Row]:
    """Every row of an inquiry, in order; only what has usage, or cost, is there."""
    group = _grouping(inquiry, behavior)
    sums: dict[tuple[datetime, tuple[Hashable, ...]], list[int]] = {}
    for export in exports:
        keys_by_facet: dict[Facet, tuple[tuple[Hashable, ...], ...]] = {}
        for fact in _facts(export, inquiry, until, altered):
            facet = fact.facet
            keys = keys_by_facet.get(facet)
            if keys is None:
                keys = keys_by_facet[facet] = group(facet._replace(organization_id=export.organization))
            start = fact.start if inquiry.grain else inquiry.window.start
            for values in keys:
                sums_before = sums.get((start, values))
                sums[start, values] = (
                    [*map(int.__add__, sums_before, fact.measures)] if sums_before is not None else [*fact.measures]
                )
    rows = (
        Row(inquiry.grain.around(start) if inquiry.grain else inquiry.window, values, tuple(measures))
        for (start, values), measures in sums.items()
    )
    shown_rows = [row for row in rows if _shows(row, inquiry, behavior)]
    shown_rows.sort(key=_tie)
    shown_rows.sort(key=lambda row: metric(row, inquiry), reverse=inquiry.descending or inquiry.by_time)
    if inquiry.by_time:
        shown_rows.sort(key=lambda row: row.window.start, reverse=inquiry.descending)
    return shown_rows


def components(row: Row, inquiry: Inquiry) -> Iterator[tuple[int, int, int]]:
    """The components of a row that a fan-out tells: place, list amount, billed amount (analytics-api 1.7)."""
    only_tokens = inquiry.fanned == {"token_type"}
    pairs = zip(row.measures[LISTED], row.measures[BILLED], strict=True)
    for index, (listed, billed) in enumerate(pairs):
        if listed and not (only_tokens and index >= TOKENS):
            yield index, listed, billed


def metric(row: Row, inquiry: Inquiry) -> int:
    """What a row is ranked by; of a fan-out, the sum of what is told."""
    measures = row.measures
    match inquiry.metric:
        case "total_tokens":
            return sum(measures[:TOKENS])
        case "output_tokens":
            return measures[TOKENS - 1]
        case "uncached_input_tokens":
            return measures[0]
        case "requests":
            return measures[TOKENS + 1]
        case "list_amount":
            return sum(listed for _, listed, _ in components(row, inquiry))
    return sum(billed for *_, billed in components(row, inquiry))


def _facts(export: Export, inquiry: Inquiry, until: datetime, altered: Alterations) -> Iterator[Fact]:
    """The facts inside the window: whole days at once where no finer bucket or bound asks for more."""
    report = "cost" if inquiry.cost else "usage"
    for piece in inquiry.window.split(Grain.DAY):
        day = piece.start.date()
        is_full_day = piece == Window.of_day(day)
        grain = inquiry.grain or (Grain.DAY if is_full_day else Grain.HOUR)
        facts = export.facts(day, grain, altered.until(report, day, until))
        if inquiry.cost and until > midnight(day):
            facts += (_credit(export, day, grain),) * altered.credits(day)
        for fact in facts:
            hidden = altered.hide(report, day, fact.facet.workspace_id, fact.facet.model)
            if not hidden and (is_full_day or fact.start in piece):
                yield fact


def _credit(export: Export, day: date, grain: Grain) -> Fact:
    """A credit: a group with an amount below zero, and no request."""
    facet = Facet(model=tariff.current("opus", day).id, workspace_id=export.world.organization.default.id)
    measures = [0] * WIDTH
    measures[LISTED.start] = measures[BILLED.start] = -CREDIT
    return Fact(grain.floor(midnight(day)), facet, measures)


def _grouping(inquiry: Inquiry, behavior: AnalyticsBehavior) -> Callable[[Facet], tuple[tuple[Hashable, ...], ...]]:
    """What a facet is grouped by: nothing if it is filtered out, several if its user is in several groups."""
    axes = [AXES[name] for name in inquiry.grouped if name != "rbac_group_id"]
    group_index = inquiry.grouped.index("rbac_group_id") if "rbac_group_id" in inquiry.grouped else None

    def group(facet: Facet) -> tuple[tuple[Hashable, ...], ...]:
        if inquiry.sees is not None:
            if facet.workspace_id not in inquiry.sees:
                return ()
            facet = _veiled(facet)
        if behavior.unified and facet.product in ("chat", "cowork"):
            facet = facet._replace(product=UNIFIED)
        if not all(AXES[name].passes(facet, allowed) for name, allowed in inquiry.filters):
            return ()
        values = tuple(axis.of(facet) for axis in axes)
        if group_index is None:
            return (values,)
        return tuple((*values[:group_index], team, *values[group_index:]) for team in facet.rbac_groups or (None,))

    return group


def _veiled(facet: Facet) -> Facet:
    """As a reader of only some workspaces sees it: users and federated identities are not rendered (1.5)."""
    if facet.actor and facet.actor.type in ("user_actor", "federated_actor"):
        return facet._replace(actor=replace(facet.actor, rendered=False))
    return facet


def _shows(row: Row, inquiry: Inquiry, behavior: AnalyticsBehavior) -> bool:
    """Whether a row is told: usage with anything in it, cost with a cost, or free where that is switched on."""
    if not inquiry.cost:
        return any(row.measures[: TOKENS + 2])
    return any(components(row, inquiry)) or (behavior.zero_cost and not inquiry.fanned)


def _tie(row: Row) -> int:
    """A stable order among equals, which is none that anybody could rely on."""
    names = [value.id if isinstance(value, Actor) else value for value in row.values]
    return zlib.crc32(repr((row.window.start, names)).encode())
