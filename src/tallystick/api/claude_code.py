"""The Claude Code report: `usage_report/claude_code`, one UTC day at a time (reports-api 1.4).

A row is an actor in a place. Captures differ in what they have, so any figure may be absent, which is unknown rather
than zero; so is a value that cannot be, and its row is kept. Its cost is an estimate of what the bill holds already.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Annotated, NamedTuple

import msgspec

from tallystick.api.actors import Actor, actor_of
from tallystick.api.endpoints import CLAUDE_CODE_REPORT
from tallystick.api.figures import unknown_fields
from tallystick.api.leniency import Oddity, read
from tallystick.api.page import Envelope, Page, Query, strange, untyped_rows
from tallystick.core.money import EXACT, PLACES, rounded
from tallystick.core.time import instant, midnight

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None

USER, KEY = "user_actor", "api_actor"


class _ActorFields(msgspec.Struct):
    """The fields of an actor here: a person by e-mail or a key by its name."""

    type: str
    email_address: str
    api_key_name: str


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

    model: str | None = None
    tokens: ModelTokens = msgspec.field(default_factory=ModelTokens)
    estimated_cost: EstimatedCost | None = None


class CodeRow(msgspec.Struct):
    """One actor in one place on one day."""

    date: str
    actor: msgspec.Raw = msgspec.Raw(b"null")
    customer_type: str | None = None
    subscription_type: str | msgspec.UnsetType | None = msgspec.UNSET
    terminal_type: str | None = None
    is_remote: bool | None = None
    organization_id: str | None = None
    core_metrics: CoreMetrics = msgspec.field(default_factory=CoreMetrics)
    tool_actions: dict[str, ToolAction] | None = None
    model_breakdown: list[ModelUse] | None = None


class _Report(Envelope):
    data: list[CodeRow]


class Placed(NamedTuple):
    """A row, who it is of, the estimate of each of its models in exact US dollars (None where there is none), its path.

    Who it is of is an Actor with the e-mail of a person or, in `key`, the name of a key; neither has an id here.
    """

    row: CodeRow
    actor: Actor
    key: str | None
    estimated: list[Decimal | None]
    path: str


def query(day: date) -> Query:
    """Ask for one UTC day."""
    parameters = (("starting_at", f"{day}"), ("limit", str(CLAUDE_CODE_REPORT.limits["1d"])))
    return Query(CLAUDE_CODE_REPORT, parameters, shape=_Report)


def requested_day(page: Page) -> date:
    """The day that a page's request asked for."""
    return date.fromisoformat(dict(page.parameters)["starting_at"])


def rows(page: Page, odd: set[Oddity] | None = None) -> list[Placed]:
    """The rows of a page, checked; UnexpectedResponse for one of another day.

    What was left out of them, since it did not fit, is added to `odd`: an estimate, a count, a name of an actor.
    """
    odd = set() if odd is None else odd
    report = page.content if isinstance(page.content, _Report) else read(page, _Report, odd)
    return [_placed(page, row, f"$.data[{index}]", odd) for index, row in enumerate(report.data)]


def _placed(page: Page, row: CodeRow, path: str, odd: set[Oddity]) -> Placed:
    day = requested_day(page)
    try:
        right = instant(row.date) == midnight(day)
    except ValueError:
        right = False
    if not right:
        raise strange(page, f"a row of {row.date!r} at `{path}.date` where {day} was asked for")
    actor = actor_of(bytes(row.actor)) or Actor()
    key = actor.extra.get("api_key_name")
    if not (actor.email_address or (isinstance(key, str) and key)):
        odd.add(Oddity("data[].actor", f"has no e-mail and no name of a key ({actor.type}); its row stands alone"))
    estimated = [_dollars(use.estimated_cost, odd) for use in row.model_breakdown or ()]
    return Placed(row, actor, key if isinstance(key, str) and key else None, estimated, path)


def _dollars(estimate: EstimatedCost | None, odd: set[Oddity]) -> Decimal | None:
    """An estimate in US dollars, to twelve places; None where it is not told or no amount, which is never an error."""
    if estimate is None or (amount := bytes(estimate.amount).decode()) == "null":
        return None
    exact, dollars = Decimal(0), None
    with suppress(ArithmeticError):  # one beyond bounds
        if _NUMBER.fullmatch(amount):
            exact = Decimal(amount.strip('"')).scaleb(-2, EXACT)
            dollars = rounded(exact, PLACES)
    if dollars is None or not 0 <= dollars < MOST_DOLLARS or estimate.currency.upper() != "USD":
        odd.add(Oddity(_ESTIMATE, "no amount of US cents; the estimate is unknown"))
        return None
    if dollars != exact:
        odd.add(Oddity(_ESTIMATE, f"finer than {PLACES} places of a dollar; rounded"))
    return dollars


_ESTIMATE = "data[].model_breakdown[].estimated_cost"
_NUMBER = re.compile(r"\"?[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\"?")
"""An amount; Python would take `1_000` and digits of any script for one as well."""
MOST_DOLLARS = 10**12
"""An estimate of more is none."""


def extra_fields(page: Page) -> set[str]:
    """The fields of a page's rows that tallystick does not know, by their path; tools are not fields."""
    return {name for row in untyped_rows(page) for name in unknown_fields(row, CodeRow, {"actor": _ActorFields})}
