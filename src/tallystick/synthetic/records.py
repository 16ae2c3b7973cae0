"""Records of a synthetic organization: what was used on its days, the bill of it, and the charges that match both.

A key has eight usage records a day, by model and tier, and a record has 3.55 charges on average. All is billed at list
price, so the tally comes to the same charges. Numbers are hashes of the seed, the day and the record: the same in each
run of one release of DuckDB. Texts are of enumerated types, and reach the files as numbers into a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.prices import PriceList
from tallystick.core.records import COUNTERS
from tallystick.core.report_tables import COST, USAGE_DAY
from tallystick.core.select import literal
from tallystick.core.table import LedgerTable
from tallystick.store.columns import encoded
from tallystick.store.session import database
from tallystick.synthetic.terms import MODELS, OF_LINE, rates, terms
from tallystick.tally.conservation import KIND_OF

PER_KEY, PER_RECORD = 8, 3.55
"""Usage records of a key on a day, and charges of a record, on average."""
WORKSPACES = 60
_WORDS = (
    *(*COUNTERS, *KIND_OF.values(), "tokens", "searches", "USD", "reports", "reported", "allocated"),
    *("none", "unknown", "unattributed", "standard", "batch", "fast", "0-200k", "us", "global", "not_available"),
    *(model for models in MODELS.values() for model in models),
)
"""Every text of a record but for ids and months."""

_PLACES = f"""
CREATE TYPE key AS ENUM (SELECT 'apikey_' || lpad(number::VARCHAR, 26, '0') FROM range({{keys}}) AS keys(number));
CREATE TYPE workspace AS ENUM (
    SELECT 'wrkspc_' || lpad(number::VARCHAR, 26, '0') FROM range({WORKSPACES}) AS workspaces(number)
);
CREATE TABLE places AS SELECT number AS place, ('apikey_' || lpad(number::VARCHAR, 26, '0'))::key AS key,
    ('wrkspc_' || lpad((number % {WORKSPACES})::VARCHAR, 26, '0'))::workspace AS workspace
FROM range({{keys}}) AS keys(number);
"""  # noqa: S608 - our own names
_TERMS = """
CREATE OR REPLACE TABLE terms AS SELECT * EXCLUDE (line) REPLACE ({words}) FROM terms_of_days;
CREATE OR REPLACE TABLE rates AS SELECT * REPLACE (counter::word AS counter, kind::word AS kind) FROM rates_of_days
"""
_USED = f"""
CREATE OR REPLACE TABLE used AS
SELECT day::DATE AS day, number, number // {PER_KEY} AS place,
    number % 4 + number // 4 % 2 * 4 + (number // {PER_KEY} % 10 = 0)::INT * 8 + (number % 72 = 0)::INT * 16 AS pattern,
    1 + (hash(number, day, {{seed}}, 1) % 9000000)::BIGINT AS uncached_input,
    CASE WHEN number % 2 = 0 THEN (hash(number, day, {{seed}}, 2) % 900000)::BIGINT ELSE 0 END AS cache_write_5m,
    CASE WHEN number % 5 = 0 THEN (hash(number, day, {{seed}}, 3) % 900000)::BIGINT ELSE 0 END AS cache_write_1h,
    CASE WHEN number % 4 <> 1 THEN (hash(number, day, {{seed}}, 4) % 40000000)::BIGINT ELSE 0 END AS cache_read,
    1 + (hash(number, day, {{seed}}, 5) % 900000)::BIGINT AS output,
    CASE WHEN number % 10 = 0 THEN (hash(number, day, {{seed}}, 6) % 90)::BIGINT ELSE 0 END AS web_searches
FROM range({{records}}) AS numbers(number),
    generate_series(DATE '{{first}}', DATE '{{last}}', INTERVAL 1 DAY) AS days(day)
"""  # noqa: S608
_PRICED = f"""
CREATE OR REPLACE TABLE priced AS
SELECT day, number, workspace, key, pattern, kind, line, quantity,
    (quantity::DECIMAL(16, 0) * rate)::DECIMAL(28, 12) AS list
