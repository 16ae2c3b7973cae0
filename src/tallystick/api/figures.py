"""Figures: the counts and amounts that rows of both dialects have, and the fields that tallystick does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import inspect

from tallystick.api.leniency import MOST, Counters
from tallystick.api.page import AGAIN, Page
from tallystick.core.money import from_cents
from tallystick.errors import InvalidAmount

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Maybe = str | None
"""A dimension of a row; a field that is absent is `unknown`, null is what has no value."""
COUNTER_PATHS = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "server_tool_use.web_search_requests",
)
"""Where usage has its counters, in the order of `core.records.COUNTERS`."""
_counters: Callable[[Usage], tuple[int, int, int, int, int, int]] = attrgetter(*COUNTER_PATHS)


class CacheCreation(Counters, gc=False):
    """Tokens written to the cache, by lifetime; never merged (trap 19)."""

    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class ServerToolUse(Counters, gc=False):
    """Uses of tools that Anthropic runs."""

    web_search_requests: Count


class Usage(msgspec.Struct, gc=False):
    """Tokens and searches of a row (reports-api 1.2.2, analytics-api 1.4).

    An absent `cache_creation` means that nothing was written, an absent `server_tool_use` that no tool was used.
    """

    uncached_input_tokens: Count
    cache_read_input_tokens: Count
    output_tokens: Count
    cache_creation: CacheCreation = msgspec.field(default_factory=lambda: CacheCreation(0, 0))
    server_tool_use: ServerToolUse = msgspec.field(default_factory=lambda: ServerToolUse(0))

    @property
    def counters(self) -> tuple[int, int, int, int, int, int]:
        """The six counters, in the order of `core.records.COUNTERS`."""
        return _counters(self)


def dollars(page: Page, path: str, amount: str, currency: str) -> Decimal:
    """An amount of fractional cents in exact US dollars; InvalidAmount names where it stands if it cannot be read."""
    try:
        return from_cents(amount, currency)
    except InvalidAmount as bad:
        raise InvalidAmount(
            f"{path}: {bad.what}",
            f"A wrong amount is worse than none. {AGAIN}",
            request_id=page.request_id,
        ) from None


def unknown_fields(
    row: Mapping[str, Any], shape: type[msgspec.Struct], raw: Mapping[str, type[msgspec.Struct]] | None = None
) -> dict[str, object]:
    """The fields of a row that its shape does not have, as sent, by their path.

    `raw` gives the shapes of the row's fields that are decoded apart.
    """
    nested, unknown = {**_nested(shape), **(raw or {})}, dict[str, object]()
    for name, value in row.items():
        if name not in shape.__struct_fields__:
            unknown[name] = value
        elif inner := nested.get(name):
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict):
                    unknown |= {f"{name}.{path}": field for path, field in unknown_fields(entry, inner).items()}
    return unknown


@lru_cache(maxsize=64)
def _nested(shape: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    """The fields of a shape that hold an object, or a list of objects, with the shape of these."""
    nested: dict[str, type[msgspec.Struct]] = {}
    kind = inspect.type_info(shape)
    for field in kind.fields if isinstance(kind, inspect.StructType) else ():
        members = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        for member in members:
            inner = member.item_type if isinstance(member, inspect.ListType) else member
            if isinstance(inner, inspect.StructType):
                nested[field.encode_name] = inner.cls
    return nested
