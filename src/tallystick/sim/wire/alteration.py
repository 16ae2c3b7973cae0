"""Alterations: what the reports say otherwise than the truth while a fault lasts, alike however they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tallystick.core.time import midnight

REPORTS = frozenset({"usage", "cost", "activity"})
"""What can be altered: usage and cost in both dialects, and the Claude Code report."""

HALF = 12
"""The hour after which a halved day has nothing."""

CREDIT = 250 * 10**12
"""What a credit takes off, in picodollars."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """A day of which reports leave something out, or of which the bill has a credit.

    `reports` are those concerned: `usage`, `cost`, `activity` (the Claude Code report). Of `day` they show what was
    before the hour `until` only; of one `workspace` or one `model` only nothing is left, the rest is there. A `credit`
    is a negative line of the bill and leaves nothing out.
    """

    day: date
    reports: frozenset[str] = REPORTS
    until: int = 0
    workspace: str | None = None
    model: str | None = None
    credit: bool = False

    def cut(self, report: str, day: date) -> datetime | None:
        """The instant from which a report has nothing of a day, None where it has all or lacks a part by name."""
        scope = self.workspace or self.model or self.credit
        if scope or day != self.day or report not in self.reports:
            return None
        return midnight(day) + timedelta(hours=self.until)

    def hides(self, report: str, day: date, workspace: str | None, model: str | None) -> bool:
        """Whether a report leaves out a workspace or a model of a day by name."""
        if day != self.day or report not in self.reports or self.credit:
            return False
        return (self.workspace is not None and workspace == self.workspace) or (
            self.model is not None and model == self.model
        )


class Alterations(tuple[Alteration, ...]):
    """Every alteration in force: none is the truth."""

    __slots__ = ()

    def until(self, report: str, day: date, until: datetime) -> datetime:
        """How far a report shows a day that it otherwise would show up to an instant."""
        return min([until, *(cut for alteration in self if (cut := alteration.cut(report, day)) is not None)])

    def hide(self, report: str, day: date, workspace: str | None, model: str | None) -> bool:
        """Whether a report leaves out a workspace or a model of a day."""
        return any(alteration.hides(report, day, workspace, model) for alteration in self)

    def credits(self, day: date) -> int:
        """How many credits the bill of a day has."""
        return sum(alteration.credit and alteration.day == day for alteration in self)


UNALTERED = Alterations()
