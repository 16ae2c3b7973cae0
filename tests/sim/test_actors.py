from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from support.newer_reports import COST, MONTH, NEW, SPAN, USAGE, grouped, named, pages, requests, rows, used
from support.simulator_api import Api, api_of
from tallystick.sim import Credentials, World


def test_usage_by_person_and_product_is_the_truth(api: Api, world: World) -> None:
    """Actor, product, session and profile of a row are those of the requests that it sums."""
    truth: Counter[tuple[Any, ...]] = Counter()
    for request in requests(world):
        facet = world.facet(request)
        identity = facet.actor.id if facet.actor and facet.actor.type != "federated_actor" else None
        truth[identity, facet.product, facet.session_id, facet.user_profile_id] += request.output
    sums: Counter[tuple[Any, ...]] = Counter()
    params = [*SPAN, ("limit", "1000"), *grouped("actor", "product", "session_id", "user_profile_id")]
    for row in rows(api, USAGE, params):
        actor = row["group"]["actor"] or {}
        ids = [value for name, value in actor.items() if name.endswith("_id")]
        sums[(*ids, None)[0], *named(row, "product", "session_id", "user_profile_id")] += row["usage"]["output_tokens"]
    assert sums == truth


def test_keyless_use_can_be_asked_for(api: Api) -> None:
    """An empty entry of `api_key_ids[]` lets through what no key authenticated."""
    report = rows(api, USAGE, [*SPAN, ("limit", "1000"), *grouped("api_key_id"), ("api_key_ids[]", "")])
    assert [row["group"]["api_key_id"] for row in report] == [None]


def test_a_key_that_acts_as_a_person_is_found_by_the_person(api: Api, world: World) -> None:
    """An `apikey_` entry of `actor_ids[]` matches only what is attributed to the key itself."""
    personal, own = world.organization.keys[11].id, world.organization.keys[0].id
    assert rows(api, USAGE, [*SPAN, ("actor_ids[]", personal)]) == []
    assert rows(api, USAGE, [*SPAN, ("api_key_ids[]", personal)])
    assert rows(api, USAGE, [*SPAN, ("actor_ids[]", own)]) == rows(api, USAGE, [*SPAN, ("api_key_ids[]", own)])
    user = world.organization.users[1].id
    keys = rows(api, USAGE, [*SPAN, *grouped("api_key_id"), ("actor_ids[]", user)])
    assert {personal, None} <= {row["group"]["api_key_id"] for row in keys}


@pytest.mark.long
def test_actors_are_of_four_kinds(api: Api, world: World) -> None:
    """Users, service accounts, keys and federated identities are told apart, each with its own fields."""
    params = [*MONTH, ("limit", "1000")]
    report = rows(api, USAGE, [*params, *grouped("actor", "actor_type")])
    actors = [row["group"]["actor"] for row in report if row["group"]["actor"]]
    assert all(actor["type"] == row["group"]["actor_type"] for row in report if (actor := row["group"]["actor"]))
    fields = {
        "user_actor": {"type", "user_id", "name", "email_address", "deleted"},
        "service_account_actor": {"type", "service_account_id"},
        "api_actor": {"type", "api_key_id"},
        "federated_actor": {"type", "subject", "provider"},
    }
    assert {actor["type"] for actor in actors} == fields.keys()
    assert all(actor.keys() == fields[actor["type"]] for actor in actors)
    assert {actor["provider"]["type"] for actor in actors if "provider" in actor} == {"aws", "gcp", "azure", "oidc"}
    gone = {(actor["name"], actor["email_address"]) for actor in actors if actor.get("deleted")}
    assert gone == {("Hana Ito", "hana@example.com"), ("Deleted User", None)}
    minted = {actor["name"]: actor for actor in actors if actor["type"] == "user_actor"}["Claude Security"]
    assert (minted["email_address"], minted["deleted"]) == (None, False)
    listed = {user.id for user in world.organization.users}
    assert not listed & {actor["user_id"] for actor in actors if actor.get("deleted")}


def test_identities_that_cannot_be_rendered_have_rows_of_their_own(api: Api) -> None:
    """Bucket and group are no key: two identities that cannot be rendered give two rows that read the same."""
    params = [*MONTH, ("limit", "1000"), ("products[]", "messages_api"), *grouped("actor", "product")]
    nobody = [row for row in rows(api, USAGE, params) if row["group"]["actor"] is None]
    assert len(nobody) == 2
    assert nobody[0]["group"] == nobody[1]["group"]


