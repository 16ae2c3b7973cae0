"""The simulator: a world behind the paths of the Admin API, without a socket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from tallystick.sim import claude_code
from tallystick.sim.answer import Answer, Json, Refusal, found, refused
from tallystick.sim.directory import MISSING, NEW_VERSION, OLD_VERSION, Directory
from tallystick.sim.faults import Occasion, Trouble
from tallystick.sim.limits import SCOPE, Limits
from tallystick.sim.query import Query
from tallystick.sim.rate_limits import RateLimits
from tallystick.sim.reports import BEST_GUESS, Behavior, Reports
from tallystick.sim.world import World

_ROOT = "/v1/organizations/"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which credentials are known: Admin keys, OAuth tokens with `org:admin`, and keys without Admin rights.

    `limits` are Enterprise keys with the scope `read:spend_limits` alone; elsewhere they are without rights.
    """

    admin: frozenset[str] = frozenset({"sk-ant-admin01-simulated"})
    oauth: frozenset[str] = frozenset({"oauth-simulated"})
    plain: frozenset[str] = frozenset({"sk-ant-api03-simulated"})
    limits: frozenset[str] = frozenset({"sk-ant-api01-limits-simulated"})


SAMPLE_CREDENTIALS = Credentials()


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: its query, its time, what can answer it, and the parts of its path."""

    world: World
    behavior: Behavior
    query: Query
    now: datetime
    directory: Directory
    reports: Reports
    rate_limits: RateLimits
    limits: Limits
    path: list[str]


ENDPOINTS: tuple[tuple[str, Callable[[Call], Json]], ...] = (
    ("me", lambda call: call.directory.me()),
    ("usage_report/messages", lambda call: call.reports.usage(call.query, call.now)),
    ("usage_report/claude_code", lambda call: claude_code.report(call.world, call.behavior, call.query, call.now)),
    ("cost_report", lambda call: call.reports.cost(call.query, call.now)),
    ("workspaces", lambda call: call.directory.workspaces(call.query)),
    ("workspaces/*", lambda call: call.directory.workspace(call.path[1])),
    ("workspaces/*/members", lambda call: call.directory.members(call.path[1], call.query)),
    ("workspaces/*/rate_limits", lambda call: call.rate_limits.of_workspace(call.path[1], call.query)),
    ("workspaces/*/service_accounts", lambda call: call.directory.workspace_service_accounts(call.path[1], call.query)),
    ("api_keys", lambda call: call.directory.keys(call.query)),
    ("api_keys/*", lambda call: call.directory.key(call.path[1])),
    ("users", lambda call: call.directory.users(call.query)),
    ("users/*", lambda call: call.directory.user(call.path[1])),
    ("invites", lambda call: call.directory.invites(call.query)),
    ("rate_limits", lambda call: call.rate_limits.of_organization(call.query)),
    ("service_accounts", lambda call: call.directory.service_accounts(call.query)),
    ("spend_limits", lambda call: call.limits.all(call.query)),
    ("spend_limits/effective", lambda call: call.limits.effective(call.query)),
    ("spend_limits/*", lambda call: call.limits.one(call.path[1])),
    ("spend_limit_increase_requests", lambda call: call.limits.increases(call.query)),
    ("spend_limit_increase_requests/*", lambda call: call.limits.increase(call.path[1])),
)
"""Every path below `/v1/organizations/`, and what answers it; `*` is an id."""


class Ticking:
    """A clock that moves on by `step` whenever it is read."""

    def __init__(self, start: datetime, step: timedelta = timedelta(0)) -> None:
        self.now = start
        self.step = step

    def __call__(self) -> datetime:
        """Read it: the present, which then moves on."""
        now, self.now = self.now, self.now + self.step
        return now


class Simulator:
    """Answers requests as the Admin API would, from a world that is known to the last token.

    `clock` gives the present as an instant in `datetime.UTC` and is read once a request; `faults` are specs such as
    `429:3` (`faults.Trouble`); `behavior` holds what the contract leaves open. Safe to share between threads.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Callable[[], datetime],
        faults: Iterable[str] = (),
        credentials: Credentials = SAMPLE_CREDENTIALS,
        behavior: Behavior = BEST_GUESS,
    ) -> None:
        self.world = world
        self.calls = 0
        self._clock = clock
        self._troubles = [Trouble(spec) for spec in faults]
        self._credentials = credentials
        self._behavior = behavior
        self._reports = Reports(world, behavior)
        self._lock = Lock()

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """The answer to a request; `target` is path and query, header names may be in any case."""
        with self._lock:
            self.calls += 1
            now = self._clock()
            digest = hashlib.sha256(f"{self.world.seed}:{self.calls}".encode()).hexdigest()
            request_id = f"req_01{digest[:22]}"
            lowered = {name.lower(): value for name, value in headers.items()}
            betas = frozenset(beta.strip() for beta in lowered.get("anthropic-beta", "").split(","))
            query = Query("", ())
            try:
                query = Query.of(target, betas)
                answer = found(self._body(method, query, lowered, now))
            except Refusal as refusal:
                answer = refused(refusal.status, refusal.message, request_id, refusal.code)
            for trouble in self._troubles:
                answer = trouble.befall(answer, Occasion(query, now, request_id, self.world))
        common = {
            "date": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "request-id": request_id,
            "anthropic-organization-id": self.world.organization.id,
        }
        return replace(answer, headers={**common, **answer.headers})

    def _body(self, method: str, query: Query, headers: Mapping[str, str], now: datetime) -> Json:
        scoped = self._scoped(headers, query.path)
        oauth = False if scoped else self._signed_in(headers)
        version = headers.get("anthropic-version")
        if version not in (OLD_VERSION, NEW_VERSION):
            raise Refusal(400, f"anthropic-version: must be {OLD_VERSION} or {NEW_VERSION}, not {version!r}.")
        if not query.path.startswith(_ROOT):
            raise Refusal(404, MISSING)
        if method != "GET":
            raise Refusal(405, f"{method} is not simulated: this organization is only for reading.")
        path = query.path.removeprefix(_ROOT).split("/")
        for pattern, give in ENDPOINTS:
            parts = pattern.split("/")
            if len(parts) == len(path) and all(part in ("*", given) for part, given in zip(parts, path, strict=True)):
                if parts[-1] == "service_accounts" and not oauth:
                    raise Refusal(403, "Service accounts need an org:admin OAuth token; an Admin key is not enough.")
                return give(
                    Call(
                        self.world,
                        self._behavior,
                        query,
                        now,
                        Directory(self.world.organization, version),
                        self._reports,
                        RateLimits(self.world.organization, version),
                        Limits(self.world, self._behavior, now, frozenset({SCOPE if scoped else "org:admin"})),
                        path,
                    )
                )
        raise Refusal(404, MISSING)

    def _scoped(self, headers: Mapping[str, str], path: str) -> bool:
        """Whether the credential is an Enterprise key, on a path that its one scope opens."""
        opened = self._behavior.enterprise and path.startswith(f"{_ROOT}spend_limit")
        return opened and _credential(headers) in self._credentials.limits

    def _signed_in(self, headers: Mapping[str, str]) -> bool:
        """Whether the credential is an OAuth token; Refusal for one that is unknown or not an Admin's."""
        credential = _credential(headers)
        if credential in self._credentials.plain | self._credentials.limits:
            raise Refusal(403, "This credential has no Admin rights; an Admin API key or org:admin token is required.")
        bearer_only = "x-api-key" not in headers and credential in self._credentials.oauth
        if not bearer_only and credential not in self._credentials.admin:
            raise Refusal(401, "Invalid or missing credential." if credential else "No credential was sent.")
        return bearer_only


def _credential(headers: Mapping[str, str]) -> str:
    """What was sent as an API key or a Bearer token, empty where nothing was."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
