from __future__ import annotations

from datetime import timedelta

import pytest

from support.api_pages import bucket, listed, report, usage_row
from support.scripted_api import NOW, Connect, Json, reply
from tallystick.api.endpoints import API_KEYS, ORGANIZATION, SERVICE_ACCOUNTS, USERS, WORKSPACES
from tallystick.api.page import Query
from tallystick.api.reports import usage_records
from tallystick.api.reports_query import cost_report_query, usage_report_query
from tallystick.core.time import DAY, Grain, Window, instant, text
from tallystick.errors import UnexpectedResponse

YEARS = Window(instant("2023-01-01"), instant("2026-01-01"))
USAGE = usage_report_query(YEARS, Grain.DAY, by=("model",), limit=1)
COST = cost_report_query(YEARS, NOW)
USAGE_PATH = "/v1/organizations/usage_report/messages"


def days(first: int, count: int) -> list[Json]:
    """So many day buckets from a day after the start."""
    return [bucket(text(YEARS.start + DAY * (first + number)), usage_row(model="m")) for number in range(count)]


def test_pages_are_fetched_when_needed(connect: Connect) -> None:
    """A page is asked for when its first record is wanted, and not before."""
    client, server = connect(report(*days(0, 2), token="t1"), report(*days(2, 2), token="t2"), report(*days(4, 1)))
    records = usage_records(client.pages(USAGE), ("model",))
    assert len(server.requests) == 0
    next(records)
    next(records)
    assert len(server.requests) == 1
    next(records)
    assert len(server.requests) == 2
    assert len(list(records)) == 2
    assert len(server.requests) == 3


def test_a_token_goes_back_with_everything_else(connect: Connect) -> None:
    """The token is passed back as it came, with all other parameters unchanged."""
    odd = "page_MjAy+/==&x=1 %5B"
    client, server = connect(report(token=odd), report(token="page_3"), report())
    assert len(list(client.pages(USAGE))) == 3
    assert server.parameters(0) == list(USAGE.parameters)
    assert server.parameters(1) == [*USAGE.parameters, ("page", odd)]
    assert server.parameters(2) == [*USAGE.parameters, ("page", "page_3")]


@pytest.mark.long
def test_however_long(connect: Connect) -> None:
    """Paging goes to the end that the API declares, without a cap: three years by the day are three years."""
    count = (YEARS.end - YEARS.start) // timedelta(days=1)
    pages = [report(*days(number, 1), token=f"t{number}" if number < count - 1 else None) for number in range(count)]
    client, server = connect(*pages)
    starts = [record.window.start for record in usage_records(client.pages(USAGE), ("model",))]
    assert starts == [YEARS.start + DAY * number for number in range(count)]
    assert len(server.requests) == count == 1096


def test_an_empty_report(connect: Connect) -> None:
    """A report without buckets is one page and no record."""
    client, server = connect(report())
    assert list(usage_records(client.pages(USAGE), ("model",))) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("query", [USAGE, COST], ids=["usage", "cost"])
def test_more_without_a_token(connect: Connect, query: Query, token: str | None) -> None:
    """More without a token is an error, not an end (trap 12)."""
    client, _ = connect(reply(200, {"data": [], "has_more": True, "next_page": token}, request_id="req_9"))
    with pytest.raises(UnexpectedResponse, match="more") as strange:
        list(client.pages(query))
    assert strange.value.exit_code == 5
    assert strange.value.request_id == "req_9"
    assert query.endpoint.path in strange.value.what


def test_more_without_the_key_of_a_token(connect: Connect) -> None:
    """More with `next_page` left out is an error too."""
    client, _ = connect(reply(200, {"data": [], "has_more": True}))
    with pytest.raises(UnexpectedResponse, match="more"):
        list(client.pages(USAGE))


@pytest.mark.parametrize("tokens", [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "b")])
def test_a_token_seen_before(connect: Connect, tokens: tuple[str, ...]) -> None:
    """A token that comes again would never end: it is an error, at once."""
    client, server = connect(*(report(token=token, request_id="req_loop") for token in tokens))
    with pytest.raises(UnexpectedResponse, match="twice") as strange:
        list(client.pages(USAGE))
    assert strange.value.request_id == "req_loop"
    assert USAGE_PATH in strange.value.what
    assert len(server.requests) == len(tokens)


@pytest.mark.parametrize("query", [USAGE, COST, Query(WORKSPACES)], ids=["usage", "cost", "workspaces"])
def test_no_word_of_more(connect: Connect, query: Query) -> None:
    """Without `has_more` the end cannot be told: an error that names the field, the path and the request."""
    client, _ = connect(reply(200, {"data": [], "next_page": None, "last_id": None}, request_id="req_mute"))
    with pytest.raises(UnexpectedResponse, match="has_more") as strange:
        list(client.pages(query))
    assert "$.has_more" in strange.value.what
    assert "[request-id req_mute]" in strange.value.what
    assert query.endpoint.path in strange.value.what


