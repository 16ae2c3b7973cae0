from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.api_pages import bucket, cost_row, day, listed, report, usage_row
from support.scripted_api import KEY, Administer, FakeClock, Reply, refusal, reply
from tallystick import AdminAPI, sim
from tallystick.api.credential import Credential
from tallystick.core.time import instant
from tallystick.errors import InvalidQuestion, Refused, UnexpectedResponse, Unreachable
from tallystick.trust import allow


def test_usage(administer: Administer) -> None:
    """`usage` pages to the end and gives typed records with the dimensions asked for, by our names."""
    api, server = administer(
        report(day(1, usage_row(model="m1", workspace_id=None)), day(2), token="t2"),
        report(day(3, usage_row(model="m2", workspace_id="wrkspc_w"))),
    )
    records = list(
        api.usage("2026-10-01", "2026-10-04", by=["model", "workspace"], where={"geo": "us", "tier": ["batch"]})
    )
    assert [(record.window.start.day, dict(record.dims), record.total_tokens) for record in records] == [
        (1, {"model": "m1", "workspace": "default"}, 92_250),
        (3, {"model": "m2", "workspace": "wrkspc_w"}, 92_250),
    ]
    assert server.parameters(0) == [
        ("starting_at", "2026-10-01T00:00:00Z"),
        ("ending_at", "2026-10-04T00:00:00Z"),
        ("bucket_width", "1d"),
        ("limit", "31"),
        ("group_by[]", "model"),
        ("group_by[]", "workspace_id"),
        ("inference_geos[]", "us"),
        ("service_tiers[]", "batch"),
    ]
    assert server.parameters(1) == [*server.parameters(0), ("page", "t2")]


def test_costs(administer: Administer) -> None:
    """`costs` gives exact dollars a day and line."""
    line = {"description": "Claude X", "cost_type": "tokens", "token_type": "output_tokens", "model": "m1"}
    api, server = administer(report(day(1, cost_row("104.227500", **line), cost_row("-4.2275")), day(2)))
    records = list(api.costs("2026-10-01", "2026-10-03", by=["description"], limit=7))
    assert [(record.dims["kind"], record.billed) for record in records] == [
        ("output", Decimal("1.042275")),
        ("unknown", Decimal("-0.042275")),
    ]
    assert ("limit", "7") in server.parameters()


def test_nothing_is_sent_before_it_is_needed(administer: Administer) -> None:
    """A wrong question is refused when it is asked, a right one is sent when its first record is wanted."""
    api, server = administer(report(day(1, usage_row())))
    records = api.usage("2026-10-01", "2026-10-02")
    assert server.requests == []
    assert len(list(records)) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: api.usage("2026-10-01", by=["workspace", "key", "model", "tier", "context", "geo"]),
        lambda api: api.usage("2026-10-01", by=["mood"]),
        lambda api: api.usage("2026-10-01", by="model"),
        lambda api: api.usage("2026-10-01", width="1w"),
        lambda api: api.usage("2026-10-01", width="day"),
        lambda api: api.usage("2026-10-01", width="1h", limit=169),
        lambda api: api.usage("2026-10-01", limit=0),
        lambda api: api.usage("2026-10-01", where={"model": []}),
        lambda api: api.usage("2026-10-01", where={"model": ""}),
        lambda api: api.usage("2026-10-01", where={"mood": "good"}),
        lambda api: api.usage("2026-10-01", "2026-10-01"),
        lambda api: api.usage("2026-10-02", "2026-10-01"),
        lambda api: api.usage("2026-12-01"),
        lambda api: api.usage("1 October"),
        lambda api: api.usage("2026-10-01T08:00:00"),
        lambda api: api.usage(datetime(2026, 10, 1)),  # noqa: DTZ001 - the point of the test
        lambda api: api.usage("2026-10-01", "9999-12-31T12:00:00Z"),
        lambda api: api.costs("2026-10-01", by=["model"]),
        lambda api: api.costs("2026-10-01", limit=32),
        lambda api: api.costs("2026-11-03"),
        lambda api: api.costs("2026-11-03", "2026-11-04"),
        lambda api: api.costs("2026-10-02", "2026-10-01"),
        lambda api: api.costs("2026-10-02", "2026-10-02"),
    ],
)
def test_a_wrong_question_is_never_sent(administer: Administer, ask: Callable[[AdminAPI], Any]) -> None:
    """A question that cannot be is InvalidQuestion in the call itself, with nothing sent."""
    api, server = administer(report())
    with pytest.raises(InvalidQuestion) as refused:
        ask(api)
    assert refused.value.hint
    assert server.requests == []


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-10-01", "2026-10-03"),
        (date(2026, 10, 1), date(2026, 10, 3)),
        (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)),
        ("2026-10-01T00:00:00Z", "2026-10-02T12:00:00Z"),
        ("2026-10-01T09:00:00+02:00", datetime(2026, 10, 2, 17, 30, tzinfo=timezone(timedelta(hours=-6)))),
    ],
)
def test_instants_in_any_form(administer: Administer, since: Any, until: Any) -> None:
    """Days and instants come as text, date or datetime, of any zone; they are widened to UTC days."""
    api, server = administer(report())
    list(api.usage(since, until))
    list(api.costs(since, until))
    for index in (0, 1):
        assert server.parameters(index)[:2] == [
            ("starting_at", "2026-10-01T00:00:00Z"),
            ("ending_at", "2026-10-03T00:00:00Z"),
        ]


