"""Source: one report of the API as data, by all that tells it from the others; `sources.py` lists every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol

from tallystick.api.endpoints import Endpoint
from tallystick.core.breakdowns import Breakdown
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain
from tallystick.errors import CursorExpired, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from tallystick.sync.batch import Batch, FetchedPage, Ids
    from tallystick.sync.plan import SyncTask
    from tallystick.sync.report_reader import ReportReader
    from tallystick.tally.match import Dialect

Half = Literal["usage", "bill"]


class Persons(StrEnum):
    """How a page names persons: as entries of a list, as actors, or as actors that are an e-mail alone."""

    USERS = "users"
    ACTORS = "actors"
    EMAILS = "emails"


@dataclass(frozen=True, slots=True)
class RequestCost:
    """What reading has cost so far: queries of one reading, pages that followed their first and bytes of one day.

    `measured` or assumed. Queries are mostly those of the cube, one for each combination of filters.
    """

    queries: float
    pages: float
    size: float
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Excuse:
    """A refusal that is no failure: its statuses or codes, and what to say of it (`{task}` stands for the window).

    `phrase`: only where the refusal holds these words. `final`: the source is asked for nothing more in this sync.
    `beside_newer`: only where the newer dialect is read too.
    """

    text: str
    statuses: frozenset[int]
    codes: frozenset[str] = frozenset()
    phrase: str = ""
    final: bool = False
    beside_newer: bool = False

    def covers(self, no: Refused, *, newer: bool) -> bool:
        """Whether this refusal is meant, in a sync that reads the newer dialect or does not."""
        applies = no.status in self.statuses or no.code in self.codes
        return applies and self.phrase in no.what and newer >= self.beside_newer and not isinstance(no, CursorExpired)


class Requests(Protocol):
    """How a source is asked."""

    def pages(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        """The pages of a batch, in order, each to be taken by it before the next is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One report of the API.

    `tables` are those that it fills, one for each grain. `half`: which half of the charges it is, of a source that is
    charged. `measures` are the figures of its control total; without any it has none, and a day is kept as one batch
    has it. `ended`: it is read of ended days alone. `dense`: an answer holds every day that was asked for, so that one
    that is not in it is missing. `steady`: a day cannot shrink, so that any loss waits to be confirmed, and not only
    that of half. `word` asks for it; without one it is always read. `cost` is assumed before anything was read.
    """

    name: str
    endpoint: Endpoint
    dialect: Dialect
    tables: Mapping[Grain, LedgerTable]
    requests: Requests
    batch: Callable[[SyncTask, str, datetime, Ids], Batch]
    cost: RequestCost
    half: Half | None = None
    measures: tuple[str, ...] = ()
    ended: bool = True
    dense: bool = False
    steady: bool = False
    excuses: tuple[Excuse, ...] = ()
    persons: Persons | None = None
    word: str = ""
    breakdown: Breakdown | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        """The name as a message has it."""
        return self.name.replace("_", " ")

    @property
    def newer(self) -> bool:
        """Whether it is of the newer dialect."""
        return self.dialect == "analytics"

    @property
    def money(self) -> bool:
        """Whether it tells what was billed."""
        return "billed" in self.measures

    @property
    def report(self) -> str:
        """The report that its requests are for, in words."""
        return self.endpoint.name.replace("_", " ")
