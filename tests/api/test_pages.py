from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from support.api_pages import bucket, cost_row, day, page_of, usage_row
from support.scripted_api import NOW, Json
from tallystick.api.leniency import Oddity
from tallystick.api.page import Page
from tallystick.api.reports import cost_records, usage_pages, usage_records
from tallystick.api.reports_query import cost_report_query, usage_report_query
from tallystick.core.money import plain
from tallystick.core.records import CostRecord, UsageRecord
from tallystick.core.time import Grain, Window, instant
from tallystick.errors import InvalidAmount, UnexpectedResponse

OCTOBER = Window(instant("2026-10-01"), instant("2026-11-01"))
FIVE = ("model", "workspace", "key", "tier", "context")


def usage(by: tuple[str, ...], *buckets: Json) -> list[UsageRecord]:
    """The records of one page of usage."""
    return list(usage_records([page_of(usage_report_query(OCTOBER, Grain.DAY, by=by), *buckets)], by))


def costs(by: tuple[str, ...], *buckets: Json) -> list[CostRecord]:
    """The records of one page of costs."""
    return list(cost_records([page_of(cost_report_query(OCTOBER, NOW, by=by), *buckets)], by))


def test_usage_as_of_2025() -> None:
    """A page without the fields that came later is read right; each bucket's rows are in its window."""
    row = usage_row(
        api_key_id="apikey_k1",
        workspace_id="wrkspc_w1",
        model="claude-x-1",
        service_tier="batch",
        context_window="0-200k",
    )
    (record,) = usage(FIVE, day(4), day(5, row), day(6))
    assert record == UsageRecord(
        window=Window(instant("2026-10-05"), instant("2026-10-06")),
        dims={
            "model": "claude-x-1",
            "workspace": "wrkspc_w1",
            "key": "apikey_k1",
            "tier": "batch",
            "context": "0-200k",
        },
        uncached_input=1_204,
        cache_write_5m=47,
        cache_write_1h=310,
        cache_read=90_001,
        output=688,
        web_searches=3,
        extra={},
    )
    assert record.total_tokens == 1_204 + 47 + 310 + 90_001 + 688


def test_fields_that_an_older_answer_lacks() -> None:
    """A dimension that was asked for and is not in the answer is `unknown`: it has a value that nobody told."""
    (record,) = usage(("geo", "account", "service_account", "speed"), day(5, usage_row()))
    assert record.dims == dict.fromkeys(("geo", "account", "service_account", "speed"), "unknown")


def test_usage_of_a_newer_answer() -> None:
    """Unknown enum values are read as they are, unknown fields are kept as sent, unknown keys elsewhere do no harm."""
    odd = {"nested": [1, {"deep": None}], "price": 0.25}
    row = usage_row(
        service_tier="nocturnal",
        context_window="1M-10M",
        inference_geo="moon",
        speed="ludicrous",
        model="claude-z-99",
        residency="eu",
        oddity=odd,
    )
    newer = {**day(5, row), "partial": False}
    (record,) = usage(("tier", "context", "geo", "speed", "model"), newer)
    assert record.dims == {
        "tier": "nocturnal",
        "context": "1M-10M",
        "geo": "moon",
        "speed": "ludicrous",
        "model": "claude-z-99",
    }
    assert record.extra == {"residency": "eu", "oddity": odd}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (
            "cache_creation",
            {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2, "ephemeral_1d_tokens": 777},
        ),
        ("server_tool_use", {"web_search_requests": 1, "web_fetch_requests": 777}),
    ],
)
def test_new_counters_are_kept(field: str, value: Json) -> None:
    """A counter that is new within `cache_creation` or `server_tool_use` is kept in `extra`, not lost."""
    (record,) = usage((), day(5, usage_row(**{field: value})))
    assert "777" in json.dumps(record.extra)


def test_what_null_means_in_usage() -> None:
    """A null of a dimension that was asked for has the name of what is absent, and so has an empty string."""
    null = usage_row(account_id=None, service_account_id=None)
    (record,) = usage(("workspace", "key", "account", "service_account"), day(5, null))
    assert record.dims == {"workspace": "default", "key": "playground", "account": "none", "service_account": "none"}
    (record,) = usage(("workspace", "tier"), day(5, usage_row(workspace_id="")))
    assert record.dims == {"workspace": "default", "tier": "unknown"}


