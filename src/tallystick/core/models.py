"""Models under several ids: the one with its date and the one without are one model, where that is certain."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_DATED = re.compile(r"(.+)-[0-9]{8}", re.ASCII)


def stem(model: str) -> str:
    """The id without its date: `claude-haiku-4-5` of `claude-haiku-4-5-20251001`."""
    dated = _DATED.fullmatch(model)
    return dated.group(1) if dated else model


def same(first: str, second: str) -> bool:
    """Whether two ids are one model: they are equal, or one is the other without its date."""
    return first == second or stem(first) == second or first == stem(second)


def canonical(known: Collection[str]) -> Callable[[str], str]:
    """A function from any id to the known one of the same model; an id that stands for none, or for several, stays."""
    dated: dict[str, list[str]] = {}
    for model in known:
        if stem(model) != model:
            dated.setdefault(stem(model), []).append(model)

    def known_as(model: str) -> str:
        if model in known or stem(model) in known:
            return model if model in known else stem(model)
        of_stem = dated.get(model, [])
        return of_stem[0] if len(of_stem) == 1 else model

    return known_as


def aliases(value: str, present: Collection[str]) -> set[str]:
    """The ids among those present that are the model `value`; of several dated ones it must be one of them."""
    matches = {model for model in present if same(model, value)}
    dated = {model for model in matches if stem(model) != model}
    return matches if len(dated) <= 1 else {value} & matches
