"""The dated price list: the rate of a model, a kind and a day, or Unpriced with the reason; never a silent zero.

The text of each list is handed in as TOML; prices.toml, beside this file, is the first, and its head says what stands
where. A later text corrects or adds: kind by kind, from the days on that it names (negotiated rates, a discount as a
modifier of its own, a model that we do not know). Rates are exact US dollars per million tokens (reports-api 4).
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import structs

from tallystick.core.dimensions import KINDS, UNKNOWN
from tallystick.core.models import canonical
from tallystick.core.money import EXACT, PLACES
from tallystick.core.records import TOKENS
from tallystick.errors import InvalidQuestion

UNITS = MappingProxyType(
    dict.fromkeys(TOKENS, ("tokens", 1_000_000))
    | {"web_search": ("searches", 1000), "code_execution": ("container-hours", 1), "session_time": ("session-hours", 1)}
)
"""Every kind's unit, and how many of them a rate is for; tokens are priced by model, services for all alike."""

PLAIN = MappingProxyType({"tier": "standard", "context": "0-200k", "geo": "global", "speed": "standard"})
"""What a request is when nothing special was asked for, and what stands in for `unknown`."""

_ALIKE = MappingProxyType({"tier": ("standard",), "geo": ("global", "not_available")})
_WHY = MappingProxyType(
    {"priority": "prepaid capacity, never in the cost report"}
    | dict.fromkeys(("flex", "flex_discount", "priority_on_demand"), "no public price")
)
_UNTOLD = (UNKNOWN, "none")
_MEND = 'Amounts and factors are text ("2.50"), days are days (2026-10-07); `tallystick docs prices` shows every field.'
_NAMED_BY = MappingProxyType({"model": "id", "price": "for", "modifier": "name"})

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


_Entry = TypeVar("_Entry", Model, Price, Modifier)
_Dated = TypeVar("_Dated", Price, Modifier)


@dataclass(frozen=True, slots=True)
class _List:
    models: dict[str, Model] = field(default_factory=dict)
    prices: dict[tuple[str, str, str], list[Price]] = field(default_factory=dict)
    modifiers: dict[str, list[Modifier]] = field(default_factory=dict)


