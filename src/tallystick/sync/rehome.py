"""Rehome: days that were read before the directory told which workspace is the default one.

The newer dialect names it by its real id. Once that is known its rows go under `default`, as the older dialect has
them, and their days are matched anew, so that it is one workspace in every table.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.dimensions import NAMED
from tallystick.core.report_tables import ANALYTICS_COST, ANALYTICS_USAGE, CUT_TABLES
from tallystick.store.tables import Writer

_CHARGED = (ANALYTICS_USAGE, ANALYTICS_COST)


def rehome(writer: Writer, organization: str, real: str) -> list[date]:
    """Move the rows of the workspace `real` to `default`; which days have to be charged anew."""
    days: set[date] = set()
    for table in (*_CHARGED, *CUT_TABLES.values()):
        if "workspace" not in {column.name for column in table.columns}:
            continue
        concerned = sorted(writer.days_with(table, organization, workspace=real))
        if not concerned:
            continue
        rows = writer.rows_on(table, organization, concerned)
        is_real = pc.equal(rows["workspace"], real)
        workspaces = pc.if_else(is_real, pa.scalar(NAMED["workspace"].absent), rows["workspace"])
        index = rows.schema.get_field_index("workspace")
        writer.replace(table, organization, concerned, rows.set_column(index, rows.field(index), workspaces))
        days |= set(concerned) if table in _CHARGED else set()
    return sorted(days)
