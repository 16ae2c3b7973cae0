"""Rehome: days that were read before the directory told which workspace is the default one.

The newer dialect names it by its real id. Once that is known its rows go under `default`, as the older dialect has
them, and their days are matched anew, so that it is one workspace in every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow.compute as pc

from tallystick.core.dimensions import NAMED
from tallystick.core.time import Grain
from tallystick.store.digests import digests
from tallystick.store.writer import Writer
from tallystick.sync.source import Source
from tallystick.sync.sources import SOURCES


def rehome(writer: Writer, organization: str, real: str) -> Mapping[Source, Mapping[date, str]]:
    """Move the rows of the workspace `real` to `default`; the new digests of the days that had some, by source."""
    moved: dict[Source, Mapping[date, str]] = {}
    for source in SOURCES.values():
        table = source.tables[Grain.DAY]
        if not source.newer or "workspace" not in {column.name for column in table.columns}:
            continue
        days = sorted(writer.days_with(table, organization, workspace=real))
        if not days:
            continue
        rows = writer.rows_on(table, organization, days)
        names = rows["workspace"].cast("string")
        workspaces = pc.if_else(pc.equal(names, real), NAMED["workspace"].absent, names)
        rows = rows.set_column(rows.schema.get_field_index("workspace"), "workspace", workspaces)
        writer.replace(table, organization, days, rows)
        moved[source] = digests(rows)
    return moved
