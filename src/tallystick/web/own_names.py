"""Own names: what a reader of some teams may name in a filter: what these teams were billed for, and nothing else.

A name that another team has is answered as one that nobody has: which of the two it is would tell that it is there.
"""

from __future__ import annotations

from collections.abc import Collection

from tallystick.address import WHERE, Address
from tallystick.core.dimensions import canonical
from tallystick.core.filter import EXCEPT, Filter, pattern
from tallystick.core.question import Table
from tallystick.core.time import FIRST_DAY
from tallystick.errors import InvalidQuestion
from tallystick.ledger_reader import LedgerReader
from tallystick.query.filters import ids_of
from tallystick.reports.spend import SPEND
from tallystick.web.names import names_of

CENTER = "cost_center"
_OF_THE_BILL = frozenset({"description", "cost_type"})
"""Dimensions that have no team: a question by them and a team is refused in any case."""
DIMENSIONS = frozenset(SPEND.dimensions) - _OF_THE_BILL - {"team"}


def named(dimension: str, value: str) -> Address:
    """Return the question that is refused where the reader may not name a value of a dimension."""
    return Address("spend", (("by", dimension), ("since", str(FIRST_DAY)), (f"{WHERE}{dimension}", value)))


def name_in(answer: object, dimension: str) -> str:
    """Return what the answer to a question of `named` calls the value; nothing where it has no name or no row."""
    rows = answer.rows if isinstance(answer, Table) else ()
    return next((str(row[f"{dimension}_name"]) for row in rows if f"{dimension}_name" in row), "")


def check(reader: LedgerReader, address: Address, teams: Collection[str]) -> None:
    """Raise InvalidQuestion where a filter of the question names what none of the teams was ever billed for."""
    for word, value in address.filters:
        dimension = canonical(word.removesuffix(EXCEPT))
        if dimension not in DIMENSIONS:
            continue
        own = _own(reader, dimension, tuple(sorted(teams)))
        if dimension == CENTER:
            own_values = frozenset(center for center in own if Filter.of(value).takes(center))
        else:
            own_values = own & ids_of(reader.engine(), dimension, value)
        if not own_values:
            like = "an id or name like" if pattern(value) else "the id or name"
            raise InvalidQuestion(f"No {dimension} in the ledger has {like} {value!r}.")


def _own(reader: LedgerReader, dimension: str, teams: tuple[str, ...]) -> frozenset[str]:
    """What these teams were ever billed for of a dimension; asked once for each version."""
    results = reader.engine().results
    key = (_own, dimension, teams)
    if key not in results:
        answer = reader.ask("spend", by=dimension, since=str(FIRST_DAY), where={"team": teams})
        results[key] = frozenset(names_of(answer, dimension))
    own: frozenset[str] = results[key]
    return own
