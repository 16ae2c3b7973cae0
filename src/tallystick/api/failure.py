"""Failures: why one try at an answer gave none, whether another may, and the error to raise in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2

from tallystick.api.body import STATUS, ErrorBody, error_of, fault_of
from tallystick.errors import ApiError, CursorExpired, Refused, UnexpectedResponse, Unreachable

if TYPE_CHECKING:
    from tallystick.api.page import Query

HOPELESS = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached", "organization_on_hold"})
"""Error codes of a 429 that waiting does not mend (reports-api 2.5)."""
NOTHING = "Nothing of this window was kept."
ELSEWHERE = (
    "Something else may answer at this address: a proxy, a sign-on page, a wrong --base-url. Open the address in a "
    "browser, or ask those who run the network."
)
_MEND = {
    401: "The key from {source} is wrong, revoked or expired. Make an Admin key in the Console under Settings, "
    "Admin keys (only an organization's admins can; individual accounts have none), or renew the OAuth token.",
    402: "Anthropic reports a problem with the organization's payment; see the Console's billing page.",
    403: "The credential from {source} is valid but may not read this. Workspace keys cannot; use an Admin key, an "
    "OAuth token with org:admin, or a key that is not bound to a workspace. Individual accounts have no Admin API.",
    429: "Waiting does not help: an admin of the organization must raise the limit or end the hold in the Console.",
    404: "There is nothing at that address. Check --base-url: it should be the API's root, without /v1.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One try without an answer. Texts are without secrets.

    `status` is what the error is worth: that of the answer, or of the error that came under 200; None without an
    answer. `passing`: another try may succeed. `garbled`: the body is no JSON; a few tries more are enough.
    """

    trouble: str
    passing: bool = True
    garbled: bool = False
    answer: httpx2.Response | None = None
    status: int | None = None
    error: ErrorBody = field(default_factory=ErrorBody)

    def refusal(self, query: Query, source: str, tries: int, not_renewed: str = "") -> ApiError:
        """The error of an answer that no further try would mend.

        `source` is where the credential came from, `not_renewed` why it could not be read anew.
        """
        path, error, ids = query.endpoint.path, self.error, self._ids
        answered = self.answer.status_code if self.answer is not None else httpx2.codes.OK
        if self.garbled or answered == self.status == httpx2.codes.OK:
            repetition = f" in each of {tries} tries" if tries > 1 else ""
            message = f"{path} answered 200 with {self.trouble}{repetition}."
            return UnexpectedResponse(message, f"{NOTHING} {ELSEWHERE}", status=answered, **ids)
        status = self.status or answered
        message = f"The API refused {path} with {status} {error.type}: {error.message}"
        if status != answered:
            message += f" (the answer was marked {answered})"
        if httpx2.codes.is_success(status):
            return UnexpectedResponse(
                f"{path} answered {status}, which is neither an answer nor a refusal.",
                f"{NOTHING} Check --base-url: something else may answer there.",
                status=status,
                **ids,
            )
        hint = _MEND.get(status, "Read the message; the request will be refused again as it is.").format(source=source)
        hint += not_renewed if status == httpx2.codes.UNAUTHORIZED else ""
        if self.answer is not None and self.answer.is_redirect:
            message = f"{path} answered {status}, a redirect to {error.message!r}."
            hint = "A credential is never sent on to another address. Correct the base URL."
        elif status in {400, 410} and any(name in {"page", "after_id"} for name, _ in query.parameters):
            lost = "The page token no longer holds; the window must be read again."
            return CursorExpired(message, lost, status=status, **ids)
        return Refused(message, hint, status=status, **ids)

    def exhausted(self, address: str, tries: int) -> Unreachable:
        """The error where patience is at its end."""
        message = f": {self.error.message}" if self.error.message else ""
        return Unreachable(
            f"No usable answer from {address} in {tries} tries; the last was {self.trouble}{message}",
            "Nothing that was committed is lost; run the same command again later. "
            "If this is not the API's address, correct --base-url.",
            status=self.answer.status_code if self.answer is not None else None,
            **self._ids,
        )

    @property
    def _ids(self) -> dict[str, str | None]:
        return {"request_id": self.error.request_id, "code": self.error.code}


def failure_of(answer: httpx2.Response, body: bytes, mask: Callable[[str], str]) -> Failure | None:
    """Why an answer is none; None for one under 200 whose body is a JSON object and no error."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code != httpx2.codes.OK:
        error = _masked(error_of(body), answer, mask)
        if not error.type:
            message = f"(an answer of {len(body)} bytes, {kind or 'no content type'})"
            error = ErrorBody("error", mask(message), error.code, error.request_id)
        if answer.is_redirect:
            error = ErrorBody("error", mask(_host(answer)), error.code, error.request_id)
        passing = _passing(answer.status_code) and error.code not in HOPELESS
        return Failure(
            f"HTTP {answer.status_code}", passing=passing, answer=answer, status=answer.status_code, error=error
        )
    fault = fault_of(body, kind)
    if fault is None:
        return None
    error = _masked(fault.error, answer, mask)
    if not error.type:
        return Failure(
            mask(fault.what),
            passing=fault.passing,
            garbled=True,
            answer=answer,
            status=answer.status_code,
            error=error,
        )
    status = STATUS.get(error.type, answer.status_code)
    words = f"an error under 200, {error.type}"
    if status == answer.status_code:  # of a type that nobody knows
        words = f"an error, {error.type}: {error.message}"
    passing = fault.passing and error.code not in HOPELESS
    return Failure(words, passing=passing, answer=answer, status=status, error=error)


def _masked(error: ErrorBody, answer: httpx2.Response, mask: Callable[[str], str]) -> ErrorBody:
    request_id = answer.headers.get("request-id") or error.request_id
    return ErrorBody(
        mask(error.type),
        mask(error.message),
        mask(error.code) if error.code else None,
        mask(request_id) if request_id else None,
    )


def _passing(status: int) -> bool:
    """Whether a later try may succeed: a limit, a timeout, any failure of the API or of the edge before it."""
    return status in {408, 429} or status >= httpx2.codes.INTERNAL_SERVER_ERROR


def _host(redirect: httpx2.Response) -> str:
    try:
        return urlsplit(redirect.headers.get("location", "")).hostname or "nowhere"
    except ValueError:
        return "nowhere"
