"""File name: how the file of an answer is called: its report, its period, its subject, once each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tallystick.address import Address
from tallystick.catalog import entry
from tallystick.core.document import Answer, Document
from tallystick.core.filter import EXCEPT
from tallystick.core.time import DAY, Grain, Window

SUBJECTS = ("dimension", "value", "team", "finding", "organization")
"""What a report is asked with that says whom or what it is of."""
MOST = 100
"""Letters of a name without its ending."""
_PLAIN = re.compile(r"[^a-z0-9]+")


def file_name(address: Address, answer: Answer, ending: str) -> str:
    """Return the name of a file of the answer to a question, in letters that every system takes."""
    by = _by(address, answer)
    words = [
        answer.name if isinstance(answer, Document) else address.report,
        *(["by", *by] if by else []),
        _period(answer),
        *_subject(address),
    ]
    parts = dict.fromkeys(_PLAIN.sub("-", word.casefold()).strip("-") for word in words)
    return f"{'-'.join(filter(None, parts))[:MOST]}.{ending}"


def _by(address: Address, answer: Answer) -> tuple[str, ...]:
    """What an answer is grouped by, where that can be chosen."""
    has_by = any(parameter.name == "by" for parameter in entry(address.report).report.parameters)
    return answer.question.by if has_by and not isinstance(answer, Document) and answer.question else ()


def _period(answer: Answer) -> str:
    """The month, or the first and last day; where an answer is of no days, the day of which it is."""
    if isinstance(answer, Document):
        return str(answer.facts.get("month") or _day(answer.facts.get("as_of", {})))
    return _words(answer.question.wall) if answer.question else _day(answer.as_of)


def _words(window: Window) -> str:
    if Grain.MONTH.is_bucket(window):
        return f"{window.start:%Y-%m}"
    first, last = window.start.date(), (window.end - DAY).date()
    return f"{first}-{last}" if last > first else str(first)


def _day(as_of: object) -> str:
    """The day of a version."""
    return str(as_of.get("at", ""))[:10] if isinstance(as_of, dict) else ""


def _subject(address: Address) -> Iterator[str]:
    """The words of what a question is held to; `not` before what is left out."""
    for name in SUBJECTS:
        yield from address.texts(name)
    for dimension, text in address.filters:
        yield f"not {text}" if dimension.endswith(EXCEPT) else text
