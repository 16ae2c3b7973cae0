"""Rights: what a credential may read, and which rights it has beyond what tallystick needs (analytics-api 1.1).

A key with `read:analytics` is enough for usage and cost; an Admin credential is needed for the names of workspaces and
keys and for the days that the older reports alone know. Only reading is tried: what may be written is never found out
by writing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from tallystick.api import analytics, analytics_query, directory, entries, reports, reports_query
from tallystick.api.client import Client
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.limits import REFUSALS, SPEND
from tallystick.api.page import Page, Query
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.records import CostRecord, UsageRecord
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import Refused

T = TypeVar("T")
YES = "yes"
DIALECTS = (("usage", "cost"), ("analytics_usage", "analytics_cost"))
"""What must be readable together, of the older dialect and of the newer."""
TOKENS_ONLY = "no: needs an OAuth token with org:admin; they show as ids, all else works"
ADMIN = (
    "It is an Admin credential: it can also create, change and delete keys, members and workspaces, which tallystick "
    "never does. Where one can be made (Claude Enterprise), a key with read:analytics alone would do for usage and "
    "cost since {first:%Y-%m-%d}. An Admin credential is needed for names of workspaces and keys, and for older days."
)
NAMELESS = "An organization whose name may not be read"
MEMBERS = "It holds read:members, or more: names and addresses come with usage and cost, so that this is not needed."
SPENDING = "It holds read:spend_limits, or more, which `tallystick limits` alone needs."
NOTHING = "Nothing beyond what is needed was found."
UNTRIED = "Scopes that write would show only by writing, which is never tried."


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found: the organization, what this credential may read, what it may beyond need, how fresh it is.

    `may_read` maps each thing asked to "yes" or the reason why not; `beyond` says rights that are not needed;
    `newest_usage` is the start of the newest hour with usage in the last two days, `newest_cost` the newest ended day
    with a cost in the last seven, in either dialect; None is none.
    """

    organization: entries.Organization
    credential: str
    base_url: str
    may_read: dict[str, str]
    newest_usage: datetime | None
    newest_cost: date | None
    beyond: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether usage and cost can be read in one of the two dialects."""
        return any({self.may_read[name] for name in halves} == {YES} for halves in DIALECTS)


class Asking:
    """One credential that is asked, list by list, what it may read; `may_read` is what was found so far."""

    def __init__(self, client: Client, now: datetime) -> None:
        self._client = client
        self._now = now
        self._today = Grain.DAY.floor(now)
        self._owner: str | None = None
        self.may_read: dict[str, str] = {}

    def check(self, source: str) -> Checked:
        """Everything that can be found out by reading; `source` is where the credential came from.

        Raises Refused for a credential that is refused altogether: neither whose it is may be read, nor a report.
        """
        organization = self._organization()
        admin = not isinstance(organization, Refused)
        usage, cost = self._usage(), self._cost()
        self._directory(admin=admin)
        if isinstance(organization, Refused):
            if not any(self.may_read[name] == YES for halves in DIALECTS for name in halves):
                raise organization
            self.may_read["organization"] = f"no: {organization.what}"
            organization = entries.Organization(id=self._owner or UNKNOWN, name=NAMELESS)
        return Checked(
            organization,
            source,
            self._client.base_url,
            self.may_read,
            max((record.window.start for record in usage), default=None),
            max((record.window.start.date() for record in cost), default=None),
            self._beyond(admin=admin),
        )

    def _organization(self) -> entries.Organization | Refused:
        try:
            return entries.organization(self._client.get(Query(ORGANIZATION)))
        except Refused as no:
            if no.status not in REFUSALS:
                raise
            return no

    def _may(self, name: str, read: Callable[[], list[T]]) -> list[T]:
        try:
            records = read()
        except Refused as no:
            self.may_read[name] = f"no: {no.what}"
            return []
        self.may_read[name] = YES
        return records

    def _usage(self) -> list[UsageRecord]:
        """Usage of the last two days by the hour, in either dialect."""
        window = Window(self._today - DAY, Grain.HOUR.after(Grain.HOUR.floor(self._now)))
        older = reports_query.usage_report_query(window, Grain.HOUR)
        newer = analytics_query.usage_query(window, Grain.HOUR, self._now)
        return [
            *self._may("usage", lambda: list(reports.usage_records(self._client.pages(older), ()))),
            *self._may("analytics_usage", lambda: list(analytics.usage_records(self._pages(newer), ()))),
        ]

    def _cost(self) -> list[CostRecord]:
        """Cost of the last seven ended days, in either dialect."""
        window = Window(self._today - 7 * DAY, self._today)
        older = reports_query.cost_report_query(window, self._now)
        newer = analytics_query.cost_query(window, Grain.DAY, self._now)
        return [
            *self._may("cost", lambda: list(reports.cost_records(self._client.pages(older), ()))),
            *self._may("analytics_cost", lambda: list(analytics.cost_records(self._pages(newer), ()))),
        ]

    def _pages(self, query: Query) -> list[Page]:
        """The pages of a report, which may tell whose it is."""
        pages = list(self._client.pages(query))
        self._owner = self._owner or next((owner for page in pages if (owner := analytics.organization(page))), None)
        return pages

    def _directory(self, *, admin: bool) -> None:
        """What may be read besides; spend limits only where it is no Admin credential, whose rights are plain."""
        for purpose, query in directory.LISTS:
            if purpose == "service_accounts" and not self._client.bearer:
                self.may_read[purpose] = TOKENS_ONLY
            elif purpose not in {"organization", "default_workspace"}:
                self._may(purpose, lambda query=query, list_purpose=purpose: self._list(list_purpose, query))  # type: ignore[misc]  # mypy cannot type a default of a lambda
        if not admin:
            self._may("spend_limits", lambda: [self._client.get(SPEND)])

    def _list(self, purpose: str, query: Query) -> list[entries.Named]:
        return directory.names([(purpose, self._client.get(query))])

    def _beyond(self, *, admin: bool) -> tuple[str, ...]:
        if admin:
            return (ADMIN.format(first=analytics_query.covered(self._now)),)
        lists = (("users", MEMBERS), ("spend_limits", SPENDING))
        notes = [note for name, note in lists if self.may_read[name] == YES]
        return (*(notes or [NOTHING]), UNTRIED)
