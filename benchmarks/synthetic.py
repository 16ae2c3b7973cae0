"""Synthetic ledger of a year: usage, the bill of it, charges and names; each size is made once and then only read.

A usage record has 3.55 charges on average. The charges are written as the tally would match them, at list prices.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import child, run

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

LAST = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = 365
ORGANIZATION = "5f0c3d6e-0000-4000-8000-000000000000"
PER_RECORD = 3.55
"""Charges of a usage record, on average."""
TEAMS = 10

MODELS = {
    date(2025, 11, 22): "claude-opus-4-1-20250805 claude-sonnet-4-5-20250929 claude-opus-4-20250514",
    date(2026, 5, 28): "claude-opus-4-8 claude-sonnet-4-6 claude-opus-4-7",
    date(2026, 9, 22): "claude-opus-5-5 claude-sonnet-4-6 claude-opus-4-8",
}
"""The models that are used from a day on, beside Haiku 4.5; those of the first days have no geography and no fast."""

USED = """
SELECT '{organization}' AS organization, '{month}' AS month, day::DATE AS day,
    'wrkspc_' || lpad((number // 8 % 60)::VARCHAR, 26, '0') AS workspace,
    'apikey_' || lpad((number // 8)::VARCHAR, 26, '0') AS key, 'none' AS account, 'none' AS service_account,
    {models}[number % 4 + 1] AS model,
    CASE WHEN number // 4 % 2 = 0 THEN 'standard' ELSE 'batch' END AS tier, '0-200k' AS context,
    CASE WHEN number % 4 = 3 OR day < DATE '{second}' THEN 'not_available' WHEN number // 8 % 10 = 0 THEN 'us'
        ELSE 'global' END AS geo,
    CASE WHEN number % 72 = 0 AND day >= DATE '{second}' THEN 'fast' ELSE 'standard' END AS speed,
    1 + (hash(number, day, 1) % 9000000)::BIGINT AS uncached_input,
    CASE WHEN number % 2 = 0 THEN (hash(number, day, 2) % 900000)::BIGINT ELSE 0 END AS cache_write_5m,
    CASE WHEN number % 5 = 0 THEN (hash(number, day, 3) % 900000)::BIGINT ELSE 0 END AS cache_write_1h,
    CASE WHEN number % 4 <> 1 THEN (hash(number, day, 4) % 40000000)::BIGINT ELSE 0 END AS cache_read,
    1 + (hash(number, day, 5) % 900000)::BIGINT AS output,
    CASE WHEN number % 10 = 0 THEN (hash(number, day, 6) % 90)::BIGINT ELSE 0 END AS web_searches
FROM range({rows}) AS numbers(number), generate_series(DATE '{first}', DATE '{last}', INTERVAL 1 DAY) AS days(day)
"""
TERMS = ("model", "kind", "tier", "context", "geo", "speed")
"""What a price depends on, beside the day."""
PRICED = f"""
CREATE TABLE priced AS
FROM (UNPIVOT used ON uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_searches
    INTO NAME kind VALUE quantity)
JOIN rates USING (day, {", ".join(TERMS)})
WHERE quantity > 0
"""
BILLED = """
SELECT organization, month, day, workspace, kind AS description,
    CASE kind WHEN 'web_searches' THEN 'web_search' ELSE 'tokens' END AS cost_type, model,
    CASE kind WHEN 'web_searches' THEN 'web_search' ELSE kind END AS kind, tier, context, geo,
    CASE kind WHEN 'web_searches' THEN 'none' ELSE 'unknown' END AS speed, 'USD' AS currency,
    sum(quantity::DECIMAL(16, 0) * rate)::DECIMAL(28, 12) AS billed
FROM (
    SELECT * REPLACE (
        CASE kind WHEN 'web_searches' THEN 'none' ELSE model END AS model,
        CASE kind WHEN 'web_searches' THEN 'none' ELSE tier END AS tier,
        CASE kind WHEN 'web_searches' THEN 'none' ELSE context END AS context,
        CASE kind WHEN 'web_searches' THEN 'none' ELSE geo END AS geo
    ) FROM priced
) GROUP BY ALL
"""
CHARGED = """
SELECT organization, month, day, workspace, key, 'unattributed' AS actor, 'unknown' AS product, model,
    CASE kind WHEN 'web_searches' THEN 'web_search' ELSE kind END AS kind, tier, context, geo, speed, quantity,
    CASE kind WHEN 'web_searches' THEN 'searches' ELSE 'tokens' END AS unit,
    (quantity::DECIMAL(16, 0) * rate)::DECIMAL(28, 12) AS list, list AS priced, list AS priced_high, list AS billed,
    NULL::DECIMAL(28, 12) AS discount, 'allocated' AS method, 'none' AS cause, 'none' AS relaxed, 'reports' AS source
FROM priced ORDER BY ALL
"""
CONTROL = """
SELECT organization, day, sum(uncached_input)::BIGINT AS uncached_input, sum(cache_write_5m)::BIGINT AS cache_write_5m,
    sum(cache_write_1h)::BIGINT AS cache_write_1h, sum(cache_read)::BIGINT AS cache_read,
    sum(output)::BIGINT AS output, sum(web_searches)::BIGINT AS web_searches
FROM used GROUP BY ALL
"""


def rows_a_day(charges: int) -> int:
    """The usage records of a day that make so many charges in a year."""
    return max(8, round(charges / DAYS / PER_RECORD))


def _models() -> str:
    """The SQL of the list of models of a `day`."""
    lists = {since: [*names.split(), "claude-haiku-4-5-20251001"] for since, names in MODELS.items()}
    return (
        "CASE " + " ".join(f"WHEN day >= DATE '{since}' THEN {lists[since]}" for since in sorted(lists)[::-1]) + " END"
    )


def _rates(duck: DuckDBPyConnection) -> pa.Table:
    """The list price of one of each kind in each use, in US dollars, by day and terms."""
    import pyarrow as pa

    from tallystick.core.records import COUNTERS
    from tallystick.tally.prices_in_force import Prices

    prices, rates = Prices.with_own().listed, []
    columns = ("day", *(name for name in TERMS if name != "kind"))
    used = duck.table("used").select(*columns).distinct()
    for row in used.to_arrow_table().to_pylist():
        for kind in COUNTERS:
            rate = prices.rate(kind="web_search" if kind == "web_searches" else kind, **row)
            rates.append({**row, "kind": kind, "rate": rate.low / rate.per})
    exact = {"rate": pa.decimal128(18, 12), "day": pa.date32()}
    return pa.Table.from_pylist(rates, pa.schema([(name, exact.get(name, pa.string())) for name in rates[0]]))


def make(folder: str, charges: str, tallied: str = "") -> None:
    """Write a ledger of usage, cost, days and names, a file a month; `tallied`: of charges too."""
    import duckdb
    import pyarrow as pa

    from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, DAYS as DAY_TABLE, NAMES, TALLIED_BY, TALLIES
    from tallystick.core.report_tables import COST, USAGE_DAY
    from tallystick.store.columns import schema
    from tallystick.store.digests import count_of, digests
    from tallystick.store.tables import Tables
    from tallystick.tally.day_sums import day_sums
    from tallystick.tally.prices_in_force import Prices

    rows = rows_a_day(int(charges))
    calendar = [LAST - timedelta(days=back) for back in range(DAYS)][::-1]
    with Tables(Path(folder)).writing() as writer:
        for month, group in groupby(calendar, key=lambda day: f"{day:%Y-%m}"):
            days = list(group)
            shape = {"organization": ORGANIZATION, "month": month, "rows": rows, "first": days[0], "last": days[-1]}
            shape |= {"models": _models(), "second": sorted(MODELS)[1]}
            with duckdb.connect() as duck:
                duck.execute(f"CREATE TABLE used AS {USED.format(**shape)}")
                duck.register("rates", _rates(duck))
                duck.execute(PRICED)
                usage = duck.sql("FROM used ORDER BY hash(key, day)").to_arrow_table()
                cost = duck.sql(BILLED).to_arrow_table()
                control = {"usage": duck.sql(CONTROL).to_arrow_table().to_pylist()}
                if tallied:
                    lines = duck.sql(CHARGED).to_arrow_table().select(schema(CHARGES).names)
                    writer.replace(CHARGES, ORGANIZATION, days, lines)
                    writer.replace(DAY_SUMS, ORGANIZATION, days, day_sums(lines))
                    tallies = [
                        {
                            "organization": ORGANIZATION,
                            "day": day,
                            "charges": count_of(digest),
                            "late": 0,
                            "digest": digest,
                        }
                        for day, digest in digests(lines).items()
                    ]
                    writer.append(TALLIES, pa.Table.from_pylist(tallies, schema(TALLIES)))
            billed = cost.group_by(["organization", "day"]).aggregate([("billed", "sum")]).to_pylist()
            control["cost"] = [
                {"organization": row["organization"], "day": row["day"], "billed": row["billed_sum"]} for row in billed
            ]
            for source, table, entries in (("usage", USAGE_DAY, usage), ("cost", COST, cost)):
                written = entries.select(schema(table).names)
                writer.replace(table, ORGANIZATION, days, written)
                digest = digests(written)
                settled = [
                    {
                        **row,
                        "source": source,
                        "grain": "day",
                        "state": "settled",
                        "rows": count_of(digest[row["day"]]),
                        "digest": digest[row["day"]],
                    }
                    for row in control[source]
                ]
                writer.append(DAY_TABLE, pa.Table.from_pylist(settled, schema(DAY_TABLE)))
        writer.append(NAMES, pa.Table.from_pylist(_names(rows), schema(NAMES)))
        totals = {f"{TALLIED_BY}{ORGANIZATION}": Prices.with_own().digest} if tallied else {}
        writer.commit(ORGANIZATION, "records", NOW, totals)


def _names(rows: int) -> list[dict[str, Any]]:
    """The names of the organization, its workspaces and its keys."""
    common = {"organization": ORGANIZATION, "status": "active", "seen_at": NOW}
    keys = range(rows // 8 + 1)
    return [
        common | {"type": "organization", "id": ORGANIZATION, "name": "Bench"},
        *(
            common | {"type": "workspace", "id": f"wrkspc_{number:026}", "name": f"workspace {number}"}
            for number in range(60)
        ),
        *(common | {"type": "key", "id": f"apikey_{number:026}", "name": f"key {number}"} for number in keys),
    ]


def settings(folder: Path) -> Path:
    """Write a settings file that gives each workspace to one of ten teams; its path."""
    path = folder / "tallystick.toml"
    with path.open("w") as file:
        for team in range(TEAMS):
            names = ", ".join(f'"workspace {number}"' for number in range(team, 60, TEAMS))
            file.write(f'[[owner]]\nteam = "team {team}"\nworkspace = [{names}]\n')
    return path


def ledger(folder: Path, charges: int, *, tallied: bool = True) -> Path:
    """The ledger of that size in a folder, made unless it is there."""
    path = folder / f"{charges}{'' if tallied else '-untallied'}"
    if not path.exists():
        child(__file__, "make", path, charges, *(["tallied"] if tallied else []))
    return path


if __name__ == "__main__":
    run(__doc__, {"make": make}, lambda _: None)
