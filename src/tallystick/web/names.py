"""Names: the values of a dimension with their names, as the answers that a reader may see have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tallystick.address import Address
from tallystick.catalog import CATALOG, entry
from tallystick.core.document import Answer
from tallystick.core.filter import pattern
from tallystick.core.question import Table
from tallystick.query.groups import OTHERS

SINCE = "3m"
"""How far back values are looked for."""
MOST = 500
"""Values that are offered."""


def asked(report: str, dimension: str) -> Address:
    """Return the question whose answer has the values of a dimension, by which a report can be filtered."""
    for listed in (entry(report), *CATALOG):
        known = {parameter.name: parameter for parameter in listed.report.parameters}
        if "since" in known and "by" in known and dimension in known["by"].choices:  # a forecast has no days before
            return Address(listed.name, (("by", dimension), ("since", SINCE)))
    return Address(report)


def names_of(answer: Answer, dimension: str) -> dict[str, str]:
    """Return the values of a dimension in an answer, in its order, each with its name; itself where it has none."""
    if not isinstance(answer, Table):
        return {}
    name_column = f"{dimension}_name"
    return {
        str(row[dimension]): str(row.get(name_column) or row[dimension])
        for row in answer.rows
        if row.get(dimension) not in {None, OTHERS}
    }


def choices(names: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield what a filter is offered: a name, its id, and of the two what means one thing alone."""
    counts = Counter(names.values())
    for id_, name in [*names.items()][:MOST]:
        is_plain = counts[name] == 1 and (name == id_ or name not in names) and pattern(name) is None
        yield name, id_, name if is_plain else id_
