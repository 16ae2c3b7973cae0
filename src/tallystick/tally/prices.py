"""Price lists in force: the public one that comes with tallystick, and one's own on top."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from tallystick.core.prices import PriceList


@dataclass(frozen=True)
class Prices:
    """The texts of the price lists, the public one first; AskedWrongly where one cannot be read."""

    texts: tuple[str, ...]

    @classmethod
    def with_own(cls, *own: str) -> Prices:
        """The public list, and these on top of it."""
        return cls(((files("tallystick.core") / "prices.toml").read_text(encoding="utf-8"), *own))

    @cached_property
    def listed(self) -> PriceList:
        """List prices."""
        return PriceList.read(self.texts[0])

    @cached_property
    def own(self) -> PriceList:
        """Prices in force: the list's, and one's own."""
        return PriceList.read(*self.texts) if len(self.texts) > 1 else self.listed

    @property
    def digest(self) -> str:
        """What tells these lists from others."""
        return hashlib.sha256("\0".join(self.texts).encode()).hexdigest()[:16]
