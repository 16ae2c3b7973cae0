"""Faults of a body that comes under 200: what its JSON is, what its envelope says, and what time the server has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from faults.endpoints import Endpoint, Json
from faults.fault import Fault, error, instead, of_body, of_json
from faults.proxy import FAULT_TOKEN, Answer, Change, Request

_DEEP = 100_000
PAGED = ("dense", "sparse", "code", "ids", "tokens")


def _body(name: str, text: bytes | str, *, once: bool = False) -> Fault:
    data = text.encode() if isinstance(text, str) else text
    answer = Answer(200, data)
    return Fault(f"{name}{', once' if once else ''}", "shape", instead(answer), "1" if once else "every", harmless=once)


def _bytes(name: str, change: Callable[[bytes], bytes], *, harmless: bool = False) -> Fault:
    return Fault(name, "shape", of_body(change), harmless=harmless)


def _twice(body: bytes) -> bytes:
    """Say each key of the outermost object twice, first wrongly."""
    return b'{"data": [], "has_more": false, "id": "org_twice", ' + body.lstrip()[1:]


def _overloaded() -> bytes:
    return error(200, "Overloaded", "overloaded_error").body


SHAPE = (
    _body("HTML under 200", "<!doctype html><title>Sign in</title><p>Welcome"),
    _body("error object under 200", error(200, "No.", "permission_error").body),
    _body("overloaded under 200", _overloaded()),
    _body("overloaded under 200", _overloaded(), once=True),
    _body("empty body", ""),
    *(_body(f"body {text}", text) for text in ("null", "[]", '"no"', "7", "true", "{}", "NaN")),
    _bytes("cut in the middle", lambda body: body[: len(body) // 2]),
    Fault("cut in the middle, once", "shape", of_body(lambda body: body[: len(body) // 2]), "1", harmless=True),
    _body("nested 100,000 deep", '{"data": ' + "[" * _DEEP + "]" * _DEEP + ', "has_more": false}'),
    _bytes(
        "a field nested 100,000 deep",
        lambda body: body.rstrip()[:-1] + b', "more": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    ),
    _bytes("keys twice", _twice),
    _bytes("NaN in an unknown field", lambda body: body.rstrip()[:-1] + b', "more": NaN}'),
    _bytes("byte order mark", lambda body: b"\xef\xbb\xbf" + body),
    _bytes("UTF-16", lambda body: body.decode().encode("utf-16")),
    _bytes("lone surrogate in an unknown field", lambda body: body.rstrip()[:-1] + b', "more": "\\ud800"}'),
    _bytes("not UTF-8 in an unknown field", lambda body: body.rstrip()[:-1] + b', "more": "\xff"}'),
    _bytes("words after the end", lambda body: body + b"\n<!-- end -->"),
    _bytes("two documents", lambda body: body + body),
    _bytes("a number of 5,000 digits", lambda body: body.rstrip()[:-1] + b', "more": ' + b"9" * 5_000 + b"}"),
    Fault(
        "plain text by its type",
        "shape",
        lambda answer, _request, _endpoint: answer.header("content-type", "text/plain"),
        harmless=True,
    ),
)


def _envelope(name: str, change: Change, *, harmless: bool = False, families: tuple[str, ...] = PAGED) -> Fault:
    return Fault(name, "envelope", change, harmless=harmless, families=families)


def _set(**fields: Any) -> Change:
    """Set fields of the envelope; `...` takes one out."""

    def change(body: Json, _request: Request, _endpoint: Endpoint) -> Json:
        body.update(fields)
        return {name: value for name, value in body.items() if value is not ...}

    return of_json(change)


def _more(token: Callable[[Request], str], *, empty: bool = False, last: int = 10**9) -> Change:
    """Say that there is more under a token; `empty` says nothing else from the second page on."""

    def change(body: Json, request: Request, endpoint: Endpoint) -> Json | None:
        if request.number >= last:
            return None
        if empty and request.number:
            body["data"] = []
        if endpoint.family == "ids":
            return body | {"has_more": True, "last_id": token(request)}
        return body | {"has_more": True, "next_page": token(request)}

    return of_json(change)


def _again(body: Json, request: Request, _endpoint: Endpoint) -> Json | None:
    """Send each page a second time, under a token of its own."""
    token = request.query.get("page", request.query.get("after_id", ""))
    if token.startswith(FAULT_TOKEN) or "next_page" not in body or body.get("has_more"):
        return None
    return body | {"has_more": True, "next_page": f"{FAULT_TOKEN}again"}


def _fresh(request: Request) -> str:
    return f"{FAULT_TOKEN}{request.number}"


def _stranger(body: Json, _request: Request, _endpoint: Endpoint) -> Json:
    return body | {"organization_id": "99999999-0000-4000-8000-000000000000"}


def _dated(name: str, value: Any, *, harmless: bool = False) -> Fault:
    return _envelope(name, _set(data_refreshed_at=value), harmless=harmless, families=("sparse",))


ENVELOPE = (
    _envelope("has_more missing", _set(has_more=...)),
    _envelope("has_more null", _set(has_more=None)),
    _envelope("has_more the word false", _set(has_more="false")),
    _envelope("more, but no token", _set(has_more=True, next_page=None, last_id=None)),
    _envelope("more, and the token empty", _set(has_more=True, next_page="", last_id="")),
    _envelope("more, and the token a number", _set(has_more=True, next_page=7, last_id=7)),
    _envelope("more, and the token an object", _set(has_more=True, next_page={"a": 1}, last_id={"a": 1})),
    _envelope("token without more", _set(has_more=False, next_page=f"{FAULT_TOKEN}rest")),
    _envelope("the same token always", _more(lambda _: f"{FAULT_TOKEN}same")),
    _envelope("fresh tokens without end", _more(_fresh)),
    _envelope("fresh tokens without end, nothing under them", _more(_fresh, empty=True)),
    _envelope("a token of 100 kB", _more(lambda _: FAULT_TOKEN + "x" * 100_000)),
    _envelope("a token with line ends", _more(lambda _: FAULT_TOKEN + "a\r\nx-more: 1\x00", last=1)),
    _envelope("page again under a new token", of_json(_again), families=("dense", "sparse", "code", "tokens")),
    _envelope("data missing", _set(data=...)),
    _envelope("data null", _set(data=None)),
    _envelope("data an object", _set(data={"a": []})),
    _envelope("data a string", _set(data="none")),
    _envelope("data of nulls", _set(data=[None, None])),
    _envelope("data of numbers", _set(data=[1, 2.5])),
    _envelope("unknown fields", _set(more={"a": [1]}, total_count=3), harmless=True),
    Fault(
        "another organization_id", "envelope", of_json(_stranger), families=("dense", "sparse", "code"), telling=True
    ),
    _dated("refreshed: null", None),
    _dated("refreshed: no time", "yesterday"),
    _dated("refreshed: two days ago", "2026-11-26T09:30:00Z"),
    _dated("refreshed: in a year", "2027-11-28T09:30:00Z"),
)


def _clock(date: str) -> Change:
    return lambda answer, _request, _endpoint: answer.header("date", date)


CLOCK = (
    Fault("the server is a day ahead", "clock", _clock("Sun, 29 Nov 2026 09:30:00 GMT")),
    Fault("the server is a day behind", "clock", _clock("Fri, 27 Nov 2026 09:30:00 GMT")),
    Fault("a date that is none", "clock", _clock("yesterday"), harmless=True),
    Fault(
        "another organization's header",
        "clock",
        lambda answer, _request, _endpoint: answer.header(
            "anthropic-organization-id", json.loads('"99999999-0000-4000-8000-0"')
        ),
        families=("dense", "sparse", "code"),
        telling=True,
    ),
)
