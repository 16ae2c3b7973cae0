"""Page: what is asked of an endpoint, one answer, and what a page says of the pages after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from tallystick.api.body import finite
from tallystick.api.endpoints import Endpoint
from tallystick.errors import UnexpectedResponse

T = TypeVar("T")
AGAIN = "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic."
_EMPTY = re.compile(rb"[\[\] \r\n\t]*")
LONGEST_TOKEN = 16_384
"""Letters of the longest page token that is sent; servers refuse addresses that are longer."""


class Envelope(msgspec.Struct, kw_only=True):
    """What a page says of itself and of the pages after it; `type` and `error` are what an error has there."""

    has_more: bool | msgspec.UnsetType = msgspec.UNSET
    next_page: str | msgspec.UnsetType | None = msgspec.UNSET
    last_id: str | None = None
    organization_id: Any = None
    type: Any = None
    error: Any = None

    def mark(self) -> bytes | None:
        """What no second page of its query has; None where only the body tells."""
        return None


@dataclass(frozen=True, slots=True)
class Query:
    """What to ask of an endpoint: parameters in order, already checked, and beta headers.

    `shape` is what its pages are decoded to, once, envelope and all; without it a page stays bytes.
    """

    endpoint: Endpoint
    parameters: tuple[tuple[str, str], ...] = ()
    betas: tuple[str, ...] = ()
    shape: type[Envelope] | None = None

    @property
    def request(self) -> str:
        """Path and query, as sent."""
        path = self.endpoint.path
        return f"{path}?{urlencode(self.parameters)}" if self.parameters else path

    @property
    def headers(self) -> dict[str, str]:
        """The version and the betas that it needs."""
        betas = ",".join(beta for beta in (self.endpoint.beta, *self.betas) if beta)
        return {"anthropic-version": self.endpoint.version, **({"anthropic-beta": betas} if betas else {})}

    def having(self, *extra_parameters: tuple[str, str]) -> Query:
        """The same with further parameters."""
        return replace(self, parameters=(*self.parameters, *extra_parameters))


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the request, the body byte for byte, the headers, and what it was decoded to, if it was."""

    request: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content: Envelope | None = None

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the request, empty ones too."""
        return _parameters(self.request)

    @property
    def request_id(self) -> str | None:
        """The API's id of the request."""
        return self.headers.get("request-id")


@lru_cache(maxsize=64)  # each reader of a page asks for them
def _parameters(request: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(urlsplit(request).query, keep_blank_values=True))


def next_token(page: Page, endpoint: Endpoint) -> str | None:
    """The token of the next page, None at the end; UnexpectedResponse where the end cannot be told."""
    if endpoint.paging == "none":
        return None
    envelope = page.content or decode(page, Envelope)
    field = "next_page" if endpoint.paging == "token" else "has_more"
    if getattr(envelope, field) is msgspec.UNSET:
        raise strange(page, f"no field `{field}` at `$.{field}`, without which the end cannot be told")
    token = (envelope.last_id if endpoint.paging == "id" else envelope.next_page) or None
    if token and len(token) > LONGEST_TOKEN:
        raise strange(page, f"a page token of {len(token):,} letters at `$.next_page`, which no address can hold")
    if endpoint.paging == "token":
        return token
    if envelope.has_more and not token:
        raise strange(page, "more to come and no token to ask for it")
    return token if envelope.has_more else None


class _Data(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"[]")


def content_of(page: Page) -> bytes:
    """What tells a page's content from another's; empty where it holds nothing."""
    if page.content is not None and (mark := page.content.mark()) is not None:
        return mark
    try:
        data = msgspec.json.decode(page.body, type=_Data).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return sha256(page.body).digest()
    return b"" if _EMPTY.fullmatch(data) else sha256(data).digest()


_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = lru_cache(maxsize=64)(
    lambda shape: msgspec.json.Decoder(shape, float_hook=finite)
)


def decode(page: Page, shape: type[T]) -> T:
    """A page as `shape`; UnexpectedResponse names the field and its path where it does not fit."""
    try:
        result: T = _decoder(shape).decode(page.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(page, wrong) from None
    return result


class _Untyped(msgspec.Struct):
    data: list[dict[str, Any]]


def untyped_rows(page: Page) -> list[dict[str, Any]]:
    """The rows of a page as they were sent, with fields that tallystick does not know."""
    return decode(page, _Untyped).data


def strange(page: Page, problem: str) -> UnexpectedResponse:
    """The error of an answer with something that cannot be."""
    path = page.request.partition("?")[0]
    return UnexpectedResponse(f"{path} answered with {problem}.", AGAIN, request_id=page.request_id)


def unreadable(page: Page, wrong: Exception) -> UnexpectedResponse:
    """The error of a page that does not fit its shape; `wrong` names the field and its path."""
    reason = "it is nested too deeply" if isinstance(wrong, RecursionError) else wrong
    return UnexpectedResponse(
        f"An answer of {page.request.partition('?')[0]} cannot be read: {reason}",
        "Nothing of this window was kept. If it stays so, the API has changed: update tallystick, or report it.",
        request_id=page.request_id,
    )


def typed(body: bytes, shape: type[Envelope] | None) -> Envelope | None:
    """A body decoded to its shape; None where it does not fit, which is judged where it is read, or is an error."""
    try:
        content: Envelope | None = None if shape is None else _decoder(shape).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if content and (content.type == "error" or isinstance(content.error, dict)) else content
