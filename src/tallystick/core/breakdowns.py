"""Breakdowns: what a day was billed by dimensions that few ask for, each one query and one table of its own.

Only the newer dialect has them, and a sync reads those it is asked for: `tallystick sync --breakdowns sessions,groups`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.core.dimensions import NAMED, TIMES

ORDINARY = ("workspace", "product", "model", "kind")
"""Dimensions of breakdowns that the charges have too: no breakdown is read for their sake."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Its table, the word that asks for it, and at most five dimensions; kind is always one more.

    `overlap` says why its groups do not add up to the bill; empty where they do.
    """

    name: str
    word: str
    dims: tuple[str, ...]
    meaning: str
    overlap: str = ""

    @property
    def overlapping(self) -> tuple[str, ...]:
        """The dimensions whose groups do not add up."""
        return tuple(name for name in self.dims if NAMED[name].overlaps)

    @property
    def groupable(self) -> tuple[str, ...]:
        """All that can be asked together."""
        return ("organization", *self.dims, "kind", *TIMES[2:])


BREAKDOWNS: tuple[Breakdown, ...] = (
    Breakdown(
        "breakdown_sessions",
        "sessions",
        ("session", "agent", "deployment", "environment", "workspace"),
        "what was billed, by UTC day and managed agent session",
    ),
    Breakdown(
        "breakdown_profiles",
        "profiles",
        ("user_profile", "workspace", "model"),
        "what was billed, by UTC day and profile",
    ),
    Breakdown(
        "breakdown_slack",
        "slack",
        ("slack_channel", "claude_tag_category", "model"),
        "what was billed, by UTC day and Slack channel",
    ),
    Breakdown(
        "breakdown_slack_users",
        "slack",
        ("claude_tag_user", "slack_channel", "claude_tag_category", "model"),
        "what was billed, by UTC day and Slack user; falls short of the bill",
        "What Claude did for no one Slack user is in no user's row, so rows can fall short of what was billed",
    ),
    Breakdown(
        "breakdown_groups",
        "groups",
        ("rbac_group", "product", "model"),
        "what was billed, by UTC day and group; overlaps",
        "A user counts fully in each of their groups, so rows overlap and can exceed what was billed",
    ),
)
"""Every breakdown; of two that can answer a question the earlier one does."""

WORDS = tuple(dict.fromkeys(breakdown.word for breakdown in BREAKDOWNS))
"""What `--breakdowns` takes."""
NAMED_BREAKDOWNS = {breakdown.name: breakdown for breakdown in BREAKDOWNS}
BREAKDOWN_DIMENSIONS = tuple(
    dict.fromkeys(name for breakdown in BREAKDOWNS for name in breakdown.dims if name not in ORDINARY)
)
"""The dimensions that only breakdowns know."""
