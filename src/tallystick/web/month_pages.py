"""Month pages: every billing month with its state, and one month: its summary, its statements, what changed in it."""

from __future__ import annotations

from collections.abc import Callable

from tallystick.core.question import Table
from tallystick.core.time_words import utc_month
from tallystick.errors import InvalidQuestion, UnknownName
from tallystick.web.fields import Choices, Field, Inputs
from tallystick.web.leads import leads_of
from tallystick.web.links import subject
from tallystick.web.page import Page, Panel, Row, View, ask

FILES = ("pdf", "xlsx", "csv")
"""The files that a statement is handed out as."""


_CHARGED = ("team", "amount", "own", "shared", "adjustment", "to_post", "cost_center")
_ASKED = ask("months")
_TEAMS = {"team": lambda row: subject("team", str(row["team"]))}


def first_read(table: Table) -> str:
    """Return what is said of a difference where nothing was known before; nothing where anything was."""
    known = any(row["billed_before"] is not None for row in table.rows)
    return "" if known or not table.cells else "It was read once so far: there is nothing before to compare with."


def _months(_: str, __: Inputs) -> tuple[Panel, ...]:
    return (
        Panel("Months", _ASKED, width=12, rows=120, leads=leads_of(_ASKED), heads=True),
        Panel(
            "Charged to teams, last month",
            ask("chargeback", month="last-month", totals="1"),
            View.PART,
            12,
            may_lack=True,
            columns=_CHARGED,
            leads=_TEAMS,
            tail=_statement("last-month", {}),
        ),
    )


def _statement(month: str, whose: dict[str, str]) -> Callable[[Row], tuple[tuple[str, str], ...]]:
    """The statement of a row's team, and its files."""

    def links(row: Row) -> tuple[tuple[str, str], ...]:
        address = ask("chargeback", month=month, team=str(row["team"]), **whose)
        return (("statement", address.url), *((ending, address.file(ending)) for ending in FILES))

    return links


def _one(month: str, inputs: Inputs) -> tuple[Panel, ...]:
    try:
        utc_month(month)
    except InvalidQuestion as wrong:
        raise UnknownName(wrong.what, "Months lists those of the ledger.") from None
    whose = {"organization": inputs["organization"]} if inputs.get("organization") else {}
    where = {f"where_{name}": text for name, text in whose.items()}
    versions = {name: text for name in ("before", "after") if (text := inputs.get(name))}
    return (
        Panel("In short", ask("summary", month=month, **whose), View.FIGURES, 12, may_lack=True, heads=True),
        Panel("Its days", ask("days", month=month, **whose), View.CALENDAR, 12),
        Panel(
            "Charged to teams",
            ask("chargeback", month=month, totals="1", **whose),
            View.PART,
            12,
            rows=200,
            may_lack=True,
            columns=_CHARGED,
            leads=_TEAMS,
            tail=_statement(month, whose),
            silent=True,
        ),
        Panel(
            "Why it changed",
            ask("variance", month=month, by="model", top="8", **where),
            width=12,
            may_lack=True,
        ),
        Panel(
            "What changed between versions" if versions else "What changed since it was closed, or last read",
            ask("diff", month=month, **versions),
            width=12,
            rows=10,
            may_lack=True,
            instead=first_read,
            form=True,
        ),
    )


def _versions(inputs: Inputs, _: Choices) -> tuple[Field, ...]:
    hint = "a number of the log, or a day"
    return (
        Field("before", "Changes from version", inputs.get("before", ""), hint=hint),
        Field("after", "to version", inputs.get("after", ""), hint=hint),
    )


MONTHS = Page(
    "/months",
    "Months",
    _months,
    "m",
    "What each month comes to, whether it can be closed, what changed since; what teams are charged. "
    "`tallystick close` closes one.",
    of_all="A month is closed and charged for every team at once; whoever closes it has your statement.",
)
MONTH = Page(
    "/month",
    "Month",
    _one,
    under="/months",
    form=_versions,
    of_all="A month is closed and charged for every team at once; whoever closes it has your statement.",
)
