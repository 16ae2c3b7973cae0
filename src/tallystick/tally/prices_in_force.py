"""Prices in force: the public one that comes with tallystick, and one's own on top."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tallystick.core.text import did_you_mean

if TYPE_CHECKING:
    from tallystick.core.prices import PriceList


@dataclass(frozen=True)
class Prices:
    """The texts of the price lists, the public one first; InvalidQuestion where one cannot be read.

    `name` is what one's own is called.
    """

    texts: tuple[str, ...]
    name: str = "the own price list"

    @classmethod
    def with_own(cls, *own: str, name: str = name) -> Prices:
        """The public list, and these on top of it."""
        return cls(((files("tallystick.core") / "prices.toml").read_text(encoding="utf-8"), *own), name)

    @cached_property
    def listed(self) -> PriceList:
        """List prices."""
        return _read(self.texts[0])

    @cached_property
    def in_force(self) -> PriceList:
        """Prices in force: the list's, and one's own."""
        if len(self.texts) == 1:
            return self.listed
        return _read(*self.texts, names=("prices.toml", *(self.name for _ in self.texts[1:])))

    def unknown(self, used: Collection[str]) -> list[str]:
        """The models that one's own list names and that neither a list nor `used` has, each with what is near it."""
        from tallystick.core.price_entries import UNITS

        known = {*used, *self.in_force.models, *(subject for subject, _, _ in self.listed.keys), *UNITS}
        models = {subject for subject, _, _ in self.in_force.keys}
        models |= {model for factor in self.in_force.factors for model in factor.models or ()}
        hints = {model: did_you_mean(model, sorted(known), cutoff=0.5) for model in sorted(models - known)}
        return [f"{model}. {hint}" if hint else f"{model}." for model, hint in hints.items()]

    @property
    def digest(self) -> str:
        """What tells these lists from others."""
        return hashlib.sha256("\0".join(self.texts).encode()).hexdigest()[:16]


@lru_cache(8)
def _read(*texts: str, names: tuple[str, ...] = ()) -> PriceList:
    """The lists of these texts, read once in a process: a list never changes, and to read one takes 20 ms."""
    from tallystick.core.prices import PriceList

    return PriceList.read(*texts, names=names)
