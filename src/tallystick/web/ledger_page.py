"""Ledger page: the days that it has and in which state, its versions, data issues, what was read and when."""

from __future__ import annotations

from tallystick.web.fields import Inputs
from tallystick.web.month_pages import first_read
from tallystick.web.page import Page, Panel, View, ask

ISSUES = "SELECT noticed_at, kind, subject, text FROM notices ORDER BY noticed_at DESC, kind, subject LIMIT 200"
PENDING = "SELECT noticed_at, source, day, text FROM losses ORDER BY noticed_at DESC, day"
READ = (
    "SELECT strftime(date_trunc('hour', read_at), '%Y-%m-%d %H:00') AS hour, source, "
    "count(DISTINCT reading) AS readings, count(*) AS pages, sum(size) AS bytes, "
    "min(window_start)::DATE::VARCHAR AS since, max(window_end)::DATE::VARCHAR AS before "
    "FROM pages WHERE source <> 'success' "
    "GROUP BY ALL ORDER BY hour DESC, source LIMIT 60"
)
"""What the ledger's own tables are asked for."""


def _panels(_: str, __: Inputs) -> tuple[Panel, ...]:
    return (
        Panel("Every day", ask("days"), View.CALENDAR, 7),
        Panel(
            "What the last change of this month's bill was",
            ask("diff", month="mtd"),
            width=5,
            rows=8,
            may_lack=True,
            instead=first_read,
        ),
        Panel("Versions", ask("log", top="60"), width=12, rows=60, columns=("version", "committed", "what", "changed")),
        Panel("Data issues", ask("sql", query=ISSUES), width=6, rows=200, nothing="None was noticed."),
        Panel(
            "Answers that wait for a second look",
            ask("sql", query=PENDING),
            width=6,
            rows=60,
            nothing="None: no answer would have emptied or halved a day.",
        ),
        Panel(
            "What was read, hour by hour", ask("sql", query=READ), width=12, rows=16, nothing="Nothing was read yet."
        ),
    )


LEDGER = Page(
    "/ledger",
    "Ledger",
    _panels,
    "l",
    "Which days are here and how far they can be trusted; what each sync changed.",
    actions=(("Check that it adds up", ask("verify").url), ("Compare two versions of a month", ask("diff").url)),
    of_all="Days, versions and data issues are those of every team.",
)
