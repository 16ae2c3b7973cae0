"""Report of the anomalies of a ledger: each finding in a row, what is news first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import plain, ratio, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import choose
from tallystick.core.time_words import When
from tallystick.errors import InvalidQuestion
from tallystick.outlook.anomalies.episode import State
from tallystick.outlook.anomalies.finding import EXPECTED, Cause, Finding
from tallystick.outlook.anomalies.ledger_findings import TEAM, LedgerFindings, ledger_findings
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.names import apart, directory, organizations
from tallystick.query.report import Parameter, Report, Where, narrowed_by
from tallystick.store.engine import Engine

SINCE = "30d"
STATES = (State.ACTIVE.value, State.ENDED.value, State.LEVEL.value, EXPECTED)
"""The states of findings, in the order of the answer."""
CLEAR, THIN = "clear", "thin"
CALLED = {"actor": "person"}
_CAUSES = {
    Cause.VOLUME: "more use",
    Cause.MODEL: "dearer model",
    Cause.CACHE: "cache missed",
    Cause.MIX: "dearer tokens",
    Cause.PRICE: "price rose",
    Cause.NEW: "new, no history",
}
HEADINGS = (
    Heading("finding", Kind.DIMENSION),
    Heading("state", Kind.TEXT),
    Heading("level", Kind.TEXT, drop_order=4),
    Heading("subject", Kind.DIMENSION),
    Heading("subject_name", Kind.NAME),
    Heading("since", Kind.TEXT),
    Heading("until", Kind.TEXT, drop_order=3),
    Heading("cause", Kind.TEXT),
    Heading("above", Kind.MONEY, "USD"),
    Heading("explained_by", Kind.TEXT, drop_order=2),
    Heading("spent", Kind.MONEY, "USD", drop_order=5),
    Heading("expected", Kind.MONEY, "USD", drop_order=6),
    Heading("volume", Kind.MONEY, "USD", drop_order=7),
    Heading("model_mix", Kind.MONEY, "USD", drop_order=8),
    Heading("token_mix", Kind.MONEY, "USD", drop_order=9),
    Heading("price", Kind.MONEY, "USD", drop_order=10),
    Heading("seen", Kind.TEXT, drop_order=11),
    Heading("evidence", Kind.TEXT, drop_order=14),
    Heading("organization", Kind.DIMENSION, drop_order=12),
    Heading("reason", Kind.TEXT, drop_order=13),
)
_NOTES = (
    "above = volume + model_mix + token_mix + price, exactly; what was expected is an estimate, rounded to cents.",
    "A new level is what lasted a fortnight: from then on it is the usual one.",
)


def rows(engine: Engine, results: Iterable[Finding]) -> Iterator[tuple[Cell, ...]]:
    """The row of each finding."""
    for finding in results:
        shares = finding.shares
        mix = total([shares.get(cause, Decimal(0)) for cause in (Cause.CACHE, Cause.MIX)])
        yield (
            finding.id,
            finding.state,
            CALLED.get(finding.subject.level, finding.subject.level),
            finding.subject.id,
            name(engine, finding),
            str(finding.since),
            None if finding.state == State.ACTIVE else str(finding.until),
            words(finding),
            finding.above,
            explained(engine, finding),
            finding.spent,
            finding.expected,
            shares[Cause.VOLUME],
            shares[Cause.MODEL],
            mix,
            shares[Cause.PRICE],
            str(finding.seen),
            CLEAR if finding.is_clear else THIN,
            finding.subject.organization,
            finding.reason or None,
        )


def name(engine: Engine, finding: Finding) -> str:
    """What the subject of a finding is called; with the end of its id where others are called so too."""
    id_ = finding.subject.id
    return apart(directory(engine, finding.subject.level)).get(id_, id_)


def words(finding: Finding) -> str:
    """The cause of a finding in two words."""
    return _CAUSES[finding.cause] + (f", {finding.together} together" if finding.together else "")


def explained(engine: Engine, finding: Finding) -> str:
    """The key or person, model and kind that explain most of a finding, and how much of it."""
    if not finding.parts or not finding.above:
        return ""
    part = finding.parts[0]
    share = ratio(part.effects.change, finding.above)
    spender = "" if finding.subject.level in {"key", "actor"} else f"{spender_name(engine, part.key, part.actor)}, "
    percent = f" {rounded(share * 100, 0)} %" if share is not None else ""
    return f"{spender}{part.model}, {part.kind.replace('_', ' ')}{percent}"


def spender_name(engine: Engine, key: str, actor: str) -> str:
    """What a key is called, or the person where there is none."""
    keys, people = (apart(directory(engine, level)) for level in ("key", "actor"))
    is_key = key not in {"playground", "unknown", "none"}
    return keys.get(key, key) if is_key else people.get(actor, actor)


def dollars(text: str | None) -> Decimal | None:
    """The minimum that is asked for, in US dollars; InvalidQuestion where it is no amount."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise InvalidQuestion(f"--minimum {text!r} is not an amount of US dollars.", "Write --minimum 50.")
    return amount


