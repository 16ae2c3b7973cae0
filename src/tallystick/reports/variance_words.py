"""Variance in words: why an amount changed, and of whom and on what model most of that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.dimensions import NAMED
from tallystick.core.money import dollars, ratio, rounded
from tallystick.core.text import change_words, cut, window_words
from tallystick.core.time import Window
from tallystick.tally.variance import Effects

EFFECTS = {
    "volume": ("less use", "more use"),
    "mix": ("cheaper mix", "dearer mix"),
    "price": ("lower rates", "higher rates"),
}
"""What an effect is called that made the amount fall, and that made it grow."""
CENT = Decimal("0.005")
"""An effect under this rounds to nothing."""
SMALL = 20
"""An effect that many times smaller than the largest is not worth a word: the columns have it."""
QUARTER = 4
"""A part of a change that is more than that many times smaller is not named."""
Namer = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Part:
    """Effects in picodollars: the group of the answer that they are of, their key, their person, their model.

    Mix is what price and volume leave of the change.
    """

    group: tuple[str, ...]
    key: str
    actor: str
    model: str
    before: int
    after: int
    price: int
    volume: int

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before


def combined(parts: Sequence[Part]) -> Effects:
    """The effects of several parts as one."""
    if not parts:
        return Effects.sum([])
    sums = zip(*((part.before, part.after, part.price, part.volume) for part in parts), strict=True)
    return Effects.of(*map(sum, sums))


def why(effects: Effects) -> str:
    """Return the effects that matter, the largest first; one word where all is new or has ended."""
    if not effects.before:
        return "new" if effects.after else "no change"
    if not effects.after:
        return f"ended, {rounded(effects.before):,} before"
    amounts = {name: getattr(effects, name) for name in EFFECTS}
    least = max(CENT, max(map(abs, amounts.values())) / SMALL)
    amounts = {name: amount for name, amount in amounts.items() if abs(amount) >= least}
    ranked = sorted(amounts, key=lambda name: -abs(amounts[name]))
    return ", ".join(_effect(name, amounts[name], effects.before) for name in ranked) or "no change"


def _effect(name: str, amount: Decimal, before: Decimal) -> str:
    share = ratio(abs(amount), before) if name == "volume" else None
    percent = f"{rounded(share * 100, 0)} % " if share is not None and share >= CENT else ""
    return f"{percent}{EFFECTS[name][amount > 0]} ({signed(amount)})"


def mostly(parts: Sequence[Part], names: Mapping[str, Namer], *, who: bool, model: bool) -> str:
    """Return who has the largest part in a change and on what model; without who or the model where that is known.

    Where nobody has a quarter of it, it is of all, and so is what is said of models.
    """
    change = dollars(sum(part.change for part in parts))
    if abs(change) < CENT:
        return ""
    words, lines = "", parts
    if who:
        subject, amount = _largest(((part.key, part.actor), part) for part in parts)
        if is_large(amount, change):
            lines = [part for part in parts if (part.key, part.actor) == subject]
            words = f"{share(amount, change)} {_subject(subject, names)} ({signed(amount)})"
            change = amount
    if model and (model_words := _models(lines, change)):
        is_on = model_words.startswith("on ") and not words
        words = " ".join(filter(None, (words, "mostly" if is_on else "", model_words)))
    return words


def headline(effects: Effects, windows: tuple[Window, Window], year: int, largest: str) -> str:
    """Return what a change came to and why, in a sentence; `largest` is what has the largest part in it."""
    after, before = (window_words(window, year) for window in windows)
    change = effects.change
    if abs(change) < CENT:
        return f"{after} cost as much as {before}: {rounded(effects.after):,} USD."
    words = f"{after} cost {change_words(change, ratio(change, effects.before))} than {before}: {why(effects)}."
    return f"{words} {largest[:1].upper()}{largest[1:]}." if largest else words


def _largest(parts: Iterable[tuple[tuple[str, ...], Part]]) -> tuple[tuple[str, ...], Decimal]:
    """The name whose parts changed most in the direction of all, and by how much."""
    sums = _changes(parts)
    rises = sum(sums.values()) > 0
    name = max(sums, key=lambda name: (sums[name] if rises else -sums[name], name))
    return name, dollars(sums[name])


def _changes(parts: Iterable[tuple[tuple[str, ...], Part]]) -> dict[tuple[str, ...], int]:
    changes = defaultdict[tuple[str, ...], int](int)
    for name, part in parts:
        changes[name] += part.change
    return changes


def is_large(part: Decimal, change: Decimal) -> bool:
    """Whether a part is a quarter of a change or more."""
    return abs(part) * QUARTER >= abs(change)


def share(part: Decimal, change: Decimal) -> str:
    """Return how large a part of a change is, in words."""
    return "mostly" if abs(part) * 2 >= abs(change) else "partly"


def _subject(subject: tuple[str, ...], names: Mapping[str, Namer]) -> str:
    """What a key is called; of use without one, who asked."""
    key, actor = subject
    if key == NAMED["key"].absent and actor != NAMED["actor"].absent:
        return cut(names["actor"](actor))
    return cut(names["key"](key))


def _models(parts: Sequence[Part], change: Decimal) -> str:
    """On what model, or which one came in the place of which."""
    models = {name: dollars(amount) for (name,), amount in _changes(((part.model,), part) for part in parts).items()}
    if len(models) < 2 and change:  # noqa: PLR2004 - one tells nothing apart
        [only] = models
        return f"on {only}"
    least, most = (choose(models, key=lambda name: (models[name], name)) for choose in (min, max))
    loss, gain = models[least], models[most]
    if loss < 0 < gain and min(-loss, gain) >= abs(change):
        return f"with {most} in place of {least}"
    largest = most if change > 0 else least
    return f"on {largest}" if abs(models[largest]) * 2 >= abs(change) else ""


def signed(amount: Decimal) -> str:
    """Return an amount with its sign."""
    return f"{rounded(amount):+,}"