FROM (
    SELECT day, number, place, pattern, unnest([{", ".join(f"'{name}'::word" for name in COUNTERS)}]) AS counter,
        unnest([{", ".join(COUNTERS)}]) AS quantity
    FROM used
) JOIN rates USING (day, pattern, counter) JOIN places USING (place)
WHERE quantity > 0
"""  # noqa: S608
_USAGE = """
SELECT *, 'none'::word AS account, 'none'::word AS service_account
FROM used JOIN places USING (place) JOIN terms USING (day, pattern) ORDER BY day, hash(number)
"""
_BILL = f"""
SELECT day, any_value(month) AS month, workspace, kind, kind AS description, 'USD'::word AS currency,
    {", ".join(f"any_value(CASE line WHEN -1 THEN 'none'::word ELSE {name} END) AS {name}" for name in OF_LINE)},
    CASE kind WHEN 'web_search'::word THEN 'web_search'::word ELSE 'tokens'::word END AS cost_type,
    CASE kind WHEN 'web_search'::word THEN 'none'::word ELSE 'unknown'::word END AS speed,
    sum(list)::DECIMAL(28, 12) AS billed
FROM priced JOIN terms USING (day, pattern) GROUP BY day, workspace, kind, line ORDER BY day
"""  # noqa: S608
_CHARGED = """
SELECT *, 'unattributed'::word AS actor, 'unknown'::word AS product, list AS priced, list AS priced_high,
    list AS billed, NULL::DECIMAL(28, 12) AS discount,
    CASE kind WHEN 'web_search'::word THEN 'searches'::word ELSE 'tokens'::word END AS unit,
    CASE count(*) OVER (PARTITION BY day, workspace, kind, line)
        WHEN 1 THEN 'reported'::word ELSE 'allocated'::word END AS method,
    'none'::word AS cause, 'none'::word AS relaxed, 'reports'::word AS source
FROM priced JOIN terms USING (day, pattern) ORDER BY day, hash(number)
"""


@dataclass(frozen=True)
class Organization:
    """A synthetic organization: its id, how many usage records each of its days has, and the seed of its numbers."""

    id: str
    records: int
    seed: int

    @property
    def keys(self) -> int:
        """How many keys it has."""
        return -(-self.records // PER_KEY)


@dataclass(frozen=True)
class Records:
    """What an organization used on some days, the bill of it, and its charges, each as its table has them."""

    usage: pa.Table
    cost: pa.Table
    charges: pa.Table


class Maker:
    """Makes the records of an organization, by the list prices of each day."""

    def __init__(self, organization: Organization, prices: PriceList) -> None:
        self._organization = organization
        self._prices = prices
        self._duck = database()
        words = ", ".join(map(literal, dict.fromkeys(_WORDS)))
        self._duck.execute(f"CREATE TYPE word AS ENUM ({words}); {_PLACES.format(keys=organization.keys)}")

    def records(self, days: Sequence[date]) -> Records:
        """Make the records of days that follow one another."""
        shape = {"records": self._organization.records, "seed": self._organization.seed}
        self._price(days)
        self._duck.execute(_USED.format(first=days[0], last=days[-1], **shape))
        self._duck.execute(_PRICED)
        queries = ((USAGE_DAY, _USAGE), (COST, _BILL), (CHARGES, _CHARGED))
        return Records(*(self._rows(table, query) for table, query in queries))

    def _price(self, days: Sequence[date]) -> None:
        """Make the tables of terms and rates of these days."""
        rows = [row for day in days for row in terms(day)]
        priced = rates(rows, self._prices)
        self._duck.register("terms_of_days", _table(rows))
        self._duck.register("rates_of_days", _table(priced))
        words = ", ".join(f"{name}::word AS {name}" for name in (*OF_LINE, "speed"))
        self._duck.execute(_TERMS.format(words=words))

    def _rows(self, table: LedgerTable, query: str) -> pa.Table:
        """The rows of a query as a table has them."""
        fits = encoded(table)
        rows = self._duck.sql(query).to_arrow_table()
        organization = pa.array([self._organization.id], pa.string())
        zeros = pa.repeat(pa.scalar(0, pa.int32()), rows.num_rows)
        rows = rows.append_column("organization", pa.DictionaryArray.from_arrays(zeros, organization))
        return rows.select(fits.names).cast(fits)


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """The rows as Arrow has them, exact."""
    exact = {"rate": pa.decimal128(18, 12), "day": pa.date32(), "pattern": pa.int64(), "line": pa.int64()}
    return pa.Table.from_pylist([*rows], pa.schema([(name, exact.get(name, pa.string())) for name in rows[0]]))
