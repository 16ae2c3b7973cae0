"""The text of price lists: TOML, read strictly; the entry that cannot be is named."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from tallystick.core.models import canonical
from tallystick.core.money import PLACES
from tallystick.core.price_entries import UNITS, Model, Modifier, Price
from tallystick.core.records import TOKENS
from tallystick.errors import InvalidQuestion

_MEND = 'Amounts and factors are text ("2.50"), days are days (2026-10-07); `tallystick docs prices` shows every field.'
_NAMED_BY = MappingProxyType({"model": "id", "price": "for", "modifier": "name"})

_Entry = TypeVar("_Entry", Model, Price, Modifier)
_Dated = TypeVar("_Dated", Price, Modifier)


@dataclass(frozen=True, slots=True)
class PriceText:
    """One list as it was read: its models by id, its prices and modifiers by what only one holds of on a day."""

    models: dict[str, Model] = field(default_factory=dict)
    prices: dict[tuple[str, str, str], list[Price]] = field(default_factory=dict)
    modifiers: dict[str, list[Modifier]] = field(default_factory=dict)


def read_lists(texts: Sequence[str], names: Sequence[str]) -> list[PriceText]:
    """The lists of these names, in the order in which they correct each other; InvalidQuestion where one cannot be."""
    lists: list[PriceText] = []
    for name, text in zip(names, texts, strict=True):
        known = {id_ for part in lists for id_ in (*part.models, *(subject for subject, _, _ in part.prices))}
        lists.append(_known_as(canonical(known), name, _read(name, text)))
    _fits(lists)
    return lists


def _read(label: str, text: str) -> PriceText:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise InvalidQuestion(f"{_first(label)} is not TOML: {wrong}.", _MEND) from None
    for name, tables in document.items():
        if name not in _NAMED_BY or not isinstance(tables, list):
            raise InvalidQuestion(f"{_first(label)} holds {name!r}.", f"It can hold [[{']], [['.join(_NAMED_BY)}]].")
    result = PriceText()
    for where, model in _entries(label, document, "model", Model):
        if model.id in result.models:
            raise InvalidQuestion(f"{where} stands there twice.", "Keep one of them.")
        result.models[model.id] = model
    for where, price in _entries(label, document, "price", Price):
        kinds = TOKENS if price.subject not in UNITS else (price.subject,)
        if not price.usd.keys() <= set(kinds) or not price.large.keys() <= price.usd.keys():
            raise InvalidQuestion(
                f"{where} has a rate for a kind that is not its own.", f"It can have {', '.join(kinds)}."
            )
        if not price.usd and not price.doubt:
            raise InvalidQuestion(f"{where} has no rate.", "Give its `usd`, or the `doubt` for which it has none.")
        _append(where, result.prices.setdefault(price.key, []), price)
    for where, modifier in _entries(label, document, "modifier", Modifier):
        _append(where, result.modifiers.setdefault(modifier.key, []), modifier)
    return result


def _known_as(canon: Callable[[str], str], label: str, prices_of: PriceText) -> PriceText:
    """A list under the ids by which earlier lists know its models."""
    if all(
        canon(id_) == id_ for id_ in (*prices_of.models, *(subject for subject, _, _ in prices_of.prices))
    ) and not any(
        canon(id_) != id_
        for dated in prices_of.modifiers.values()
        for modifier in dated
        for id_ in modifier.models or ()
    ):
        return prices_of
    result = PriceText({canon(id_): model for id_, model in prices_of.models.items()})
    prices = (
        structs.replace(price, subject=canon(price.subject)) for dated in prices_of.prices.values() for price in dated
    )
    for price in sorted(prices, key=lambda price: price.since):
        _append(f"The price of {price.subject} in {label}", result.prices.setdefault(price.key, []), price)
    for name, dated in prices_of.modifiers.items():
        result.modifiers[name] = [
            structs.replace(modifier, models=modifier.models and tuple(map(canon, modifier.models)))
            for modifier in dated
        ]
    return result


def _entries(label: str, document: Mapping[str, Any], name: str, shape: type[_Entry]) -> Iterator[tuple[str, _Entry]]:
    """The entries of one sort, each with words that name it."""
    for number, table in enumerate(document.get(name, ()), 1):
        words = [f"{table[key]}" for key in (_NAMED_BY[name], "context", "speed", "from") if key in table]
        where = f"[[{name}]] {number} of {label} ({', '.join(words)})"
        try:
            yield where, msgspec.convert(table, shape, strict=True)
        except msgspec.ValidationError as wrong:
            raise InvalidQuestion(f"{where} cannot be read: {_why(wrong)}.", _MEND) from None


def _first(label: str) -> str:
    """A name at the beginning of a sentence; that of a file stays as it is."""
    return label if "." in label else label[:1].upper() + label[1:]


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


def _fits(lists: list[PriceText]) -> None:
    """Refuse a rate that the modifiers together could make finer than a picodollar."""
    finest: dict[str, int] = {}
    for modifier in (entry for text in lists for dated in text.modifiers.values() for entry in dated):
        finest[modifier.name] = max(finest.get(modifier.name, 0), _places(modifier.factor))
    for price in (entry for text in lists for dated in text.prices.values() for entry in dated):
        places = max(map(_places, (*price.usd.values(), *price.large.values())), default=0)
        if places + sum(finest.values()) > PLACES:
            raise InvalidQuestion(
                f"The price of {price.subject} from {price.since} has {places} places, and the modifiers "
                f"{', '.join(finest)} could add {sum(finest.values())}: finer than a picodollar.",
                "Give the rate, or a factor, fewer places.",
            )


def _places(number: str) -> int:
    return len(number.partition(".")[2].rstrip("0"))
