"""Subject pages: the pages of one key, person, team, model, workspace or month, and the lists that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tallystick.outlook.roster import RECENT
from tallystick.web.anomaly_page import ANOMALY
from tallystick.web.changes import changes
from tallystick.web.fields import Inputs
from tallystick.web.links import SUBJECTS, subject
from tallystick.web.month_pages import MONTH
from tallystick.web.page import SWITCH, Page, Panel, Row, View, ask

KEYS = (
    "key",
    "key_name",
    "billed",
    "attention",
    "team",
    "workspace",
    "workspace_name",
    "status",
    "creator",
    "last_used",
)
"""What the list of keys shows of each."""
ROSTER = ("last_30_days", "this_month", "same_days_before", "growth", "share", "team", "status", "last_used")
"""What the other lists show of each."""
PLURALS = {"key": "Keys", "actor": "People", "team": "Teams", "model": "Models", "workspace": "Workspaces"}
"""What the lists are called."""
ABOUT = {
    "key": "Which key spends, who owns it, what is odd about it: those that need attention first.",
    "actor": "Who spends: people, service accounts, and keys where the person is not known.",
    "team": "What the owner rules give each team, and what nobody owns.",
    "model": "What each model costs, and which of them retire.",
    "workspace": "What each workspace costs, and who owns it.",
}


def _subject(dimension: str) -> Callable[[str, Inputs], tuple[Panel, ...]]:
    """The panels of one value of a dimension."""
    others = tuple(name for name in (*SWITCH, "actor") if name != dimension)
    switch = others[:4]

    def panels(value: str, inputs: Inputs) -> tuple[Panel, ...]:
        where = {f"where_{dimension}": value}
        by = inputs.get("by") if inputs.get("by") in others else ("model" if dimension != "model" else "workspace")
        profile = ask("profile", dimension=dimension, value=value)
        recent = {"since": f"{RECENT}d", **where}
        ahead = (ask("forecast", **where),)
        of_teams = Panel("In short", ask("status", **where), View.FIGURES, 12, also=ahead)
        return (
            Panel("In short", profile, View.FIGURES, 12, also=ahead, of_teams=of_teams, heads=True),
            Panel(
                "Spend by day",
                ask("spend", by=f"day,{by}", since="28d", until="today", **where),
                View.COURSE,
                8,
                switch,
                also=(
                    ask("spend", by="day", since="56d", until="today", **where),
                    ask("forecast", by="day", **where),
                    ask("anomalies", **where),
                ),
                tall=True,
            ),
            Panel("About", profile, View.ABOUT, 4),
            Panel(f"By kind, {RECENT} days", ask("spend", by="kind", **recent), width=4),
            changes(12, heads=True, by="model" if dimension != "model" else "workspace", top="6", **where),
            *(
                Panel(f"By {SUBJECTS[name]}, {RECENT} days", ask("spend", by=name, top="8", **recent), width=6)
                for name in others
            ),
            *(_cache(dimension, recent) if dimension != "team" else ()),
        )

    return panels


def _cache(dimension: str, recent: dict[str, str]) -> tuple[Panel, ...]:
    by = "workspace" if dimension == "model" else "model"
    return (
        Panel(
            f"Cache, {RECENT} days",
            ask("cache", by=by, **recent),
            width=12,
            rows=20,
            columns=(by, f"{by}_name", "tier", "cache_read", "hit_rate", "saved", "extra_5m", "extra_1h", "net"),
            may_lack=True,
        ),
    )


def _lead(dimension: str, column: str) -> Callable[[Row], str]:
    """Where a cell leads that names one thing, or several with commas between them."""

    def lead(row: Row) -> str:
        value = str(row[column] or "")
        return "" if ", " in value else subject(dimension, value)

    return lead


_KEY_LEADS = {name: _lead(name, name) for name in ("key", "workspace", "team")}


def _list(dimension: str) -> Page:
    """The page that lists every value of a dimension."""
    name = PLURALS[dimension]
    own = Panel(name, ask("spend", by=dimension, since=f"{RECENT}d", compare="previous"), width=12, rows=500)
    if dimension == "key":
        address = ask("keys", since=f"{RECENT}d")
        panel = Panel(
            f"{name}, {RECENT} days",
            address,
            width=12,
            rows=500,
            columns=KEYS,
            leads=_KEY_LEADS,
            of_teams=own,
            heads=True,
        )
    else:
        panel = Panel(
            name,
            ask("roster", dimension=dimension),
            width=12,
            rows=500,
            columns=(dimension, f"{dimension}_name", *(column for column in ROSTER if column != dimension)),
            leads={"team": _lead("team", "team")},
            of_teams=own,
        )
    key, menu, under = ("k", "Who spends", "") if dimension == "key" else ("", "", "/keys")
    return Page(f"/{name.lower()}", name, lambda _, __: (panel,), key, ABOUT[dimension], menu=menu, under=under)


LISTS = tuple(_list(dimension) for dimension in PLURALS)
"""The pages that list every key, person, team, model and workspace."""
SUBJECT_PAGES: Mapping[str, Page] = {
    path: Page(f"/{path}", path.capitalize(), _subject(dimension), under="/keys")
    for dimension, path in SUBJECTS.items()
} | {"month": MONTH, "anomaly": ANOMALY}
"""The pages of one key, person, team, model, workspace, month or finding, by the first part of their path."""
