"""The organization: its workspaces, keys, people and service accounts, drawn from a seed."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from tallystick.core.time import midnight

_ID_LETTERS = string.ascii_letters + string.digits
_FEWEST_KEYS = 16
_KEYLESS = 2  # the place of "Claude Code" among the workspaces: people sign in there


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace. The default one exists under its real id; reports call it null (reports-api 1.5)."""

    id: str
    name: str
    created_at: datetime
    color: str
    tags: dict[str, str]
    is_default: bool = False
    archived_at: datetime | None = None
    default_geo: str = "global"
    allowed_geos: tuple[str, ...] = ()

    def archived(self, when: datetime) -> bool:
        """Whether it is archived at an instant."""
        return self.archived_at is not None and self.archived_at <= when


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; a deleted one is in no list, though its use is still reported.

    From `ended_at` on it is not used and has its `status`, or is `deleted`; before, it is active.
    """

    id: str
    name: str
    workspace: str
    status: str
    created_at: datetime
    created_by: str
    hint: str
    expires_at: datetime | None = None
    deleted: bool = False
    ended_at: datetime | None = None

    def ended(self, when: datetime) -> bool:
        """Whether it has come to its end at an instant."""
        return self.ended_at is not None and self.ended_at <= when

    def status_at(self, when: datetime) -> str:
        """Its status at an instant."""
        return self.status if self.ended(when) else "active"

    def listed_at(self, when: datetime) -> bool:
        """Whether the directory lists it at an instant."""
        return not (self.deleted and self.ended(when))


@dataclass(frozen=True, slots=True)
class User:
    """A person; `role` is the organization's."""

    id: str
    name: str
    email: str
    role: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A workload that signs in by identity federation, without a key."""

    id: str
    name: str
    description: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation to join; `status` is what becomes of it: `pending`, `accepted` or `expired`."""

    id: str
    email: str
    role: str
    status: str
    invited_at: datetime

    @property
    def accepted_at(self) -> datetime | None:
        """When it is accepted, None for one that never is."""
        return self.invited_at + timedelta(hours=3) if self.status == "accepted" else None

    @property
    def expires_at(self) -> datetime:
        """When it lapses."""
        return self.invited_at + timedelta(days=21)

    def status_at(self, when: datetime) -> str:
        """Its status at an instant."""
        if self.accepted_at is not None and self.accepted_at <= when:
            return "accepted"
        return "expired" if self.expires_at <= when else "pending"


@dataclass(frozen=True, slots=True)
class Organization:
    """Everyone and everything that the directory endpoints name. Workspaces and keys are in order of creation."""

    id: str
    name: str
    workspaces: tuple[Workspace, ...]
    keys: tuple[Key, ...]
    users: tuple[User, ...]
    service_accounts: tuple[ServiceAccount, ...]
    invites: tuple[Invite, ...]

    @property
    def default(self) -> Workspace:
        """The default workspace."""
        return self.workspaces[0]

    @property
    def coding(self) -> Workspace:
        """The workspace "Claude Code", which the API makes by itself."""
        return self.workspaces[_KEYLESS]


# name, tags, default geography: the first is the default workspace, the last is archived
_WORKSPACES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("Default", {}, "global"),
    ("Production", {"env": "prod", "team": "platform", "cost_center": "4100"}, "global"),
    ("Claude Code", {"team": "engineering"}, "global"),
    ("Public Sector", {"env": "prod", "team": "public", "cost_center": "4200"}, "us"),
    ("Research", {"team": "research"}, "global"),
    ("Migration 2025", {"env": "old"}, "global"),
)

# name, place of its workspace above, status; the world gives the first five their plants
_KEYS: tuple[tuple[str, int, str], ...] = (
    ("checkout-assistant", 1, "active"),
    ("docs-search", 1, "active"),
    ("support-summaries", 1, "active"),
    ("report-writer", 0, "active"),
    ("mobile-app", 1, "active"),
    ("old-laptop", 0, "active"),
    ("staging", 1, "inactive"),
    ("migration-runner", 5, "archived"),
    ("contractor", 4, "expired"),
    ("nightly-eval", 4, "active"),
    ("casework", 3, "active"),
    ("staging", 4, "active"),
)
DELETED = 5
"""The place of the deleted key among the keys."""

# so many days before the anchor a key of this status comes to its end
_ENDED = {"inactive": 40, "archived": 25, "expired": 15}
_DELETED_AGO = 8

