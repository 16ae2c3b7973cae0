from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from support.command import Run
from tallystick.core.money import EXACT, ratio
from tallystick.core.rows import Rows
from tallystick.errors import InvalidQuestion
from tallystick.exports.focus_columns import COLUMNS, VERSIONS, schema
from tallystick.formats import FORMATS
from tallystick.ledger import Ledger
from tallystick.sim import World

Tallystick = Callable[..., Run]
Row = dict[str, Any]
MANDATORY = [
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "BilledCost",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
]
NULL = {"ChargeClass", "CommitmentDiscountStatus", "InvoiceId", "InvoiceDetailId"}
HALF = Decimal("0.0000000000005")


def written(rows: Rows, form: str = "parquet") -> bytes:
    """An export as bytes."""
    file = io.BytesIO()
    FORMATS[form].stream(rows, file)
    return file.getvalue()


def table_of(ledger: Ledger, version: str = "1.2") -> pa.Table:
    """October as FOCUS, as it was written and read again."""
    return pa.parquet.read_table(io.BytesIO(written(ledger.export_focus("2026-10", version))))


@pytest.fixture(scope="module")
def months(ledgers: dict[str, Ledger]) -> dict[str, list[Row]]:
    """October of each dialect."""
    return {source: table_of(book).to_pylist() for source, book in ledgers.items()}


@pytest.fixture
def rows(months: dict[str, list[Row]], source: str) -> list[Row]:
    """October of one dialect."""
    return months[source]


def test_billed_cost_is_the_bill(rows: list[Row], source: str, worlds: dict[str, World]) -> None:
    """BilledCost sums to what was truly billed in the month, to the last place; so do effective and contracted cost."""
    truth = sum((worlds[source].billed(date(2026, 10, n)) for n in range(1, 32)), Decimal(0))
    for name in ("BilledCost", "EffectiveCost", "ContractedCost", "PricingCurrencyEffectiveCost"):
        assert Decimal(sum(int(row[name].scaleb(12)) for row in rows)).scaleb(-12) == truth


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_columns_and_types(ledger: Ledger, version: str) -> None:
    """A version has its own columns in the order of the specification, amounts as decimals, instants as such."""
    table = table_of(ledger, version)
    assert table.schema.names == schema(version).names == sorted(table.schema.names)
    for name, kind, versions, _ in COLUMNS:
        assert (name in table.schema.names) == (version in versions)
        if version in versions:
            arrow_type = table.schema.field(name).type
            assert arrow_type == kind or (
                pa.types.is_timestamp(kind) and pa.types.is_timestamp(arrow_type) and arrow_type.tz == "UTC"
            )
    newer, older = {"HostProviderName", "InvoiceDetailId", "ServiceProviderName"}, {"ProviderName", "PublisherName"}
    assert newer.isdisjoint(table.schema.names) == older.issubset(table.schema.names) == (version == "1.2")
    if version == "1.2":
        assert set(MANDATORY) <= set(table.schema.names)


@pytest.mark.long
@pytest.mark.parametrize("source", ["analytics"])
def test_versions_differ_in_columns_alone(ledger: Ledger, months: dict[str, list[Row]], source: str) -> None:
    """What both versions have is the same in both, row for row, BilledCost among it."""
    newer, older = table_of(ledger, "1.4").to_pylist(), months[source]
    shared = [name for name, _, versions, _ in COLUMNS if versions == VERSIONS]
    assert [[row[name] for name in shared] for row in newer] == [[row[name] for name in shared] for row in older]


def test_no_cell_is_null_but_those_that_must_be(rows: list[Row]) -> None:
    """Every cell is known but invoice, class and commitment, which are null throughout."""
    for row in rows:
        assert {name for name, cell in row.items() if cell is None or cell == ""} == NULL & row.keys()


def test_periods_are_half_open(rows: list[Row]) -> None:
    """A charge's period is its UTC day, the billing period the calendar month, both with an exclusive end."""
    start, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    assert {(row["BillingPeriodStart"], row["BillingPeriodEnd"]) for row in rows} == {(start, end)}
    charged = {row["ChargePeriodStart"] for row in rows}
    assert charged == {start + timedelta(days=n) for n in range(31)}
    assert all(row["ChargePeriodEnd"] - row["ChargePeriodStart"] == timedelta(days=1) for row in rows)


def test_units_are_those_of_the_kind(rows: list[Row]) -> None:
    """Tokens are priced by the million, searches by the thousand, containers and sessions by the hour."""
    units = {(row["SkuMeter"], row["ConsumedUnit"], row["PricingUnit"]) for row in rows}
    tokens = {
        (meter, "Tokens", "1000000 Tokens")
        for meter in (
            "Input Tokens",
            "Output Tokens",
            "Cache Read Tokens",
            "Cache Write Tokens (5 minutes)",
            "Cache Write Tokens (1 hour)",
        )
    }
    assert units == tokens | {
        ("Web Searches", "Searches", "1000 Searches"),
        ("Code Execution", "Container-Hours", "Container-Hours"),
        ("Session Time", "Session-Hours", "Session-Hours"),
    }
    for row in rows:
        per = int(re.match(r"[0-9]*", row["PricingUnit"])[0] or 1)  # type: ignore[index]
        assert row["ConsumedQuantity"] == row["PricingQuantity"] * per


def test_prices_times_quantities_are_costs(rows: list[Row]) -> None:
    """A unit price times the pricing quantity is the cost, but for what 12 places of the price cannot hold."""
    for row in rows:
        for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
            quantity = row["PricingQuantity"]
            off = abs(EXACT.subtract(EXACT.multiply(row[price], quantity), row[cost]))
            # a quantity that is bought at a price is itself rounded to 12 places
            assert off <= HALF * (quantity + row[price]), row
            assert row[price] == row[f"PricingCurrency{price}"]


