"""Log: every committed version of the ledger, the newest first, and what each changed."""

from __future__ import annotations

from itertools import pairwise

from tallystick.core.message import note
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import text
from tallystick.errors import InvalidQuestion
from tallystick.query.report import Form, Parameter, Report
from tallystick.store.engine import Engine
from tallystick.store.version import DROPPED, EMPTY, Version

_HEADINGS = (
    Heading("version", Kind.NUMBER),
    Heading("committed", Kind.DIMENSION),
    Heading("organization", Kind.DIMENSION, drop_order=2),
    Heading("what", Kind.TEXT),
    Heading("changed", Kind.TEXT, drop_order=1),
)


def answer(engine: Engine, top: int | None = None) -> Table:
    """One row a version up to the engine's, the newest first: number, instant, organization, what was done, tables.

    `changed` names the tables that are not what they were in the version before. `top` keeps the first rows.
    """
    if top is not None and top < 1:
        raise InvalidQuestion("--top keeps at least one row.", "Leave it out to see all.")
    newest = engine.version
    versions = [version for version in engine.tables.every_version() if version.number <= newest.number]
    cells: list[tuple[Cell, ...]] = [
        (
            version.number,
            text(version.at) if version.at else None,
            version.organization,
            version.what,
            None if DROPPED in {*version.totals, *before.totals} else ", ".join(changed(before, version)),
        )
        for version, before in pairwise([*versions, EMPTY])
        if engine.organizations is None or version.organization in engine.organizations
    ]
    rows = cells[:top]
    notes = [f"{len(cells) - len(rows):,} older versions are not shown."] if len(rows) < len(cells) else []
    if dropped := sum(version.dropped_at is not None for version in versions):
        notes.append(f"{dropped:,} of {len(versions):,} versions were dropped, as `keep` says: `--as-of` refuses them.")
    return Table(None, _HEADINGS, rows, {}, tuple(map(note, notes)), {"versions": len(cells)}, newest.identity)


def changed(before: Version, after: Version) -> list[str]:
    """The tables that one version pins at another state than the version before it."""
    return [name for name, pin in after.tables.items() if before.tables.get(name, 0) != pin]


REPORT = Report(
    lambda context, top: answer(context.engine, top),
    (Parameter("top", "The newest N.", Form.COUNT, metavar="N"),),
    "Every committed version, the newest first: any of them can be asked with --as-of.",
    priced=False,
)
