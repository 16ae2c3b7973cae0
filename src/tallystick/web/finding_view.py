"""Finding view: one finding of the anomalies as its page shows it: its days as a chart, what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.core.document import Document
from tallystick.core.text import safe
from tallystick.core.time import DAY, Window, midnight
from tallystick.formats.shown import shown
from tallystick.outlook.anomalies.report import CALLED
from tallystick.web.address import WHERE, Address
from tallystick.web.links import LINES, SUBJECTS, leading, subject
from tallystick.web.marks import recent
from tallystick.web.series import Course, Expected, Series, Slot


def finding_course(document: Document, today: date) -> Course | None:
    """Return the days of a finding along time: what was spent, and what was expected; None where it has none.

    A day between them that it has no row of is absent.
    """
    table = next((section.table for section in document.sections if section.chart), None)
    if table is None or not table.cells:
        return None
    figure = next(heading for heading in table.headings if heading.name == "spent")
    rows = {date.fromisoformat(str(row["day"])): row for row in table.rows}
    days = Window(midnight(min(rows)), midnight(max(rows)) + DAY).days()
    spent, expected = (
        [Decimal(str(rows[day][name])) if day in rows else None for day in days] for name in ("spent", "expected")
    )
    slots = (
        _slot(day, shown(rows[day]["spent"], figure), today) if day in rows else Slot(str(day), "absent", "unknown")
        for day in days
    )
    usual = {index: Expected(amount, {}) for index, amount in enumerate(expected) if amount is not None}
    return Course("day", "", figure, tuple(slots), (Series("", "", tuple(spent)),), expected=usual)


def _slot(day: date, text: str, today: date) -> Slot:
    return Slot(str(day), "running" if day == today else recent(Window.of_day(day), today), text)


def of_subject(asked: Address, facts: Mapping[str, Any], report: str, since: str, until: str) -> Address:
    """Return a question about the subject of a finding and some days, within what the finding was `asked` of."""
    pairs = [(f"{WHERE}{name}", text) for name, text in asked.filters]
    address = Address(report, (*pairs, ("since", since), ("until", until)))
    return address.narrowed("organization", facts["organization"]).narrowed(facts["level"], facts["subject"])


def lines_of(asked: Address, facts: Mapping[str, Any], since: str, until: str) -> str:
    """Return the address of the charges of a finding's subject on some days; nothing where they cannot be listed."""
    return of_subject(asked, facts, LINES, since, until).url if facts["level"] in leading(LINES) else ""


def about_finding(asked: Address, facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Give what is known of a finding, each with where it leads."""
    level, id_, name = (str(facts[name]) for name in ("level", "subject", "subject_name"))
    since, until = str(facts["since"]), str(facts["until"] or "")
    charges = lines_of(asked, facts, since, until or "today")
    known = (
        (CALLED.get(level, level), name, subject(level, id_) if level in SUBJECTS else ""),
        ("days", f"{since} to {until}" if until > since else since if until else f"since {since}", charges),
        ("state", str(facts["state"]), ""),
        ("reason", str(facts["reason"] or ""), ""),
    )
    yield from ({"name": name, "value": safe(text), "url": url} for name, text, url in known if text)
