"""Price entries: models, prices and modifiers as a list states them, and the rates that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import structs

from tallystick.core.dimensions import KINDS
from tallystick.core.records import TOKENS

UNITS = MappingProxyType(
    dict.fromkeys(TOKENS, ("tokens", 1_000_000))
    | {"web_search": ("searches", 1000), "code_execution": ("container-hours", 1), "session_time": ("session-hours", 1)}
)
"""Every kind's unit, and how many of them a rate is for; tokens are priced by model, services for all alike."""

PLAIN = MappingProxyType({"tier": "standard", "context": "0-200k", "geo": "global", "speed": "standard"})
"""What a request is when nothing special was asked for, and what stands in for `unknown`."""

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Kind = Annotated[str, msgspec.Meta(pattern=rf"\A({'|'.join(KINDS.values())})\Z")]
_Token = Annotated[str, msgspec.Meta(pattern=rf"\A({'|'.join(TOKENS)})\Z")]
_Number = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,9}(\.[0-9]{1,12})?\Z")]


class Span(NamedTuple):
    """The lowest and highest it can be, US dollars; equal but where no report shows what decides (reports-api 4.1)."""

    low: Decimal
    high: Decimal


class Step(NamedTuple):
    """A modifier by name (long_context, fast, us, batch, or the user's) and the rate once it was applied."""

    name: str
    rate: Span


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars for `per` units: `quantity * low / per` to `quantity * high / per`.

    `standard` is the rate before the `modifiers`, which are in the order of their application and end at low and high.
    `assumed` names the dimensions that were unknown and were taken for plain; `doubt` is what is not certain.
    """

    low: Decimal
    high: Decimal
    per: int
    unit: str
    standard: Span
    modifiers: tuple[Step, ...] = ()
    assumed: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """There is no rate, and why."""

    reason: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model by the id of the reports; `retires` is the first day without it.

    `geo`: it takes an inference geography; `flat`: prompts above 200k tokens cost the same unless a price says so.
    """

    id: _Name
    name: str
    geo: bool = False
    flat: bool = False
    retires: date | None = None
    doubt: str = ""
    source: str = ""
    checked: date | None = None


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"subject": "for", "since": "from"}):
    """What a model, or a service by its kind, costs in UTC days `[since, until)`; US dollars as exact text, by kind.

    `large` is for requests whose prompt is so large, which no report shows. Without `usd` it is not known: see `doubt`.
    """

    subject: _Name
    since: date
    usd: dict[_Kind, _Number] = {}
    large: dict[_Kind, _Number] = {}
    until: date = date.max
    context: Literal["0-200k", "200k-1M"] = "0-200k"
    speed: Literal["standard", "fast"] = "standard"
    doubt: str = ""
    source: str = ""
    checked: date | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is the price of: only one holds on a day."""
        return self.subject, self.context, self.speed

    def span(self, kind: str) -> Span:
        """The rate of a kind; KeyError where it has none."""
        standard, large = Decimal(self.usd[kind]), Decimal(self.large.get(kind, self.usd[kind]))
        return Span(min(standard, large), max(standard, large))

    def over(self, older: Price | None) -> Price:
        """This price, with the older one's rates for the kinds that it leaves out."""
        if not older or not (missing_kinds := older.usd.keys() - self.usd.keys()):
            return self
        large = {kind: rate for kind, rate in older.large.items() if kind in missing_kinds}
        doubt = self.doubt or older.doubt
        return structs.replace(self, usd=older.usd | self.usd, large=large | self.large, doubt=doubt)


class Modifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """A factor on kinds of tokens in UTC days `[since, until)`, where a request is all that is said here."""

    name: _Name
    since: date
    factor: _Number
    until: date = date.max
    tier: str | None = None
    context: str | None = None
    geo: str | None = None
    speed: str | None = None
    models: tuple[str, ...] | None = None
    kinds: tuple[_Token, ...] = TOKENS
    source: str = ""
    checked: date | None = None

    @property
    def key(self) -> str:
        """What it is: only one of a name holds on a day."""
        return self.name

    def applies(self, model: str, kind: str, request: Mapping[str, str]) -> bool:
        """Whether it multiplies the rate of this kind of token in such a request."""
        return (
            kind in self.kinds
            and (self.models is None or model in self.models)
            and all(getattr(self, name) in {None, value} for name, value in request.items())
        )
