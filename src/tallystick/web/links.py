"""Links: where a cell of an answer leads: a name to its page, a time to that time, a figure to its charges."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from tallystick.catalog import entry
from tallystick.core.dimensions import TIMES
from tallystick.core.filter import spoken
from tallystick.query.grouping import OTHERS
from tallystick.web.address import WHERE, Address

if TYPE_CHECKING:
    from tallystick.core.question import Question

LINES = "charges"
"""The report of single charges."""
SUBJECTS = {"key": "key", "actor": "person", "team": "team", "model": "model", "workspace": "workspace"}
"""The dimensions whose values have a page of their own, and the path of it."""


def subject(dimension: str, value: str) -> str:
    """Return the address of the page of a value."""
    return f"/{SUBJECTS[dimension]}/{quote(value, safe='')}"


def narrowed(address: Address, dimension: str, value: str) -> str:
    """Return where a value of a dimension leads: its page, its time, or the same question held to it."""
    if value == OTHERS:
        return ""
    if dimension in SUBJECTS:
        return subject(dimension, value)
    if dimension in {"day", "month"}:
        rest = address.having("month").having("since", value).having("until", value)
        names = [name for name in _by(address) if name != dimension]
        return rest.having("by", ",".join(names) or "model").url
    if dimension in TIMES:
        return ""
    return address.narrowed(dimension, value).url


def lines(question: Question, group: dict[str, str]) -> str:
    """Return the address of the charges that a row of an answer sums; nothing where no report lists them."""
    if not entry(question.report).report.charges or OTHERS in group.values() or question.zone:
        return ""
    last = question.window.end - timedelta(days=1)
    days = {"since": str(question.window.start.date()), "until": str(last.date())}
    pairs = [(f"{WHERE}{name}", text) for name, texts in spoken(question.where).items() for text in texts]
    for dimension, value in group.items():
        if dimension in {"day", "month"}:
            days = {"since": value, "until": value}
        elif dimension in TIMES:
            return ""
        else:
            pairs = [pair for pair in pairs if pair[0] != f"{WHERE}{dimension}"]
            pairs.append((f"{WHERE}{dimension}", value))
    return Address(LINES, (*days.items(), *pairs)).url


def _by(address: Address) -> list[str]:
    text = address.text("by")
    return [name.strip() for name in text.split(",") if name.strip()] if text else []
