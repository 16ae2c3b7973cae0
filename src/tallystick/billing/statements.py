"""Statements: what each team is charged for a month, which adds up to the bill; or the statement of one team."""

from __future__ import annotations

from tallystick.billing import statement
from tallystick.billing.chargeback import charged
from tallystick.billing.statement_lines import PARTS
from tallystick.core.document import Document
from tallystick.core.time_words import When, month_of
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.names import one_organization
from tallystick.query.report import ChargeSum, Form, Parameter, Report


def statements(
    context: Context, month: When | None, team: str | None, organization: str | None, totals: bool
) -> Document:
    """The overview of a month's statements, or the one of a team: as the month was closed, else a draft.

    InvalidQuestion for a team that is charged nothing, or where one organization of several is to be named.
    """
    if team and totals:
        raise InvalidQuestion("The statement of a team has its lines.", "Leave out --totals, or --team.")
    name = f"{month_of(month, context.now).start:%Y-%m}"
    id_ = one_organization(context.engine, organization, name)
    month_charged = charged(context.engine, id_, name, context.owners, context.now, sums=totals)
    return statement.statement(month_charged, team) if team else statement.overview(month_charged)


REPORT = Report(
    statements,
    (
        Parameter("month", "The month, as 2026-10 or mtd; by default last-month.", metavar="MONTH"),
        Parameter("team", "Only one team, or unowned.", metavar="TEAM"),
        Parameter("organization", "Only this organization, where the ledger has several.", metavar="ID"),
        Parameter("totals", "Only what each team is charged: no lines, and sooner.", Form.FLAG, default=False),
    ),
    "For a month that is not closed this is a draft by today's rules. `tallystick statement --all` writes a file for "
    "each team.",
    priced=False,
    charges=dict.fromkeys(
        ("to post", "amount", "to_post", "share", *PARTS, "quantity", "unit_price", "line_total"),
        ChargeSum(half="billed"),
    ),
)
