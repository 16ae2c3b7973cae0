from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from support.newer_reports import COST, FANNED, MONTH, NEW, days, grouped, requests, spans
from support.simulator_api import NOW, Api
from support.wire import KEY
from tallystick.sim import AnalyticsBehavior, Credentials, Discount, Server, Simulator, Ticking, World, serve

BETAS = ["analytics-usage-cost-2026-08-24"]
SPAN = {"starting_at": "2026-11-08T00:00:00Z", "ending_at": "2026-11-13T00:00:00Z"}
EVERYTHING = {**SPAN, "time_bucket_width": "1d", "limit": 37, "betas": BETAS}
DIMENSIONS = (
    ["actor", "api_key_id", "model", "product", "workspace_id"],
    ["actor_type", "context_window", "inference_geo", "service_tier", "speed"],
    ["agent_id", "deployment_id", "environment_id", "session_id", "user_profile_id"],
    ["claude_tag_category", "claude_tag_user_id", "organization_id", "slack_channel_id"],
    ["rbac_group_id"],
)


@pytest.fixture(scope="module")
def sdk() -> Any:
    """The official SDK: two seconds to import, so in this file's tests alone."""
    import anthropic

    return anthropic


@pytest.fixture(scope="module")
def discounted() -> World:
    """A small world with a discount, so that both amounts of a row matter."""
    return World(
        start=date(2026, 8, 1), end=NOW.date(), requests_per_key_day=15, discount=Discount(100, date(2026, 11, 10))
    )


@pytest.fixture(scope="module")
def server(discounted: World) -> Iterator[Server]:
    """That world on a port."""
    with serve(Simulator(discounted, clock=Ticking(NOW))) as running:
        yield running


@pytest.fixture(scope="module")
def client(sdk: Any, server: Server) -> Iterator[Any]:
    """The SDK's own client, pointed there."""
    with sdk.Anthropic(api_key=KEY, base_url=server.url, max_retries=0) as running:
        yield running


def complete(model: Any) -> None:
    """Every field of a model and of what is inside it was sent, none that it does not know, none required was null."""
    assert not model.model_extra, model
    for name, field in type(model).model_fields.items():
        assert name in model.model_fields_set, (type(model), name)
        value = getattr(model, name)
        assert value is not None or not field.is_required(), (type(model), name)
        for inner in value if isinstance(value, list) else [value]:
            if hasattr(inner, "model_fields_set"):
                complete(inner)


def sdk_rows(report: Any, **params: Any) -> list[Any]:
    """Every row of a report, page after page, each page and row complete."""
    result = []
    for page in report.list(**params).iter_pages():
        complete(page)
        assert page.data_refreshed_at is not None
        result += page.data
    return result


def cents(rows: list[Any], name: str = "amount") -> Decimal:
    """What cost rows sum to."""
    return sum((Decimal(getattr(row.cost, name)) for row in rows), Decimal(0))


def test_completeness_is_seen(sdk: Any, discounted: World) -> None:
    """A field too many, anywhere, does not go unnoticed by these tests."""
    simulator = Simulator(discounted, clock=Ticking(NOW), faults=["extra-fields"])
    with serve(simulator) as server, sdk.Anthropic(api_key=KEY, base_url=server.url) as client:
        page = client.beta.organization.analytics.cost.list(**SPAN)
    for part in (page, page.data[0], page.data[0].group, page.data[0].cost):
        with pytest.raises(AssertionError):
            complete(part)


@pytest.mark.parametrize("names", DIMENSIONS)
def test_the_sdk_reads_usage(client: Any, discounted: World, names: list[str]) -> None:
    """The SDK's own paging reads all of usage, by any dimensions, and it sums to the truth."""
    rows = sdk_rows(client.beta.organization.analytics.usage, **EVERYTHING, group_by=names)
    truth = sum(request.output for request in requests(discounted))
    assert sum(row.usage.output_tokens for row in rows) == truth
    assert sum(row.usage.requests for row in rows) == sum(1 for _ in requests(discounted)) + spans(discounted)


@pytest.mark.long
@pytest.mark.parametrize("names", DIMENSIONS)
def test_the_sdk_reads_cost(client: Any, discounted: World, names: list[str]) -> None:
    """The SDK's own paging reads all of cost, fanned out or not, and both amounts sum to the truth."""
    report = client.beta.organization.analytics.cost
    for groups in ([], ["cost_type", "token_type"]):
        rows = sdk_rows(report, **EVERYTHING, group_by=[*names, *groups])
        assert cents(rows) == 100 * sum(map(discounted.billed, days()))
        assert cents(rows, "list_amount") == 100 * sum(map(discounted.listed, days()))
        assert {row.cost.currency for row in rows} == {"USD"}


