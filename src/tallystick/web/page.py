"""Page: a page of the dashboard as data: which questions stand on it, and how each is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tallystick.web.address import WHERE, Address

SWITCH = ("workspace", "team", "model", "key")
"""Dimensions that a reader can choose among."""


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
    REASONS = "reasons"
    """A variance, in words."""
    TREND = "trend"
    """A table of amounts, each with a small line of its days."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One question of a page: its title, its view, how many of twelve columns it is wide.

    `switch` are dimensions that a reader can choose among, by the parameter `by` of the page. `rows` is how many rows
    stand on the page. `columns` are the columns that it shows, all where there are none. `also` is what its view needs
    beside: of FIGURES a forecast, of COURSE the same 28 days earlier, of TREND the same by day. A `tall` panel stands
    beside two others.
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
