"""Identities: whom the newer reports attribute use to, among them people who have left (analytics-api 1.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.sim.wire.answer import Json
from tallystick.sim.world.organization import DELETED, Organization, User

CONTRACTOR = 8
"""The place of the expired key among the keys: its user is no longer a member."""

LAPSED = 6
"""The place of the inactive key: it acts as the service account."""

PERSONAL = 11
"""The place of a key that acts as a user who is still there."""


_ID_FIELDS = {"user_actor": "user_id", "service_account_actor": "service_account_id", "api_actor": "api_key_id"}


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity; its type is one of the four of analytics-api 1.6.

    `provider` is that of a federated identity, as pairs. What the server cannot render is an identity of its own that
    reads null.
    """

    type: str
    id: str
    name: str | None = None
    email: str | None = None
    deleted: bool = False
    provider: tuple[tuple[str, str | None], ...] = ()
    subject: str | None = None
    rendered: bool = True

    def bare(self) -> dict[str, Json]:
        """Its type and id, as the directory names who a key acts as (3.1)."""
        return {"type": self.type, _ID_FIELDS[self.type]: self.id}

    def wire(self) -> dict[str, Json] | None:
        """As a row names it."""
        if not self.rendered:
            return None
        if self.type == "federated_actor":
            return {"type": self.type, "provider": dict(self.provider), "subject": self.subject}
        fields = self.bare()
        if self.type == "user_actor":
            fields |= {"name": self.name, "email_address": self.email, "deleted": self.deleted}
        return fields


def derived_id(prefix: str, *parts: object) -> str:
    """An id that follows from its parts alone, so that no drawn one moves."""
    return f"{prefix}_01{hashlib.sha256(repr(parts).encode()).hexdigest()[:22]}"


def person(user: User) -> Actor:
    """A member as an identity."""
    return Actor("user_actor", user.id, user.name, user.email)


def removed(organization: Organization) -> Actor:
    """Somebody who is no longer a member: the e-mail stays."""
    return Actor(
        "user_actor", derived_id("user", organization.id, "removed"), "Hana Ito", "hana@example.com", deleted=True
    )


def erased(organization: Organization) -> Actor:
    """Somebody whose account was deleted."""
    return Actor("user_actor", derived_id("user", organization.id, "erased"), "Deleted User", deleted=True)


def principals(organization: Organization) -> Mapping[str, Actor]:
    """The keys that act as somebody, and as whom; use of any other key is its own (analytics-api 1.6)."""
    keys, workload = organization.keys, organization.service_accounts[0].id
    return {
        keys[DELETED].id: erased(organization),
        keys[CONTRACTOR].id: removed(organization),
        keys[LAPSED].id: Actor("service_account_actor", workload),
        keys[PERSONAL].id: person(organization.users[1]),
        **{key: person(organization.users[2]) for key in unbound(organization)},
    }


def unbound(organization: Organization) -> frozenset[str]:
    """The keys whose scope is the whole organization: the youngest one that lives in the default workspace.

    They act as somebody (3.1). What they are used for lies in that workspace. None if only the first lives there.
    """
    home = organization.default.id
    living = [key.id for key in organization.keys if key.workspace == home and not key.deleted]
    return frozenset(living[1:][-1:])


_PROVIDERS: tuple[tuple[tuple[tuple[str, str | None], ...], str | None], ...] = (
    (
        (
            ("type", "aws"),
            ("account_id", "123456789012"),
            ("signed_principal", "arn:aws:iam::123456789012:role/inference"),
        ),
        "arn:aws:iam::123456789012:role/inference",
    ),
    ((("type", "gcp"), ("project_number", "424242424242")), "serviceAccount:runner@example.iam.gserviceaccount.com"),
    ((("type", "azure"), ("subscription_id", "00000000-0000-4000-8000-000000000042")), None),
    ((("type", "oidc"), ("issuer", None)), None),
)


def federated() -> tuple[Actor, ...]:
    """One identity of each provider of analytics-api 1.6, with and without a subject."""
    return tuple(
        Actor("federated_actor", f"federated:{provider[0][1]}", provider=provider, subject=subject)
        for provider, subject in _PROVIDERS
    )


def unrendered() -> tuple[Actor, ...]:
    """Two identities that the server cannot render: each has a row of its own, and both read null."""
    return tuple(Actor("federated_actor", f"unrendered:{number}", rendered=False) for number in range(2))


def security(organization: Organization) -> Actor:
    """The account that Claude Security works under: minted by the system, without an e-mail."""
    return Actor("user_actor", derived_id("user", organization.id, "security"), "Claude Security")