def test_not_asked_is_not_representable() -> None:
    """A record has exactly the dimensions asked for, in order, whatever else its row holds."""
    row = usage_row(model="claude-x-1", workspace_id="wrkspc_w1", inference_geo="us")
    assert list(usage(("geo", "model"), day(5, row))[0].dims.items()) == [("geo", "us"), ("model", "claude-x-1")]
    assert usage((), day(5, row))[0].dims == {}
    assert costs(("workspace",), day(5, cost_row(workspace_id="wrkspc_w1", model="claude-x-1")))[0].dims == {
        "workspace": "wrkspc_w1"
    }
    assert costs((), day(5, cost_row()))[0].dims == {}


def test_hours_keep_their_hour() -> None:
    """An hour's bucket is that hour; a bucket without rows gives no record."""
    query = usage_report_query(OCTOBER, Grain.HOUR)
    page = page_of(query, *(bucket(f"2026-10-05T{hour:02}:00:00Z", usage_row(), hours=1) for hour in range(22, 24)))
    assert [record.window.start.hour for record in usage_records([page], ())] == [22, 23]
    assert list(usage_records([page_of(query)], ())) == []


TOKENS = {
    "description": "Claude X Usage - Input Tokens",
    "cost_type": "tokens",
    "model": "claude-x-1",
    "token_type": "cache_creation.ephemeral_1h_input_tokens",
    "service_tier": "standard",
    "context_window": "200k-1M",
}


def test_cost_as_of_2025() -> None:
    """A token line has its kind in our words; a field that it lacks is `unknown`; cents are dollars, exactly."""
    (record,) = costs(("workspace", "description"), day(5, cost_row("318.40715", workspace_id="wrkspc_w1", **TOKENS)))
    assert record.billed == Decimal("3.1840715")
    assert record.currency == "USD"
    assert record.window == Window(instant("2026-10-05"), instant("2026-10-06"))
    assert record.extra == {}
    assert record.dims == {
        "workspace": "wrkspc_w1",
        "description": "Claude X Usage - Input Tokens",
        "cost_type": "tokens",
        "model": "claude-x-1",
        "kind": "cache_write_1h",
        "tier": "standard",
        "context": "200k-1M",
        "geo": "unknown",
        "speed": "unknown",
    }


@pytest.mark.parametrize(
    ("cost_type", "kind"),
    [
        ("web_search", "web_search"),
        ("code_execution", "code_execution"),
        ("session_usage", "session_time"),
        ("teleportation", "teleportation"),
    ],
)
def test_cost_that_is_not_of_tokens(cost_type: str, kind: str) -> None:
    """A service's line has its kind and no model, tier, context, geo or speed: `none`; a new kind keeps its name."""
    (record,) = costs(("workspace", "description"), day(5, cost_row(description="Some service", cost_type=cost_type)))
    assert record.dims == {
        "workspace": "default",
        "description": "Some service",
        "cost_type": cost_type,
        "kind": kind,
        **dict.fromkeys(("model", "tier", "context", "geo", "speed"), "none"),
    }


def test_cost_of_a_newer_answer() -> None:
    """Unknown token types and enum values are read as they are, unknown fields kept; none becomes null or empty."""
    row = cost_row(
        **{**TOKENS, "token_type": "telepathy_tokens"}, inference_geo="moon", speed="fast", list_amount="400"
    )
    (record,) = costs(("description",), day(5, row))
    assert (record.dims["kind"], record.dims["geo"], record.dims["speed"]) == ("telepathy_tokens", "moon", "fast")
    assert record.extra == {"list_amount": "400"}


def test_a_line_that_says_nothing_of_itself() -> None:
    """A described line without type or text has named values in every dimension."""
    (record,) = costs(("workspace", "description"), day(5, cost_row()))
    assert all(record.dims.values())
    assert (record.dims["description"], record.dims["kind"], record.dims["cost_type"]) == ("none", "unknown", "unknown")


@pytest.mark.parametrize(
    ("amount", "per_million", "tokens"),
    [
        ("527.999760", "0.80", 6_599_997),
        ("50.241200", "4", 125_603),
        ("776.257875", "3.75", 2_070_021),
        ("381.724170", "0.30", 12_724_139),
        ("104.227500", "15", 69_485),
        ("251.958000", "3.75", 671_888),
        ("11.822080", "0.80", 147_776),
        ("1.000000", "10000", 1),
    ],
)
def test_the_table_of_cents(amount: str, per_million: str, tokens: int) -> None:
    """From the page to dollars to tokens, each row of reports-api 1.3.6 is exact."""
    (record,) = costs((), day(16, cost_row(amount)))
    assert record.billed * 1_000_000 == tokens * Decimal(per_million)
    assert isinstance(record.billed, Decimal)


