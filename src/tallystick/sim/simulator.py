"""The simulator: a world behind the paths of the Admin API, without a socket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock

from tallystick.sim.directory.endpoints import MISSING, NEW_VERSION, OLD_VERSION, Directory
from tallystick.sim.directory.rate_limits import RateLimits
from tallystick.sim.directory.spend_limits import Limits
from tallystick.sim.newer.analytics import AS_CONTRACTED, Analytics
from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.older import claude_code
from tallystick.sim.older.reports import BEST_GUESS, Behavior, Reports
from tallystick.sim.wire.alteration import UNALTERED, Alteration, Alterations
from tallystick.sim.wire.answer import Answer, Json, Refusal, refused, success
from tallystick.sim.wire.credentials import SAMPLE_CREDENTIALS, Credentials, signed_in
from tallystick.sim.wire.fault_effects import FaultContext
from tallystick.sim.wire.faults import ScheduledFault
from tallystick.sim.wire.pace import Pace
from tallystick.sim.wire.query import Query
from tallystick.sim.world.world import World

_ROOT = "/v1/organizations/"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: its query, its time, the parts of its path, and what can answer it."""

    world: World
    behavior: Behavior
    reports: Reports
    analytics: Analytics
    limits: Limits
    query: Query
    now: datetime
    path: list[str]
    altered: Alterations

    @property
    def directory(self) -> Directory:
        """The directory, in the version that is asked for."""
        return Directory(self.world.organization, self.query.version, self.now, self.world.teams)

    @property
    def rate_limits(self) -> RateLimits:
        """The rate limits, in the version that is asked for."""
        return RateLimits(self.world.organization, self.query.version)


def _activity(call: Call) -> Json:
    return claude_code.report(call.world, call.behavior, call.query, call.now, call.altered)


ENDPOINTS: tuple[tuple[str, Callable[[Call], Json]], ...] = (
    ("me", lambda call: call.directory.me()),
    ("usage_report/messages", lambda call: call.reports.usage(call.query, call.now, call.altered)),
    ("usage_report/claude_code", _activity),
    ("cost_report", lambda call: call.reports.cost(call.query, call.now, call.altered)),
    ("analytics/usage", lambda call: call.analytics.report(call.query, call.now, call.altered)),
    ("analytics/cost", lambda call: call.analytics.report(call.query, call.now, call.altered)),
    ("workspaces", lambda call: call.directory.workspaces(call.query)),
    ("workspaces/*", lambda call: call.directory.workspace(call.path[1], call.query)),
    ("workspaces/*/members", lambda call: call.directory.members(call.path[1], call.query)),
    ("workspaces/*/rate_limits", lambda call: call.rate_limits.of_workspace(call.path[1], call.query)),
    ("workspaces/*/service_accounts", lambda call: call.directory.workspace_service_accounts(call.path[1], call.query)),
    ("api_keys", lambda call: call.directory.keys(call.query)),
    ("api_keys/*", lambda call: call.directory.key(call.path[1])),
    ("users", lambda call: call.directory.users(call.query)),
    ("users/*", lambda call: call.directory.user(call.path[1])),
    ("invites", lambda call: call.directory.invites(call.query)),
    ("rate_limits", lambda call: call.rate_limits.of_organization(call.query)),
    ("rbac_groups", lambda call: call.directory.groups(call.query)),
    ("rbac_groups/*/members", lambda call: call.directory.group_members(call.path[1], call.query)),
    ("service_accounts", lambda call: call.directory.service_accounts(call.query)),
    ("spend_limits", lambda call: call.limits.all(call.query)),
    ("spend_limits/effective", lambda call: call.limits.effective(call.query, call.now)),
    ("spend_limits/*", lambda call: call.limits.one(call.path[1], call.query)),
    ("spend_limit_increase_requests", lambda call: call.limits.increases(call.query, call.now)),
    ("spend_limit_increase_requests/*", lambda call: call.limits.increase(call.path[1], call.query, call.now)),
)
"""Every path below `/v1/organizations/`, and what answers it; `*` is an id."""

