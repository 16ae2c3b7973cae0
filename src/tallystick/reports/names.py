"""Names beside ids: what the directory calls a workspace, key, actor or organization."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from tallystick.ledger.engine import Engine

TYPES: Mapping[str, tuple[str, ...]] = {
    "organization": ("organization",),
    "workspace": ("workspace",),
    "key": ("key",),
    "actor": ("user", "service_account"),
}
"""The dimensions that have names, and the types of the `names` table that hold them."""

SPOKEN = {"default": "Default workspace", "playground": "No key (Playground, OAuth)", "unattributed": "Not attributed"}
"""Names of what is absent, where the directory has none."""


def named(engine: Engine, dims: Sequence[str]) -> dict[str, Callable[[str], str]]:
    """For each dimension that has names, a function from id to name; an id without a name stands for itself."""
    return {name: _namer(engine, TYPES[name]) for name in dims if name in TYPES}


def ids_called(engine: Engine, dimension: str, name: str) -> set[str]:
    """The ids that bear this name; several where names are not unique."""
    if dimension not in TYPES:
        return set()
    query = _names(TYPES[dimension]).where(exp.column("name").eq(exp.Literal.string(name)))
    return {row["id"] for row in engine.ask(query).to_pylist()}


def _namer(engine: Engine, types: tuple[str, ...]) -> Callable[[str], str]:
    names = SPOKEN | {row["id"]: row["name"] for row in engine.ask(_names(types)).to_pylist()}
    return lambda it: names.get(it, it)


def _names(types: tuple[str, ...]) -> exp.Select:
    return exp.select("id", "name").from_("names").where(exp.column("type").isin(*map(exp.Literal.string, types)))
