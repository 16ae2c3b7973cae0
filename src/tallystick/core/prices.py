"""The dated price list: the rate of a model, a kind and a day, or Unpriced with the reason; never a silent zero.

The text of each list is handed in as TOML; prices.toml, beside this file, is the first, and its head says what stands
where. A later text corrects or adds: kind by kind, from the days on that it names (negotiated rates, a discount as a
modifier of its own, a model that we do not know). Rates are exact US dollars per million tokens (reports-api 4).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

from tallystick.core.dimensions import UNKNOWN
from tallystick.core.models import canonical
from tallystick.core.money import EXACT
from tallystick.core.price_entries import PLAIN, UNITS, Model, Modifier, Price, Rate, Span, Step, Unpriced
from tallystick.core.price_text import PriceText, read_lists
from tallystick.core.records import TOKENS

_ALIKE = MappingProxyType({"tier": ("standard",), "geo": ("global", "not_available")})
_WHY = MappingProxyType(
    {"priority": "prepaid capacity, never in the cost report"}
    | dict.fromkeys(("flex", "flex_discount", "priority_on_demand"), "no public price")
)
_UNTOLD = (UNKNOWN, "none")
_DAY = "\0"
"""Stands for the day that is asked about in a reason that holds of several."""


class PriceList:
    """Every price of one or more lists, by day; later lists correct and add to earlier ones."""

    def __init__(self, *lists: PriceText) -> None:
        self._lists = lists
        self._keys = sorted({key for text in lists for key in text.prices})
        dated: list[Price | Modifier] = [*self.factors]
        dated += (price for text in lists for several in text.prices.values() for price in several)
        self._turns = sorted({date.min, *(day for entry in dated for day in (entry.since, entry.until))})
        self.models: Mapping[str, Model] = {id_: model for text in lists for id_, model in text.models.items()}
        self._rates: dict[tuple[date | str, ...], Rate | Unpriced] = {}
        self.model = canonical({*self.models, *(subject for subject, _, _ in self._keys)})
        """The id under which these lists have a model: of `claude-haiku-4-5` that with its date."""

    @classmethod
    def read(cls, *texts: str, names: Sequence[str] = ()) -> PriceList:
        """The lists, in the order in which they correct each other; `names` is what they are called.

        Raises InvalidQuestion, naming the entry, where one cannot be read, two of one list hold on the same day for the
        same thing, or the factors could make a rate finer than a picodollar.
        """
        return cls(*read_lists(texts, names or [f"price list {number}" for number, _ in enumerate(texts, 1)]))

    def rate(
        self, model: str, kind: str, day: date, *, tier: str, context: str, geo: str, speed: str
    ) -> Rate | Unpriced:
        """What one kind of token or service cost on a UTC day; dimensions as the ledger holds them (reports-api 4.2).

        `unknown`, and `none` (Claude Enterprise tells no tier), is taken for plain and named in `assumed`. A service
        costs the same in every tier and geography.
        """
        key = (self.since(day), model, kind, tier, context, geo, speed)
        if not (rate := self._rates.get(key)):
            rate = self._rate_on(day, model, kind, {"tier": tier, "context": context, "geo": geo, "speed": speed})
            self._rates[key] = rate
        if isinstance(rate, Unpriced) and _DAY in rate.reason:
            return Unpriced(rate.reason.replace(_DAY, str(day)))
        return rate

    def _rate_on(self, day: date, model: str, kind: str, request: dict[str, str]) -> Rate | Unpriced:
        if kind not in UNITS:
            return Unpriced(f"{kind} is not a kind with a price")
        if kind not in TOKENS:
            price = self._find((kind, PLAIN["context"], PLAIN["speed"]), kind, day)
            return price if isinstance(price, Unpriced) else _rate([price], kind)
        model = self.model(model)
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
        prices = (
            price for text in self._lists for key, dated in text.prices.items() if key[0] == subject for price in dated
        )
        return sorted({price.since for price in prices})

    @property
    def factors(self) -> list[Modifier]:
        """Every modifier of every day."""
        return [modifier for text in self._lists for dated in text.modifiers.values() for modifier in dated]

    def on(self, day: date, subject: str | None = None) -> tuple[Price, ...]:
        """The prices that hold on a UTC day, one for each model (or service), context and speed, in that order."""
        prices = (self._holding(key, day) for key in self._keys if subject in {None, key[0]})
        return tuple(price for price in prices if price)

    def modifiers(self, day: date) -> tuple[Modifier, ...]:
        """The factors that hold on a UTC day, in the order of their application."""
        entries = (modifier for text in self._lists for dated in text.modifiers.values() for modifier in dated)
        return tuple(
            {modifier.name: modifier for modifier in entries if modifier.since <= day < modifier.until}.values()
        )

    def _holding(self, key: tuple[str, str, str], day: date) -> Price | None:
        current = None
        for price in (price for text in self._lists for price in text.prices.get(key, ())):
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
        return Unpriced(f"no price for {' '.join([subject, *special])} on {_DAY}")

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
