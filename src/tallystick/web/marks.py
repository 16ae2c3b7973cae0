"""Marks: how far the figures of an answer can be trusted, a word for each reason, with what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.core.document import Answer, Document
from tallystick.core.money import rounded
from tallystick.core.text import few, safe
from tallystick.query.gaps import LATE, LOST, UNREAD


@dataclass(frozen=True, slots=True)
class Mark:
    """One reason: a word that stands beside a title, and the sentence behind it; `grave`: a figure is not whole."""

    word: str
    sentence: str
    grave: bool = False


def marks(answer: Answer, today: date) -> tuple[Mark, ...]:
    """Return the marks of an answer, the gravest first; none of a Document, whose figures say it themselves."""
    return () if isinstance(answer, Document) else tuple(_marks(dict(answer.coverage), today))


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
