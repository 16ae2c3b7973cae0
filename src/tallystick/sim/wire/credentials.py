"""Credentials: who may ask what (analytics-api 1.1, reports-api 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tallystick.sim.wire.answer import Refusal

ADMIN = "org:admin"
"""What an Admin credential may: everything but what needs a scope of Claude Enterprise."""

_SCOPED_KEYS = MappingProxyType(
    {
        "sk-ant-api01-analytics": frozenset({"read:analytics"}),
        "sk-ant-api01-limits-simulated": frozenset({"read:spend_limits"}),
    }
)

# the beginning of a path, and the scope that opens it to a scoped key
_SCOPES = (
    ("analytics/", "read:analytics"),
    ("users", "read:members"),
    ("rbac_groups", "read:rbac_groups"),
    ("spend_limit", "read:spend_limits"),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which credentials are known.

    `admin`: Admin keys. `oauth`: OAuth tokens with `org:admin`. `personal`: API keys of a person or a service account
    that are bound to no workspace; they may what Admin keys may. `plain`: workspace keys, refused everywhere here.
    `scoped`: keys of Claude Enterprise and their scopes. `limited`: credentials of members who see only some
    workspaces, by id, and of the Admin API only the newer reports of these [I].
    """

    admin: frozenset[str] = frozenset({"sk-ant-admin01-simulated"})
    oauth: frozenset[str] = frozenset({"oauth-simulated"})
    plain: frozenset[str] = frozenset({"sk-ant-api03-simulated"})
    personal: frozenset[str] = frozenset({"sk-ant-api03-personal"})
    scoped: Mapping[str, frozenset[str]] = field(default_factory=lambda: _SCOPED_KEYS)
    limited: Mapping[str, frozenset[str]] = field(default_factory=dict)


SAMPLE_CREDENTIALS = Credentials()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who was let in: the scopes held, whether by an OAuth token, and the workspaces that are seen, None for all."""

    scopes: frozenset[str] = frozenset()
    oauth: bool = False
    sees: frozenset[str] | None = None


NOBODY = Reader()


def signed_in(known: Credentials, headers: Mapping[str, str], path: str) -> Reader:
    """Who sends a request, its header names in lower case; `path` is below `/v1/organizations/`.

    Raises Refusal for a credential that is unknown (401), or has no right to the path (403).
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    credential = headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    limited = credential in known.limited
    if credential in known.plain or (limited and not path.startswith("analytics/")):
        raise Refusal(403, "This credential has no Admin rights; an Admin API key or org:admin token is required.")
    if limited:
        return Reader(sees=known.limited[credential])
    if credential in known.scoped:
        scopes = known.scoped[credential]
        needed = next((scope for start, scope in _SCOPES if path.startswith(start)), "none that a key can have")
        if needed not in scopes:
            message = f"The key has the scopes {', '.join(sorted(scopes))}; this needs {needed}."
            raise Refusal(403, message, "api_key_scope_missing")
        return Reader(scopes)
    bearer_only = "x-api-key" not in headers and credential in known.oauth
    if not bearer_only and credential not in known.admin | known.personal:
        raise Refusal(401, "Invalid or missing credential." if credential else "No credential was sent.")
    return Reader(frozenset({ADMIN}), oauth=bearer_only)