class PriceList:
    """Every price of one or more lists, by day; later lists correct and add to earlier ones."""

    def __init__(self, *lists: _List) -> None:
        self._lists = lists
        self._keys = sorted({key for each in lists for key in each.prices})
        dated: list[Price | Modifier] = [*self.factors]
        dated += (price for each in lists for several in each.prices.values() for price in several)
        self._turns = sorted({date.min, *(day for entry in dated for day in (entry.since, entry.until))})
        self.models: Mapping[str, Model] = {id_: model for each in lists for id_, model in each.models.items()}
        self.model = canonical({*self.models, *(subject for subject, _, _ in self._keys)})
        """The id under which these lists have a model: of `claude-haiku-4-5` that with its date."""

    @classmethod
    def read(cls, *texts: str, names: Sequence[str] = ()) -> PriceList:
        """The lists, in the order in which they correct each other; `names` is what they are called.

        Raises InvalidQuestion, naming the entry, where one cannot be read, two of one list hold on the same day for the
        same thing, or the factors could make a rate finer than a picodollar.
        """
        called = names or [f"price list {number}" for number, _ in enumerate(texts, 1)]
        lists: list[_List] = []
        for name, text in zip(called, texts, strict=True):
            known = {id_ for each in lists for id_ in (*each.models, *(subject for subject, _, _ in each.prices))}
            lists.append(_known_as(canonical(known), name, _read(name, text)))
        _fits(lists)
        return cls(*lists)

    def rate(
        self, model: str, kind: str, day: date, *, tier: str, context: str, geo: str, speed: str
    ) -> Rate | Unpriced:
        """What one kind of token or service cost on a UTC day; dimensions as the ledger holds them (reports-api 4.2).

        `unknown`, and `none` (Claude Enterprise tells no tier), is taken for plain and named in `assumed`. A service
        costs the same in every tier and geography.
        """
        if kind not in UNITS:
            return Unpriced(f"{kind} is not a kind with a price")
        if kind not in TOKENS:
            price = self._find((kind, PLAIN["context"], PLAIN["speed"]), kind, day)
            return price if isinstance(price, Unpriced) else _rate([price], kind)
        model = self.model(model)
        request = {"tier": tier, "context": context, "geo": geo, "speed": speed}
        assumed = tuple(name for name, value in request.items() if value in _UNTOLD)
        request.update((name, PLAIN[name]) for name in assumed)
        factors = [modifier for modifier in self.modifiers(day) if modifier.applies(model, kind, request)]
        if why := self._refusal(model, request, factors):
            return Unpriced(why)
        path = []
        plain, window, pace = (model, PLAIN["context"], PLAIN["speed"]), request["context"], request["speed"]
        for key in (plain, (model, window, PLAIN["speed"]), (model, window, pace)):
            price = self._find(key, kind, day)
            if isinstance(price, Unpriced):
                return price
            path.append(price)
        return _rate(path, kind, factors, assumed)

    def since(self, day: date) -> date:
        """The newest day up to this one on which a price or a factor began or ended: all days since have the same."""
        return self._turns[bisect_right(self._turns, day) - 1]

    def retires(self, model: str) -> date | None:
        """The first UTC day without the model; None where none is known."""
        known_model = self.models.get(self.model(model))
        return known_model.retires if known_model else None

    @property
    def keys(self) -> Sequence[tuple[str, str, str]]:
        """Every model (or service), context and speed that has a price on some day."""
        return self._keys

    def changes(self, subject: str) -> list[date]:
        """The days on which a price of a model or service begins."""
        every = (
            price for each in self._lists for key, dated in each.prices.items() if key[0] == subject for price in dated
        )
        return sorted({price.since for price in every})

    @property
    def factors(self) -> list[Modifier]:
        """Every modifier of every day."""
        return [modifier for each in self._lists for dated in each.modifiers.values() for modifier in dated]

    def on(self, day: date, subject: str | None = None) -> tuple[Price, ...]:
        """The prices that hold on a UTC day, one for each model (or service), context and speed, in that order."""
        prices = (self._holding(key, day) for key in self._keys if subject in {None, key[0]})
        return tuple(price for price in prices if price)

    def modifiers(self, day: date) -> tuple[Modifier, ...]:
        """The factors that hold on a UTC day, in the order of their application."""
        every = (modifier for each in self._lists for dated in each.modifiers.values() for modifier in dated)
        return tuple({modifier.name: modifier for modifier in every if modifier.since <= day < modifier.until}.values())

    def _holding(self, key: tuple[str, str, str], day: date) -> Price | None:
        current = None
        for price in (price for each in self._lists for price in each.prices.get(key, ())):
            current = price.over(current) if price.since <= day < price.until else current
        return current

    def _find(self, key: tuple[str, str, str], kind: str, day: date) -> Price | Unpriced:
        """The price that has this kind, or why there is none."""
        subject, context, speed = key
        price = self._holding(key, day)
        if price and kind in price.usd:
            return price
        if context == "200k-1M" and subject in self.models and self.models[subject].flat:
            return self._find((subject, PLAIN["context"], speed), kind, day)
        if price:
            return Unpriced(price.doubt or f"no price of {kind} was ever published for {subject}")
        special = [value for value in (context, speed) if value not in PLAIN.values()]
        return Unpriced(f"no price for {' '.join([subject, *special])} on {day}")

    def _refusal(self, model: str, request: Mapping[str, str], factors: Iterable[Modifier]) -> str:
        """Why no such request has a price; empty where one may have."""
        odd = [name for name, alike in _ALIKE.items() if request[name] not in alike]
        for name in odd:
            if not any(getattr(modifier, name) == request[name] for modifier in factors):
                return _WHY.get(request[name], f"no price for {name} {request[name]} at {request['speed']} speed")
        if not any(model == subject for subject, _, _ in self._keys):
            return f"{model} is not in the price list"
        if "geo" in odd and not (model in self.models and self.models[model].geo):
            return f"{model} takes no inference geography, so there is no price for {request['geo']}"
        return ""


def _rate(path: list[Price], kind: str, factors: Iterable[Modifier] = (), assumed: tuple[str, ...] = ()) -> Rate:
    """The rate along a path of prices (plain, then its context, then its speed), then times each factor."""
    changes = zip(("long_context", "fast"), pairwise(path), strict=False)
    steps = [Step(name, price.span(kind)) for name, (before, price) in changes if before.key != price.key]
    low, high = path[-1].span(kind)
    for modifier in factors:
        low, high = (EXACT.multiply(dollars, Decimal(modifier.factor)) for dollars in (low, high))
        steps.append(Step(modifier.name, Span(low, high)))
    unit, per = UNITS[kind]
    doubt = path[-1].doubt or path[0].doubt
    return Rate(low, high, per, unit, path[0].span(kind), tuple(steps), assumed, doubt)


