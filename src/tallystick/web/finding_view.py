"""Finding view: one finding of the anomalies as its page shows it: its days as a chart, what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.address import WHERE, Address
from tallystick.core.document import Document
from tallystick.core.text import safe
from tallystick.core.time import Window
from tallystick.formats.shown import shown
from tallystick.outlook.anomalies.report import CALLED
from tallystick.web.links import LINES, SUBJECTS, leading, subject
from tallystick.web.marks import recent
from tallystick.web.series import Course, Expected, Flag, Series, Slot


def finding_course(document: Document, source: Address, today: date) -> Course | None:
    """Return the days around a finding along time: what was spent, what was expected on its own, which stand out.

    None where it has no days. A day that is not in the ledger is absent.
    """
    table = next((section.table for section in document.sections if section.chart), None)
    if table is None or not table.cells:
        return None
    figure = next(heading for heading in table.headings if heading.name == "spent")
    rows = [(date.fromisoformat(str(row["day"])), row["spent"], row["expected"]) for row in table.rows]
    slots = tuple(_slot(day, None if spent is None else shown(spent, figure), today) for day, spent, _ in rows)
    spent = tuple(amount if isinstance(amount, Decimal) else None for _, amount, _ in rows)
    usual = {index: Expected(amount, {}) for index, (*_, amount) in enumerate(rows) if isinstance(amount, Decimal)}
    flags = (_flag(document.facts, usual, source),) if usual else ()
    return Course("day", "", figure, slots, (Series("", "", spent),), expected=usual, flags=flags)


def _slot(day: date, text: str | None, today: date) -> Slot:
    if text is None:
        return Slot(str(day), "absent", "unknown")
    return Slot(str(day), "running" if day == today else recent(Window.of_day(day), today), text)


def _flag(facts: Mapping[str, Any], own: Iterable[int], address: Address) -> Flag:
    """The days of the finding itself, which lead to its charges."""
    url = lines_of(address, facts, str(facts["since"]), str(facts["until"] or "today"))
    return Flag(min(own), max(own), str(facts["state"]), "the days of this anomaly", url)


def of_subject(origin: Address, facts: Mapping[str, Any], report: str, since: str, until: str) -> Address:
    """Return a question about the subject of a finding and some days, within what the finding was `asked` of."""
    pairs = [(f"{WHERE}{name}", text) for name, text in origin.filters]
    address = Address(report, (*pairs, ("since", since), ("until", until)))
    return address.narrowed("organization", facts["organization"]).narrowed(facts["level"], facts["subject"])


def lines_of(address: Address, facts: Mapping[str, Any], since: str, until: str) -> str:
    """Return the address of the charges of a finding's subject on some days; nothing where they cannot be listed."""
    return of_subject(address, facts, LINES, since, until).url if facts["level"] in leading(LINES) else ""


def about_finding(address: Address, facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Give what is known of a finding, each with where it leads."""
    level, id_, name = (str(facts[name]) for name in ("level", "subject", "subject_name"))
    since, until = str(facts["since"]), str(facts["until"] or "")
    charges = lines_of(address, facts, since, until or "today")
    known = (
        (CALLED.get(level, level), name, subject(level, id_) if level in SUBJECTS else ""),
        ("days", f"{since} to {until}" if until > since else since if until else f"since {since}", charges),
        ("state", str(facts["state"]), ""),
        ("reason", str(facts["reason"] or ""), ""),
    )
    yield from ({"name": name, "value": safe(text), "url": url} for name, text, url in known if text)
