"""Options: what a sync is to read, in the words of a user and as the plan takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from tallystick.core.breakdowns import WORDS
from tallystick.core.text import choose
from tallystick.core.time import DAY, Grain, Window
from tallystick.core.time_words import When, period, window
from tallystick.errors import InvalidQuestion
from tallystick.sync.source import Source
from tallystick.sync.sources import CLAUDE_CODE_WORD


class Choice(StrEnum):
    """What is to be read: each day from the dialect that knows it best, one dialect alone, or both for a comparison."""

    AUTO = "auto"
    REPORTS = "reports"
    ANALYTICS = "analytics"
    BOTH = "both"

    @property
    def newer(self) -> bool:
        """Whether the newer dialect is wanted."""
        return self is not Choice.REPORTS

    @property
    def older(self) -> bool:
        """Whether the older dialect is wanted."""
        return self is not Choice.ANALYTICS


class Wanted(TypedDict, total=False):
    """What a sync, and the plan of one, can be told beside `since` and `until`.

    `month` is both of them. `grain` of usage is day or hour. `source` is auto, reports (the older dialect), analytics
    (the newer) or both; `breakdowns` are any of sessions, profiles, slack, groups; both are by default those of the
    settings. `claude_code`: the activity of Claude Code too, one request for each day, where the older dialect is read.
    `again`: settled days of the window too, which must be given. `accept_loss`: days that an answer empties or halves
    are committed at once.
    """

    month: When | None
    grain: str
    source: str | None
    claude_code: bool
    breakdowns: Sequence[str] | None
    again: bool
    accept_loss: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What a sync is to read: the days of a window, of which dialect, and what beyond usage and bill by its `words`.

    `again`: settled days of the window too. `compare`: of its settled days the control totals are looked at.
    `accept_loss`: days that lost most of what they had are committed at once.
    """

    wanted: Window
    grain: Grain = Grain.DAY
    choice: Choice = Choice.AUTO
    words: frozenset[str] = frozenset()
    again: bool = False
    compare: bool = False
    accept_loss: bool = False

    @classmethod
    def of(
        cls,
        since: When | None,
        until: When | None,
        choices: Wanted,
        now: datetime,
        by_default: Sequence[str] = (),
        usual: str = Choice.AUTO,
    ) -> Options:
        """What a user said, checked; `by_default` are the breakdowns, `usual` the source of the settings.

        Raises InvalidQuestion.
        """
        month, again = choices.get("month"), choices.get("again", False)
        if again and month is None and (since is None or until is None):
            raise InvalidQuestion(
                "--again reads settled days once more, so it must be told which.",
                "Say --month, or --since and --until. Totals of settled months are compared once a month anyway.",
            )
        if since is None and month is None:
            last_day = now if until is None else min(now, period(until, now).days.end - DAY)
            since = f"{period('2m', last_day).days.start.date()}"
        source, grain = choices.get("source") or usual, choices.get("grain", Grain.DAY)
        if source not in set(Choice):
            raise InvalidQuestion(f"There is no source {source!r}.", choose(source, [*Choice]))
        if grain not in {Grain.DAY, Grain.HOUR}:
            raise InvalidQuestion(f"The ledger keeps no usage by {grain}.", "--grain is day or hour.")
        breakdowns = choices.get("breakdowns")
        return cls(
            window(since, until, now, month=month, first=None),
            Grain(grain),
            Choice(source),
            _words(by_default if breakdowns is None else breakdowns)
            | ({CLAUDE_CODE_WORD} if choices.get("claude_code", True) else set()),
            again,
            (until or month) is not None,
            choices.get("accept_loss", False),
        )

    @property
    def breakdowns(self) -> tuple[str, ...]:
        """The words of breakdowns."""
        return tuple(word for word in WORDS if word in self.words)

    def reads(self, source: Source) -> bool:
        """Whether a source is to be read."""
        dialect = self.choice.newer if source.newer else self.choice.older
        return dialect and (not source.word or source.word in self.words)


def _words(breakdowns: Sequence[str]) -> frozenset[str]:
    if unknown := [word for word in breakdowns if word not in WORDS]:
        raise InvalidQuestion(f"There is no breakdown {unknown[0]!r}.", choose(unknown[0], WORDS))
    return frozenset(breakdowns)