def test_the_sdk_reads_asynchronously(sdk: Any, server: Server, discounted: World) -> None:
    """The asynchronous client reads the same, row by row over all pages."""

    async def read() -> Decimal:
        async with sdk.AsyncAnthropic(api_key=KEY, base_url=server.url, max_retries=0) as client:
            report, total = client.beta.organization.analytics.cost, Decimal(0)
            async for row in report.list(**EVERYTHING, group_by=["model", "actor", "token_type", "cost_type"]):
                complete(row)
                total += Decimal(row.cost.amount)
            return total

    assert asyncio.run(read()) == 100 * sum(map(discounted.billed, days()))


def test_rows_are_of_the_sdks_types(sdk: Any, api: Api) -> None:
    """Validated against the SDK's models, which it never does itself, every row of every kind of actor passes."""
    from anthropic.types.beta.organization.analytics import BetaAnalyticsCostItem

    assert sdk.__version__.startswith("2.")
    page = api.get(COST, [*MONTH, ("limit", "1000"), *grouped("actor", "actor_type", "product"), *FANNED], NEW)
    kinds = set()
    for row in page["data"]:
        item = BetaAnalyticsCostItem.model_validate_json(json.dumps(row))
        kinds.add(item.group.actor and item.group.actor.type)
    assert kinds == {None, "user_actor", "service_account_actor", "api_actor", "federated_actor"}


def test_the_sdk_sends_every_filter(client: Any, discounted: World) -> None:
    """Filters as the SDK writes them are understood, an empty key among them, and none of this is refused."""
    report = client.beta.organization.analytics.usage
    keyless = sdk_rows(report, **SPAN, group_by=["api_key_id"], api_key_ids=[""])
    assert [row.group.api_key_id for row in keyless] == [None]
    default = discounted.organization.default.id
    (row,) = sdk_rows(report, **SPAN, workspace_ids=[default], speeds=["standard", "fast"], context_windows=["0-200k"])
    assert row.usage.requests > 0
    living = sdk_rows(
        report, starting_at=NOW.replace(day=1), group_by=["actor"], exclude_deleted_users=True, order_by="requests"
    )
    assert living
    assert not any(getattr(row.group.actor, "deleted", False) for row in living)


def test_the_sdk_reads_names(sdk: Any, server: Server) -> None:
    """The directory in the newer version has every field of the SDK's models and no other."""
    with sdk.Anthropic(auth_token="oauth-simulated", api_key=None, base_url=server.url, max_retries=0) as client:
        complete(client.organization.retrieve())
        for room in ("workspaces", "api_keys", "users", "invites", "service_accounts", "rate_limits"):
            entries = list(getattr(client.organization, room).list())
            assert entries
            for entry in entries:
                complete(entry)


def test_the_sdk_reads_an_enterprise(sdk: Any) -> None:
    """An Enterprise organization's rows and groups are complete, under a key with scopes."""
    people = World(start=date(2026, 8, 1), end=NOW.date(), requests_per_key_day=15, enterprise=True)
    scopes = Credentials(scoped={"sk-ant-api01-two": frozenset({"read:analytics", "read:rbac_groups"})})
    with (
        serve(Simulator(people, clock=Ticking(NOW), credentials=scopes)) as server,
        sdk.Anthropic(api_key="sk-ant-api01-two", base_url=server.url, max_retries=0) as client,
    ):
        for names in DIMENSIONS[3:]:
            sdk_rows(client.beta.organization.analytics.usage, **EVERYTHING, group_by=["actor", *names])
        (group, *_) = groups = list(client.organization.rbac_groups.list())
        members = list(client.organization.rbac_groups.members.list(group.id))
        for entry in (*groups, *members):
            complete(entry)


