"""The two reports of generation A: usage_report/messages and cost_report (reports-api 1.1 to 1.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tallystick.core.time import Grain, text
from tallystick.sim.older.bill import Line, lines
from tallystick.sim.wire.alteration import UNALTERED, Alterations
from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.query import Query
from tallystick.sim.world import tariff
from tallystick.sim.world.discount import NO_DISCOUNT
from tallystick.sim.world.requests import Counts, Group, Sums
from tallystick.sim.world.world import World

FAST_MODE = "fast-mode-2026-02-01"
"""The beta header that `speed` needs."""

DATE_RANGE = "Invalid date range: ending date must be after starting date"
TOO_MANY_GROUPS = "Cannot specify more than 5 group_by[] dimensions."

_WIDTHS = {"1m": (Grain.MINUTE, 60, 1440), "1h": (Grain.HOUR, 24, 168), "1d": (Grain.DAY, 7, 31)}
_TIERS = ("batch", "flex", "flex_discount", "priority", "priority_on_demand", "standard")

# dimension: its place in Group, its filter, the values the filter takes where it is an enum
_DIMENSIONS: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "account_id": (2, "account_ids[]", ()),
    "api_key_id": (1, "api_key_ids[]", ()),
    "context_window": (6, "context_window[]", ("0-200k", "200k-1M")),
    "inference_geo": (7, "inference_geos[]", ("global", "us", "not_available")),
    "model": (4, "models[]", ()),
    "service_account_id": (3, "service_account_ids[]", ()),
    "service_tier": (5, "service_tiers[]", _TIERS),
    "speed": (8, "speeds[]", ("fast", "standard")),
    "workspace_id": (0, "workspace_ids[]", ()),
}
_MOST_GROUPS = 5
_PAGING = ("starting_at", "ending_at", "bucket_width", "limit", "page", "group_by[]")


@dataclass(frozen=True, slots=True)
class Behavior:
    """What the contract leaves open or infers, as switches; the defaults are its best guess.

    lag: usage shows this long after the request (1.2.5).
    floor: a `starting_at` inside a bucket includes that bucket (1.2.4 item 1).
    strict_windows: usage refuses a window that holds no whole bucket, as cost does (1.2.4 item 2).
    strict_parameters: an unknown parameter is refused (8 item 2).
    bound_cursors: a page token is refused once the query has changed (1.1); else it is of the observed form.
    cost_geo: cost rows name `inference_geo` when grouped by description (1.3.2).
    default_filter: `workspace_ids[]` takes the real id of the default workspace (9 item 6).
    discounted: cost is what is billed after a contract's discount, as in the newer reports; else list price [?].
    flex_name: what usage calls the tier `flex`; another name is an enum value that no client has heard of (1.1).
    code_lag: the Claude Code report shows this long after the request (1.4).
    code_older: its rows are of the older shape: no `is_remote`, no `subscription_type`, local and remote in one (1.4).
    spend_preview: a Console organization has early access to its spend limits (analytics-api 3.3).
    spend_headerless: the status of a spend-limit list without its beta header (analytics-api 1.12).
    spend_read: `period_to_date_spend` can be read; else it is "0" (1.5).
    """

    lag: timedelta = timedelta(minutes=5)
    floor: bool = False
    strict_windows: bool = False
    strict_parameters: bool = False
    bound_cursors: bool = True
    cost_geo: bool = True
    default_filter: bool = False
    discounted: bool = True
    flex_name: str = "flex"
    code_lag: timedelta = timedelta(hours=1)
    code_older: bool = False
    spend_preview: bool = True
    spend_headerless: int = 400
    spend_read: bool = True


BEST_GUESS = Behavior()


class Reports:
    """The reports of a world, as an organization's Admin credential reads them."""

    def __init__(self, world: World, behavior: Behavior) -> None:
        self._world = world
        self._behavior = behavior
        self._default = world.organization.default.id

    def usage(self, query: Query, now: datetime, altered: Alterations = UNALTERED) -> Json:
        """`GET /v1/organizations/usage_report/messages`."""
        if self._behavior.strict_parameters:
            query.only((*_PAGING, *(name for _, name, _ in _DIMENSIONS.values())))
        grain, usual, most = _WIDTHS[(query.many("bucket_width", _WIDTHS) or ["1d"])[-1]]
        grouped = _grouped(query, _DIMENSIONS)
        dimensions = [name for name in _DIMENSIONS if name != "speed" or FAST_MODE in query.betas]
        keep = self._filter(query, dimensions)
        limit, start = query.limit(usual, most), self._start(query, grain)
        end = _ceil(grain, now)
        ending = query.at("ending_at")
        if ending is not None:
            end = min(end, grain.floor(ending))
        if end <= start and self._behavior.strict_windows:
            raise Refusal(400, DATE_RANGE)

        def results(bucket: datetime) -> list[dict[str, Json]]:
            rows: dict[tuple[str | None, ...], Counts] = {}
            day, until = bucket.date(), now - self._behavior.lag
            for group, counts in self._sums_until(bucket, grain, altered.until("usage", day, until)):
                if keep(group) and not altered.hide("usage", day, group.workspace, group.model):
                    row = tuple(self._wire(group, name) if name in grouped else None for name in dimensions)
                    rows[row] = Counts(*map(sum, zip(rows[row], counts, strict=True))) if row in rows else counts
            return [{**dict(zip(dimensions, row, strict=True)), **_tokens(counts)} for row, counts in rows.items()]

        return self._page(query, grain, (start, end), limit, results)

    def cost(self, query: Query, now: datetime, altered: Alterations = UNALTERED) -> Json:
        """`GET /v1/organizations/cost_report`: completed days only."""
        if self._behavior.strict_parameters:
            query.only(_PAGING)
        query.many("bucket_width", ("1d",))
        grouped = _grouped(query, ("workspace_id", "description"))
        limit, start = query.limit(7, 31), self._start(query, Grain.DAY)
        today = Grain.DAY.floor(now)
        end = min(today, Grain.DAY.floor(query.at("ending_at") or now))
        if end <= start:
            raise Refusal(400, DATE_RANGE)

        def results(bucket: datetime) -> list[dict[str, Json]]:
            rows: dict[Line, int] = {}
            discount = self._world.discount if self._behavior.discounted else NO_DISCOUNT
            day = bucket.date()
            for line, listed in lines(self._world, day, altered):
                amount = discount.off(listed, day)
                row = line if "description" in grouped else Line(line.workspace_id)
                if "workspace_id" not in grouped or line.workspace_id == self._default:
                    row = row._replace(workspace_id=None)
                rows[row] = rows.get(row, 0) + amount
            return [self._row(row, amount) for row, amount in rows.items()]

        return self._page(query, Grain.DAY, (start, end), limit, results)

    def _row(self, line: Line, picodollars: int) -> dict[str, Json]:
        fields: dict[str, Json] = {**line._asdict()}
        if not self._behavior.cost_geo:
            fields["inference_geo"] = None
        return {**fields, "amount": tariff.cents(picodollars), "currency": "USD"}

    def _start(self, query: Query, grain: Grain) -> datetime:
        """The first bucket of the window; Refusal without `starting_at`."""
        starting = query.at("starting_at")
        if starting is None:
            raise Refusal(400, "starting_at: field required.")
        return grain.floor(starting) if self._behavior.floor else _ceil(grain, starting)

    def _page(
        self,
        query: Query,
        grain: Grain,
        window: tuple[datetime, datetime],
        limit: int,
        results: Callable[[datetime], list[dict[str, Json]]],
    ) -> Json:
        """One page of buckets, oldest first, empty ones included; rows stand in no particular order."""
        start, end = window
        bucket = query.page() or start
        if bucket != grain.floor(bucket) or bucket < start:
            raise Refusal(400, "page: not a valid page token.")
        data: list[Json] = []
        while bucket < end and len(data) < limit:
            rows = results(bucket)
            Random(f"{query.fingerprint()}{bucket}").shuffle(rows)  # noqa: S311 - repeatable, not secret
            after = grain.after(bucket)
            data.append({"starting_at": text(bucket), "ending_at": text(after), "results": [*rows]})
            bucket = after
        has_more = bucket < end
        token = query.token(bucket, bound=self._behavior.bound_cursors) if has_more else None
        return {"data": data, "has_more": has_more, "next_page": token}

    def _sums_until(self, bucket: datetime, grain: Grain, until: datetime) -> Iterable[tuple[Group, Counts]]:
        """The sums of a bucket, as far as they already show."""
        after = grain.after(bucket)
        if after <= until:
            return self._world.sums(bucket, grain)
        return Sums(self._world.between(bucket, until)) if bucket < until else ()

    def _wire(self, group: Group, dimension: str) -> str | None:
        value = group[_DIMENSIONS[dimension][0]]
        if value is None or value == self._default:
            return None
        return self._behavior.flex_name if value == "flex" else str(value)

    def _filter(self, query: Query, dimensions: list[str]) -> Callable[[Group], bool]:
        """Values of one parameter are alternatives, parameters all hold (reports-api 1.2.1)."""
        conditions: list[tuple[int, set[str]]] = []
        for name, (index, parameter, allowed) in _DIMENSIONS.items():
            flex = (self._behavior.flex_name,) if name == "service_tier" else ()
            requested = query.many(parameter, (*allowed, *flex))
            values = {"flex" if value in flex else value for value in requested}
            if not values:
                continue
            if name not in dimensions:
                raise Refusal(400, f"{parameter}: needs the beta header {FAST_MODE}.")
            if name == "workspace_id" and not self._behavior.default_filter:
                values.discard(self._default)
            conditions.append((index, values))
        return lambda group: all(group[index] in values for index, values in conditions)


def _tokens(counts: Counts) -> dict[str, Json]:
    """The measures of a usage row (reports-api 1.2.2)."""
    return {
        "uncached_input_tokens": counts.uncached,
        "cache_creation": {
            "ephemeral_1h_input_tokens": counts.write_1h,
            "ephemeral_5m_input_tokens": counts.write_5m,
        },
        "cache_read_input_tokens": counts.read,
        "output_tokens": counts.output,
        "server_tool_use": {"web_search_requests": counts.searches},
    }


def _grouped(query: Query, allowed: Iterable[str]) -> set[str]:
    """The dimensions asked for; Refusal for an unknown one, more than five, or `speed` without its header."""
    names = query.many("group_by[]", allowed)
    if len(names) > _MOST_GROUPS:
        raise Refusal(400, TOO_MANY_GROUPS)
    if "speed" in names and FAST_MODE not in query.betas:
        raise Refusal(400, f"group_by[]: speed needs the beta header {FAST_MODE}.")
    return set(names)


def _ceil(grain: Grain, when: datetime) -> datetime:
    """The first bucket start not before an instant; Refusal past the end of time."""
    try:
        return grain.ceil(when)
    except OverflowError:
        raise Refusal(400, "starting_at: too late.") from None
