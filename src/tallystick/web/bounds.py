"""Bounds: a question held to the teams of who asks it."""

from __future__ import annotations

from typing import TypeVar

from tallystick.address import WHERE, Address
from tallystick.catalog import entry
from tallystick.core.dimensions import canonical
from tallystick.core.filter import EXCEPT, Filter, filters
from tallystick.errors import InvalidQuestion
from tallystick.query.team_answer import told_to_teams
from tallystick.web.tokens import Identity

TEAM = "team"
T = TypeVar("T")


def holdable(address: Address, identity: Identity) -> bool:
    """Whether the question can be held to the teams of an identity."""
    return identity.teams is None or entry(address.report).report.teams


def bounded(address: Address, identity: Identity) -> Address:
    """Return the question of the teams that an identity may see; InvalidQuestion where it cannot be held to them."""
    if identity.teams is None:
        return address
    if not holdable(address, identity):
        raise InvalidQuestion(
            f"`{address.report}` cannot be held to your teams: {', '.join(sorted(identity.teams))}.",
            "Ask a report of charges, such as spend.",
        )
    asked = filters(address.where).get(TEAM, Filter())
    teams = sorted(team for team in identity.teams if asked.takes(team))
    if not teams:
        raise InvalidQuestion("None of your teams is asked about.", f"Yours: {', '.join(sorted(identity.teams))}.")
    for name in {name for name, _ in address.pairs if _of_teams(name)}:
        address = address.having(name)
    return address.having(WHERE + TEAM, *teams)


def held(answer: T, identity: Identity) -> T:
    """Return what an identity may be told of an answer."""
    return answer if identity.teams is None else told_to_teams(answer)


def _of_teams(name: str) -> bool:
    """Whether a name of an address is a filter on teams, in any of the spellings that a question takes."""
    return name.startswith(WHERE) and canonical(name.removeprefix(WHERE).removesuffix(EXCEPT)) == TEAM
