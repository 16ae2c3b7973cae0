"""What changed after the contract was written (drift): HIPAA readiness, parents, Enterprise values, user profiles."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from support.newer_reports import COST, NEW, SPAN, USAGE, cents, grouped, refusal, rows
from support.simulator_api import HEADERS, NOW, Api, api_of
from tallystick.core.time import midnight, text
from tallystick.sim import Plant, Ticking, World

START = date(2026, 8, 1)
DAYS = [date(2026, 11, 8) + timedelta(days=age) for age in range(5)]
OPTIONS = {"start": START, "requests_per_key_day": 8}


@pytest.fixture(scope="module")
def plain() -> World:
    """A small Console organization."""
    return World(**OPTIONS, seed=3)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ready() -> World:
    """Another, with HIPAA readiness."""
    return World(**OPTIONS, seed=4, hipaa=True)  # type: ignore[arg-type]


def parent(*children: World) -> Api:
    """The parent of some organizations."""
    world = World(**OPTIONS, seed=9, enterprise=True)  # type: ignore[arg-type]
    return api_of(world, children=children, clock=Ticking(NOW))


def test_hipaa_readiness_closes_the_newer_reports_alone(ready: World) -> None:
    """Both analytics endpoints answer 400, the older reports and the directory as ever."""
    api = api_of(ready)
    for path in (USAGE, COST):
        assert api.ask(path, SPAN, NEW).status == 400
    assert api.get("cost_report", SPAN)["data"]
    assert api.get("me")["id"] == ready.organization.id


def test_a_parent_leaves_out_what_is_ready(plain: World, ready: World) -> None:
    """A parent's report is silently short of its HIPAA-ready children; to name one is a 400."""
    api = parent(plain, ready)
    report = rows(api, COST, [*SPAN, *grouped("organization_id")])
    assert [row["group"]["organization_id"] for row in report] == [plain.organization.id]
    assert cents(report) == 100 * sum(map(plain.billed, DAYS))
    for spelling in (ready.organization.id, f"org_{ready.organization.id}"):
        assert refusal(api.ask(COST, [*SPAN, ("organization_ids[]", spelling)], NEW)) == (400, None)
    assert rows(api, USAGE, [*SPAN, ("organization_ids[]", plain.organization.id)])


def test_a_parent_of_nothing_else_is_refused(ready: World) -> None:
    """A parent all of whose children are HIPAA-ready gets 400 on both endpoints."""
    for path in (USAGE, COST):
        assert parent(ready).ask(path, SPAN, NEW).status == 400


def test_enterprise_may_have_what_a_console_has() -> None:
    """With `platform_values` workspaces, keys, tiers and sessions are told and filtered; all adds up as without."""
    usual, richer = (World(**OPTIONS, seed=5, enterprise=True, platform_values=on) for on in (False, True))  # type: ignore[arg-type]
    names = ("workspace_id", "api_key_id", "service_tier", "session_id", "user_profile_id")
    plainly, rich_rows = (
        rows(api_of(world, clock=Ticking(NOW)), COST, [*SPAN, *grouped(*names)]) for world in (usual, richer)
    )
    assert all(row["group"][name] is None for row in plainly for name in names)
    for name in names:
        assert {row["group"][name] is None for row in rich_rows} == {True, False}
    assert usual.organization.default.id not in {row["group"]["workspace_id"] for row in rich_rows}
    assert cents(rich_rows) == cents(plainly)
    api = api_of(richer, clock=Ticking(NOW))
    batch = rows(api, COST, [*SPAN, ("service_tiers[]", "batch")])
    assert cents(batch) == cents([row for row in rich_rows if row["group"]["service_tier"] == "batch"]) > 0
    assert rows(api_of(usual, clock=Ticking(NOW)), COST, [*SPAN, ("service_tiers[]", "batch")]) == []


def test_a_user_profile_may_be_billed_elsewhere() -> None:
    """The use of one profile is in usage and in no bill, in both dialects and in the truth alike."""
    here, elsewhere = (World(**OPTIONS, seed=6, bill_profiles=on) for on in (False, True))  # type: ignore[arg-type]
    by = [*SPAN, *grouped("user_profile_id")]
    before, after = (
        {row["group"]["user_profile_id"]: row for row in rows(api_of(world), COST, by)} for world in (here, elsewhere)
    )
    assert before.keys() - after.keys() == elsewhere.billed_profiles
    assert cents([*after.values()]) == 100 * sum(map(elsewhere.billed, DAYS)) < cents([*before.values()])
    usage = [rows(api_of(world), USAGE, by) for world in (here, elsewhere)]
    assert usage[0] == usage[1]
    bill = api_of(elsewhere).get("cost_report", SPAN)["data"]
    assert sum(Decimal(row["amount"]) for day in bill for row in day["results"]) == cents([*after.values()])
    loop = next(plant for plant in here.plants if plant.kind is Plant.LOOP)
    assert here.billed_to(loop, DAYS[0]) == elsewhere.billed_to(loop, DAYS[0]) > 0


def test_privacy_of_a_workspace_needs_its_header(plain: World) -> None:
    """`inference_data_privacy` is in a workspace where the beta header `efs-2026-10-01` is sent, and nowhere else."""
    api = api_of(plain)
    usual = api.get("workspaces")["data"][0]
    workspace = api.get("workspaces", headers={**HEADERS, "anthropic-beta": "efs-2026-10-01"})["data"][0]
    assert workspace.keys() - usual.keys() == {"inference_data_privacy"}
    entry = api.get(f"workspaces/{workspace['id']}", headers={**HEADERS, "anthropic-beta": "efs-2026-10-01"})
    assert entry == workspace


def test_every_answer_names_its_organization_and_time(plain: World) -> None:
    """Also a refusal has the organization's id and the simulator's own time in its headers."""
    for path, headers in (("me", HEADERS), ("nowhere", HEADERS), ("me", {}), (USAGE, HEADERS)):
        answer = api_of(plain).ask(path, [("starting_at", text(midnight(DAYS[0])))], headers)
        assert answer.headers["anthropic-organization-id"] == plain.organization.id
        assert answer.headers["date"] == "Sun, 22 Nov 2026 10:30:00 GMT"