@pytest.mark.parametrize(
    ("envelope", "field"),
    [
        ({"has_more": None, "next_page": None}, "$.has_more"),
        ({"has_more": "false", "next_page": None}, "$.has_more"),
        ({"has_more": 0, "next_page": None}, "$.has_more"),
        ({"has_more": True, "next_page": 2}, "$.next_page"),
    ],
)
def test_an_envelope_of_another_type(connect: Connect, envelope: Json, field: str) -> None:
    """An envelope whose fields have another type is an error that names the field."""
    client, _ = connect(reply(200, {"data": [], **envelope}))
    with pytest.raises(UnexpectedResponse) as strange:
        list(client.pages(USAGE))
    assert field in strange.value.what


@pytest.mark.parametrize("body", ["", '{"data": [], "has_mo', "<html>Sign in</html>", "[]", "null", b'{"data": "\xff'])
@pytest.mark.parametrize("good_pages", [0, 1])
def test_a_page_that_cannot_be_read(connect: Connect, body: str | bytes, good_pages: int) -> None:
    """Truncated JSON or HTML under 200 is an error, on the first page and on a later one, with path and request."""
    client, _ = connect(*[report(*days(0, 1), token="t1")] * good_pages, reply(200, body, request_id="req_cut"))
    records = usage_records(client.pages(USAGE), ("model",))
    for _ in range(good_pages):
        next(records)
    with pytest.raises(UnexpectedResponse) as strange:
        next(records)
    assert strange.value.exit_code == 5
    assert USAGE_PATH in strange.value.what
    assert strange.value.request_id == "req_cut"


def test_a_bucket_again_on_a_later_page(connect: Connect) -> None:
    """A bucket that comes again on the next page would count twice: it is an error."""
    client, _ = connect(report(*days(0, 2), token="t1"), report(*days(1, 1)))
    records = usage_records(client.pages(USAGE), ("model",))
    next(records)
    next(records)
    with pytest.raises(UnexpectedResponse, match="twice or out of order"):
        next(records)


@pytest.mark.parametrize("endpoint", [WORKSPACES, API_KEYS, USERS], ids=lambda endpoint: endpoint.name)
def test_lists_by_id_stop_on_has_more(connect: Connect, endpoint: object) -> None:
    """A list by id goes on after `last_id` while there is more, and stops though the last page has a `last_id` too."""
    client, server = connect(
        listed({"id": "a"}, {"id": "b"}, has_more=True), listed({"id": "c"}, has_more=True), listed({"id": "d"})
    )
    query = Query(endpoint, (("limit", "2"),))  # type: ignore[arg-type]
    assert len(list(client.pages(query))) == 3
    assert [server.parameters(index) for index in range(3)] == [
        [("limit", "2")],
        [("limit", "2"), ("after_id", "b")],
        [("limit", "2"), ("after_id", "c")],
    ]


@pytest.mark.parametrize("pages", [[{"id": "a"}], []])
def test_lists_by_id_that_would_not_end(connect: Connect, pages: list[Json]) -> None:
    """A list that says there is more after the same id, or after none, is an error."""
    client, server = connect(listed(*pages, has_more=True))
    with pytest.raises(UnexpectedResponse):
        list(client.pages(Query(WORKSPACES)))
    assert len(server.requests) <= 2


def test_lists_by_token_stop_without_one(connect: Connect) -> None:
    """A list by token has no `has_more`: it goes on with `page` until `next_page` is null."""
    client, server = connect(reply(200, {"data": [], "next_page": "p2"}), reply(200, {"data": [], "next_page": None}))
    assert len(list(client.pages(Query(SERVICE_ACCOUNTS)))) == 2
    assert server.parameters(1) == [("page", "p2")]


def test_a_list_by_token_without_its_field(connect: Connect) -> None:
    """Without `next_page` the end of such a list cannot be told: an error that names the field."""
    client, _ = connect(reply(200, {"data": []}))
    with pytest.raises(UnexpectedResponse, match="next_page"):
        list(client.pages(Query(SERVICE_ACCOUNTS)))


def test_one_thing_is_one_page(connect: Connect) -> None:
    """What is no list is one page, without an envelope."""
    client, server = connect(reply(200, {"id": "org", "name": "Org"}))
    assert len(list(client.pages(Query(ORGANIZATION)))) == 1
    assert len(server.requests) == 1
