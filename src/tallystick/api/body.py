"""Bodies of answers: read within bounds, and told apart: a report, an error, or something that is no answer of the API.

The API says 200 for reports alone. A proxy, a sign-on page or a cut connection say it too (reports-api 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import httpx2
import msgspec

MOST_BYTES = 256 * 2**20
"""The longest answer that is read, unpacked; a page of 40,000 rows has some twenty million bytes."""
UNPACKED = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""The packings that are asked for and read; others unpack without bounds."""
PASSING = frozenset({"overloaded_error", "rate_limit_error", "api_error", "timeout_error"})
"""Types of errors that a later try may not meet (reports-api 2.4)."""
STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that belongs to each type of error, for one that comes under another."""


class TooLong(Exception):
    """A body that is longer than any page, or packed in a way that has no bounds."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error answer tells of itself; `type` is empty where the body is no error of the API."""

    type: str = ""
    message: str = ""
    code: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a body under 200 is no report; `passing` where another try may bring one, `error` where it is an error."""

    what: str
    passing: bool = False
    error: ErrorBody = field(default_factory=ErrorBody)


class _Head(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")


def body_of(answer: httpx2.Response, most: int = MOST_BYTES) -> bytes:
    """The body of a streamed answer, unpacked; TooLong beyond `most` bytes or in a packing that was not asked for."""
    packing = answer.headers.get("content-encoding", "").strip().lower()
    if packing not in UNPACKED:
        raise TooLong(f"is packed as {packing[:40]!r}, which was not asked for")
    chunks, size = [], 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > most:
            raise TooLong(f"is longer than {most:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def finite(number: str) -> float | str:
    """A JSON number of a field that is beside the point; as it is written where no float is so large."""
    amount = float(number)
    return amount if isfinite(amount) else number


DECODER = msgspec.json.Decoder(float_hook=finite)
"""Decodes JSON whose numbers are beside the point."""


def error_of(body: bytes) -> ErrorBody:
    """The error object of a body, whatever else it may hold; an empty one where there is none."""
    try:
        answer: Any = DECODER.decode(body)
        error = answer["error"]
        details = error.get("details")
        code = details.get("error_code") if isinstance(details, dict) else None
        request_id = answer.get("request_id")
        return ErrorBody(
            _text(error.get("type")) or "error",
            _text(error.get("message")) or "",
            _text(code),
            _text(request_id),
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError, AttributeError):
        return ErrorBody()


def fault_of(body: bytes, kind: str) -> Fault | None:
    """What is wrong with the body of a 200 whose content type is `kind`; None for a JSON object that is no error."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        fault = Fault("an empty body", passing=True)
    elif start.startswith(b"<") or "html" in kind:
        fault = Fault("a page that is no JSON")
    else:
        try:
            return _error_in(body)
        except RecursionError:
            fault = Fault("JSON that is nested too deeply")
        except msgspec.ValidationError:
            sort = {b"[": "a list", b'"': "a text", b"n": "null"}.get(start[:1], "a value")
            fault = Fault(f"{sort} where a report was expected")
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            cut = "truncated" in str(wrong)
            fault = Fault(
                "JSON that is cut off" if cut else f"what is no JSON: {wrong}", passing=cut or start[:1] == b"{"
            )
    return replace(fault, what=f"{fault.what} ({kind or 'no content type'}, {len(body):,} bytes)")


def _error_in(body: bytes) -> Fault | None:
    head = msgspec.json.decode(body, type=_Head)
    if bytes(head.type) != b'"error"' and not bytes(head.error).startswith(b"{"):
        return None
    error = error_of(body)
    return Fault("an error", error.type in PASSING, error if error.type else ErrorBody("error"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
