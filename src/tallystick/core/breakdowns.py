"""Breakdowns (cuts): what a day was billed by dimensions that few ask for, each one query and one table of its own.

They are of the newer dialect alone, and read where they are wanted: `tallystick sync --cuts sessions,groups`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.core.dimensions import NAMED, TIMES

ORDINARY = ("workspace", "product", "model", "kind")
"""Dimensions of cuts that the charges have too: no cut is read for their sake."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut: its table, the word that asks for it, and at most five dimensions; every cut tells kinds besides.

    `apart` says why the groups of a cut do not add up to the bill; of one that does it is empty.
    """

    name: str
    word: str
    dims: tuple[str, ...]
    meaning: str
    apart: str = ""

    @property
    def overlapping(self) -> tuple[str, ...]:
        """The dimensions whose groups do not add up."""
        return tuple(name for name in self.dims if NAMED[name].overlaps)

    @property
    def told(self) -> tuple[str, ...]:
        """All that can be asked together."""
        return ("organization", *self.dims, "kind", *TIMES[2:])


CUTS: tuple[Cut, ...] = (
    Cut(
        "cut_sessions",
        "sessions",
        ("session", "agent", "deployment", "environment", "workspace"),
        "what was billed, by UTC day and managed agent session",
    ),
    Cut("cut_profiles", "profiles", ("user_profile", "workspace", "model"), "what was billed, by UTC day and profile"),
    Cut(
        "cut_slack",
        "slack",
        ("slack_channel", "claude_tag_category", "model"),
        "what was billed, by UTC day and Slack channel",
    ),
    Cut(
        "cut_slack_users",
        "slack",
        ("claude_tag_user", "slack_channel", "claude_tag_category", "model"),
        "what was billed, by UTC day and Slack user; falls short of the bill",
        "What Claude did for no one Slack user is in no user's row, so rows can fall short of what was billed",
    ),
    Cut(
        "cut_groups",
        "groups",
        ("rbac_group", "product", "model"),
        "what was billed, by UTC day and group; overlaps",
        "A user counts fully in each of their groups, so rows overlap and can exceed what was billed",
    ),
)
"""Every cut; of two that can answer a question the earlier one does."""

WORDS = tuple(dict.fromkeys(cut.word for cut in CUTS))
"""What `--cuts` takes."""
NAMED_CUTS = {cut.name: cut for cut in CUTS}
CUT_DIMS = tuple(dict.fromkeys(name for cut in CUTS for name in cut.dims if name not in ORDINARY))
"""The dimensions that only cuts know."""
