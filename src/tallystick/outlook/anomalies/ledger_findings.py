"""Ledger findings: what stands out in a ledger, each organization by itself, with what was planned told from news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.question import Question
from tallystick.core.records import State as DayState
from tallystick.core.select import select
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.outlook.anomalies.cells import Cell, cells
from tallystick.outlook.anomalies.explanation import findings
from tallystick.outlook.anomalies.finding import Finding
from tallystick.outlook.anomalies.findings_file import Detection, FindingsFile, digest_of
from tallystick.outlook.anomalies.hours import day_share
from tallystick.outlook.anomalies.known import with_expectation
from tallystick.outlook.anomalies.survey import Survey, minimum_of
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, within
from tallystick.query.context import Context
from tallystick.query.coverage import states_of
from tallystick.query.names import directory, organizations
from tallystick.query.owners import known as check_owners
from tallystick.query.spelling import spellings
from tallystick.store.acknowledgements import acknowledgements
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners

HISTORY = timedelta(days=90)
"""How long before the days that are asked about usual levels are learned from."""
RECENT = timedelta(days=62)
"""Whichever of so many days, this month and the last, is asked about, levels are learned from the same days."""
TEAM = "team"
USUAL = 28
"""Ended days whose middle is a usual day of an organization."""


@dataclass(frozen=True)
class LedgerFindings:
    """The findings of a window, the newest first, and the minimum of each organization in US dollars."""

    findings: Sequence[Finding]
    minimums: Mapping[str, Decimal]
    young: int
    """How many keys and people are too young to have a usual level."""


def ledger_findings(
    context: Context, window: Window, where: Mapping[str, Filter], minimum: Decimal | None = None
) -> LedgerFindings:
    """Return what stands out on days of a window, newest first, ended at the running day; `minimum` in US dollars.

    Findings begin where they began, also before the window.
    """
    engine, today = context.engine, context.now.date()
    if TEAM in where:
        check_owners(Question("anomalies", window, (), where), context.owners)
    since = min(window.start, Grain.DAY.floor(context.now) - RECENT)
    detections: dict[str, Detection] = {}
    for organization in organizations(engine):
        if "organization" in where and not _takes(engine, where["organization"], "organization", organization):
            continue
        scope = {**where, "organization": Filter.of(organization)}
        detections[organization] = _detection(context, organization, since, scope, minimum)
    selection = [
        finding
        for detection in detections.values()
        for finding in detection.findings
        if finding.until >= window.start.date() and finding.since <= today
    ]
    events = context.events.rows
    entries = acknowledgements(context.tables.root)
    members = [cell for finding in selection for cell in finding.cells] if events else []
    teams = teams_of(context.owners, engine, members, today)
    selection = [with_expectation(engine, finding, events, entries, teams) for finding in selection]
    selection.sort(key=lambda finding: (finding.since, finding.above), reverse=True)
    minimums = {organization: detection.minimum for organization, detection in detections.items()}
    return LedgerFindings(selection, minimums, sum(detection.young for detection in detections.values()))


def _detection(
    context: Context, organization: str, since: datetime, where: Mapping[str, Filter], minimum: Decimal | None
) -> Detection:
    """What `detect` returns, once for a version, whatever window asks; all of an organization by the findings file."""
    results, digest = context.engine.results, digest_of(context.engine.version, context.owners, context.now)
    key = (detect, digest, since, *sorted(where.items()), minimum)
    if key not in results:
        is_whole = minimum is None and where.keys() == {"organization"}
        if is_whole and since == Grain.DAY.floor(context.now) - RECENT:
            results[key] = _filed_detection(context, organization, since, digest)
        else:
            results[key] = detect(context, organization, since, where, minimum)
    detection: Detection = results[key]
    return detection


def _filed_detection(context: Context, organization: str, since: datetime, digest: str) -> Detection:
    """What the findings file has of an organization; where it has nothing, what is detected and, if wanted, filed."""
    file = FindingsFile.read(context.tables.root, digest)
    if organization in file.organizations:
        return file.organizations[organization]
    detection = detect(context, organization, since, {"organization": Filter.of(organization)})
    if context.records:
        with suppress(OSError):
            replace(file, organizations={**file.organizations, organization: detection}).write(context.tables.root)
    return detection


def write_findings(context: Context) -> None:
    """Write what stands out of the version that is asked, for whoever asks."""
    since = Grain.DAY.floor(context.now) - RECENT
    detections = {
        organization: detect(context, organization, since, {"organization": Filter.of(organization)})
        for organization in organizations(context.engine)
    }
    FindingsFile(digest_of(context.engine.version, context.owners, context.now), detections).write(context.tables.root)


def detect(
    context: Context,
    organization: str,
    since: datetime,
    where: Mapping[str, Filter],
    minimum: Decimal | None = None,
) -> Detection:
    """Return what stands out of an organization, of all that lasted until a day or later; `where` names it too."""
    engine, now = context.engine, context.now
    first = _first(engine, organization)
    today = Grain.DAY.floor(now)
    start = max(midnight(first), Grain.MONTH.floor(min(since, today - RECENT) - HISTORY)) if first else today
    span = Window(start, today + DAY)
    read = cells(engine, span, where, [_workspaces(context, span, where[TEAM])] if TEAM in where else [])
    teams = teams_of(context.owners, engine, list(read.by_cell), now.date())
    if TEAM in where:
        owned = {cell for cell, team in teams.items() if where[TEAM].takes(team)}
        read = replace(read, by_cell={cell: daily for cell, daily in read.by_cell.items() if cell in owned})
    known = _known_days(engine, organization, span, now)
    days = span.days()
    totals = [sum(amounts) for amounts in zip(*(daily.dollars for daily in read.by_cell.values()), strict=True)]
    lately = [amount for amount, is_known in zip(totals, known, strict=False) if is_known][-USUAL:]
    least = minimum if minimum is not None else Decimal(int(minimum_of(median(lately) if lately else 0.0)))
    share = (
        day_share(engine, organization, now.date())
        if any(daily.dollars[-1] for daily in read.by_cell.values())
        else None
    )
    survey = Survey(read, known, float(least), teams.get, share)
    sightings = [sighting for sighting in survey.sightings() if days[sighting.end] >= since.date()]
    results = findings(engine, sightings, days[0], known, least)
    return Detection([finding for finding in results if finding.above >= least], least, survey.young)


def _first(engine: Engine, organization: str) -> date | None:
    query = select("min(day) AS first").from_("ledger.charges").where(f"organization = '{organization}'")
    first: date | None = engine.rows(from_sums(engine, query))[0]["first"]
    return first


def _workspaces(context: Context, span: Window, team: Filter) -> str:
    """The condition of the workspaces in which a team owns anything today: nothing else need be read of it."""
    names = [name for name in Cell._fields if name in {"workspace", *context.owners.sees}]
    query = select(*names).distinct().from_("ledger.charges").where(within(span, months=True))
    rows = context.engine.rows(from_sums(context.engine, query))
    members = [Cell(**dict.fromkeys(Cell._fields, "") | row) for row in rows]
    teams = teams_of(context.owners, context.engine, members, context.now.date())
    return among("workspace", sorted({cell.workspace for cell, owner in teams.items() if team.takes(owner)}))


def _known_days(engine: Engine, organization: str, span: Window, now: datetime) -> list[bool]:
    """Of each day whether its bill or its use was read after it had ended."""
    question = Question("anomalies", span, (), {"organization": Filter.of(organization)})
    ended: set[date] = set()
    for table in (CHARGES, USED):
        states = states_of(engine, table, question)
        ended |= {day for day, state in states.items() if state != DayState.RUNNING and day < now.date()}
    return [day in ended for day in span.days()]


def teams_of(owners: Owners, engine: Engine, members: Sequence[Cell], today: date) -> dict[Cell, str]:
    """The team of each cell that one team owns by today's rules."""
    if not owners.rules:
        return {}
    subjects: dict[tuple[str, ...], Cell] = {tuple(cell): cell for cell in members}
    teams: dict[Cell, str] = {}
    for subject, start, end, index in owners.owned(sorted(subjects), spellings(engine)):
        if index >= 0 and start <= today < end and owners.rules[index].how == "team":
            teams[subjects[subject]] = owners.rules[index].teams[0][0]
    return teams


def _takes(engine: Engine, part: Filter, name: str, id_: str) -> bool:
    return part.takes(id_, directory(engine, name).get(id_, id_))
