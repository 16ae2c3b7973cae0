"""Names beside ids: what the directory calls a workspace, key, actor or organization."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.ledger.engine import Engine
from tallystick.ledger.views import NAMED_BY

SPOKEN = {"default": "Default workspace", "playground": "No key (Playground, OAuth)", "unattributed": "Not attributed"}
"""Names of what is absent, where the directory has none."""
ALONE = "Billed without use"
"""The name of who used what only the bill has: no report says who it was."""


def named(engine: Engine, dims: Sequence[str]) -> dict[str, Callable[[str], str]]:
    """For each dimension that has names, a function from id to name; an id without a name stands for itself."""
    return {name: _namer(directory(engine, name)) for name in dims if name in NAMED_BY}


def directory(engine: Engine, dimension: str) -> dict[str, str]:
    """Every id of a dimension that has a name, and its newest name."""
    if dimension not in NAMED_BY:
        return {}
    types = map(exp.Literal.string, NAMED_BY[dimension])
    query = exp.select("id", "name").from_("names").where(exp.column("type").isin(*types))
    said = {row["id"]: row["name"] for row in engine.ask(query).to_pylist()}
    spoken = {id_: name for id_, name in SPOKEN.items() if id_ == NAMED[dimension].absent}
    return spoken | ({UNKNOWN: ALONE} if dimension in {"key", "actor"} else {}) | said


def _namer(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda it: names.get(it, it)
