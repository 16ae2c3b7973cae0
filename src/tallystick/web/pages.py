"""Pages: which questions stand on which page, as data. A page computes nothing: it asks reports of the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tallystick.web.address import WHERE, Address
from tallystick.web.links import SUBJECTS


class View(StrEnum):
    """How a panel shows an answer."""

    FIGURES = "figures"
    """The figures of a Document, as tiles."""
    COURSE = "course"
    """An answer by time, as stacked columns."""
    TABLE = "table"
    DOCUMENT = "document"
    """Every section of a Document, with its tables and pictures."""
    ATTENTION = "attention"
    """What a Document says needs attention."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One question of a page: its title, its view, how many of twelve columns it is wide.

    `switch` are dimensions that a reader can choose among, by the parameter `by` of the page. `rows` is how many rows
    stand on the page. `columns` are the columns that it shows, all where there are none.
    """

    title: str
    address: Address
    view: View = View.TABLE
    width: int = 6
    switch: tuple[str, ...] = ()
    rows: int = 8
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the path it is at, its title, its panels; `panels` takes the subject's id and what is switched."""

    path: str
    title: str
    panels: Callable[[str, Mapping[str, str]], tuple[Panel, ...]]
    key: str = ""
    """The letter that leads to it after `g`."""
    about: str = ""


def ask(report: str, **values: str) -> Address:
    """Return the address of a report asked with these texts; `where_model` is a filter."""
    return Address(
        report,
        tuple(
            (name.replace("where_", WHERE) if name.startswith("where_") else name, text)
            for name, text in values.items()
        ),
    )


SWITCH = ("workspace", "team", "model", "key")


def _overview(_: str, given: Mapping[str, str]) -> tuple[Panel, ...]:
    by = given.get("by") if given.get("by") in SWITCH else SWITCH[0]
    return (
        Panel("This month", ask("status"), View.FIGURES, 12),
        Panel("Spend by day", ask("spend", by=f"day,{by}", since="30d"), View.COURSE, 8, SWITCH),
        Panel("Needs attention", ask("status"), View.ATTENTION, 4),
        Panel("What changed most", ask("variance", month="mtd", by=by or "model", top="6"), View.TABLE, 6),
        Panel("Top keys, 30 days", ask("spend", by="key", since="30d", top="7"), View.TABLE, 3),
        Panel("Top models, 30 days", ask("spend", by="model", since="30d", top="7"), View.TABLE, 3),
    )


def _subject(dimension: str) -> Callable[[str, Mapping[str, str]], tuple[Panel, ...]]:
    """The panels of one value of a dimension."""
    others = tuple(name for name in SWITCH if name != dimension)

    def panels(value: str, given: Mapping[str, str]) -> tuple[Panel, ...]:
        where = {f"where_{dimension}": value}
        by = given.get("by") if given.get("by") in others else others[-1]
        return (
            Panel("Spend by day", ask("spend", by=f"day,{by}", since="30d", **where), View.COURSE, 8, others),
            Panel(
                "Why it changed this month",
                ask("variance", month="mtd", by="model", top="6", **where),
                View.TABLE,
                4,
                columns=("model", "before", "after", "change"),
            ),
            *(
                Panel(f"By {name}, 30 days", ask("spend", by=name, since="30d", top="8", **where), View.TABLE, 4)
                for name in (*others, "kind")
            ),
            Panel("Cache, 30 days", ask("cache", by="model", since="30d", **where), View.TABLE, 8),
        )

    return panels


PAGES: tuple[Page, ...] = (
    Page("/", "Overview", _overview, "o"),
    Page(
        "/cache",
        "Cache",
        lambda _, __: (
            Panel("Figures of caching, 30 days", ask("cache", by="model", since="30d"), View.TABLE, 12, rows=30),
            Panel("By workspace", ask("cache", by="workspace", since="30d"), View.TABLE, 12, rows=30),
        ),
        "c",
    ),
    Page(
        "/reconcile",
        "Reconcile",
        lambda _, __: (
            Panel("From billed to priced, 30 days", ask("reconcile", since="30d"), View.TABLE, 12, rows=40),
        ),
        "r",
    ),
    Page("/ledger", "Ledger", lambda _, __: (Panel("What was committed", ask("log"), View.TABLE, 12, rows=30),), "l"),
)
SUBJECT_PAGES: Mapping[str, Page] = {
    path: Page(f"/{path}", path.capitalize(), _subject(dimension)) for dimension, path in SUBJECTS.items()
}
"""The pages of one key, person, team, model or workspace, by the first part of their path."""
DIMENSIONS = {path: dimension for dimension, path in SUBJECTS.items()}
