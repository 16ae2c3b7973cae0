"""Ledger of the plain world: its rows as a tallystick ledger of charges, usage, bill, days and names, without a sync.

As of the analytics dialect, which counts requests and bills each key. Its months are written one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from plain_days import span
from plain_prices import KINDS, Model, models

if TYPE_CHECKING:
    from plain_world import Organization, Row

HOURLY = 30
"""Days, the newest, of which an hourly organization has hours."""
_SETTLING = 35
"""Days until which a day is provisional."""
_COUNTS = (*KINDS, "web_searches", "requests")
_WAKING = {"service": range(7, 22), "person": range(8, 18), "batch": range(2, 6), "test": range(9, 17)}
"""The hours of the day in which keys of a purpose are used most."""
_QUIET = 0.1
"""The weight of another hour."""


def write(world: Organization, folder: Path | str, when: date | None = None) -> Path:
    """Write the ledger of an organization as it was read at the end of a day, the last one unless said; its folder."""
    import pyarrow as pa

    from tallystick.core.ledger_tables import CHARGES, DAYS, NAMES, TALLIED_BY, TALLIES
    from tallystick.core.report_tables import ANALYTICS_COST, ANALYTICS_USAGE, USAGE_HOUR
    from tallystick.store.columns import schema
    from tallystick.store.digests import count_of, digests
    from tallystick.store.tables import Tables
    from tallystick.sync.summing import Summing
    from tallystick.tally.prices_in_force import Prices

    when = when or world.last
    name = organization_id(world)
    table = _Lines(world, name)
    hours_since = when - timedelta(HOURLY - 1)
    with Tables(Path(folder)).writing() as writer:

        def put(kind: Any, days: list[date], lines: list[dict[str, Any]], source: str = "", grain: str = "day") -> None:
            """Replace the days of a table, and note what is known of each day, or the tally of charges."""
            written = pa.Table.from_pylist(lines, schema(kind))
            if kind is CHARGES:
                Summing(writer, name).replace(days, (), written)
            else:
                writer.replace(kind, name, days, written)
            digest = digests(written)
            sums = _control(days, lines)
            known = [
                {"organization": name, "day": day, "digest": digest.get(day, ""), **sums[day], "grain": grain}
                | {"source": source, "rows": count_of(digest.get(day, "")), "charges": count_of(digest.get(day, ""))}
                | {"state": "settled" if (when - day).days >= _SETTLING else "provisional"}
                for day in days
            ]
            about = DAYS if source else TALLIES
            writer.append(about, pa.Table.from_pylist(known, schema(about)))

        of_month = defaultdict(list)
        for row in world.read(when):
            of_month[_month(row.day)].append(row)
        for month, group in groupby(span(world.first, when), key=_month):
            days, rows = list(group), of_month[month]
            put(ANALYTICS_USAGE, days, table.usage(rows), "analytics_usage")
            put(ANALYTICS_COST, days, table.cost(rows), "analytics_cost")
            put(CHARGES, days, table.charges(rows))
            if world.hourly and (recent := [day for day in days if day >= hours_since]):
                put(USAGE_HOUR, recent, table.hours([row for row in rows if row.day in recent]), "usage", "hour")
        read_at = datetime.combine(when + timedelta(1), time(), UTC)
        writer.append(NAMES, pa.Table.from_pylist([*_names(world, name, read_at)], schema(NAMES)))
        writer.commit(name, "records", read_at, {f"{TALLIED_BY}{name}": Prices.with_own().digest})
    return Path(folder)


def organization_id(world: Organization) -> str:
    """The id of an organization in its ledger."""
    return f"00000000-0000-4000-8000-{world.seed:012}"


class _Lines:
    """Lines of the ledger's tables, made of rows."""

    def __init__(self, world: Organization, organization: str) -> None:
        self._organization, self._models = organization, models()
        self._purposes = {key.id: key.purpose for key in world.keys}

    def _common(self, row: Row) -> dict[str, Any]:
        model: Model = self._models[row.model]
        person = self._purposes[row.key] == "person"
        return {
            "organization": self._organization,
            "month": _month(row.day),
            "day": row.day,
            "workspace": row.workspace,
            "key": row.key,
            "actor": _user(row.key) if person else "unattributed",
            "product": "unknown",
            "model": row.model,
            "tier": "standard",
            "context": "0-200k",
            "geo": "global" if model.geo else "not_available",
            "speed": "standard",
        }

    def usage(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One line of a day, key and model, with a count of each kind of token and of requests."""
        lines = []
        for _, group in groupby(rows, key=lambda row: row[:4]):
            of_kind = list(group)
            counts = dict.fromkeys(_COUNTS, 0) | {row.kind: row.quantity for row in of_kind}
            lines.append(self._common(of_kind[0]) | counts | {"requests": sum(row.requests for row in of_kind)})
        return lines

    def cost(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One line of each row that is billed."""
        return [
            self._common(row)
            | {
                "kind": row.kind,
                "currency": "USD",
                "billed": row.billed,
                "list": row.quantity * row.list_price.scaleb(-6),
            }
            for row in rows
            if row.billed is not None
        ]

    def charges(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One charge of each row, and one of the requests of a day, key and model."""
        lines = []
        for row in rows:
            common = self._common(row) | {"relaxed": "none", "source": "analytics"}
            listed = row.quantity * row.list_price.scaleb(-6)
            priced = row.quantity * self._models[row.model].usd[row.kind].scaleb(-6)
            billed = row.billed
            late = billed is None
            lines.append(
                common
                | {"kind": row.kind, "quantity": row.quantity, "unit": "tokens", "billed": billed}
                | {"list": priced if late else listed, "priced": priced, "priced_high": priced}
                | {"discount": None if billed is None else listed - billed, "method": "none" if late else "reported"}
                | {"cause": "not billed yet" if late else "none"}
            )
            if row.requests:
                counted = {"kind": "requests", "quantity": row.requests, "unit": "requests", "method": "none"}
                lines.append(common | counted | {"cause": "request count"})
        return lines

    def hours(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """The usage of each hour, which adds up to that of the day."""
        lines = []
        for line in self.usage(rows):
            stream = Random(f"{line['day']}/{line['key']}/{line['model']}/hours")
            waking = _WAKING[self._purposes[line["key"]]]
            weights = [(1 if hour in waking else _QUIET) * stream.lognormvariate(0, 0.3) for hour in range(24)]
            parts = {kind: _split(line[kind], weights) for kind in _COUNTS}
            for hour in range(24):
                counts = {kind: parts[kind][hour] for kind in _COUNTS}
                if any(counts.values()):
                    accounts = {"account": "none", "service_account": "none", "hour_of_day": hour}
                    lines.append(line | counts | accounts)
        return lines


def _split(count: int, weights: Sequence[float]) -> list[int]:
    """Parts of a count by their weights; they add up to it."""
    total, passed, parts = sum(weights), 0.0, [0]
    for weight in weights:
        passed += weight
        parts.append(round(count * passed / total))
    parts[-1] = count
    return [after - before for before, after in pairwise(parts)]


def _month(day: date) -> str:
    """The month of a day, as 2026-10."""
    return f"{day:%Y-%m}"


def _control(days: Sequence[date], lines: Sequence[Mapping[str, Any]]) -> dict[date, dict[str, Any]]:
    """The control totals of each day: the sums of what its lines count and cost, and no charge late in part."""
    sums: dict[date, dict[str, Any]] = {day: {"late": 0} for day in days}
    for line in lines:
        day = sums[line["day"]]
        for name in (*_COUNTS, "billed", "list"):
            if line.get(name) is not None:
                day[name] = day.get(name, 0) + line[name]
    return sums


def _user(key: str) -> str:
    """The person of a key."""
    return key.replace("apikey", "user")


def _names(world: Organization, name: str, seen: datetime) -> Iterator[dict[str, Any]]:
    """The names of the organization, its workspaces, keys and people."""
    common = {"organization": name, "status": "active", "seen_at": seen}
    yield common | {"type": "organization", "id": name, "name": f"Plain {world.seed}"}
    for workspace, called in world.workspaces.items():
        yield common | {"type": "workspace", "id": workspace, "name": called}
    for key in world.keys:
        created = f"{key.first}T00:00:00Z"
        yield common | {
            "type": "key",
            "id": key.id,
            "name": key.name,
            "workspace": key.workspace,
            "created_at": created,
        }
        if key.purpose == "person":
            email = f"{key.name.replace(' ', '.')}@example.com"
            yield common | {"type": "user", "id": _user(key.id), "name": key.name, "email": email}
