"""Bounds: a question held to what its reader may see: teams by a filter, organizations by the tables."""

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
    """Whether the question can be held to what an identity may see."""
    report = entry(address.report).report
    return (identity.teams is None or report.teams) and (identity.organizations is None or report.organizations)


def bounded(address: Address, identity: Identity) -> Address:
    """Return the question of the teams that an identity may see.

    Raises InvalidQuestion where it cannot be held to these or to the organizations.
    """
    report = entry(address.report).report
    for bounds, names, holds in (
        ("teams", identity.teams, report.teams),
        ("organizations", identity.organizations, report.organizations),
    ):
        if names is not None and not holds:
            raise InvalidQuestion(
                f"`{address.report}` cannot be held to your {bounds}: {', '.join(sorted(names))}.",
                "Ask a report of charges, such as spend.",
            )
    if identity.teams is None:
        return address
    team_filter = filters(address.where).get(TEAM, Filter())
    teams = sorted(team for team in identity.teams if team_filter.takes(team))
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
