"""Uncounted: the days of a question on which the API counted tokens of kinds that no figure here holds."""

from __future__ import annotations

from datetime import date

from tallystick.core.message import Message, warning
from tallystick.core.question import Question
from tallystick.core.time import spans
from tallystick.core.uncounted import KIND
from tallystick.query.notices import count_in, newest_notices
from tallystick.store.engine import Engine

_SOURCES = ("usage", "analytics_usage")


def uncounted(engine: Engine, question: Question) -> tuple[dict[str, int], list[Message]]:
    """Tokens of kinds that tallystick does not know, by UTC day, and what to say of them.

    The newest notice of a source and day holds. Where both dialects were read, the larger count is meant.
    """
    window_days = {*question.window.days()}
    counts: dict[tuple[str, date], int] = {}
    for (organization, subject), text in newest_notices(engine, question, KIND).items():
        source, _, day = subject.partition(" ")
        count = count_in(text)
        if source in _SOURCES and count and (counted_day := date.fromisoformat(day)) in window_days:
            counts[organization, counted_day] = max(counts.get((organization, counted_day), 0), count, key=abs)
    if not counts:
        return {}, []
    days: dict[str, int] = {}
    for (_, counted_day), count in sorted(counts.items()):
        days[str(counted_day)] = days.get(str(counted_day), 0) + count
    number = sum(days.values())
    day_text = spans(sorted({day for _, day in counts}))
    word = "more" if number > 0 else "fewer"
    message = warning(
        f"Anthropic counted {abs(number):,} tokens {word} than are shown, of kinds that this version does not know: "
        f"{day_text}. Update tallystick, then `tallystick rebuild` counts them."
    )
    return days, [message]
