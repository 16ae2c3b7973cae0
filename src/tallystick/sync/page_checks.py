"""Page checks: what must hold of every answer before anything of it is kept.

It is of the organization that is being read, and its clock says what time it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from tallystick.api.client import Client, Clock
from tallystick.api.page import Page, Query
from tallystick.core.time import text
from tallystick.errors import UnexpectedResponse

LEEWAY = timedelta(minutes=2)
"""How far two clocks may be apart before the API's is taken."""
WORTH_SAYING = timedelta(minutes=5)
HEADER = "anthropic-organization-id"
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")


class _Owned(msgspec.Struct):
    organization_id: Any = None


class _Rows(_Owned):
    data: list[_Owned] = []


class Watch:
    """Asks through a client and looks at every answer; `warn` takes what the user should know.

    `clock` is the time of day; where it is `real`, and not pinned, the API's `Date` header is held against it: a clock
    that is ahead must not settle days, so `now` is the API's time then. `expect` names the organization, `count` is
    called for each answer.
    """

    def __init__(self, client: Client, clock: Clock, warn: Callable[..., None], count: Callable[[], None]) -> None:
        self._client = client
        self._clock = clock
        self._warn = warn
        self._count = count
        self._real = bool(getattr(clock, "real", False))
        self._ahead: timedelta | None = None
        self._organization: str | None = None
        self._told_by = ""
        self._met: list[tuple[str, Page]] = []

    @property
    def bearer(self) -> bool:
        """Whether the credential is a token rather than a key."""
        return self._client.bearer

    @property
    def owners(self) -> list[str]:
        """The organizations that answers so far said they are of, while none is expected."""
        return list(dict.fromkeys(owner for owner, _ in self._met))

    def now(self) -> datetime:
        """The time of day: ours, or the API's where ours is ahead of it."""
        now = self._clock.now()
        return now - self._ahead if self._ahead is not None and self._ahead > LEEWAY else now

    def expect(self, organization: str, told_by: str) -> None:
        """Hold every answer, also the earlier ones, to be of this organization; else raise UnexpectedResponse."""
        self._organization, self._told_by = organization, told_by
        for owner, page in self._met:
            self._compare(owner, page)
        self._met = []

    def get(self, query: Query) -> Page:
        """One answer, as `Client.get`; UnexpectedResponse for one of another organization."""
        return self._judged(self._client.get(query))

    def pages(self, query: Query) -> Iterator[Page]:
        """Every page of a query, as `Client.pages`; UnexpectedResponse for one of another organization."""
        return map(self._judged, self._client.pages(query))

    def _judged(self, page: Page) -> Page:
        self._count()
        self._compare_clocks(page)
        for owner in _owners(page):
            if self._organization is None:
                self._met.append((owner, page))
            else:
                self._compare(owner, page)
        return page

    def _compare(self, owner: str, page: Page) -> None:
        expected = str(self._organization)
        if not _differ(owner, expected):
            return
        raise UnexpectedResponse(
            f"{page.request.partition('?')[0]} answered for the organization {owner}; {self._told_by} says that this "
            f"credential is of {expected}.",
            "Nothing of this answer was kept. A cache or proxy between here and the API may mix the answers of two "
            "organizations, or --base-url may be wrong.",
            request_id=page.request_id,
        )

    def _compare_clocks(self, page: Page) -> None:
        """Note by how much our clock is ahead of the API's, by the answer on which it is least."""
        try:
            date = parsedate_to_datetime(page.headers["date"]) if self._real else None
        except (KeyError, ValueError):
            return
        if date is None:
            return
        ahead = self._clock.now() - (date if date.tzinfo else date.replace(tzinfo=UTC))
        first = self._ahead is None
        self._ahead = ahead if self._ahead is None else min(self._ahead, ahead)
        if not first or abs(ahead) <= WORTH_SAYING:
            return
        way = "ahead of" if ahead > timedelta(0) else "behind"
        basis = "by the API's time" if ahead > timedelta(0) else "by this machine's, and so later than they could be"
        self._warn(
            f"The clock of this machine is {_span(abs(ahead))} {way} the API's ({text(date)}): days end and settle "
            f"{basis}. Set the clock right."
        )


def _owners(page: Page) -> set[str]:
    """The organizations that an answer says it is of: by its header, its envelope, or its rows."""
    content: Any = page.content
    owners: list[Any] = [page.headers.get(HEADER)]
    if content is None and b'"organization_id"' in page.body:
        try:
            owners.append(msgspec.json.decode(page.body, type=_Owned).organization_id)
            content = msgspec.json.decode(page.body, type=_Rows)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # it is judged where it is read
    if content is not None:
        owners += [content.organization_id, *(owner for row in content.data if (owner := row.organization_id))]
    return {owner for owner in owners if isinstance(owner, str) and owner}


def _differ(left_id: str, right_id: str) -> bool:
    """Return whether two ids are of two organizations; a UUID and an `org_` id of one cannot be told from others'."""
    first, second = left_id.strip().casefold(), right_id.strip().casefold()
    if (_UUID.fullmatch(first) is None) != (_UUID.fullmatch(second) is None) and "org_" in {first[:4], second[:4]}:
        return False
    return first.replace("-", "") != second.replace("-", "")


def _span(length: timedelta) -> str:
    for unit, seconds in (("days", 86_400), ("hours", 3_600)):
        if length >= timedelta(seconds=2 * seconds):
            return f"{round(length.total_seconds() / seconds)} {unit}"
    return f"{round(length.total_seconds() / 60)} minutes"
