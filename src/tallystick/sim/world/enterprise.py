"""Enterprise: the same requests as the people of a Claude Enterprise organization make them (analytics-api 1.14)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from tallystick.sim.world.facets import AGENT, BILLED_PROFILE, PROFILED, Facet, keyless, managed, of_model, profile
from tallystick.sim.world.identities import CONTRACTOR, Actor, derived_id, erased, person, removed
from tallystick.sim.world.organization import DELETED, Organization
from tallystick.sim.world.requests import Group
from tallystick.sim.world.teams import Team

_PRODUCTS = ("chat", "claude_tag", "cowork", "office_agent", "claude_in_chrome", "claude_design")
_CHANNELS = 3
_SESSIONS = 2  # of a day, where there are any

# category, whether one Slack user asked, whether a channel is recorded (analytics-api 1.5)
_TAGGED = (
    ("engaged", True, True),
    ("engaged", True, True),
    ("engaged", True, False),
    ("proactive", False, True),
    ("scheduled", True, True),
    ("monitoring", False, True),
    ("dm", True, False),
)


class EnterpriseFacets:
    """The facets of an Enterprise organization: groups and Slack, and no workspace, key, tier or session.

    With `platform_values` it has these four too; the default workspace is null (drift: no longer said to be absent).
    """

    def __init__(self, organization: Organization, teams: tuple[Team, ...], *, platform_values: bool = False) -> None:
        self._platform_values = platform_values
        self._organization = organization
        self._teams = teams
        people = [person(user) for user in organization.users]
        self._users = {actor.id: actor for actor in people}
        self._places = {key.id: index for index, key in enumerate(organization.keys)}
        self._people = [people[index % len(people)] for index in range(len(organization.keys))]
        self._people[DELETED], self._people[CONTRACTOR] = erased(organization), removed(organization)
        self._keyless = keyless(organization)
        self.of = lru_cache(maxsize=40_000)(self._of)

    def _of(self, group: Group, slot_index: int, day: date) -> Facet:
        """The facet of the requests of a group in a slot of a day."""
        facet = self._by_people(group, slot_index, day)
        if not self._platform_values:
            return facet
        facet = facet._replace(
            service_tier=group.tier, api_key_id=group.key, workspace_id=self._workspace(group.workspace)
        )
        if group.key == self._organization.keys[PROFILED].id:
            return facet._replace(user_profile_id=profile(self._organization, BILLED_PROFILE))
        if group.key == self._organization.keys[AGENT].id:
            return managed(self._organization, facet, slot_index % _SESSIONS, day)
        return facet

    def _workspace(self, workspace: str) -> str | None:
        """The id of a workspace as these reports have it."""
        return None if workspace == self._organization.default.id else workspace

    def _by_people(self, group: Group, slot_index: int, day: date) -> Facet:
        """As if people had done it: what a key does in the Console, a person does here."""
        facet = of_model(group)
        if group.account:
            return self._by(facet._replace(product="claude_code"), self._users[group.account], day)
        if group.service_account:
            return facet._replace(actor=Actor("service_account_actor", group.service_account), product="claude_code")
        if group.key is None:
            product, actor = self._keyless[slot_index]
            known = product in ("other", "cc_security_autopatch")
            return self._by(facet._replace(product=product if known else None), actor, day)
        number = self._places[group.key]
        actor = self._people[number]
        coding = group.workspace == self._organization.coding.id
        product = "claude_code" if coding else _PRODUCTS[(number + slot_index // 4) % len(_PRODUCTS)]
        facet = facet._replace(product=product)
        return self._tagged(facet, actor, slot_index, day) if product == "claude_tag" else self._by(facet, actor, day)

    def session(self, number: int, day: date) -> Facet:
        """Managed Agents are of the Console only."""
        raise NotImplementedError(f"an Enterprise organization has no session {number} on {day}")

    def sandbox(self, workspace: str) -> Facet:
        """Code execution: it has nothing but its cost, and its workspace where there is one (1.5)."""
        return Facet(workspace_id=self._workspace(workspace) if self._platform_values else None)

    def _by(self, facet: Facet, actor: Actor | None, day: date) -> Facet:
        """As done by somebody, who is in some groups on that day."""
        if actor is None:
            return facet
        groups = tuple(team.id for team in self._teams if team.holds(actor.id, day))
        return facet._replace(actor=actor, rbac_groups=groups)

    def _tagged(self, facet: Facet, actor: Actor, slot_index: int, day: date) -> Facet:
        """As Claude Tag, in one of its categories; what nobody asked for is nobody's."""
        category, by_person, placed = _TAGGED[slot_index % len(_TAGGED)]
        whose = self._organization.id
        facet = facet._replace(
            claude_tag_category=category,
            claude_tag_user_id=_slack("U", whose, actor.id) if by_person else None,
            slack_channel_id=_slack("C", whose, slot_index % _CHANNELS) if placed else None,
        )
        return self._by(facet, actor if by_person else None, day)


def _slack(letter: str, *parts: object) -> str:
    return f"{letter}0{derived_id('', *parts)[3:12].upper()}"