def test_credits_and_zero() -> None:
    """A credit is negative; a zero that the API says is a record."""
    records = costs((), day(5, cost_row("-12.5")), day(6, cost_row("0")))
    assert [plain(record.billed) for record in records] == ["-0.125", "0.00"]


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        *(
            (bad, "USD")
            for bad in ("", " ", "1e3", "+5", "NaN", "Infinity", "1,234.5", "0.00000000001", "9" * 18 + "9")
        ),
        *((bad, "USD") for bad in (None, True, ["318"], {"value": "318"}, "1" * 90, 10**30, 1e300)),
        ("318.4", "EUR"),
        ("318.4", ""),
    ],
)
def test_bad_money_stops(amount: Any, currency: str) -> None:
    """An amount that cannot be read exactly is an error that names its place, the path and the request, and never 0."""
    fine = day(5, cost_row())
    odd = day(6, cost_row(), cost_row(amount, currency=currency))
    with pytest.raises(UnexpectedResponse) as strange:
        costs((), fine, odd)
    assert strange.value.exit_code == 5
    assert "$.data[1].results[1].amount" in str(strange.value)
    assert "cost" in strange.value.what
    assert strange.value.request_id == "req_of_page"
    if isinstance(amount, str):
        assert isinstance(strange.value, InvalidAmount)


@pytest.mark.parametrize("field", ["amount", "currency"])
def test_money_left_out(field: str) -> None:
    """A cost row without its amount or currency is an error that names the field and the row."""
    row = {name: value for name, value in cost_row().items() if name != field}
    with pytest.raises(UnexpectedResponse, match=rf"`{field}`.*\$\.data\[0\]\.results\[1\]"):
        costs((), day(5, cost_row(), row))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"output_tokens": "12"}, "$.data[0].results[0].output_tokens"),
        ({"output_tokens": None}, "$.data[0].results[0].output_tokens"),
        ({"output_tokens": 1.5}, "$.data[0].results[0].output_tokens"),
        ({"output_tokens": True}, "$.data[0].results[0].output_tokens"),
        ({"uncached_input_tokens": -1}, "$.data[0].results[0]"),
        ({"cache_creation": 7}, "$.data[0].results[0].cache_creation"),
        ({"output_tokens": 2**63}, "$.data[0].results[0].output_tokens"),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 1}}, "$.data[0].results[0].cache_creation"),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": -1}}, "$.data[0].results[0]"),
        ({"server_tool_use": 3}, "$.data[0].results[0].server_tool_use"),
        ({"server_tool_use": {"web_search_requests": -2}}, "$.data[0].results[0]"),
    ],
)
def test_a_row_that_cannot_be(fields: Json, path: str) -> None:
    """A count that is no count is an error that names its place: nothing reads as 0."""
    with pytest.raises(UnexpectedResponse) as strange:
        usage((), day(5, usage_row(**fields)))
    assert path in str(strange.value)
    assert strange.value.request_id == "req_of_page"


@pytest.mark.parametrize("amount", [318.4, 318])
def test_an_amount_that_is_a_number(amount: float) -> None:
    """An amount that is a JSON number is read by its text, exactly; `usd` is USD."""
    (record,) = costs((), day(5, cost_row(amount, currency="usd")))
    assert record.billed == Decimal(str(amount)) / 100


@pytest.mark.parametrize(
    ("fields", "odd"),
    [
        ({"cache_creation": None}, "null where an object was expected"),
        ({"server_tool_use": None}, "null where an object was expected"),
        ({"model": 7}, "a number where a text was expected"),
        ({"output_tokens": 44.0}, "a whole number written with a fraction"),
        ({"service_tier": ["standard"]}, "a list where a text was expected"),
    ],
)
def test_what_is_beside_the_point(fields: Json, odd: str) -> None:
    """A null group of counts is no use of it, a number is its text, and what else is odd is unknown; each is told."""
    oddities: set[Oddity] = set()
    [(_, [bucket])] = usage_pages(
        [page_of(usage_report_query(OCTOBER, Grain.DAY), day(5, usage_row(**fields)))], oddities
    )
    assert bucket.rows[0].output_tokens == fields.get("output_tokens", usage_row()["output_tokens"])
    assert odd in " ".join(oddity.text for oddity in oddities)
    assert bool(oddities) == bool(odd)


