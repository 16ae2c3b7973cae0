"""Every error of tallystick: what happened, why, and how to mend it.

The tree, with the exit code of the command line beside each branch:

    TallystickError
    ├─ InvalidQuestion          2   the question, the settings or a parameter cannot be
    │  └─ UnknownName           2   no key, person, team, model or workspace is called so
    ├─ ApiError
    │  ├─ Refused            3   the API said no (400, 401, 402, 403, 404, 409, 410, 413)
    │  │  └─ CursorExpired      3   a page token no longer holds; the window can be read again
    │  ├─ Unreachable        4   no answer within the patience allowed (429, 5xx, timeouts, broken connections)
    │  └─ UnexpectedResponse      5   an answer that is not what the contract says
    │     └─ InvalidAmount        5   an amount that cannot be read exactly
    └─ LedgerError           6   the ledger cannot be read or written
       └─ LedgerUnreachable     4   the store of a ledger in a bucket does not answer

1 is the code of no error: a command did what was asked, and its answer is not as it should be (`--strict`, `verify`).
"""

from __future__ import annotations

from typing import ClassVar


class TallystickError(Exception):
    """An error with a cause and a remedy; `str()` gives both, in that order."""

    exit_code: ClassVar[int]

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what


class InvalidQuestion(TallystickError):
    """The question, the settings or a parameter cannot be; nothing was sent."""

    exit_code = 2


class UnknownName(InvalidQuestion):
    """No key, person, team, model or workspace of the ledger has that id or name."""


class ApiError(TallystickError):
    """The API was asked and did not give what it should.

    `status` is the HTTP status or None, `request_id` the API's own id of the request, where it gave one.
    """

    def __init__(
        self,
        what: str,
        hint: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(f"{what} [request-id {request_id}]" if request_id else what, hint)
        self.status = status
        self.request_id = request_id
        self.code = code


class Refused(ApiError):
    """The API said no, and would say no again."""

    exit_code = 3


class CursorExpired(Refused):
    """A page token no longer holds (400 or 410 on a later page); the window can be read again from its start."""


class Unreachable(ApiError):
    """No usable answer came within the patience allowed; a later try may succeed."""

    exit_code = 4


class UnexpectedResponse(ApiError):
    """An answer that is not what the contract says; nothing of it was kept as a record."""

    exit_code = 5


class InvalidAmount(UnexpectedResponse):
    """An amount that cannot be read exactly: blank, an exponent, NaN, not USD, or past twelve places."""


class LedgerError(TallystickError):
    """The ledger cannot be read or written."""

    exit_code = 6


class LedgerUnreachable(LedgerError):
    """The store of a ledger in a bucket does not answer; a later try may succeed."""

    exit_code = 4
