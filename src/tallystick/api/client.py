"""The client: one request, its retries, its pages. It hands the credential to the connection, which alone sends it.

Only GET is sent, over HTTPS unless the host is this machine; no redirect is followed. What the API says no to
(400, 401, 403, 404, ...) is raised at once; what may pass (429, 5xx, timeouts, broken connections) is tried again
with patience of minutes (reports-api 2.4 and 2.5).
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, Self

import httpx2

from tallystick.api.address import API, safe_address
from tallystick.api.allowance import MOST, Allowance
from tallystick.api.body import TooLong
from tallystick.api.connection import LONGEST_ANSWER
from tallystick.api.connections import Connections
from tallystick.api.credential import Credential
from tallystick.api.failure import ELSEWHERE, NOTHING, Failure, failure_of
from tallystick.api.network import Network
from tallystick.api.page import Page, Query, typed
from tallystick.api.page_chain import PageChain
from tallystick.core.time import instant
from tallystick.errors import InvalidQuestion, UnexpectedResponse

RENEWALS = 10
"""New credentials that one request is tried with: requests beside it may end several before its turn comes."""
PATIENCE = 300.0
"""Seconds that one request may spend waiting between its tries; the limit's window is about a minute."""
GLANCE = 20.0
"""The same where somebody is looking on."""
CONTACT = 3.0
"""Seconds within which the API must answer for the first time where somebody is looking on."""
LONGEST_WAIT = 120.0
PACE = 60
"""Requests a minute to the endpoints that share a limit, until the API tells another (analytics-api 1.11)."""
TRIES = 3
"""Times that a request is sent whose answers are cut off or garbled: once, and twice again."""

_UNAUTHORIZED = 401
_TOO_MANY = 429
_ERRNO = re.compile(r"\[Errno -?\d+\] ")
_DIGITS = re.compile(r"[0-9]{1,15}")


