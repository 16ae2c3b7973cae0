"""Misspelt: values of the owners' rules that nothing in the ledger has, with what is spelt nearly so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, warning
from tallystick.core.text import did_you_mean, few
from tallystick.core.time import Window
from tallystick.query.filters import present
from tallystick.query.spelling import every, spellings
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import CONDITIONS, FIELDS, Rule, like

if TYPE_CHECKING:
    from tallystick.tally.attribute import Attribution


def known_words(engine: Engine) -> dict[str, set[str]]:
    """Return every word by which something in the ledger can be named, for each condition."""
    words = {
        name: {word for spelt in by_id.values() for word in every(spelt)} for name, by_id in spellings(engine).items()
    }
    for name in FIELDS:
        words.setdefault(name, set()).update(present(engine, CHARGES, name))
    return words


def unknown_values(rule: Rule, words: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield in words the values of a rule that nothing in the ledger has, each with what is spelt nearly so."""
    for name in CONDITIONS:
        known = sorted(words[name])
        for value in rule.conditions.get(name, ()):
            if value in words[name] or ("*" in value and any(map(like(value).fullmatch, known))):
                continue
            hint = did_you_mean(value, known)
            yield f"nothing has the {name} {value!r}" + f". {hint}" * bool(hint)


def misspelt(engine: Engine, owners: Owners, charges: Attribution, window: Window) -> list[Message]:
    """Return a warning of the rules in force that caught nothing and name what nothing in the ledger has.

    None where the engine shows some organizations alone: a rule may be of another.
    """
    if not owners.rules or engine.organizations is not None:
        return []
    caught = {row["rule"] for row in charges.sums(["rule"])}
    idle = [
        rule
        for index, rule in enumerate(owners.rules)
        if index not in caught and rule.start < window.end.date() and rule.end > window.start.date()
    ]
    words = known_words(engine) if idle else {}
    sentences = [f"{rule.name}: {text}" for rule in idle for text in unknown_values(rule, words)]
    if not sentences:
        return []
    return [warning(f"Owner rules that match nothing. {few(sentences, 2)}. `tallystick owners --check` lists them.")]