@pytest.mark.parametrize(
    ("width", "end"),
    [("1d", "2026-11-04T00:00:00Z"), ("1h", "2026-11-03T10:00:00Z"), ("1m", "2026-11-03T09:31:00Z")],
)
def test_usage_until_now(administer: Administer, width: str, end: str) -> None:
    """Without `until`, usage includes the running bucket, also when it has just begun."""
    api, server = administer(report())
    list(api.usage("2026-11-01", width=width))
    assert ("ending_at", end) in server.parameters()


def test_cost_until_now(administer: Administer) -> None:
    """Without `until`, cost goes to the last ended day; the running one is never asked for."""
    api, server = administer(report())
    list(api.costs("2026-11-01"))
    assert ("ending_at", "2026-11-03T00:00:00Z") in server.parameters()


def test_names(administer: Administer) -> None:
    """`names` gives what the directory says, and leaves out what the key may not read."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/me"):
            return reply(200, {"id": "org", "name": "Org"})(request)
        if request.url.path.endswith("/users"):
            return refusal(403)(request)
        return listed({"id": f"{request.url.path[-3:]}_1", "name": "One"})(request)

    api, _ = administer(answer)
    assert [(named.type, named.id) for named in api.names()] == [
        ("key", "eys_1"),
        ("organization", "org"),
        ("workspace", "ces_1"),
    ]


def checking(**instead: Reply) -> Reply:
    """An API to check, by the last part of the path; `instead` gives another answer for one."""
    usage = report(
        bucket("2026-11-02T22:00:00Z", usage_row(), hours=1),
        bucket("2026-11-03T07:00:00Z", usage_row(), hours=1),
        bucket("2026-11-03T08:00:00Z", hours=1),
    )
    cost = report(*(bucket(f"2026-11-{day:02}T00:00:00Z", *[cost_row()] * (day == 1)) for day in (1, 2)))
    answers = {
        "me": reply(200, {"id": "org", "name": "Org"}),
        "messages": usage,
        "cost_report": cost,
        "service_accounts": refusal(403, "permission_error", "OAuth only."),
        **instead,
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        return answers.get(request.url.path.rpartition("/")[2], listed())(request)

    return answer


def test_check(administer: Administer) -> None:
    """`check` tells the organization, what may be read and why not, the newest hour of usage and day of cost."""
    api, server = administer(checking())
    rights = api.check()
    assert (rights.organization.id, rights.organization.name) == ("org", "Org")
    assert rights.base_url == "https://api.anthropic.com"
    assert rights.newest_usage == instant("2026-11-03T07:00:00Z")
    assert rights.newest_cost == date(2026, 11, 1)
    assert {name for name, answer in rights.may_read.items() if answer == "yes"} == {
        "usage",
        "cost",
        "analytics_usage",
        "analytics_cost",
        "workspaces",
        "keys",
        "users",
    }
    assert "OAuth token" in rights.may_read["service_accounts"]
    assert KEY not in repr(rights)
    assert server.requests[0].url.path == "/v1/organizations/me"


def test_check_of_a_credential_that_reads_little(administer: Administer) -> None:
    """What may not be read is told with the API's own reason, and what is not known of it is None."""
    closed = refusal(403, "permission_error", "Not with this key.")
    rights = administer(checking(messages=closed, cost_report=closed, users=closed))[0].check()
    assert rights.newest_usage is None
    assert rights.newest_cost is None
    for name in ("usage", "cost", "users"):
        assert "Not with this key." in rights.may_read[name]
    assert rights.may_read["keys"] == "yes"


