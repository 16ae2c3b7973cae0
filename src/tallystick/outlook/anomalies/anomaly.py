"""Anomaly: one finding explained: what it cost above expectation, by cause, by key, model and kind, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tallystick.core.document import Chart, Document, Figure, Section
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, ratio, rounded
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import did_you_mean
from tallystick.errors import UnknownName
from tallystick.outlook.anomalies.days_around import days_around
from tallystick.outlook.anomalies.episode import State
from tallystick.outlook.anomalies.finding import EXPECTED, Cause, Finding
from tallystick.outlook.anomalies.report import CALLED, SINCE, WHERE, findings_since, name, spender_name, words
from tallystick.query.context import Context
from tallystick.query.report import Form, Parameter, Report, Where, narrowed_by
from tallystick.store.engine import Engine

_MEANS = {
    Cause.VOLUME: "more tokens, at the prices and in the mix of before",
    Cause.MODEL: "other models than before",
    Cause.CACHE: "tokens that were read from the cache before",
    Cause.MIX: "another mix of kinds of tokens",
    Cause.PRICE: "the same tokens at another price",
}
_STATES = {
    State.ACTIVE.value: "It lasts.",
    State.ENDED.value: "It ended.",
    State.LEVEL.value: "It lasted, and is the usual level since.",
    EXPECTED: "It was expected.",
}


def document(engine: Engine, finding: Finding, today: date) -> Document:
    """Make the page of a finding."""
    level = CALLED.get(finding.subject.level, finding.subject.level)
    until = f"{finding.since}" + (f" to {finding.until}" if finding.until > finding.since else "")
    until = f"since {finding.since}" if finding.state == State.ACTIVE else until
    return Document(
        "anomaly",
        f"{level.capitalize()} {name(engine, finding)}: {words(finding)}",
        f"{until}. {finding.reason or _STATES[finding.state]} UTC days, US dollars.",
        (
            Section("Days around", _around(engine, finding, today), chart=AROUND),
            Section("By cause", _causes(finding)),
            Section("By key, model and kind", _parts(engine, finding)),
            Section("Each day", _days(finding)),
        ),
        tuple(_figures(finding)),
        tuple(_messages(finding)),
        {
            "finding": finding.id,
            "state": finding.state,
            "level": finding.subject.level,
            "subject": finding.subject.id,
            "subject_name": name(engine, finding),
            "organization": finding.subject.organization,
            "since": str(finding.since),
            "until": None if finding.state == State.ACTIVE else str(finding.until),
            "cause": finding.cause.value,
            "reason": finding.reason or None,
            "as_of": engine.version.identity,
        },
    )


def _figures(finding: Finding) -> Iterator[Figure]:
    yield Figure(
        _money("above expectation"), finding.above, f"{len(finding.days)} {'day' if len(finding.days) == 1 else 'days'}"
    )
    yield Figure(_money("spent"), finding.spent)
    yield Figure(_money("expected"), finding.expected, _expectation(finding))
    before, after = finding.before, finding.after
    if after.hit_rate is not None:
        was = f"{rounded(before.hit_rate * 100, 1)} % before" if before.hit_rate is not None else ""
        yield Figure(Heading("cache hit rate", Kind.RATIO), after.hit_rate, was)
    if after.price is not None:
        was = f"{rounded(before.price)} before" if before.price is not None else ""
        yield Figure(_money("per million tokens"), rounded(after.price), was)


def _expectation(finding: Finding) -> str:
    if finding.new:
        return "it had no use before"
    return f"by {finding.known} days before" + (", a short history" if finding.known < SHORT else "")


SHORT = 28
"""With fewer days an expectation is rough, and that is said."""


def _causes(finding: Finding) -> Table:
    headings = (
        Heading("cause", Kind.DIMENSION),
        Heading("what it is", Kind.TEXT, drop_order=1),
        _money("above"),
        Heading("share", Kind.RATIO),
    )
    cells: list[tuple[Cell, ...]] = [
        (cause.value, _MEANS[cause], amount, ratio(amount, finding.above))
        for cause, amount in sorted(finding.shares.items(), key=lambda share: -share[1])
    ]
    return Table(None, headings, cells, {"above": finding.above})


def _parts(engine: Engine, finding: Finding) -> Table:
    headings = (
        Heading("key", Kind.DIMENSION),
        Heading("model", Kind.DIMENSION),
        Heading("kind", Kind.DIMENSION),
        _money("above"),
        Heading("share", Kind.RATIO),
        Heading("expected", Kind.MONEY, "USD", drop_order=2),
        Heading("spent", Kind.MONEY, "USD", drop_order=1),
        *(Heading(column, Kind.MONEY, "USD", drop_order=3) for column in ("volume", "mix", "price")),
    )
    cells: list[tuple[Cell, ...]] = [
        (
            spender_name(engine, part.key, part.actor),
            part.model,
            part.kind,
            part.effects.change,
            ratio(part.effects.change, finding.above),
            part.effects.before,
            part.effects.after,
            part.effects.volume,
            part.effects.mix,
            part.effects.price,
        )
        for part in finding.parts
    ]
    return Table(None, headings, cells, {"above": finding.above, "expected": finding.expected, "spent": finding.spent})


AROUND = Chart("columns", "day", ("spent", "expected"), alone=True)
"""The picture of the days around a finding."""


def _around(engine: Engine, finding: Finding, today: date) -> Table:
    """The days before, within and after a finding; outside of it nothing was expected."""
    own = {day.day: day for day in finding.days}
    cells: list[tuple[Cell, ...]] = [
        (str(day), own[day].spent, own[day].expected) if day in own else (str(day), spent, None)
        for day, spent in days_around(engine, finding, today).items()
    ]
    return Table(None, (Heading("day", Kind.DIMENSION), _money("spent"), _money("expected")), cells, {})


def _days(finding: Finding) -> Table:
    headings = (Heading("day", Kind.DIMENSION), _money("spent"), _money("expected"), _money("above"))
    cells: list[tuple[Cell, ...]] = [
        (str(day.day), day.spent, day.expected, EXACT.subtract(day.spent, day.expected)) for day in finding.days
    ]
    return Table(None, headings, cells, {"spent": finding.spent, "expected": finding.expected, "above": finding.above})


def _messages(finding: Finding) -> Iterator[Message]:
    yield note(
        "above = volume + model + cache or mix + price, exactly. What was expected is an estimate, rounded to cents; "
        "its lines are as in the 28 days before."
    )
    if finding.running:
        yield note("The day is running: what was expected is of the hours so far, or of the whole day without hours.")


def _money(heading: str) -> Heading:
    return Heading(heading, Kind.MONEY, "USD")


def finding_of(context: Context, finding: str, where: Where = None) -> Finding:
    """The finding of that id, or that begins with it, of what is asked about; UnknownName where there is none."""
    ids: list[str] = []
    for since in FAR if finding else ():
        findings = findings_since(context, since, where).findings
        matches = [entry for entry in findings if entry.id.startswith(finding.casefold())]
        if len(matches) == 1:
            return matches[0]
        ids = [entry.id for entry in findings]
    hint = did_you_mean(finding, ids) or f"`tallystick anomalies` lists those of {SINCE}."
    raise UnknownName(f"There is no finding {finding!r}.", hint)


def anomaly(context: Context, finding: str, where: Where = None) -> Document:
    """The finding of that id, explained; UnknownName where there is none."""
    return document(context.engine, finding_of(context, finding, where), context.now.date())


FAR = ("60d", "400d")
"""How far back a finding is looked for by its id: first where most are, then where few are."""

REPORT = Report(
    anomaly,
    (
        Parameter("finding", "Its id, as `anomalies` lists it.", Form.ARGUMENT, required=True),
        narrowed_by(WHERE),
    ),
    "FINDING is an id that `anomalies` lists. Shows by which cause, key, model and kind of token it cost more than "
    "expected; the shares add up exactly. What `anomalies --where` lists is explained with the same --where.",
    priced=False,
)