@pytest.mark.parametrize("field", ["cache_creation", "server_tool_use"])
def test_a_group_of_counters_left_out(field: str) -> None:
    """An absent group of counters is no use of it."""
    row = {name: value for name, value in usage_row().items() if name != field}
    (record,) = usage((), day(5, row))
    zeros = {"cache_creation": record.cache_write_5m + record.cache_write_1h, "server_tool_use": record.web_searches}
    assert zeros[field] == 0
    assert record.total_tokens > 0


@pytest.mark.parametrize("field", ["uncached_input_tokens", "cache_read_input_tokens", "output_tokens"])
def test_a_counter_left_out(field: str) -> None:
    """A missing counter is an error that names it, never zero (trap 18)."""
    row = {name: value for name, value in usage_row().items() if name != field}
    with pytest.raises(UnexpectedResponse, match=f"`{field}`"):
        usage((), day(5, row))


def bodies(*buckets: Iterable[Json]) -> list[Page]:
    """Pages of usage, each with these buckets."""
    query = usage_report_query(OCTOBER, Grain.DAY)
    return [page_of(query, *page) for page in buckets]


@pytest.mark.parametrize(
    "pages",
    [
        [[day(5), day(5)]],
        [[day(5), day(6)], [day(6), day(7)]],
        [[day(6), day(5)]],
        [[day(5), day(6)], [day(4)]],
        [[day(5), bucket("2026-10-05T12:00:00Z")]],
        [[{**day(5), "ending_at": "2026-10-05T00:00:00Z"}]],
        [[{**day(5), "ending_at": "2026-10-04T00:00:00Z"}]],
        [[{**day(5), "starting_at": "2026-10-05T00:00:00"}]],
        [[{**day(5), "ending_at": "2026-10-06T00:00:00"}]],
        [[{**day(5), "starting_at": "yesterday"}]],
        [[{**day(5), "starting_at": ""}]],
        [[{**day(5), "starting_at": None}]],
        [[{**day(5), "starting_at": 1_790_000_000}]],
        [[{**day(5), "results": None}]],
        [[{"starting_at": "2026-10-05T00:00:00Z", "ending_at": "2026-10-06T00:00:00Z"}]],
        [[{**day(5), "starting_at": "0001-01-01T00:00:00+14:00"}]],
    ],
)
def test_buckets_that_cannot_be(pages: list[list[Json]]) -> None:
    """A bucket that comes twice, out of order, backwards, without a zone or without rows is an error with its place."""
    with pytest.raises(UnexpectedResponse) as strange:
        list(usage_records(bodies(*pages), ()))
    assert strange.value.exit_code == 5
    assert "$.data[" in str(strange.value)
    assert "/v1/organizations/usage_report/messages" in strange.value.what
    assert "?" not in strange.value.what
    assert strange.value.request_id == "req_of_page"


@pytest.mark.parametrize(
    "odd",
    [
        bucket("2026-10-05T06:00:00Z", usage_row()),
        bucket("2026-10-05T00:00:00Z", usage_row(), hours=48),
        bucket("2026-10-05T00:00:00Z", usage_row(), hours=1),
        bucket("2026-09-30T00:00:00Z", usage_row()),
        bucket("2026-11-01T00:00:00Z", usage_row()),
    ],
)
def test_buckets_that_were_not_asked_for(odd: Json) -> None:
    """A bucket off its boundaries, of another width or outside the window asked for is an error, not a record."""
    with pytest.raises(UnexpectedResponse):
        usage((), odd)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"data": [{"starting_at": "2026-10-05T00:00:00Z", "ending_at": "2026-1',
        b"<!doctype html><title>Sign in</title>",
        b"null",
        b"[]",
        b'{"data": null, "has_more": false, "next_page": null}',
        b'{"has_more": false, "next_page": null}',
        b'{"data": {}, "has_more": false, "next_page": null}',
        b'{"data": [{"starting_at": "\xff", "ending_at": "\xff", "results": []}], "has_more": false}',
        b'{"data": [], "has_more": false} {"data": []}',
    ],
)
def test_answers_that_are_no_report(body: bytes) -> None:
    """Truncated JSON, HTML, or JSON of another shape under 200 is an error that names path and request."""
    page = Page(usage_report_query(OCTOBER, Grain.DAY).request, body, {"request-id": "req_odd"})
    with pytest.raises(UnexpectedResponse) as strange:
        list(usage_records([page], ()))
    assert "/v1/organizations/usage_report/messages" in strange.value.what
    assert "[request-id req_odd]" in str(strange.value)
    with pytest.raises(UnexpectedResponse):
        list(cost_records([page], ()))