_CONSOLE_ONLY = ("usage_report", "cost_report", "workspaces", "api_keys", "invites", "rate_limits", "service_accounts")
_ENTERPRISE_ONLY = ("rbac_groups",)


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
    `429:3` (`faults.ScheduledFault`); `behavior` holds what the contract leaves open of the older reports and the
    directory, `analytics` of the newer reports; `pace` is how many requests a minute it takes, by default any number.
    With `children` it is a parent organization, whose newer reports tell of them. Safe to share between threads.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Callable[[], datetime],
        faults: Iterable[str] = (),
        credentials: Credentials = SAMPLE_CREDENTIALS,
        behavior: Behavior = BEST_GUESS,
        analytics: AnalyticsBehavior = AS_CONTRACTED,
        pace: Pace | None = None,
        children: Sequence[World] = (),
    ) -> None:
        self.world = world
        self.calls = 0
        self._clock = clock
        scheduled = [ScheduledFault(spec) for spec in faults]
        # What answers anew comes first: it would undo what another fault did to the answer.
        self._scheduled = sorted(scheduled, key=lambda fault: fault.fault.age is None)
        self._names = {new: known for fault in self._scheduled for new, known in fault.fault.names.items()}
        self._credentials = credentials
        self._behavior = behavior
        self._pace = pace or Pace()
        self._reports = Reports(world, behavior)
        self._analytics = Analytics(world, analytics, children)
        self._limits = Limits(world, behavior)
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
                query = Query.of(target, betas, lowered.get("anthropic-version", "")).renamed(self._names)
                self._pace.admit(query.path)
                answer = success(self._body(method, query, lowered, now))
            except Refusal as refusal:
                answer = refused(refusal, request_id)
            alterations: list[Alteration] = []

            def altered(alteration: Alteration) -> Answer:
                alterations.append(alteration)
                return success(self._body(method, query, lowered, now, Alterations(alterations)))

            def elsewhere() -> Answer:
                return self._stranger.answer(method, target, headers)

            for fault in self._scheduled:
                context = FaultContext(query, now, request_id, self.world, altered, elsewhere)
                answer = fault.apply(answer, context)
        common = {
            "date": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "request-id": request_id,
            "anthropic-organization-id": self.world.organization.id,
        }
        return replace(answer, headers={**common, **answer.headers})

    @cached_property
    def _stranger(self) -> Simulator:
        """Another organization, which knows the same credentials."""
        world = World(start=self.world.start, end=self.world.end, seed=self.world.seed + 1, requests_per_key_day=10)
        return Simulator(world, clock=self._clock, credentials=self._credentials)

    def _body(
        self,
        method: str,
        query: Query,
        headers: Mapping[str, str],
        now: datetime,
        altered: Alterations = UNALTERED,
    ) -> Json:
        reader = signed_in(self._credentials, headers, query.path.removeprefix(_ROOT))
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
            if len(parts) == len(path) and all(part in ("*", word) for part, word in zip(parts, path, strict=True)):
                if parts[-1] == "service_accounts" and not reader.oauth:
                    raise Refusal(403, "Service accounts need an org:admin OAuth token; an Admin key is not enough.")
                self._check_kind(parts[0])
                return give(
                    Call(
                        self.world,
                        self._behavior,
                        self._reports,
                        self._analytics,
                        self._limits,
                        replace(query, reader=reader),
                        now,
                        path,
                        altered,
                    )
                )
        raise Refusal(404, MISSING)

    def _check_kind(self, root: str) -> None:
        """Refusal for what only the other kind of organization has (analytics-api 1.12)."""
        if root in (_CONSOLE_ONLY if self.world.enterprise else _ENTERPRISE_ONLY):
            kind = "Claude Enterprise" if self.world.enterprise else "Claude Console"
            raise Refusal(400, f"{root} is not there for a {kind} organization.", "organization_type_not_supported")
