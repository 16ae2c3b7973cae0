"""Facets: what the newer reports say of a request beyond its group, derived without a further draw.

The older dialect's answers depend on every number drawn, so nothing is drawn here: a facet follows from the group of
a request, its day, and the twelfth of its minute, which is its slot.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from tallystick.sim.world.identities import (
    Actor,
    derived_id,
    federated,
    person,
    principals,
    security,
    unrendered,
)
from tallystick.sim.world.organization import Key, Organization
from tallystick.sim.world.requests import Group


class Facet(NamedTuple):
    """Every dimension of the newer reports but those that are the bucket's or the organization's.

    None is absent (analytics-api 1.5). `rbac_groups` are all groups that the user is in on the day.
    """

    actor: Actor | None = None
    agent_id: str | None = None
    api_key_id: str | None = None
    claude_tag_category: str | None = None
    claude_tag_user_id: str | None = None
    context_window: str | None = None
    deployment_id: str | None = None
    environment_id: str | None = None
    inference_geo: str | None = None
    model: str | None = None
    organization_id: str | None = None
    product: str | None = None
    rbac_groups: tuple[str, ...] = ()
    service_tier: str | None = None
    session_id: str | None = None
    slack_channel_id: str | None = None
    speed: str | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None


SLOT = 5
"""Seconds of a minute that share a slot."""

AGENT = 3
"""The place among the keys of the one that mostly runs Managed Agents sessions, in the default workspace."""

PROFILED = 10
"""The place of the key whose requests name user profiles."""

BILLED_PROFILE = 1
"""The number of the user profile whose requests are billed to the customer's own organization, where they are."""

_UNMANAGED = 2  # slots in which that key asks outside a session
_PER_SESSION = 3  # slots that share a session
_DEPLOYED = 2  # sessions of a day that a deployment started


def slot(when: datetime) -> int:
    """The slot of an instant, 0 to 11."""
    return when.second // SLOT


def profile(organization: Organization, number: int) -> str:
    """The id of a user profile of an organization."""
    return derived_id("uprof", organization.id, number)


def managed(organization: Organization, facet: Facet, number: int, day: date) -> Facet:
    """As a session of that day; two agents in one environment, and one deployment that starts some of them."""
    whose = organization.id
    return facet._replace(
        agent_id=derived_id("agent", whose, number % 2),
        deployment_id=derived_id("depl", whose) if number < _DEPLOYED else None,
        environment_id=derived_id("env", whose),
        product="managed_agents_api",
        session_id=derived_id("sesn", whose, day, number),
    )


def of_model(group: Group) -> Facet:
    """What any request says of the model that answered it."""
    return Facet(
        context_window=group.context,
        inference_geo=None if group.geo == "not_available" else group.geo,
        model=group.model,
        speed=group.speed,
    )


def keyless(organization: Organization) -> tuple[tuple[str | None, Actor | None], ...]:
    """Product and identity, slot by slot, of what neither a key nor an account nor a service account signed.

    The Playground, federated identities of each provider, two that cannot be rendered, Claude Security, and the rest.
    """
    console: tuple[str | None, Actor | None] = ("claude_console", None)
    return (
        *(console for _ in range(4)),
        *(("messages_api", actor) for actor in (*federated(), *unrendered())),
        ("cc_security_autopatch", security(organization)),
        ("other", None),
    )


class ConsoleFacets:
    """The facets of a Console organization."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._keys = {key.id: key for key in organization.keys}
        self._users = {user.id: person(user) for user in organization.users}
        self._principals = principals(organization)
        self._keyless = keyless(organization)
        self._agent = organization.keys[AGENT]
        self._coding = organization.coding.id
        self.of = lru_cache(maxsize=40_000)(self._of)

    def _of(self, group: Group, slot_index: int, day: date) -> Facet:
        """The facet of the requests of a group in a slot of a day."""
        facet = of_model(group)._replace(service_tier=group.tier, workspace_id=group.workspace, api_key_id=group.key)
        product: str | None = "message_batches_api" if group.tier == "batch" else "messages_api"
        if group.workspace == self._coding:
            product = "claude_code"
        if group.account:
            return facet._replace(actor=self._users[group.account], product=product)
        if group.service_account:
            return facet._replace(actor=Actor("service_account_actor", group.service_account), product=product)
        if group.key is None:
            product, actor = self._keyless[slot_index]
            return facet._replace(actor=actor, product=product)
        key = self._keys[group.key]
        facet = facet._replace(actor=self._of_key(key), product=product)
        if key is self._agent and slot_index >= _UNMANAGED:
            return managed(self._organization, facet, slot_index // _PER_SESSION, day)
        if key is self._organization.keys[PROFILED] and slot_index % 4:
            return facet._replace(user_profile_id=profile(self._organization, slot_index % 4))
        return facet

    def session(self, number: int, day: date) -> Facet:
        """The time of a Managed Agents session: no model, nor what comes with one; the session's ids (1.13 item 5)."""
        facet = Facet(
            actor=self._of_key(self._agent), api_key_id=self._agent.id, workspace_id=self._organization.default.id
        )
        return managed(self._organization, facet, number % (60 // SLOT // _PER_SESSION), day)

    def sandbox(self, workspace: str) -> Facet:
        """Code execution: it has a workspace, and no product, model, tier or key (1.5)."""
        return Facet(workspace_id=workspace)

    def _of_key(self, key: Key) -> Actor:
        return self._principals.get(key.id) or Actor("api_actor", key.id)
