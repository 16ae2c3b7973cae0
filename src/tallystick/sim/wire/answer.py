"""Answers: what goes back over the wire, and refusals with the body of reports-api 2.4."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
"""What a body is made of; no floats."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: status, headers (names in lower case), body.

    `delay` is how many seconds the sender waits before it answers. `cut` is after how many bytes of the body the
    connection is reset, None for an answer that arrives whole.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    cut: int | None = None


class Refusal(Exception):
    """The API says no: an HTTP status and a message; the type of the error follows from the status.

    `code` is the machine-readable `details.error_code`, None where the API gives none (reports-api 2.4, analytics-api
    1.12); `wait` the seconds that a `retry-after` header tells, None without one.
    """

    def __init__(self, status: int, message: str, code: str | None = None, wait: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.wait = wait


ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    410: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The type of an error by its status (reports-api 2.4); those of 405, 410 and 503 are not published [?]."""


def success(body: Json) -> Answer:
    """A 200 with a JSON body."""
    return Answer(200, json.dumps(body).encode(), {"content-type": "application/json"})


def refused(refusal: Refusal, request_id: str) -> Answer:
    """An error with the body of reports-api 2.4; `details` stand in it where there is an `error_code`."""
    error: dict[str, Json] = {"type": ERROR_TYPES[refusal.status], "message": refusal.message}
    if refusal.code is not None:
        error["details"] = {"error_code": refusal.code}
    body = json.dumps({"type": "error", "error": error, "request_id": request_id}).encode()
    wait = {} if refusal.wait is None else {"retry-after": str(refusal.wait)}
    return Answer(refusal.status, body, {"content-type": "application/json", **wait})
