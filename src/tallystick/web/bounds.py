"""Bounds: a question held to the teams of who asks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from tallystick.address import WHERE, Address
from tallystick.catalog import entry
from tallystick.core.dimensions import canonical
from tallystick.core.document import Document
from tallystick.core.filter import EXCEPT, Filter, filters
from tallystick.core.message import note, warning
from tallystick.core.question import Table
from tallystick.core.time import spans
from tallystick.errors import InvalidQuestion
from tallystick.web.tokens import Identity

TEAM = "team"
OF_DAYS = frozenset({"days", "present", "settled", "provisional", "running", "absent", "refreshed_at"})
"""What of a coverage is of days alone."""
LEFT_OUT = "Notes that count what every team used are left out."
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
    """Return what an identity may be told of an answer: its rows, and which days are in the ledger.

    Messages and the rest of the coverage count what every team used.
    """
    if identity.teams is None or isinstance(answer, str):
        return answer
    if isinstance(answer, Document):
        return replace(answer, messages=(note(LEFT_OUT),))
    if not isinstance(answer, Table):
        return answer
    coverage = {name: value for name, value in answer.coverage.items() if name in OF_DAYS}
    messages = [note(LEFT_OUT)]
    if provisional := coverage.get("provisional"):
        messages.insert(0, note(f"Provisional: Anthropic may still change {_spans(provisional)}."))
    if absent := coverage.get("absent"):
        messages.insert(0, warning(f"Not in the ledger, or not ended (unknown, not zero): {_spans(absent)}."))
    return replace(answer, messages=tuple(messages), coverage=coverage)


def _spans(days: Iterable[str]) -> str:
    return spans([date.fromisoformat(day) for day in days])


def _of_teams(name: str) -> bool:
    """Whether a name of an address is a filter on teams, in any of the spellings that a question takes."""
    return name.startswith(WHERE) and canonical(name.removeprefix(WHERE).removesuffix(EXCEPT)) == TEAM
