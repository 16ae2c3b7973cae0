"""Faults of the status: answers that are refusals, errors, or neither."""

from __future__ import annotations

import json
from typing import Any

from faults.endpoints import Endpoint
from faults.fault import Fault, error, instead
from faults.proxy import Answer, Headers, Request

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_HTML = b"<html><head><title>Bad Gateway</title></head><body><h1>502</h1>cloudflare</body></html>"


def _status(status: int, name: str = "", *, once: bool = False, body: bytes | None = None, **headers: str) -> Fault:
    base = error(status, kind=_TYPES.get(status, "unheard_of_error"))
    sent: Headers = tuple((key.replace("_", "-"), value) for key, value in headers.items())
    answer = Answer(status, base.body if body is None else body, (*base.headers, *sent))
    label = f"{status}{', ' + name if name else ''}{', once' if once else ''}"
    return Fault(label, "status", instead(answer), "1" if once else "every", harmless=once)


def _fault(name: str, status: int, body: Any) -> Fault:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Fault(f"{status}, {name}", "status", instead(Answer(status, text)))


def _redirect(status: int, there: str) -> Fault:
    def change(_answer: Answer, request: Request, _endpoint: Endpoint) -> Answer:
        target = request.target if there == "itself" else "http://127.0.0.1:9/elsewhere"
        return Answer(status, b"", (("location", target),))

    return Fault(f"{status} to {there}", "status", change)


def _echo(_answer: Answer, request: Request, _endpoint: Endpoint) -> Answer:
    """Refuse, and say the key in the message: it must come out nowhere."""
    return error(400, f"unknown key {request.headers.get('x-api-key') or request.headers.get('authorization')}")


STATUS = (
    *(
        _status(status)
        for status in (400, 401, 402, 403, 404, 409, 410, 413, 418, 422, 429, 500, 502, 503, 504, 529, 599)
    ),
    *(_status(status, once=True) for status in (429, 500, 502, 503, 504, 529)),
    _status(429, "retry-after of a second", retry_after="1"),
    _status(429, "retry-after of a second", once=True, retry_after="1"),
    _status(429, "retry-after of a day", retry_after="86400"),
    _status(429, "retry-after that is no time", once=True, retry_after="soon"),
    _status(429, "retry-after below zero", once=True, retry_after="-5"),
    _status(429, "retry-after a date", once=True, retry_after="Sat, 28 Nov 2026 09:30:05 GMT"),
    _status(429, "reset already past", once=True, anthropic_ratelimit_requests_reset="2026-11-28T09:00:00Z"),
    _status(429, "empty", once=True, body=b""),
    _status(500, "empty", body=b""),
    _status(502, "HTML", body=_HTML),
    _status(502, "HTML", once=True, body=_HTML),
    _status(403, "HTML", body=_HTML),
    _status(413, "HTML", body=_HTML),
    _fault("error is a string", 400, {"type": "error", "error": "no"}),
    _fault("error is null", 400, {"type": "error", "error": None}),
    _fault("message is a number", 400, {"type": "error", "error": {"type": 7, "message": 7}}),
    _fault("body is a list", 500, [1, 2]),
    _fault("body is null", 403, None),
    _fault("body is deep", 400, b'{"error":' * 100_000 + b"1" + b"}" * 100_000),
    _fault("message of 1 MB", 400, {"type": "error", "error": {"type": "x", "message": "y" * 1_000_000}}),
    _fault(
        "message steers the terminal", 400, {"type": "error", "error": {"type": "x", "message": "\x1b[2J\x1b]0;a\x07"}}
    ),
    _fault("not UTF-8", 400, b'{"type": "error", "error": {"type": "x", "message": "\xff\xfe"}}'),
    Fault("400, the message has the key", "status", _echo),
    Fault("204", "status", instead(Answer(204, b"", (("request-id", "req_proxy"),)))),
    Fault("201, empty", "status", instead(Answer(201, b""))),
    Fault("206, half", "status", lambda answer, _request, _endpoint: Answer(206, answer.body[: len(answer.body) // 2])),
    Fault("206, all", "status", lambda answer, _request, _endpoint: Answer(206, answer.body)),
    Fault("304", "status", instead(Answer(304, b"", (("request-id", "req_proxy"),)))),
    _redirect(301, "itself"),
    _redirect(302, "another host"),
    _redirect(307, "another host"),
)