def test_the_discount_stands_between_list_and_billed(months: dict[str, list[Row]]) -> None:
    """The newer dialect's discount of a tenth from mid-October shows in every row; before it list is billed."""
    before, since = set(), set()
    for row in months["analytics"]:
        if row["BilledCost"]:
            ratios = before if row["ChargePeriodStart"] < datetime(2026, 10, 15, tzinfo=UTC) else since
            ratios.add(ratio(row["BilledCost"], row["ListCost"], 6))
    assert before == {Decimal(1)}
    assert since == {Decimal("0.9")}


@pytest.mark.long
def test_zero_is_a_known_zero(rows: list[Row], ledger: Ledger) -> None:
    """A cost of 0 stands for use that a read bill has nothing for; what has an unknown cost is left out and said."""
    table = ledger.sql(
        "SELECT cause, count(*) AS rows FROM charges WHERE month = '2026-10' AND billed IS NULL AND list IS NOT NULL "
        "GROUP BY cause"
    )
    counts = {str(row["cause"]): row["rows"] for row in table.rows}
    assert sum(not row["BilledCost"] for row in rows) == counts.get("not billed", 0)
    assert not any(row["SkuPriceId"].split("/")[2] == "priority" for row in rows if row["ConsumedUnit"] == "Tokens")
    export = ledger.export_focus("2026-10")
    written(export)
    assert any("priority tier" in message.text and "unknown, not zero" in message.text for message in export.messages)
    assert any("billed without use" in message.text for message in export.messages)


def test_tags_tell_who_and_whose(rows: list[Row], ledger: Ledger) -> None:
    """Tags hold key, actor, product, owner and rule; a shared charge is one row that names its teams and shares."""
    production = "Production"
    for row in rows:
        tags = json.loads(row["Tags"])
        assert {"key", "key_name", "actor", "actor_name", "product", "method", "team", "rule"} <= tags.keys()
        if row["SubAccountName"] == production:
            assert (tags["team"], tags["cost_center"]) == ("platform", "4711")
        elif row["SubAccountId"] == "default":
            assert (tags["team"], tags["shared_by"], tags["shared_teams"]) == ("shared", "even", "search 1/2, ads 1/2")
        else:
            assert (tags["team"], tags["cost_center"]) == ("unowned", "unowned")
    spent = ledger.spend(("team",), since="2026-10", until="2026-10").rows
    [billed] = [row["billed"] for row in spent if row["team"] == "platform"]
    amounts = [int(row["BilledCost"].scaleb(12)) for row in rows if json.loads(row["Tags"])["team"] == "platform"]
    assert Decimal(sum(amounts)).scaleb(-12) == billed
    assert {(tags["rule"], tags["team"]) for tags in map(json.loads, {row["Tags"] for row in rows})} == {
        ("[[owner]] 1", "platform"),
        ("[[owner]] 2", "shared"),
        ("none", "unowned"),
    }


def test_tags_tell_how_a_cost_is_known(rows: list[Row], ledger: Ledger) -> None:
    """The tag `method` says of every dollar whether the API reported it for its key or it was allocated."""
    sums: dict[str, int] = {}
    for row in rows:
        method = json.loads(row["Tags"])["method"]
        sums[method] = sums.get(method, 0) + int(row["BilledCost"].scaleb(12))
    truth = ledger.sql(
        "SELECT method, sum(billed) AS billed FROM charges WHERE month = '2026-10' AND billed IS NOT NULL "
        "GROUP BY method"
    )
    assert {name: Decimal(amount).scaleb(-12) for name, amount in sums.items() if amount} == {
        str(row["method"]): row["billed"] for row in truth.rows if row["billed"]
    }


def test_identity_of_a_price(rows: list[Row]) -> None:
    """One SkuPriceId has one SkuId, one list price on a day, and details that say what decides it."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        details = json.loads(row["SkuPriceDetails"])
        assert list(details.values()) == row["SkuPriceId"].split("/")
        assert all(name.startswith("x_") for name in details)
        seen.setdefault(row["SkuPriceId"], set()).add(row["SkuId"])
    assert all(len(ids) == 1 for ids in seen.values())


@pytest.mark.long
def test_csv_is_the_same(ledger: Ledger) -> None:
    """The CSV has the Parquet's rows, instants with a Z, null as an empty cell."""
    text = written(ledger.export_focus("2026-10"), "csv").decode()
    records = list(csv.DictReader(io.StringIO(text, newline="")))
    rows = table_of(ledger).to_pylist()
    assert len(records) == len(rows)
    for record, row in zip(records, rows, strict=True):
        assert Decimal(record["BilledCost"]) == row["BilledCost"]
        assert record["ChargePeriodStart"] == f"{row['ChargePeriodStart']:%Y-%m-%dT%H:%M:%SZ}"
        assert record["InvoiceId"] == ""
        assert "E" not in record["ListUnitPrice"]


@pytest.mark.long
def test_the_command(tallystick: Tallystick, ledgers: dict[str, Ledger]) -> None:
    """`export focus` writes a month, says what is left out on the error stream, and refuses what is no month."""
    there = {"TALLYSTICK_LEDGER": str(ledgers["analytics"].path)}
    done = tallystick("export", "focus", "--month", "2026-10", "--focus-version", "1.4", **there)
    assert done.code == 0
    assert done.out.splitlines()[0] == ",".join(schema("1.4").names)
    assert "left out" in done.err
    assert tallystick("export", "focus", "--month", "October", **there).code == 2
    with pytest.raises(InvalidQuestion):
        ledgers["analytics"].export_focus("2026-10", "1.3")
