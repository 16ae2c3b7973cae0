"""Page: a page of the dashboard as data: which questions stand on it, and how each is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tallystick.address import WHERE, Address
from tallystick.core.question import Cell, Table
from tallystick.web.fields import Choices, Fields, Inputs

Row = Mapping[str, Cell]
"""A row of an answer, by column name."""
SWITCH = ("workspace", "team", "model", "key")
"""Dimensions that a reader can choose among."""


class View(StrEnum):
    """How a panel shows an answer."""

    FIGURES = "figures"
    """The figures of a Document, as tiles."""
    COURSE = "course"
    """An answer by time, as stacked columns."""
    TABLE = "table"
    ATTENTION = "attention"
    """What a Document says needs attention."""
    REASONS = "reasons"
    """A variance, in words."""
    TREND = "trend"
    """A table of amounts, each with a small line of its days."""
    TOTALS = "totals"
    """The totals of a Table, or its only row, as tiles."""
    ABOUT = "about"
    """What a profile knows beside its figures."""
    PART = "part"
    """The table of a Document whose part has the panel's title, else its first."""
    DAYS = "days"
    """The days around a finding: what was spent, and what was expected on its own."""
    MESSAGES = "messages"
    """Every warning and note of an answer."""
    WATERFALL = "waterfall"
    """A reconciliation, as steps from billed to priced."""
    CALENDAR = "calendar"
    """The days of the ledger, as squares."""
    METERS = "meters"
    """Budgets, as bars."""
    REUSE = "reuse"
    """How often the cache was read, beside the share from which that pays."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One question of a page: its title, its view, how many of twelve columns it is wide.

    `switch` are dimensions that a reader can choose among, by the parameter `by` of the page. `rows` is how many rows
    stand on the page. `columns` are the columns that it shows, all where there are none. `also` is what its view needs
    beside: of FIGURES a forecast, of COURSE the same 28 days earlier. A `tall` panel stands beside two others.
    """

    title: str
    address: Address
    view: View = View.TABLE
    width: int = 6
    switch: tuple[str, ...] = ()
    rows: int = 8
    columns: tuple[str, ...] = ()
    also: tuple[Address, ...] = ()
    tall: bool = False
    of_rows: Callable[[Table], Address] | None = field(default=None, compare=False)
    """What its view needs beside of the rows of its answer alone: of TREND their days."""
    leads: Mapping[str, Callable[[Row], str]] = field(default_factory=dict, compare=False)
    """Where the cells of a column lead, by the row."""
    tail: Callable[[Row], tuple[tuple[str, str], ...]] | None = field(default=None, compare=False)
    """Words and addresses that stand beside the name of each row."""
    may_lack: bool = False
    """What it asks about may not be there: then it says so plainly, not as an error."""
    of_teams: Panel | None = field(default=None, compare=False)
    """What stands in its place for a reader of single teams, where its question cannot be held to them."""
    unknown: Panel | None = None
    """What stands in its place where no day that it asks about is known, as on the first of a month."""
    nothing: str = ""
    """What it says where the answer has no rows."""
    instead: Callable[[Table], str] | None = field(default=None, compare=False)
    """What it says in place of rows that tell nothing; an empty text where they do."""
    page: str = ""
    """Where its title leads, if that is not the same question in Explore."""
    heads: bool = False
    """The headline of its answer stands above all panels."""
    silent: bool = False
    """The headline of its answer stands on the page already."""
    form: bool = False
    """What the reader of the page can set stands in it, not above all."""
    narrows: bool = False
    """Whether its legend leads to the same question held to a value."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the path it is at, its title, its panels; `panels` takes the subject's id and what is switched."""

    path: str
    title: str
    panels: Callable[[str, Mapping[str, str]], tuple[Panel, ...]]
    key: str = ""
    """The letter that leads to it after `g`."""
    about: str = ""
    menu: str = ""
    """What the menu calls it, where that is not its title."""
    under: str = ""
    """The path of the page that it stands beside or is one of; the menu has that alone, a list leads to the others."""
    of_all: str = ""
    """Why a reader of single teams is shown nothing of it, where none of its questions can be held to them."""
    actions: tuple[tuple[str, str], ...] = ()
    """Words and addresses of what can be done from it."""
    form: Fields | None = None
    """What its reader can set."""
    examples: Callable[[Inputs, Choices], tuple[Panel, ...]] | None = None
    """Panels of what a reader may want to set, before all others where nothing is set yet."""
    choices: Callable[[Inputs], tuple[Address, ...]] = lambda _: ()
    """The questions whose answers have what the form chooses among, by the address of the page."""


def ask(report: str, **values: str) -> Address:
    """Return the address of a report asked with these texts; `where_model` is a filter."""
    return Address(
        report,
        tuple(
            (name.replace("where_", WHERE) if name.startswith("where_") else name, text)
            for name, text in values.items()
        ),
    )
