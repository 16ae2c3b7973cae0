"""The Claude Code report: `usage_report/claude_code`, one UTC day at a time (reports-api 1.4).

A row is an actor in a place. Captures differ in what they have, so any figure may be absent, which is unknown rather
than zero; a value that cannot be is a StrangeAnswer. Its cost is an estimate of what the bill holds already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from tallystick.api.client import Envelope, Page, Query, decode
from tallystick.api.endpoints import CLAUDE_CODE_REPORT
from tallystick.core.money import from_cents
from tallystick.core.time import instant, midnight
from tallystick.errors import BadMoney, StrangeAnswer

Count = Annotated[int, msgspec.Meta(ge=0)] | None

MEND = "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic."
USER, KEY = "user_actor", "api_actor"


class Actor(msgspec.Struct):
    """A person by e-mail or a key by its name; neither has an id here."""

    type: str
    email_address: str | None = None
    api_key_name: str | None = None


class LinesOfCode(msgspec.Struct):
    """Lines that were accepted."""

    added: Count = None
    removed: Count = None


class CoreMetrics(msgspec.Struct):
    """What was done."""

    num_sessions: Count = None
    lines_of_code: LinesOfCode = msgspec.field(default_factory=LinesOfCode)
    commits_by_claude_code: Count = None
    pull_requests_by_claude_code: Count = None


class ToolAction(msgspec.Struct):
    """What became of a tool's proposals."""

    accepted: Count = None
    rejected: Count = None


class ModelTokens(msgspec.Struct):
    """Tokens of a model; cache writes of both lifetimes together."""

    input: Count = None
    output: Count = None
    cache_read: Count = None
    cache_creation: Count = None


class EstimatedCost(msgspec.Struct):
    """An estimate in cents: a number here, unlike everywhere else."""

    amount: msgspec.Raw
    currency: str = "USD"


class ModelUse(msgspec.Struct):
    """The part of one model."""

    model: str
    tokens: ModelTokens = msgspec.field(default_factory=ModelTokens)
    estimated_cost: EstimatedCost | None = None


class CodeRow(msgspec.Struct):
    """One actor in one place on one day."""

    date: str
    actor: Actor
    customer_type: str | None = None
    subscription_type: str | msgspec.UnsetType | None = msgspec.UNSET
    terminal_type: str | None = None
    is_remote: bool | None = None
    organization_id: str | None = None
    core_metrics: CoreMetrics = msgspec.field(default_factory=CoreMetrics)
    tool_actions: dict[str, ToolAction] | None = None
    model_breakdown: list[ModelUse] = []


class _Report(Envelope):
    data: list[CodeRow]


class _Untyped(msgspec.Struct):
    data: list[dict[str, Any]]


class Placed(NamedTuple):
    """A row, the estimate of each of its models in exact US dollars (None where there is none), and its path."""

    row: CodeRow
    estimated: list[Decimal | None]
    path: str


def query(day: date) -> Query:
    """Ask for one UTC day."""
    parameters = (("starting_at", f"{day}"), ("limit", str(CLAUDE_CODE_REPORT.limits["1d"])))
    return Query(CLAUDE_CODE_REPORT, parameters, shape=_Report)


def asked(page: Page) -> date:
    """The day that a page's request asked for."""
    return date.fromisoformat(parse_qs(urlsplit(page.request).query)["starting_at"][0])


def rows(page: Page) -> list[Placed]:
    """The rows of a page, checked; StrangeAnswer for one of another day or of no one, BadMoney names its amount."""
    report = page.content if isinstance(page.content, _Report) else decode(page, _Report)
    return [_placed(page, row, f"$.data[{place}]") for place, row in enumerate(report.data)]


def _placed(page: Page, row: CodeRow, path: str) -> Placed:
    day = asked(page)
    try:
        right = instant(row.date) == midnight(day)
    except ValueError:
        right = False
    if not right:
        raise _strange(page, f"a row of {row.date!r} at `{path}.date` where {day} was asked for")
    if not (row.actor.email_address or row.actor.api_key_name):
        raise _strange(page, f"a row of no one at `{path}.actor`")
    estimated = []
    for place, use in enumerate(row.model_breakdown):
        try:
            estimated.append(_dollars(use.estimated_cost))
        except BadMoney as bad:
            where = f"{path}.model_breakdown[{place}].estimated_cost"
            raise BadMoney(
                f"The Claude Code report of {day} holds at `{where}`: {bad.what}",
                MEND,
                request_id=page.request_id,
            ) from None
    return Placed(row, estimated, path)


def _dollars(estimate: EstimatedCost | None) -> Decimal | None:
    if estimate is None or (said := bytes(estimate.amount).decode()) == "null":
        return None
    return from_cents(said, estimate.currency)


def _strange(page: Page, what: str) -> StrangeAnswer:
    path = page.request.partition("?")[0]
    return StrangeAnswer(f"{path} answered with {what}.", MEND, request_id=page.request_id)


_WITHIN: Mapping[str, type[msgspec.Struct]] = {
    "": CodeRow,
    "actor.": Actor,
    "core_metrics.": CoreMetrics,
    "core_metrics.lines_of_code.": LinesOfCode,
    "model_breakdown.": ModelUse,
    "model_breakdown.tokens.": ModelTokens,
    "model_breakdown.estimated_cost.": EstimatedCost,
}
"""The fields that are known, by where they stand."""


def extra_fields(page: Page) -> set[str]:
    """The fields of a page's rows that tallystick does not know, by their path; tools are not fields."""
    return {name for row in decode(page, _Untyped).data for name in _unknown(row, "")}


def _unknown(said: Mapping[str, Any], where: str) -> Iterator[str]:
    known = _WITHIN[where].__struct_fields__
    for name, value in said.items():
        inner = f"{where}{name}."
        if name not in known:
            yield f"{where}{name}"
        elif inner in _WITHIN:
            inside: Iterable[Any] = value if isinstance(value, list) else [value]
            for it in inside:
                if isinstance(it, dict):
                    yield from _unknown(it, inner)
