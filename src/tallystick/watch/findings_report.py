"""Report of findings: what rules saw, those that last first."""

from __future__ import annotations

from tallystick.core.growing_tables import FINDINGS
from tallystick.core.message import note, warning
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import text
from tallystick.query.context import Context
from tallystick.query.report import Form, Parameter, Report
from tallystick.watch import record
from tallystick.watch.finding import Finding, State, findings
from tallystick.watch.outbox import given_up
from tallystick.watch.watcher import is_dead

HEADINGS = (
    Heading("finding", Kind.DIMENSION),
    Heading("state", Kind.TEXT),
    Heading("severity", Kind.TEXT, drop_order=3),
    Heading("rule", Kind.TEXT, drop_order=5),
    Heading("what", Kind.TEXT),
    Heading("dollars", Kind.MONEY, "USD", drop_order=1),
    Heading("since", Kind.TEXT, drop_order=2),
    Heading("until", Kind.TEXT, drop_order=7),
    Heading("reason", Kind.TEXT, drop_order=6),
)


def answer(context: Context, every: bool = False) -> Table:
    """Return each finding that has not ended, or every one; raises LedgerError where there is no ledger."""
    version = context.engine.version
    events = record.events(context.tables) if every else record.recent(context.tables, context.now)
    candidates = findings(events).values()
    selection = [finding for finding in candidates if every or finding.state is not State.RESOLVED]
    states = [*State]
    selection.sort(key=lambda finding: (states.index(finding.state), finding.rank, finding.opened.happened_at))
    messages = (
        [
            warning(f"{channel} may not know of {count:,} of these: {standing}.")
            for (channel, standing), count in given_up(selection, context.now, is_dead).items()
        ]
        if context.tables.has(FINDINGS)
        else [note("No watch has run on this ledger yet: `tallystick watch` starts one, with --once it looks once.")]
    )
    return Table(None, HEADINGS, [_row(finding) for finding in selection], {}, tuple(messages), {}, version.identity)


def _row(finding: Finding) -> tuple[Cell, ...]:
    opened, ended = finding.opened, finding.ended
    return (
        finding.id,
        str(finding.state),
        str(opened.facts.get("severity", "")),
        finding.rule,
        opened.text,
        opened.dollars,
        text(opened.happened_at),
        text(ended.happened_at) if ended else None,
        finding.acknowledged.text if finding.acknowledged else None,
    )


REPORT = Report(
    answer,
    (Parameter("every", "Those that have ended too.", Form.FLAG, default=False, option="--all"),),
    "A rule of `tallystick rules` opens a finding, `tallystick watch` tells of it, and it ends when the rule no longer "
    "sees it. `findings ack FINDING --reason TEXT` stops reminders.",
    priced=False,
    nothing="No rule has seen anything.",
    organizations=False,
)