def test_the_sdk_reads_spend_limits(sdk: Any, client: Any) -> None:
    """The limits of either kind of organization, each member's and the requests for more are complete, and so typed."""
    from anthropic.types.beta.organization import BetaSpendLimit

    people = World(start=date(2026, 8, 1), end=NOW.date(), requests_per_key_day=15, enterprise=True)
    with (
        serve(Simulator(people, clock=Ticking(NOW))) as server,
        sdk.Anthropic(api_key="sk-ant-api01-limits-simulated", base_url=server.url, max_retries=0) as scoped,
    ):
        limits = scoped.beta.organization.spend_limits
        spend_limits = list(limits.list(limit=2, betas=["spend-limit-reads-2026-09-26"]))
        effective = list(scoped.organization.spend_limits.effective.list(limit=2))
        increases = list(scoped.organization.spend_limits.increase_requests.list())
    console = list(client.beta.organization.spend_limits.list(betas=["spend-limit-reads-2026-09-26"]))
    assert all((spend_limits, effective, increases, console))
    for entry in (*spend_limits, *console):
        BetaSpendLimit.model_validate_json(entry.to_json())
    for entry in (*spend_limits, *console, *effective, *increases):
        complete(entry)


@pytest.mark.parametrize(
    ("key", "params", "error", "code"),
    [
        (KEY, {"limit": 2000}, "BadRequestError", None),
        (KEY, {"group_by": ["model"] * 2}, "BadRequestError", None),
        (KEY, {"extra_headers": {"anthropic-beta": "none"}}, "BadRequestError", "organization_not_enrolled_in_beta"),
        (KEY, {"extra_headers": {"anthropic-version": "2023-06-01"}}, "BadRequestError", None),
        (KEY, {"organization_ids": ["org_01"]}, "BadRequestError", "parent_organization_required"),
        ("sk-ant-admin01-unknown", {}, "AuthenticationError", None),
        ("sk-ant-api03-simulated", {}, "PermissionDeniedError", None),
    ],
)
def test_the_sdk_raises_its_errors(
    sdk: Any, server: Server, key: str, params: dict[str, Any], error: str, code: str | None
) -> None:
    """A refusal is the SDK's own error of its status, with our code, message and request id."""
    with (
        sdk.Anthropic(api_key=key, base_url=server.url, max_retries=0) as client,
        pytest.raises(getattr(sdk, error)) as raised,
    ):
        client.beta.organization.analytics.cost.list(**(SPAN | params))
    assert raised.value.error_code == code
    assert raised.value.request_id.startswith("req_01")


def test_a_missing_scope_has_its_own_error(sdk: Any, server: Server) -> None:
    """A key with `read:analytics` alone is refused elsewhere by a code that the SDK knows."""
    with (
        sdk.Anthropic(api_key="sk-ant-api01-analytics", base_url=server.url, max_retries=0) as client,
        pytest.raises(sdk.PermissionDeniedError) as raised,
    ):
        client.organization.api_keys.list()
    assert raised.value.error_code == "api_key_scope_missing"


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", "RateLimitError"),
        ("429-bare", "RateLimitError"),
        ("500", "InternalServerError"),
        ("529", "InternalServerError"),
        ("reset", "APIConnectionError"),
        ("forget-cursor", "APIStatusError"),
        ("refreshed-midway", "APIStatusError"),
    ],
)
def test_the_sdk_meets_faults(sdk: Any, fault: str, error: str) -> None:
    """Faults are the errors that the SDK has for them; an expired cursor is a 410 without a class of its own."""
    world = World(start=date(2026, 8, 1), end=NOW.date(), requests_per_key_day=6)
    with (
        serve(Simulator(world, clock=Ticking(NOW), faults=[fault])) as server,
        sdk.Anthropic(api_key=KEY, base_url=server.url, max_retries=0) as client,
    ):
        report = client.beta.organization.analytics.usage
        with pytest.raises(getattr(sdk, error)) as raised:
            sdk_rows(report, **EVERYTHING | {"limit": 4}, group_by=["model"])
        if error == "APIStatusError":
            assert (type(raised.value), raised.value.status_code) == (sdk.APIStatusError, 410)
        assert sdk_rows(report, **EVERYTHING | {"limit": 4}, group_by=["model"])


@pytest.mark.long
def test_the_sdk_waits_and_goes_on(sdk: Any, discounted: World) -> None:
    """With its retries on, the SDK gets over a 429 and reads everything."""
    simulator = Simulator(
        discounted, clock=Ticking(NOW), faults=["429-bare:@2"], analytics=AnalyticsBehavior(envelope_organization=True)
    )
    with serve(simulator) as server, sdk.Anthropic(api_key=KEY, base_url=server.url) as client:
        pages = list(client.beta.organization.analytics.cost.list(**EVERYTHING, group_by=["model"]).iter_pages())
    assert cents([row for page in pages for row in page.data]) == 100 * sum(map(discounted.billed, days()))
    assert {page.model_extra["organization_id"] for page in pages} == {discounted.organization.id}
