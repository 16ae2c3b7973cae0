"""Marks: how far the figures of an answer can be trusted, a word for each reason, with what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.core.document import Answer, Document
from tallystick.core.money import rounded
from tallystick.core.records import SETTLING
from tallystick.core.text import few, safe
from tallystick.core.time import Window, midnight
from tallystick.query.gaps import LATE, LOST, UNREAD
from tallystick.query.unpriced import IN_TIER


@dataclass(frozen=True, slots=True)
class Mark:
    """One reason: a word that stands beside a title, and the sentence behind it; `grave`: a figure is not whole."""

    word: str
    sentence: str
    grave: bool = False


def marks(answer: Answer, today: date) -> tuple[Mark, ...]:
    """Return the marks of an answer, the gravest first; none of a Document, whose figures say it themselves."""
    return () if isinstance(answer, Document) else tuple(_marks(dict(answer.coverage), today))


def standing(coverage: Mapping[str, Any], window: Window | None = None, model: str = "") -> str:
    """Return how far figures of some days can be trusted, and of a model: a few words for each reason.

    Without a window they are of all days of the answer.
    """
    if "days" not in coverage:
        return ""
    lists = (
        ("absent", coverage.get("absent", ())),
        ("bill not read", coverage.get(UNREAD, {}).get("days", ())),
        ("not billed yet", coverage.get(LATE, {}).get("days", ())),
        ("running", coverage.get("running", ())),
        ("provisional", coverage.get("provisional", ())),
    )
    days = {str(day) for day in window.days()} if window else None
    count = len(days) if days is not None else coverage["days"]
    words = []
    for word, listed in lists:
        hit = len(listed) if days is None else len(days.intersection(listed))
        if hit:
            words.append(word if hit == count else f"{word}: {hit:,} of {count:,} days")
    unpriced = coverage.get("unpriced") or ()
    if unpriced and (not model or model in {name.partition(IN_TIER)[0] for name in unpriced}):
        words.append("unpriced in part")
    if Decimal((coverage.get("billed") or {}).get("allocated") or 0):
        words.append("allocated in part")
    return ", ".join(words) or "settled"


def recent(window: Window, today: date) -> str:
    """Return how far a figure of a window can be trusted by its days alone: Anthropic may change the last of them."""
    settled = midnight(today) - SETTLING
    return "provisional" if window.end > settled else ""


def _marks(coverage: dict[str, Any], today: date) -> Iterator[Mark]:
    days = coverage.get("days", 0)
    unended = [day for day in coverage.get("absent", ()) if day >= str(today)]
    absent = [day for day in coverage.get("absent", ()) if day < str(today)]
    for word, listed, sentence in (
        ("absent days", absent, "are not in the ledger: unknown, not zero"),
        ("bill not read", coverage.get(UNREAD, {}).get("days", ()), "have a bill that could not be read: unknown"),
        ("use not read", coverage.get(LOST, {}).get("days", ()), "have a bill and not all of its use"),
        ("not billed yet", coverage.get(LATE, {}).get("days", ()), "were used and are not billed, or in part"),
    ):
        if listed:
            yield Mark(word, _of(listed, days, sentence), grave=True)
    if unpriced := coverage.get("unpriced"):
        yield Mark("unpriced", safe(f"No price is known for some use of {few(sorted(unpriced))}."), grave=True)
    if running := {*coverage.get("running", ()), *unended}:
        yield Mark("running", _of(running, days, "had not ended when the ledger was read"))
    if provisional := coverage.get("provisional"):
        yield Mark("provisional", _of(provisional, days, "may still be changed by Anthropic"))
    share = Decimal((coverage.get("billed") or {}).get("allocated") or 0)
    if share:
        yield Mark("allocated", f"{rounded(share * 100, 1)} % was billed to several together and is split by use.")


def _of(listed: Sized, days: int, sentence: str) -> str:
    return f"{len(listed):,} of {days:,} days {sentence}."