def test_check_of_an_organization_without_use(administer: Administer) -> None:
    """No use is no newest hour, and readable all the same."""
    rights = administer(checking(messages=report(), cost_report=report()))[0].check()
    assert (rights.newest_usage, rights.newest_cost) == (None, None)
    assert (rights.may_read["usage"], rights.may_read["cost"]) == ("yes", "yes")


@pytest.mark.parametrize(
    ("instead", "error"),
    [
        ({"me": refusal(401)}, Refused),
        ({"me": reply(200, "<html>Sign in</html>")}, UnexpectedResponse),
        ({"messages": refusal(503)}, Unreachable),
        ({"users": reply(200, "<html>Sign in</html>")}, UnexpectedResponse),
    ],
)
def test_check_that_fails(administer: Administer, instead: dict[str, Reply], error: type[Exception]) -> None:
    """A wrong key, an answer that is none, or no answer is raised, not called readable."""
    with pytest.raises(error):
        administer(checking(**instead))[0].check()


def test_as_a_context_manager(clock: FakeClock) -> None:
    """After `with`, the connections are closed."""
    with AdminAPI(KEY, clock=clock, transport=httpx2.MockTransport(report())) as api:
        assert list(api.usage("2026-10-01", "2026-10-02")) == []
    with pytest.raises(RuntimeError, match="closed"):
        list(api.usage("2026-10-01", "2026-10-02"))


def test_the_credential_of_the_environment(administer: Administer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a credential as argument, that of the environment is taken; without any it is asked wrongly."""
    with pytest.raises(InvalidQuestion, match="ANTHROPIC_ADMIN_KEY"):
        administer(report(), credential=None)
    monkeypatch.setenv("ANTHROPIC_OAUTH_TOKEN", "from-the-environment")
    api, server = administer(report(), credential=None)
    list(api.usage("2026-10-01", "2026-10-02"))
    assert server.requests[0].headers["authorization"] == "Bearer from-the-environment"


def test_a_token_as_argument(administer: Administer) -> None:
    """A Credential as argument is taken as it is: a token goes as a Bearer."""
    api, server = administer(report(), credential=Credential("oauth-77", bearer=True))
    list(api.usage("2026-10-01", "2026-10-02"))
    assert server.requests[0].headers["authorization"] == "Bearer oauth-77"


def test_the_address_of_the_settings(administer: Administer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The address is the argument's, else the environment's, else that of a trusted settings file, else Anthropic's."""

    def host(**options: Any) -> str:
        api, server = administer(report(), **options)
        list(api.usage("2026-10-01", "2026-10-02"))
        return server.requests[0].url.host

    assert host() == "api.anthropic.com"
    file = tmp_path / "tallystick.toml"
    file.write_text('[api]\nbase_url = "https://file.example.test"\n')
    with pytest.raises(InvalidQuestion, match="not trusted"):
        host()
    allow(file, file.read_bytes())
    assert host() == "file.example.test"
    monkeypatch.setenv("TALLYSTICK_BASE_URL", "https://environment.example.test")
    assert host() == "environment.example.test"
    assert host(base_url="https://argument.example.test") == "argument.example.test"


def test_an_address_that_must_not_have_the_key(administer: Administer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain http address of another machine is asked wrongly; a gateway meant for Messages gets nothing."""
    with pytest.raises(InvalidQuestion, match="encrypted"):
        administer(report(), base_url="http://example.test")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example.test")
    api, server = administer(report())
    list(api.usage("2026-10-01", "2026-10-02"))
    assert server.requests[0].url.host == "api.anthropic.com"


def test_the_time_of_the_settings(administer: Administer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a clock as argument the time is that of TALLYSTICK_NOW, where it is set."""
    monkeypatch.setenv("TALLYSTICK_NOW", "2026-05-31T22:10:00Z")
    api, server = administer(report(), clock=None)
    list(api.usage("2026-05-31", width="1h"))
    assert ("ending_at", "2026-05-31T23:00:00Z") in server.parameters()


def test_the_newer_reports_bill_what_the_older_do() -> None:
    """`analytics_usage` and `analytics_costs` give the tokens and dollars of the older reports, and requests too."""
    now = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    days = ("2026-11-10", "2026-11-12")
    with AdminAPI(sim.KEY, transport=sim.transport(clock=lambda: now), clock=FakeClock(now)) as api:
        used = list(api.analytics_usage(*days, by=["model"]))
        billed = sum(record.billed for record in api.analytics_costs(*days, by=["workspace"]))
        assert sum(record.total_tokens for record in used) == sum(record.total_tokens for record in api.usage(*days))
        assert billed == sum(record.billed for record in api.costs(*days)) > 0
    assert all(record.dims["model"] and record.requests for record in used)