def _read(called: str, text: str) -> _List:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise InvalidQuestion(f"{_first(called)} is not TOML: {wrong}.", _MEND) from None
    for name, tables in document.items():
        if name not in _NAMED_BY or not isinstance(tables, list):
            raise InvalidQuestion(f"{_first(called)} holds {name!r}.", f"It can hold [[{']], [['.join(_NAMED_BY)}]].")
    result = _List()
    for where, model in _entries(called, document, "model", Model):
        if model.id in result.models:
            raise InvalidQuestion(f"{where} stands there twice.", "Keep one of them.")
        result.models[model.id] = model
    for where, price in _entries(called, document, "price", Price):
        kinds = TOKENS if price.subject not in UNITS else (price.subject,)
        if not price.usd.keys() <= set(kinds) or not price.large.keys() <= price.usd.keys():
            raise InvalidQuestion(
                f"{where} has a rate for a kind that is not its own.", f"It can have {', '.join(kinds)}."
            )
        if not price.usd and not price.doubt:
            raise InvalidQuestion(f"{where} has no rate.", "Give its `usd`, or the `doubt` for which it has none.")
        _append(where, result.prices.setdefault(price.key, []), price)
    for where, modifier in _entries(called, document, "modifier", Modifier):
        _append(where, result.modifiers.setdefault(modifier.key, []), modifier)
    return result


def _known_as(canon: Callable[[str], str], called: str, each: _List) -> _List:
    """A list under the ids by which earlier lists know its models."""
    if all(canon(id_) == id_ for id_ in (*each.models, *(subject for subject, _, _ in each.prices))) and not any(
        canon(id_) != id_ for dated in each.modifiers.values() for modifier in dated for id_ in modifier.models or ()
    ):
        return each
    result = _List({canon(id_): model for id_, model in each.models.items()})
    prices = (structs.replace(price, subject=canon(price.subject)) for dated in each.prices.values() for price in dated)
    for price in sorted(prices, key=lambda price: price.since):
        _append(f"The price of {price.subject} in {called}", result.prices.setdefault(price.key, []), price)
    for name, dated in each.modifiers.items():
        result.modifiers[name] = [
            structs.replace(modifier, models=modifier.models and tuple(map(canon, modifier.models)))
            for modifier in dated
        ]
    return result


def _entries(called: str, document: Mapping[str, Any], name: str, shape: type[_Entry]) -> Iterator[tuple[str, _Entry]]:
    """The entries of one sort, each with words that name it."""
    for number, table in enumerate(document.get(name, ()), 1):
        words = [f"{table[key]}" for key in (_NAMED_BY[name], "context", "speed", "from") if key in table]
        where = f"[[{name}]] {number} of {called} ({', '.join(words)})"
        try:
            yield where, msgspec.convert(table, shape, strict=True)
        except msgspec.ValidationError as wrong:
            raise InvalidQuestion(f"{where} cannot be read: {_why(wrong)}.", _MEND) from None


def _first(called: str) -> str:
    """A name at the beginning of a sentence; that of a file stays as it is."""
    return called if "." in called else called[:1].upper() + called[1:]


def _why(wrong: msgspec.ValidationError) -> str:
    """What is wrong in words: no pattern that a text should match."""
    problem, separator, path = str(wrong).partition(" - at ")
    if "regex" in problem:
        problem = (
            "an amount or factor is not exact text" if "0-9" in problem else "there is no such kind of token or service"
        )
    return problem + separator + path.replace("`$.", "`")


def _append(where: str, dated: list[_Dated], entry: _Dated) -> None:
    """Add an entry to those of its key; the one before it ends where it begins, if it had no end."""
    if entry.until <= entry.since:
        raise InvalidQuestion(
            f"{where} ends before it begins.", "`from` is the first day, `until` the first day without."
        )
    if dated and dated[-1].since < entry.since and dated[-1].until == date.max:
        dated[-1] = structs.replace(dated[-1], until=entry.since)
    if dated and entry.since < dated[-1].until:
        raise InvalidQuestion(
            f"{where} begins before the one above it ends.", "Append a change, with a `from` of its own."
        )
    dated.append(entry)


def _fits(lists: list[_List]) -> None:
    """Refuse a rate that the modifiers together could make finer than a picodollar."""
    finest: dict[str, int] = {}
    for modifier in (entry for each in lists for dated in each.modifiers.values() for entry in dated):
        finest[modifier.name] = max(finest.get(modifier.name, 0), _places(modifier.factor))
    for price in (entry for each in lists for dated in each.prices.values() for entry in dated):
        places = max(map(_places, (*price.usd.values(), *price.large.values())), default=0)
        if places + sum(finest.values()) > PLACES:
            raise InvalidQuestion(
                f"The price of {price.subject} from {price.since} has {places} places, and the modifiers "
                f"{', '.join(finest)} could add {sum(finest.values())}: finer than a picodollar.",
                "Give the rate, or a factor, fewer places.",
            )


def _places(number: str) -> int:
    return len(number.partition(".")[2].rstrip("0"))
