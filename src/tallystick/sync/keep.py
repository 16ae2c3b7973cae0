"""Keeping what was read: verdicts and names become rows, and rows that changed become a version.

Used by the sync and by the rebuilding of a ledger alike, so that both give the same tables. A reading that changes
nothing writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import pyarrow as pa

from tallystick.api import directory
from tallystick.api.client import Page
from tallystick.api.leniency import Oddity
from tallystick.core.money import plain
from tallystick.core.records import (
    DAYS,
    NOTICES,
    TALLIED_BY,
    State,
    Type,
)
from tallystick.core.uncounted import KIND, text_of
from tallystick.ledger.tables import Writer, schema
from tallystick.sync.activity import key_ids
from tallystick.sync.charging import Charging, on
from tallystick.sync.naming import Naming
from tallystick.sync.people import Mode, People, default_key, key_in
from tallystick.sync.plan import Errand, Source
from tallystick.sync.reading import Figures, Verdict, added, table_of
from tallystick.sync.rehome import rehome
from tallystick.tally.prices import Prices


class Keeper:
    """Keeps the readings of one organization through one writer; `issues` is what it noticed that is new."""

    def __init__(self, writer: Writer, organization: str, prices: Prices, people: People | None = None) -> None:
        self.writer = writer
        self.prices = prices
        self._people = people or People(Mode.FULL, key_in(default_key()))
        self.organization = organization
        self._known = {_day(row): row for row in writer.rows(DAYS, organization).to_pylist()}
        self._naming = Naming(writer, organization)
        self._charging = Charging(writer, organization, prices, self._known)
        self._noticed = {_issue(row) for row in writer.rows(NOTICES, organization).to_pylist()}
        self.issues: list[str] = []

    def keep(
        self,
        errand: Errand,
        verdict: Verdict,
        at: datetime,
        *,
        last: bool,
        people: Iterable[directory.Named] = (),
    ) -> int:
        """Commit what a reading changes; how many days did. `last`: days that moved are given up, with an Issue."""
        table = table_of(errand.source, errand.grain)
        days = sorted(verdict.days)
        changed = self.writer.changed(table, self.organization, days, verdict.rows) if days else []
        marks = self._marks(errand, verdict)
        issues = self._issues(errand, verdict, at, last=last)
        if not (self._naming.meet(people, at) or changed or marks or issues):
            return 0
        if changed:
            self.writer.replace(table, self.organization, changed, on(changed, days, verdict.rows))
        if marks:
            rows = pa.Table.from_pylist(marks, schema(DAYS))
            fixed = {"source": str(errand.source), "grain": str(errand.grain)}
            self.writer.replace(DAYS, self.organization, [mark["day"] for mark in marks], rows, **fixed)
        self._known |= {_day(mark): mark for mark in marks}
        if not errand.source.cut and errand.source is not Source.CLAUDE_CODE:  # an estimate, never charged
            self._charging.charge(sorted({*changed, *(mark["day"] for mark in marks)}))
        self._noticed |= {_issue(row) for row in issues}
        self.issues += [f"{row['subject']}: {row['text']}" for row in issues]
        self.writer.append(NOTICES, pa.Table.from_pylist(issues, schema(NOTICES)))
        self._commit(str(errand), at, _totals(verdict.days.values()))
        return len({*changed, *(mark["day"] for mark in marks)})

    def knows(self, source: Source) -> bool:
        """Whether any day of a source was kept."""
        return any(it == source for it, _, _ in self._known)

    def moved(self, errand: Errand, control: Mapping[date, Figures]) -> list[date]:
        """The days whose control total is no longer what the ledger has."""
        held = {day: self._known.get((errand.source, errand.grain, day)) for day in control}
        return [
            day
            for day, said in control.items()
            if (row := held[day]) is None or any(row[name] != it for name, it in said.items())
        ]

    @property
    def default(self) -> str | None:
        """The real id of the default workspace; None where the directory has not told it."""
        return self._naming.default

    @property
    def people(self) -> People:
        """How people are called, as far as their names are known now."""
        self._people.emails |= self._naming.emails()
        return self._people

    def key_ids(self) -> Callable[[str], str]:
        """The ids of keys by name, as far as their names are known now."""
        return key_ids(self._naming.keys())

    def keep_names(self, pages: Iterable[tuple[str, Page]], at: datetime) -> int:
        """Commit names that are new, changed or gone; how many. A list that was not read makes nobody gone."""
        pages, odd = list(pages), set[Oddity]()
        directory.names(pages, odd)
        before = self.default
        news = self._naming.take(pages, at)
        if self.default and self.default != before:
            self._charging.charge(rehome(self.writer, self.organization, self.default))
        if self._notice([("odd value", it.field, it.text) for it in sorted(odd)], at) or news:
            self._commit("names", at, {})
        return news

    def _notice(self, found: Iterable[tuple[str, str, str]], at: datetime) -> bool:
        """Write down issues, each a kind, a subject and a text, that were not noticed before; whether there are any."""
        rows = [
            {"organization": self.organization, "noticed_at": at, "kind": kind, "subject": subject, "text": said}
            for kind, subject, said in found
            if (kind, subject, said) not in self._noticed
        ]
        if rows:
            self._noticed |= {_issue(row) for row in rows}
            self.issues += [f"{row['subject']}: {row['text']}" for row in rows]
            self.writer.append(NOTICES, pa.Table.from_pylist(rows, schema(NOTICES)))
        return bool(rows)

    def keep_prices(self, at: datetime) -> int:
        """Tally every day once more if it was tallied by other price lists; how many days."""
        days = sorted({day for _, _, day in self._known})
        if self.writer.version.totals.get(self._tallied_by) == self.prices.digest or not days:
            return 0
        for _, month in groupby(days, key=lambda day: (day.year, day.month)):
            self._charging.charge(list(month))
        self._commit("charges by other price lists", at, {})
        return len(days)

    def _commit(self, what: str, at: datetime, totals: dict[str, str]) -> None:
        self.writer.commit(self.organization, what, at, totals | {self._tallied_by: self.prices.digest})

    @property
    def _tallied_by(self) -> str:
        return TALLIED_BY + self.organization

    def _marks(self, errand: Errand, verdict: Verdict) -> list[dict[str, Any]]:
        """The rows of `days` that this verdict makes new or other."""
        marks = []
        nothing = dict.fromkeys(it.name for it in DAYS.columns if it.type in {Type.COUNT, Type.MONEY})
        for day, (how, control) in sorted(verdict.days.items()):
            mark = {
                "organization": self.organization,
                "source": str(errand.source),
                "grain": str(errand.grain),
                "day": day,
                "state": str(how),
                **nothing,
                **control,
            }
            if mark != self._known.get(_day(mark)):
                marks.append(mark)
        return marks

    def _issues(self, errand: Errand, verdict: Verdict, at: datetime, *, last: bool) -> list[dict[str, Any]]:
        found = [
            ("moved", f"{errand.source} {errand.grain} {day}", f"{how}; left as the ledger had it, to be read again")
            for day, how in (verdict.moved.items() if last else ())
        ]
        found += [
            ("new field", f"{errand.source} {name}", "a field tallystick does not know; the archive keeps it as sent")
            for name in sorted(verdict.new_fields)
        ]
        found += [("odd value", f"{errand.source} {it.field}", it.text) for it in sorted(verdict.odd)]
        found += self._uncounted(errand, verdict)
        rows = [
            {"organization": self.organization, "noticed_at": at, "kind": kind, "subject": subject, "text": said}
            for kind, subject, said in found
        ]
        return [row for row in rows if _issue(row) not in self._noticed]

    def _uncounted(self, errand: Errand, verdict: Verdict) -> Iterator[tuple[str, str, str]]:
        """The notices of days with tokens of kinds that are not known, and of days that had some and have none now."""
        told = {subject for kind, subject, _ in self._noticed if kind == KIND}
        for day, fields in sorted(verdict.uncounted.items()):
            subject = f"{errand.source} {day}"
            if fields.get("") or subject in told:
                yield KIND, subject, text_of(fields.get("", 0), [name for name in fields if name])


def _day(row: dict[str, Any]) -> tuple[str, str, date]:
    return row["source"], row["grain"], row["day"]


def _issue(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["subject"], row["text"]


def _totals(days: Iterable[tuple[State, Figures]]) -> dict[str, str]:
    """The control totals of a commit, as its version states them."""
    said = added(control for _, control in days)
    return {name: plain(it) if isinstance(it, Decimal) else str(it) for name, it in said.items() if it is not None}
