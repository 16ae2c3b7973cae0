"""Owned lines: the effects of what each was used and billed in two windows, by owner, where no charge is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tallystick.core.dimensions import OWNED
from tallystick.core.message import Message
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.query.charge_groups import ChargeGroups
from tallystick.query.conditions import among
from tallystick.query.owners import messages
from tallystick.store.session import rows
from tallystick.tally.attribute import Attribution
from tallystick.tally.effects_query import effects_query
from tallystick.tally.owners import Owners, Spellings
from tallystick.tally.rules import UNOWNED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class _BothWindows:
    """The charges of both windows to attribute at once: of which window they are is their `side`."""

    groups: Sequence[ChargeGroups]

    finest = None

    @property
    def duck(self) -> DuckDBPyConnection:
        """The connection in which they are attributed."""
        return self.groups[0].duck

    def make(self, name: str, query: str) -> None:
        """Make a TEMP table of a query."""
        self.groups[0].make(name, query)

    def charges(self) -> str:
        """The query of all of them."""
        sides = (f"SELECT *, {side} AS side FROM ({group.charges()})" for side, group in enumerate(self.groups))  # noqa: S608 - our own names
        return " UNION ALL BY NAME ".join(sides)

    def basis(self) -> str:
        """The query of what proportional rules weigh by: none does where no charge is shared."""
        return self.charges()


def owned_effects(
    groups: Sequence[ChargeGroups], owners: Owners, spellings: Spellings, pool: Sequence[str], by: Sequence[str]
) -> tuple[list[dict[str, Any]], list[Message]]:
    """Return the rows of `effects_query` of the charges of two windows with their owners, and what to say of these.

    The charges are told apart by `counted`, `asked` and `unit`; `used` is summed beside them. No rule shares any.
    """
    windows = _BothWindows(groups)
    money = Attribution(owners, windows, spellings)
    money.sums(())  # which are all that was billed
    question = groups[0].question
    names = dict.fromkeys((*pool, *question.by, "counted", "asked"))
    lines = select(*names).from_("parts").where(*_of_owners(question, owners)).group_by("ALL")
    for side in range(len(groups)):
        for figure, column in (("quantity", "used"), ("billed", "part")):
            amount = f"coalesce(sum({column}) FILTER (side = {side}), 0)::HUGEINT"
            lines = lines.select(f"{amount} AS {figure}_{side}")
    windows.make("effects_of_lines", effects_query(str(lines), pool, "asked", by))
    return rows(windows.duck, "FROM effects_of_lines"), messages(owners, money)


def _of_owners(question: Question, owners: Owners) -> list[str]:
    """The conditions that charges are of the owners that a question holds fixed."""
    choices = {"team": owners.teams, "cost_center": owners.centers}
    return [
        among(name, [owner for owner in (*choices[name], UNOWNED) if question.where[name].takes(owner)])
        for name in OWNED
        if name in question.where
    ]
