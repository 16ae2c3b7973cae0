"""Bounds: a question held to the teams of who asks it."""

from __future__ import annotations

from tallystick.catalog import entry
from tallystick.core.filter import EXCEPT, Filter
from tallystick.errors import InvalidQuestion
from tallystick.web.address import WHERE, Address
from tallystick.web.tokens import Identity

TEAM = f"{WHERE}team"


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
    asked = Filter(address.texts(TEAM), address.texts(TEAM + EXCEPT))
    teams = sorted(team for team in identity.teams if asked.takes(team))
    if not teams:
        raise InvalidQuestion("None of your teams is asked about.", f"Yours: {', '.join(sorted(identity.teams))}.")
    return address.having(TEAM + EXCEPT).having(TEAM, *teams)
