"""Rate limits: what an organization may ask a minute, and what a workspace is held to (reports-api 1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.sim.directory.endpoints import MISSING, OLD_VERSION, only
from tallystick.sim.directory.lists import Entry, tokened
from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.query import Query
from tallystick.sim.world.organization import Organization, Workspace
from tallystick.sim.world.tariff import MODELS

GROUP_TYPES = ("batch", "files", "model_group", "skills", "token_count", "web_search")

_PER_MODEL = {
    "requests_per_minute": 4_000,
    "input_tokens_per_minute_cache_aware": 4_000_000,
    "output_tokens_per_minute": 800_000,
}
_FAST = {"fast_itpmca": 400_000, "fast_otpm": 80_000}
_OTHER = {
    "batch": {"enqueued_batch_requests": 500_000},
    "files": {"requests_per_minute": 500},
    "skills": {"requests_per_minute": 100},
    "token_count": {"requests_per_minute": 8_000},
    "web_search": {"tool_uses_per_second": 30},
}
_OVERRIDDEN = ("requests_per_minute", "output_tokens_per_minute")
_TIMES_LOWER = 4


@dataclass(frozen=True, slots=True)
class Group:
    """What shares a limit: the models of a family and major version, or a feature; `display_name` is for models."""

    id: str
    type: str
    display_name: str | None
    models: tuple[str, ...]
    limits: dict[str, int]

    def entry(self, *, old: bool) -> Entry:
        """The fields that both kinds of rate limit share, in the shape of the API version (2.3)."""
        group: Entry = {"id": self.id, "type": self.type}
        if self.display_name is not None:
            group["display_name"] = self.display_name
        return {"group": group, **({"group_type": self.type} if old else {}), "models": [*self.models] or None}


class RateLimits:
    """The rate limits of an organization, in the shape of one API version."""

    def __init__(self, organization: Organization, version: str) -> None:
        self._organization = organization
        self._old = version == OLD_VERSION

    def of_organization(self, query: Query) -> Json:
        """`GET /v1/organizations/rate_limits`; 404 for a model that has none."""
        types, model = query.many("group_type", GROUP_TYPES), query.one("model")
        if model is not None and model not in MODELS:
            raise Refusal(404, MISSING)
        entries = (
            self._allowed(group)
            for group in GROUPS
            if (not types or group.type in types) and (model is None or model in group.models)
        )
        return tokened(query, entries, usual=len(GROUPS))

    def of_workspace(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}/rate_limits`: its overrides, and with `include_inherited` the rest."""
        workspace = only(workspace for workspace in self._organization.workspaces if workspace.id == identity)
        types, inherited = query.many("group_type", GROUP_TYPES), query.flag("include_inherited")
        groups = [group for group in GROUPS if not types or group.type in types]
        entries = [self._override(workspace, group, inherited=inherited) for group in groups]
        return tokened(query, (entry for entry in entries if entry["limits"]), usual=len(GROUPS))

    def _allowed(self, group: Group) -> Entry:
        """A group as the organization is held to it."""
        limits: list[Json] = [{"type": limit, "value": value} for limit, value in group.limits.items()]
        return {"id": group.id, "type": "rate_limit", **group.entry(old=self._old), "limits": limits}

    def _override(self, workspace: Workspace, group: Group, *, inherited: bool) -> Entry:
        """A group as a workspace is held to it; without limits where it has no override."""
        lower = overrides(self._organization, workspace, group)
        return {
            "type": "workspace_rate_limit",
            "workspace_id": workspace.id,
            "rate_limit_id": group.id,
            **group.entry(old=self._old),
            "limits": [
                {
                    "type": limit,
                    "value": lower.get(limit, value),
                    "org_limit": value,
                    "source": {"type": "workspace" if limit in lower else "organization"},
                }
                for limit, value in group.limits.items()
                if inherited or limit in lower
            ],
        }


def overrides(organization: Organization, workspace: Workspace, group: Group) -> dict[str, int]:
    """The limits that a workspace lowers, by type: those of the Opus groups, in "Claude Code" alone.

    The default workspace can have none (analytics-api 3.4).
    """
    if workspace != organization.coding or not (group.display_name or "").startswith("Claude Opus"):
        return {}
    return {limit: group.limits[limit] // _TIMES_LOWER for limit in _OVERRIDDEN}


def _groups() -> Iterator[Group]:
    families: dict[str, list[str]] = {}
    for model in MODELS.values():
        families.setdefault(model.name.partition(".")[0], []).append(model.id)
    for family, models in families.items():
        fast = any(MODELS[model].fast_until for model in models)
        yield Group("", "model_group", f"{family}.x", tuple(models), _PER_MODEL | (_FAST if fast else {}))
    for sort, limits in _OTHER.items():
        yield Group("", sort, None, (), limits)


GROUPS = tuple(
    Group(f"rlg_{index:024}", group.type, group.display_name, group.models, group.limits)
    for index, group in enumerate(_groups())
)
"""Every group, models first."""
