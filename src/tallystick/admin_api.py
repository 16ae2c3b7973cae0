"""AdminAPI: the Admin API from Python, on its own, without a ledger.

with AdminAPI() as api:
    for record in api.usage("2026-10-01", "2026-11-01", by=["model"]):
        print(record.window.start, record.dims["model"], record.total_tokens)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Self, TypeVar

import httpx2

from tallystick.api import analytics, analytics_query, directory, entries, limits, reports, reports_query
from tallystick.api.client import PATIENCE, Client, Clock
from tallystick.api.credential import Credential
from tallystick.api.limits import MemberLimit, RateLimit, SpendLimit
from tallystick.api.page import Page, Query
from tallystick.api.rights import Asking, Checked
from tallystick.core.records import CostRecord, UsageRecord
from tallystick.core.time import Grain, Window, instant, midnight
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings

When = str | date | datetime
T = TypeVar("T")


class AdminAPI:
    """Anthropic's usage and cost reports and directory, typed, paged to the end.

    Without arguments the credential and address come from the environment and the settings file, as on the command
    line. `credential` may be the key itself; `patience` is the seconds that one request may wait between its tries,
    `contact` those within which the first answer must come; `transport` and `clock` are seams for tests. Every method
    raises InvalidQuestion before sending, Refused, Unreachable or UnexpectedResponse after.
    """

    def __init__(
        self,
        credential: Credential | str | None = None,
        *,
        base_url: str | None = None,
        transport: httpx2.BaseTransport | None = None,
        clock: Clock | None = None,
        patience: float = PATIENCE,
        contact: float = PATIENCE,
        settings: Settings | None = None,
    ) -> None:
        settings = settings or Settings.load(base_url=base_url)
        if isinstance(credential, str):
            credential = Credential(credential)
        settings.trust_needed()
        self._clock = clock or settings.clock()
        self._credential = credential or settings.credential()
        self.client = Client(
            self._credential,
            clock=self._clock,
            base_url=settings.base_url,
            transport=transport,
            patience=patience,
            contact=contact,
            network=settings.network(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def usage(
        self,
        since: When,
        until: When | None = None,
        *,
        width: str = "1d",
        by: Sequence[str] = (),
        where: Mapping[str, str | Sequence[str]] | None = None,
        limit: int | None = None,
    ) -> Iterator[UsageRecord]:
        """Tokens used, by bucket and group, oldest first, running bucket included (reports-api 1.2).

        `width` is 1m, 1h or 1d; `by` up to five of workspace, key, account, service_account, model, tier, context,
        geo, speed; `where` maps any of these to the values wanted; `limit` is buckets a page. `since` is inclusive,
        `until` exclusive and now where not given; both are widened to whole UTC buckets. Each group has one record
        in each bucket; a bucket without use has none.
        """
        grain = _grain(width)
        values = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in (where or {}).items()}
        query = reports_query.usage_report_query(self._window(since, until), grain, by=by, where=values, limit=limit)
        return reports.usage_records(self.client.pages(query), by)

    def costs(
        self, since: When, until: When | None = None, *, by: Sequence[str] = (), limit: int | None = None
    ) -> Iterator[CostRecord]:
        """What was billed, by ended UTC day and group, oldest first (reports-api 1.3).

        `by` is any of workspace, description; description brings kind, model, tier, context, geo and speed with it.
        Amounts are exact US dollars. Days that have not ended are not published and not asked for.
        """
        query = reports_query.cost_report_query(self._window(since, until), self._clock.now(), by=by, limit=limit)
        return reports.cost_records(self.client.pages(query), by)

    def analytics_usage(self, since: When, until: When | None = None, **options: Any) -> Iterator[UsageRecord]:
        """Tokens and requests by the newer dialect, oldest first (analytics-api 1).

        `options` are `width` (1m, 1h, 1d), `by` (up to five dimensions), `where`, `limit` (rows a page) and
        `without_deleted`. Longer windows are asked for piece by piece. Each group has one record in each bucket.
        """
        return self._analytics(analytics_query.usage_query, analytics.usage_records, since, until, **options)

    def analytics_costs(self, since: When, until: When | None = None, **options: Any) -> Iterator[CostRecord]:
        """What was billed and what it lists at, by the newer dialect, oldest first; `options` as `analytics_usage`.

        `kind` in `by` tells the kinds of token and service apart, and requests are not counted then.
        """
        return self._analytics(analytics_query.cost_query, analytics.cost_records, since, until, **options)

    def _analytics(
        self,
        ask: Callable[..., Query],
        read: Callable[[Iterable[Page], Sequence[str]], Iterator[T]],
        since: When,
        until: When | None,
        *,
        width: str = "1d",
        by: Sequence[str] = (),
        where: Mapping[str, str | Sequence[str]] | None = None,
        **options: Any,
    ) -> Iterator[T]:
        grain, window, now = _grain(width), self._window(since, until), self._clock.now()
        bucket_window = Window(grain.floor(window.start), grain.ceil(window.end))
        filters = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in (where or {}).items()}
        pieces = bucket_window.chunks(analytics_query.LONGEST[grain])
        queries = [ask(piece, grain, now, by=by, where=filters, **options) for piece in pieces]
        return (record for query in queries for record in read(self.client.pages(query), by))

    def names(self) -> list[entries.Named]:
        """The organization, workspaces, keys, users and service accounts, archived ones too."""
        return directory.names(directory.read(self.client, lambda *_: None))

    def spend_limits(self) -> list[SpendLimit]:
        """Every spend limit where it was set: tier, organization, workspaces, members, ... (analytics-api 3.3)."""
        return limits.entries(list(self.client.pages(limits.SPEND)), SpendLimit)

    def member_limits(self) -> list[MemberLimit]:
        """What holds each member of a Claude Enterprise organization, and what was spent in the period so far."""
        return limits.entries(list(self.client.pages(limits.MEMBERS)), MemberLimit)

    def rate_limits(self, workspace: str | None = None) -> list[RateLimit]:
        """The rate limits of the organization, or those that a workspace has in their place (reports-api 1.5)."""
        query = limits.RATES if workspace is None else limits.rates_of(workspace)
        return limits.entries(list(self.client.pages(query)), RateLimit)

    def check(self) -> Checked:
        """Whether the credential works, what it may read and may beyond need, and how fresh the newest day is.

        Refused where neither whose it is nor a report may be read. Nothing is ever written to find out.
        """
        return Asking(self.client, self._clock.now()).check(self._credential.source)

    def _window(self, since: When, until: When | None) -> Window:
        start = _instant(since)
        end = _instant(until) if until is not None else self._clock.now() + timedelta(microseconds=1)
        if end < start:
            raise InvalidQuestion("The window ends before it starts.", "`since` is inclusive, `until` exclusive.")
        return Window(start, end)


def _grain(width: str) -> Grain:
    grain = {"1m": Grain.MINUTE, "1h": Grain.HOUR, "1d": Grain.DAY}.get(width)
    if grain is None:
        raise InvalidQuestion(f"width={width!r} is not known.", "It is 1m, 1h or 1d.")
    return grain


def _instant(when: When) -> datetime:
    try:
        if isinstance(when, datetime):
            return instant(when.isoformat())
        return midnight(when) if isinstance(when, date) else instant(when)
    except ValueError as wrong:
        raise InvalidQuestion(
            f"{when!r} is not an instant: {wrong}.", "Write it like 2026-10-01 or 2026-10-01T00:00:00Z."
        ) from None
