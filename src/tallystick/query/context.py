"""The context of a question: one version of a ledger, and all else that an answer depends on, each resolved once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tallystick.core.dimensions import NAMES, canonical
from tallystick.core.filter import filters
from tallystick.core.question import Question, Table
from tallystick.core.time_words import When, utc_day, window
from tallystick.query.report import Days, Where
from tallystick.query.stale_tally import warned
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.tally.prices_in_force import Prices

if TYPE_CHECKING:
    from tallystick.api.client import Client
    from tallystick.tally.budgets import Budgets
    from tallystick.tally.events import Events
    from tallystick.tally.owners import Owners


@dataclass
class Context:
    """What every question needs once, each part at first need.

    `open_engine` opens the version that is asked, `read_owners`, `read_budgets` and `read_events` give what the
    settings say, `read_tables` their tables of a name as they are written, `read_organizations` the names of those that
    they have to be synced, `open_client` the API. Forecasts that are asked for are written down where it `records`.
    """

    tables: Tables
    now: datetime
    prices: Prices
    open_engine: Callable[[], Engine]
    read_owners: Callable[[], Owners]
    read_budgets: Callable[[], Budgets]
    read_events: Callable[[], Events]
    open_client: Callable[[], AbstractContextManager[Client]]
    records: bool = False
    read_tables: Callable[[str], Sequence[Any]] = lambda _: ()
    read_organizations: Callable[[], Sequence[str]] = tuple

    @cached_property
    def engine(self) -> Engine:
        """The version that is asked, ready for it; raises LedgerError where there is no ledger."""
        return self.open_engine()

    @property
    def ledger(self) -> Engine | None:
        """The version that is asked, or None where there is no ledger."""
        return self.engine if self.tables.exists() else None

    @cached_property
    def owners(self) -> Owners:
        """Who owns what, by the settings."""
        return self.read_owners()

    @cached_property
    def budgets(self) -> Budgets:
        """What may be spent, by the settings."""
        return self.read_budgets()

    @cached_property
    def events(self) -> Events:
        """What is expected, by the settings."""
        return self.read_events()

    @cached_property
    def rule_tables(self) -> Sequence[Any]:
        """The `[[rule]]` tables of the settings; raises InvalidQuestion where their file is not trusted."""
        return self.read_tables("rule")

    def owners_of(self, question: Question) -> Owners | None:
        """Return the owners where the question names teams or cost centers, else None."""
        return self.owners if question.owned else None

    def question(
        self,
        report: str,
        by: Sequence[str] = (),
        days: Days = (None, None, None),
        where: Where = None,
        top: int | None = None,
        *,
        known: Sequence[str] = NAMES,
    ) -> Question:
        """Return what is asked of a report, over the UTC days that since, until and month name.

        `known` are the names that dimensions have. Raises InvalidQuestion where the words for time name no day.
        """
        since, until, month = days
        dimensions = tuple(canonical(name, known) for name in by)
        span = window(since, until, self.now, month=month)
        return Question(report, span, dimensions, filters(where, known), top)

    def day(self, name: When | None) -> date:
        """Return the UTC day of that name, today unless said; raise InvalidQuestion where it is none or lies ahead."""
        return self.now.date() if name is None else utc_day(name, self.now, timedelta(0))

    def warned(self, table: Table) -> Table:
        """Return the answer with a warning first where the charges were matched by other price lists."""
        return warned(table, self.engine, self.prices)
