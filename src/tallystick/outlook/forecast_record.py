"""Forecast record: forecasts written down in the ledger as they are made, to be held against what came.

The first sync of a UTC day that changes anything makes those of an organization and of its largest workspaces and
models. Those that somebody asks for are written down where the ledger can be written, each once for a version and day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter, filter_texts
from tallystick.core.growing_tables import FORECASTS
from tallystick.core.money import nearest
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import LedgerError
from tallystick.outlook.daily_spend import Where
from tallystick.outlook.forecast import RANGES, Forecast
from tallystick.outlook.forecast_score import AHEAD, LAST_WEEK, SEASONAL, naive
from tallystick.outlook.forecaster import forecaster
from tallystick.query.context import Context
from tallystick.query.filters import ids_of
from tallystick.query.names import organizations
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables

PART_DAYS = 7
"""The days from today on that a sync forecasts of a part, beside the month: of the whole all of `AHEAD`."""
PARTS = ("workspace", "model")
"""The dimensions whose values a sync forecasts."""
MOST = 20
"""So many values of each, those that are expected to spend most."""
SYNC, QUESTION = "sync", "question"
ALL = "all"
"""Stands for the organization of a forecast of several."""
_KEY = ("organization", "scope", "made_at", "version", "first", "last")


class Scope(NamedTuple):
    """What a forecast is of, as it is written down: an organization, and ids of other dimensions as JSON."""

    organization: str
    rest: str

    @classmethod
    def of(cls, organization: str, where: Where) -> Scope:
        """Return the scope of an organization and of ids."""
        return cls(organization, json.dumps(filter_texts(dict(sorted(where.items())))))

    @classmethod
    def of_where(cls, engine: Engine, where: Where) -> Scope:
        """Return the scope that `where` holds to, ids in the place of names."""
        ids = {name: part if name in OWNED else _ids(engine, name, part) for name, part in where.items()}
        own = ids.pop("organization", Filter())
        known_ids = organizations(engine)
        if own.single or (own == Filter() and len(known_ids) == 1):
            return cls.of(own.values[0] if own.single else known_ids[0], ids)
        return cls.of(ALL, ids | ({"organization": own} if own != Filter() else {}))


def _ids(engine: Engine, name: str, part: Filter) -> Filter:
    """A filter by the ids that its values name."""
    sides = (
        {id_ for value in values for id_ in ids_of(engine, name, value) or {value}}
        for values in (part.values, part.without)
    )
    return Filter(*(tuple(sorted(side)) for side in sides))


def rows(context: Context, maker: str, scope: Scope, forecasts: Iterable[Forecast]) -> Iterator[dict[str, Any]]:
    """Yield a row of each forecast; none where every day of it is known or nothing is."""
    for result in forecasts:
        if result.expected is not None and result.open:
            facts = {"made_at": context.now, "version": context.engine.version.number, "maker": maker}
            figures = _figures(result, context.now.date())
            yield {"organization": scope.organization, "scope": scope.rest, **facts, **figures}


def _figures(result: Forecast, today: date) -> dict[str, Any]:
    """What a row says of a forecast that was made today."""
    opened = {*result.open}
    gaps = [str(day) for day in result.open if day < today]
    known = nearest(sum((amount for day, amount in result.days if day not in opened), Fraction(0)))
    plain = naive({day: float(amount) for day, amount in result.judged.items()}, result.open, today) or {}
    ends = {f"{side}_{percent}": None for percent in RANGES for side in ("low", "high")}
    for percent, (low, high) in result.ranges.items():
        ends |= {f"low_{percent}": low, f"high_{percent}": high}  # type: ignore[dict-item]
    return {
        "first": result.window.start.date(),
        "last": (result.window.end - DAY).date(),
        "days_ahead": len(result.open),
        "gaps": json.dumps(gaps),
        "method": str(result.method),
        "known": known,
        "expected": result.expected,
        **ends,
        "last_week": _money(plain.get(LAST_WEEK)),
        "seasonal": _money(plain.get(SEASONAL)),
    }


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else nearest(Fraction(amount))


def write_synced(context: Context, organization: str) -> None:
    """Write down the forecasts that the first sync of a day makes of an organization."""
    if _is_made(context, organization):
        return
    today, month = Grain.DAY.floor(context.now), Grain.MONTH.around(context.now)
    ahead = {days: Window(today, today + DAY * days) for days in AHEAD}
    windows = [*ahead.values(), month]
    forecasts = forecaster(context, windows)
    where = {"organization": Filter.of(organization)}
    days = forecasts.daily.of(where)
    scope = Scope.of(organization, {})
    forecast_rows = [*rows(context, SYNC, scope, (forecasts.of(where, window, days) for window in windows))]
    for by in PARTS:
        for value, value_forecasts in forecasts.largest(where, [ahead[PART_DAYS], month], by, MOST).items():
            forecast_rows += rows(context, SYNC, Scope.of(organization, {by: Filter.of(value)}), value_forecasts)
    record(context, forecast_rows)


def _is_made(context: Context, organization: str) -> bool:
    """Whether a sync has made the forecasts of an organization today."""
    own = [("organization", "=", organization), ("maker", "=", SYNC)]
    return bool(written(context.tables, [*own, ("made_at", ">=", Grain.DAY.floor(context.now))], ["made_at"]))


def write_asked(
    context: Context, where: Where, period_forecast: Forecast, by: str, parts: Mapping[str, Forecast]
) -> None:
    """Write down forecasts that somebody asked for, where that is wanted: of the whole, or of parts too."""
    if not context.records:
        return
    engine = context.engine
    with suppress(LedgerError):
        forecast_rows = [*rows(context, QUESTION, Scope.of_where(engine, where), [period_forecast])]
        for value, part in parts.items():
            forecast_rows += rows(context, QUESTION, Scope.of_where(engine, {**where, by: Filter.of(value)}), [part])
        record(context, forecast_rows)


def record(context: Context, forecast_rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of forecasts into the ledger, those that are not in it yet; none where it cannot be written now.

    A forecast that was asked for again on the same day, of the same version, is in it.
    """
    with suppress(LedgerError):
        tables = Tables(context.tables.place, patience=0)
        if not _fresh(context, tables, forecast_rows):  # most questions, which then wait for no writer
            return
        import pyarrow as pa

        from tallystick.store.columns import schema

        with tables.writing() as writer:
            fresh = _fresh(context, tables, forecast_rows)  # another may have written them meanwhile
            writer.append(FORECASTS, pa.Table.from_pylist(fresh, schema(FORECASTS)))


def _fresh(context: Context, tables: Tables, forecast_rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are not in the ledger yet."""
    known = {_key(row) for row in written(tables, [("version", "=", context.engine.version.number)], _KEY)}
    return [dict(row) for row in forecast_rows if _key(row) not in known]


def written(
    tables: Tables, filters: Sequence[tuple[str, str, Any]], columns: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of `forecasts` that fit the filters as the table stands: it grows without versions."""
    if not tables.has(FORECASTS):
        return []
    records: list[dict[str, Any]] = tables.rows(FORECASTS, columns=columns and [*columns], filters=filters).to_pylist()
    return records


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name].date() if name == "made_at" else row[name] for name in _KEY)