def findings_since(context: Context, since: When | None, where: Where, minimum: str | None = None) -> LedgerFindings:
    """The findings of the days since a day, as they are asked for."""
    question = context.question("anomalies", (), (since or SINCE, "today", None), where, known=WHERE)
    for word in question.where:
        if word not in WHERE:
            raise InvalidQuestion(f"Anomalies cannot be held to {word!r}.", choose(word, WHERE))
    return ledger_findings(context, question.window, question.where, dollars(minimum))


WHERE = ("organization", "workspace", "key", "actor", "model", TEAM)
"""What findings can be held to; a team has what it alone owns by the rules of today."""


def _messages(results: LedgerFindings, engine: Engine) -> Iterator[Message]:
    names = directory(engine, "organization")
    several = len(results.minimums) > 1
    for organization, minimum in results.minimums.items():
        whose = f" of {names.get(organization, organization)}" if several else ""
        yield note(f"Less than {plain(minimum)} USD above expectation{whose} is no finding (--minimum).")
    if results.young:
        yield note(
            f"Keys or people with under 14 usual days ({results.young}) are news only where new and spending much."
        )
    yield from map(note, _NOTES if results.findings else ())


def answer(context: Context, since: When | None = None, where: Where = None, minimum: str | None = None) -> Table:
    """The findings since a day: what is active first, then the largest."""
    engine = context.engine
    results = findings_since(context, since, where, minimum)
    question = context.question("anomalies", (), (since or SINCE, "today", None), where, known=WHERE)
    ordered = sorted(results.findings, key=lambda finding: (STATES.index(finding.state), -finding.above, finding.id))
    coverage, covered = cover(engine, CHARGES, question, context.now)
    several = len(organizations(engine)) > 1
    headings = HEADINGS if several else tuple(heading for heading in HEADINGS if heading.name != "organization")
    table = Table(
        question,
        HEADINGS,
        list(rows(engine, ordered)),
        {"above": total([finding.above for finding in ordered])},
        (*covered, *_messages(results, engine)),
        coverage,
        engine.version.identity,
    )
    columns = table.of_columns([heading.name for heading in headings])
    return context.warned(replace(columns, messages=table.messages))


REPORT = Report(
    answer,
    (
        Parameter(
            "since", "First day or period of what is looked at, as 2026-10-01 or 7d.", default=SINCE, metavar="WHEN"
        ),
        narrowed_by(WHERE),
        Parameter(
            "minimum",
            "US dollars above expectation below which nothing is a finding; by default 5 % of a usual day, rounded.",
            metavar="USD",
        ),
    ),
    "Looks at spend, price per token and cache hit rate of every key and person, and at the spend of models, teams, "
    "workspaces and all. One cause is one finding: `anomaly ID` explains it, `anomalies ack ID --reason planned` makes "
    "it expected.",
    nothing="Nothing costs more than usual.",
)