class Clock(Protocol):
    """The clock that is handed in: the time of day, a stopwatch, and sleep."""

    def now(self) -> datetime:
        """The time of day, UTC."""

    def elapsed(self) -> float:
        """Seconds of a stopwatch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Client:
    """Sends queries to the Admin API. Use as a context manager, or `close()` it. Safe to share between threads.

    `transport` is the seam for tests: any `httpx2.BaseTransport`. `patience` is the seconds that one request may wait
    between its tries, `contact` those within which the first answer must come, where fewer. `on_wait` is told the
    seconds and the reason before each wait. `pace` is the most requests a minute to a paced endpoint, None for no such
    limit; `most_at_once` bounds those that threads have out together. `network` is the way to the API. Raises
    InvalidQuestion for an address that a credential must not be sent to.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        clock: Clock,
        base_url: str = API,
        transport: httpx2.BaseTransport | None = None,
        patience: float = PATIENCE,
        contact: float = PATIENCE,
        network: Network | None = None,
        pace: int | None = PACE,
        most_at_once: int = MOST,
        on_wait: Callable[[float, str], None] | None = None,
    ) -> None:
        safe_address(base_url)
        self._credential = credential
        self._not_renewed = ""
        self._clock = clock
        self._on_wait = on_wait
        self._patience = patience
        self._contact = min(contact, patience)
        self.allowances = {
            "reports": Allowance(clock, self._tell_wait, most=most_at_once),
            "analytics": Allowance(clock, self._tell_wait, pace, most=most_at_once),
        }
        """What may be asked of the older reports and of the endpoints that are paced."""
        self.most_at_once = most_at_once
        self._renewing = threading.Lock()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self.base_url = base_url.rstrip("/")
        self._connections = Connections(self.base_url, network or Network(), transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def halt(self) -> None:
        """End what is asked now, by whichever thread, with Halted; to be repeated until all of them have ended."""
        for allowance in self.allowances.values():
            allowance.halt()
        self._connections.end()
        if wake := getattr(self._clock, "wake", None):
            wake()

    def resume(self) -> None:
        """Ask again."""
        for allowance in self.allowances.values():
            allowance.halt(halted=False)

    @property
    def bearer(self) -> bool:
        """Whether the credential is a token rather than a key."""
        return self._credential.bearer

    def get(self, query: Query) -> Page:
        """One answer, tried again while that can help.

        Raises Refused (CursorExpired for a page token that no longer holds), Unreachable, UnexpectedResponse.
        """
        started, tries, renewals = self._clock.elapsed(), 0, 0
        allowance = self.allowances["analytics" if query.endpoint.paced else "reports"]
        while True:
            credential = self._credential
            with allowance.turn() as turn:
                started += turn.waited  # which is no fault of this request
                seconds_left = max(1.0, self._contact - (self._clock.elapsed() - started))
                result = self._try(query, credential, min(LONGEST_ANSWER, seconds_left))
                if isinstance(result, Page):
                    allowance.answered(_pace(result.headers))
                    return result
            if result.status == _UNAUTHORIZED and renewals < RENEWALS and self._renew(credential):
                renewals += 1
                continue
            tries += 1
            if not result.passing or (result.garbled and tries == TRIES):
                raise result.refusal(query, credential.source, tries, self._not_renewed)
            attempts = max(tries, allowance.refused(turn)) if result.status == _TOO_MANY else tries
            wait = self._wait(result.answer, attempts - 1)
            if self._clock.elapsed() - started + wait > self._contact:
                raise result.exhausted(self.base_url + query.endpoint.path + self._connections.way, tries)
            self._tell_wait(wait, result.trouble)
            if result.status == _TOO_MANY:
                allowance.rest(wait)
            self._clock.sleep(wait)

    def pages(self, query: Query) -> Iterator[Page]:
        """Every page of a query, lazily, to the end that the API declares; errors as from `get` and `PageChain.take`.

        No page is kept here: one that its reader drops is gone before the next comes.
        """
        chain = PageChain(query)
        while chain.following is not None:
            yield chain.take(self.get(chain.following))

    def _renew(self, refused: Credential) -> bool:
        """Read the credential anew after a 401; whether it is another one: a token has ended, a key was rotated."""
        with self._renewing:
            if self._credential is not refused:  # another thread was faster
                return True
            try:
                fresh = self._credential.renewed()
            except InvalidQuestion as wrong:
                self._not_renewed = f" It could not be read anew: {wrong.what}"
                return False
            self._credential = fresh or self._credential
            return fresh is not None

    def _tell_wait(self, seconds: float, reason: str) -> None:
        if self._on_wait:
            self._on_wait(seconds, reason)

    def _wait(self, answer: httpx2.Response | None, tries: int) -> float:
        seconds = _asked_wait(answer.headers, self._clock.now()) if answer is not None else None
        if seconds:
            return min(seconds, LONGEST_WAIT)
        return min(60.0, 0.5 * 2.0**tries) * self._jitter.uniform(0.5, 1.0)

    def _try(self, query: Query, credential: Credential, seconds: float) -> Page | Failure:
        """One answer within so many seconds, or why it is none.

        Raises UnexpectedResponse for a body without end, or an address beyond bounds.
        """
        mask = credential.mask
        try:
            with self._connections.lent() as connection:
                answer, body = connection.get(query.request, query.headers, credential, seconds)
            self._contact = self._patience  # it can be reached: it may take its time from now on
        except httpx2.DecodingError as garbled:
            return Failure(trouble=f"what cannot be unpacked: {mask(str(garbled))}", garbled=True)
        except httpx2.TransportError as broken:
            return Failure(trouble=mask(f"{type(broken).__name__}: {_ERRNO.sub('', str(broken))}"))
        except httpx2.InvalidURL as wrong:
            raise UnexpectedResponse(
                f"The next page of {query.endpoint.path} cannot be asked for: {mask(str(wrong))[:100]}.",
                "Nothing of this window was kept. Try again; if it stays, report it to Anthropic.",
            ) from None
        except TooLong as wrong:
            raise UnexpectedResponse(f"An answer of {query.endpoint.path} {wrong}.", f"{NOTHING} {ELSEWHERE}") from None
        usual = answer.status_code == httpx2.codes.OK and "html" not in answer.headers.get("content-type", "").lower()
        content = typed(body, query.shape) if usual else None
        failure = None if content else failure_of(answer, body, mask)
        return failure or Page(query.request, body, dict(answer.headers), content)


def _pace(headers: Mapping[str, str]) -> int | None:
    """How many requests a minute the API says that it takes; None where it does not say."""
    pace = headers.get("anthropic-ratelimit-requests-limit", "")
    return int(pace) if _DIGITS.fullmatch(pace) else None


def _asked_wait(headers: httpx2.Headers, now: datetime) -> float | None:
    """Seconds the API asks to wait; None where it asks nothing, or for a time already past (trap 9, trap 10)."""
    if _DIGITS.fullmatch(millis := headers.get("retry-after-ms", "")):
        return int(millis) / 1000
    if after := headers.get("retry-after"):
        if _DIGITS.fullmatch(after):
            return float(after)
        try:
            when = parsedate_to_datetime(after)
        except ValueError:
            return None
        ahead = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
        return ahead if ahead > 0 else None
    try:
        ahead = (instant(headers.get("anthropic-ratelimit-requests-reset", "")) - now).total_seconds()
    except ValueError:
        return None
    return ahead if ahead > 0 else None
