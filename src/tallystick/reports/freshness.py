"""Freshness: how old the data of each organization is, and whether syncs can read all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tallystick.core.dimensions import UNKNOWN
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, STAND_IN, STOP, SUCCESS, UNREAD, USED
from tallystick.core.message import note
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import State
from tallystick.core.select import select
from tallystick.core.table import LedgerTable
from tallystick.core.text import safe
from tallystick.core.time import DAY, instant, text
from tallystick.query.conditions import instant_of
from tallystick.query.context import Context
from tallystick.query.coverage import SOURCES, states_of
from tallystick.query.names import directory, organizations
from tallystick.query.report import Report

OK, FAILING = "ok", "failing"
"""Whether the last sync could read all that it was to read."""
NOTHING, EVERYTHING = "none", "everything"
"""What could not be read where no source is named: a sync that was stopped reads no more."""
HEADINGS = (
    Heading("organization", Kind.DIMENSION),
    Heading("organization_name", Kind.NAME),
    Heading("status", Kind.TEXT),
    Heading("hours_old", Kind.COUNT, "hours"),
    Heading("success_hours", Kind.COUNT, "hours"),
    Heading("billed_until", Kind.TEXT),
    Heading("used_until", Kind.TEXT),
    Heading("not_read", Kind.TEXT, drop_order=1),
    Heading("data_until", Kind.TEXT, drop_order=2),
    Heading("last_sync", Kind.TEXT, drop_order=3),
    Heading("last_success", Kind.TEXT, drop_order=4),
)
_INSTANTS = {
    "newest": "max(read_at)",
    "oldest": "min(read_at)",
    "whole": "max(refreshed_at)",
    "read": f"max(CASE WHEN purpose = '{UNREAD}' THEN NULL ELSE read_at END)",
    "unread": f"max(CASE WHEN purpose = '{UNREAD}' THEN read_at END)",
    "until": f"max(CASE WHEN purpose = '{UNREAD}' THEN NULL ELSE window_end END)",
}
"""What is asked of the readings of each source."""
_CHARGED = {source for table in (CHARGES, USED) for source, _ in SOURCES[table]}
"""The sources of the bill and of the use: what is read of names alone makes no data newer."""
_HOUR = timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


def answer(context: Context) -> Table:
    """Return a row for each organization of the ledger; raises LedgerError where there is no ledger.

    `hours_old` is the age of bill and use: since the export behind them was whole where the API says so, else since
    they were read. `success_hours` is since a sync last could read all, since the first one where none could;
    `not_read` are the sources of which it could not read a window since. None is what no sync has told. Where syncs
    were stopped before they knew whose the credential is, the organization is unknown. One of the settings that no
    sync has read yet has a row, too.
    """
    engine = context.engine
    names = directory(engine, "organization")
    read = _readings(context)
    unread = {*context.read_organizations()} - {*names.values()}
    stand_ins = {f"{STAND_IN}{name}": name for name in unread}
    failing = {name for name in _failing(read) if not name.startswith(STAND_IN)}
    rows = [
        (name, names.get(name, stand_ins.get(name, name)), *_row(context, name, read.get(name, {})))
        for name in sorted({*organizations(engine), *failing, *stand_ins})
    ]
    about = note(
        "billed_until and used_until are the last days that were read after their end. Hours are rounded down."
    )
    return Table(None, HEADINGS, rows, {}, (about,), {}, engine.version.identity)


def stale(context: Context) -> Iterator[str]:
    """Name, of several organizations, those whose last sync could not read all, or that are a day behind another."""
    rows = answer(context).rows if context.ledger else ()
    newest = max((str(row["last_success"]) for row in rows if row["last_success"]), default=None)
    for row in rows if len(rows) > 1 else ():
        name, success = safe(str(row["organization_name"])), row["last_success"]
        if success is None:
            yield f"{name} was never read in full: tallystick freshness"
        elif row["status"] != OK or instant(str(newest)) - instant(str(success)) > DAY:
            yield f"{name} was last read in full {row['success_hours']} hours ago: tallystick freshness"


Readings = Mapping[str, Mapping[str, datetime]]
"""The instants of `_INSTANTS` by source."""


def _readings(context: Context) -> Mapping[str, Readings]:
    """The readings of each organization that had been made by now."""
    columns = (f"{aggregate} AT TIME ZONE 'UTC' AS {name}" for name, aggregate in _INSTANTS.items())
    query = select("organization", "source", *columns).from_("ledger.pages")
    query = query.where(f"read_at <= {instant_of(context.now)}").group_by("organization", "source")
    readings: dict[str, dict[str, Mapping[str, datetime]]] = defaultdict(dict)
    for row in context.engine.rows(query):
        instants = {name: row[name].replace(tzinfo=UTC) for name in _INSTANTS if row[name]}
        readings[row["organization"]][row["source"]] = instants
    return readings


def _failing(read: Mapping[str, Readings]) -> Iterator[str]:
    """The organizations whose syncs were stopped, and have no success since, though none of their days was committed.

    The unknown one is any of the others: the success of one is its own too.
    """
    successes = [readings[SUCCESS]["newest"] for readings in read.values() if SUCCESS in readings]
    for name, readings in read.items():
        own = successes if name == UNKNOWN else [readings[SUCCESS]["newest"]] if SUCCESS in readings else []
        if STOP in readings and readings[STOP]["newest"] > max(own, default=_NEVER):
            yield name


def _row(context: Context, organization: str, read: Readings) -> Iterator[Cell]:
    """The cells of an organization after its name."""
    now = context.now
    newest = max((instants["newest"] for source, instants in read.items() if source != STOP), default=None)
    stop = read[STOP]["newest"] if STOP in read else None
    success = read[SUCCESS]["newest"] if SUCCESS in read else None
    first = min((instants["oldest"] for instants in read.values()), default=None)
    latest = max((instant for instant in (newest, stop) if instant), default=None)
    complete_until = _whole([instants for source, instants in read.items() if source in _CHARGED])
    unread = sorted(
        source
        for source, instants in read.items()
        if "unread" in instants and (success is None or instants["unread"] > success)
    )
    if stop and (success is None or stop > success):
        unread = [EVERYTHING]
    yield None if latest is None else OK if success and latest <= success else FAILING
    yield _hours(now, complete_until)
    yield _hours(now, success or first)
    yield _last_day(context, CHARGES, organization)
    yield _last_day(context, USED, organization)
    yield None if latest is None else ", ".join(unread) or NOTHING
    yield from (text(instant) if instant else None for instant in (complete_until, newest, success))


def _whole(data: Sequence[Mapping[str, datetime]]) -> datetime | None:
    """Until when bill or use was whole by the readings that reach furthest: those of a dialect that is left do not."""
    until = max((instants.get("until", _NEVER) for instants in data), default=_NEVER)
    furthest = [instants for instants in data if instants.get("until", _NEVER) == until]
    ages = (instants.get("whole", instants.get("read")) for instants in furthest)
    return max(filter(None, ages), default=None)


def _hours(now: datetime, since: datetime | None) -> int | None:
    return None if since is None else (now - since) // _HOUR


def _last_day(context: Context, table: LedgerTable, organization: str) -> str | None:
    """The last ended day that was read after its end."""
    if organization not in organizations(context.engine):
        return None
    question = Question("", context.question("freshness").window, (), {"organization": Filter.of(organization)})
    states: Mapping[date, Any] = states_of(context.engine, table, question)
    return str(max((day for day, state in states.items() if state is not State.RUNNING), default="")) or None


REPORT = Report(
    answer,
    about="Shows when a sync last read anything, when one last could read all, and which sources it could not read "
    "since: everything, where no answer or a refusal stopped it. The age of the data counts from then until which "
    "Anthropic says that it was whole.",
    priced=False,
)