def test_every_product_of_a_console_shows(api: Api) -> None:
    """A Console reports seven products, and null for code execution, which has no model, tier or context either."""
    names = ("product", "model", "service_tier", "context_window", "speed")
    report = rows(api, COST, [*SPAN, ("limit", "1000"), *grouped(*names)])
    assert {row["group"]["product"] for row in report} == {
        *("messages_api", "message_batches_api", "managed_agents_api", "claude_console", "claude_code"),
        *("cc_security_autopatch", "other", None),
    }
    (sandbox,) = (row for row in report if row["group"]["product"] is None)
    assert set(named(sandbox, *names)) == {None}
    assert sandbox["cost"]["requests"] > 0
    usage = rows(api, USAGE, [*SPAN, *grouped("product")])
    (used_there,) = (row["usage"] for row in usage if row["group"]["product"] is None)
    assert (used_there["total_tokens"], used_there["requests"]) == (0, sandbox["cost"]["requests"])


def test_sessions_have_their_ids(api: Api) -> None:
    """Managed Agents use names session, agent and environment, a deployment only where one started the session."""
    names = ("product", "session_id", "agent_id", "environment_id", "deployment_id")
    report = rows(api, COST, [*SPAN, ("limit", "1000"), *grouped(*names), ("group_by[]", "cost_type")])
    inside = [row for row in report if row["group"]["session_id"]]
    assert {row["group"]["product"] for row in inside} == {"managed_agents_api"}
    assert all(row["group"]["agent_id"] and row["group"]["environment_id"] for row in inside)
    assert {bool(row["group"]["deployment_id"]) for row in inside} == {True, False}
    assert {row["group"]["cost_type"] for row in inside} == {"tokens", "session_usage"}
    assert all(named(row, *names[2:]) == (None,) * 3 for row in report if not row["group"]["session_id"])


def test_an_unset_geography_is_null(api: Api) -> None:
    """A region that is not set is null, and asked for as `not_available`."""
    report = rows(api, USAGE, [*SPAN, *grouped("inference_geo")])
    assert {row["group"]["inference_geo"] for row in report} == {"global", "us", None}
    unset = rows(api, USAGE, [*SPAN, ("inference_geos[]", "not_available")])
    assert used(unset) == used(row for row in report if row["group"]["inference_geo"] is None)


@pytest.mark.long
def test_deleted_users_can_be_left_out(api: Api) -> None:
    """Without deleted users pages may be short, even empty, and go on; all other rows stay."""
    span = [("starting_at", "2026-10-10T00:00:00Z"), ("ending_at", "2026-11-09T00:00:00Z"), ("limit", "1")]
    params = [*span, *grouped("actor")]
    answers = list(pages(api, USAGE, [*params, ("exclude_deleted_users", "true")]))
    assert any(not page["data"] and page["has_more"] for page in answers)
    living = [row for row in rows(api, USAGE, params) if not (row["group"]["actor"] or {}).get("deleted")]
    assert [row for page in answers for row in page["data"]] == living


def test_a_member_sees_some_workspaces(world: World) -> None:
    """A reader of only some workspaces gets these, without users and federated identities, and no other endpoint."""
    seen = frozenset(workspace.id for workspace in world.organization.workspaces[1:3])
    api = api_of(world, credentials=Credentials(limited={"sk-ant-api03-member": seen}))
    headers = NEW | {"x-api-key": "sk-ant-api03-member"}
    params = [*SPAN, ("limit", "1000"), *grouped("workspace_id", "actor", "actor_type")]
    report = api.get(USAGE, params, headers)["data"]
    assert {row["group"]["workspace_id"] for row in report} == seen
    assert {row["group"]["actor_type"] for row in report} == {None, "api_actor", "service_account_actor"}
    truth = sum(request.output for request in requests(world) if request.group.workspace in seen)
    assert sum(row["usage"]["output_tokens"] for row in report) == truth
    assert sum(row["group"]["actor"] is None for row in report) > 2
    assert api.ask("me", headers=headers).status == 403
