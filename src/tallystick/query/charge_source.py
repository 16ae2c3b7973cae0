"""Charge source: where a query of charges reads them: in the sums of their days, if those tell all that it asks."""

from __future__ import annotations

import re
from dataclasses import replace

from tallystick.core.causes import EXCEPTIONAL
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, DAY_USED, UNSUMMED, USED
from tallystick.core.select import Select
from tallystick.store.ahead import QUOTED
from tallystick.store.engine import Engine

_SUMS = {f"ledger.{table.name}": f"ledger.{sums.name}" for table, sums in ((CHARGES, DAY_SUMS), (USED, DAY_USED))}
_UNSUMMED = re.compile(rf"\b({'|'.join(UNSUMMED)})\b")
IN_SUMS = {"count(*) AS rows": "sum(rows)::BIGINT AS rows", EXCEPTIONAL: "exceptions > 0"}
"""How the sums tell what is asked of charges in other words."""


def from_sums(engine: Engine, query: Select) -> Select:
    """Return the query with the sums of days in the place of charges where it needs no more.

    Its figures stand in sums, or are asked only whether they are null; its charges are counted as `count(*) AS rows`.
    A version without the sums of all its charges is asked for the charges.
    """
    source = _SUMS.get(query.source)
    if source is None or not engine.version.has_sums or _UNSUMMED.search(QUOTED.sub("", str(query))):
        return query
    columns, conditions = (tuple(IN_SUMS.get(sql, sql) for sql in part) for part in (query.columns, query.conditions))
    return replace(query, source=source, columns=columns, conditions=conditions)