_SPARE_KEYS = ("etl", "chat-backend", "eval", "summaries", "translator", "triage", "tagger", "prototype", "notebook")
_PEOPLE = (
    ("Ada Okafor", "admin"),
    ("Bruno Keller", "developer"),
    ("Chidi Larsson", "developer"),
    ("Dana Moreau", "billing"),
    ("Emi Castellanos", "claude_code_user"),
    ("Farah O'Neill", "user"),
    ("Goran Müller", "developer"),
)
_COLORS = ("#6C5BB9", "#B95B5B", "#5BB98C", "#B9A05B", "#5B8CB9", "#8C8C8C")


_HOSTILE = {
    "Research": '=HYPERLINK("https://example.invalid","Research")',
    "nightly-eval": "\x1b[31mnightly\x1b[0m [bold]batch[/bold] <b>eval</b>",
}
"""Everyday names, and what stands for them in a hostile world: a formula, and what would steer a terminal or a page."""


def hostile(organization: Organization) -> Organization:
    """Return the organization with names that spreadsheets, terminals and pages must not obey."""
    return replace(
        organization,
        workspaces=tuple(
            replace(workspace, name=_HOSTILE.get(workspace.name, workspace.name))
            for workspace in organization.workspaces
        ),
        keys=tuple(replace(key, name=_HOSTILE.get(key.name, key.name)) for key in organization.keys),
    )


_SEATS = ("primary_owner", "owner", "membership_admin", "managed", "user", "user", "user")


def seated(organization: Organization) -> Organization:
    """The organization with the roles of Claude Enterprise in the place of the Console's (reports-api 1.5)."""
    roles = zip(organization.users, _SEATS, strict=True)
    return replace(organization, users=tuple(replace(user, role=role) for user, role in roles))


def organize(seed: int, keys: int, start: date, end: date) -> Organization:
    """The organization of a seed, with so many keys; `start` and `end` are the first day and the anchor day.

    Raises ValueError for fewer than 16 keys: every kind of key must have its place.
    """
    if keys < _FEWEST_KEYS:
        raise ValueError(f"a world has at least {_FEWEST_KEYS} keys, not {keys}")
    rng = Random(f"{seed}:organization")  # noqa: S311 - repeatable, not secret
    opened, anchor = midnight(start) - timedelta(days=30), midnight(end)

    def letters(count: int) -> str:
        return "".join(rng.choices(_ID_LETTERS, k=count))

    def new(prefix: str) -> str:
        return f"{prefix}_01{letters(22)}"

    def sometime(days: int) -> datetime:
        return opened + timedelta(seconds=rng.randrange(days * 86_400), microseconds=rng.randrange(1_000_000))

    users = tuple(
        User(new("user"), name, f"{name.split()[0].lower()}@example.com", role, sometime(5)) for name, role in _PEOPLE
    )
    workspaces = tuple(
        Workspace(
            id=new("wrkspc"),
            name=name,
            created_at=opened + timedelta(days=index, seconds=rng.randrange(86_400)),
            color=_COLORS[index],
            tags=tags,
            is_default=index == 0,
            archived_at=anchor - timedelta(days=25, hours=-9) if index == len(_WORKSPACES) - 1 else None,
            default_geo=geo,
            allowed_geos=("us",) if geo == "us" else (),
        )
        for index, (name, tags, geo) in enumerate(_WORKSPACES)
    )

    def ended(index: int, status: str) -> datetime | None:
        ago = _DELETED_AGO if index == DELETED else _ENDED.get(status)
        return None if ago is None else anchor - timedelta(days=ago)

    live = [index for index, workspace in enumerate(workspaces) if workspace.archived_at is None and index != _KEYLESS]
    key_specs = [*_KEYS, *((rng.choice(_SPARE_KEYS), rng.choice(live), "active") for _ in range(keys - len(_KEYS)))]
    return Organization(
        id=str(UUID(int=rng.getrandbits(128), version=4)),
        name="Simulated & Daughters",
        workspaces=workspaces,
        keys=tuple(
            Key(
                id=new("apikey"),
                name=name,
                workspace=workspaces[home].id,
                status=status,
                created_at=opened + timedelta(days=8, hours=index),
                created_by=users[index % 3].id,
                hint=f"sk-ant-api03-{letters(3)}...{letters(4)}",
                expires_at=ended(index, status) if status == "expired" else None,
                deleted=index == DELETED,
                ended_at=ended(index, status),
            )
            for index, (name, home, status) in enumerate(key_specs)
        ),
        users=users,
        service_accounts=(
            ServiceAccount(new("svac"), "nightly-deploy", "signs in from the pipeline", sometime(5), users[0].id),
        ),
        invites=tuple(
            Invite(new("invite"), f"{status}@example.com", "developer", status, anchor - timedelta(days=age))
            for status, age in (("pending", 5), ("accepted", 60), ("expired", 90))
        ),
    )
