"""Ledger reader: asks one version of a ledger any report of the catalog by name, with what the settings say."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick.api.address import API
from tallystick.catalog import entry
from tallystick.core.document import Answer, Document
from tallystick.core.question import Table
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.folders import demo_folder
from tallystick.query.context import Context
from tallystick.query.names import organizations
from tallystick.settings import Settings
from tallystick.settings_file import NAME
from tallystick.store.bucket import Bucket
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.tally.prices_in_force import Prices

if TYPE_CHECKING:
    from tallystick.api.client import Client, Clock
    from tallystick.store.batches import Limits
    from tallystick.store.cluster_address import ClusterAddress


class LedgerReader:
    """A ledger to be asked.

    `clock` is the seam for time. Without `settings` nothing of the environment or of a settings file counts.
    """

    records = False
    """Whether the forecasts that it is asked for are written down in the ledger."""

    def __init__(
        self, path: Path | Bucket, clock: Clock, prices: Prices | None = None, settings: Settings | None = None
    ) -> None:
        self.path = path
        self._settings = settings or Settings(API, {})
        self._clock = clock
        self._prices = prices
        self._tables = Tables(path)
        self._engines: dict[ClusterAddress | None, tuple[Engine, int]] = {}
        """The version that was asked last of each, and when the archive's index grew last before."""

    def __repr__(self) -> str:
        """Return where the ledger is."""
        return f"<Ledger {self.path}>"

    def ask(self, report: str, /, *, client: Client | None = None, **values: Any) -> Answer:
        """Return the answer of a report of the catalog; `values` are its parameters, by name.

        Time is a word (2026-10-01, 2026-10, 7d, last-month), a date or a datetime; `since` and `until` are included.
        `client` is asked in place of the API that the settings name, by a report that asks the API.
        """
        catalog_report = entry(report).report
        return catalog_report.answer(self.context(client), **catalog_report.values(report, values))

    def _table(self, report: str, /, **values: Any) -> Table:
        answer = self.ask(report, **values)
        assert isinstance(answer, Table), report  # noqa: S101 - for the types: the catalog's test holds it
        return answer

    def _document(self, report: str, /, **values: Any) -> Document:
        answer = self.ask(report, **values)
        assert isinstance(answer, Document), report  # noqa: S101 - for the types: the catalog's test holds it
        return answer

    def parts(self, report: str, /, **values: Any) -> Iterator[Table] | None:
        """Return the answer as Tables of some rows each, for any number of rows; None where `ask` gives it whole."""
        catalog_report = entry(report).report
        return catalog_report.parts and catalog_report.parts(self.context(), **catalog_report.values(report, values))

    def query(self, report: str, /, **values: Any) -> str:
        """Return the SQL that a report asks of the ledger, to read; raise InvalidQuestion where it is not one query."""
        catalog_report = entry(report).report
        if catalog_report.sql is None:
            raise InvalidQuestion(f"`{report}` is more than one query.", "Ask for its answer.")
        return catalog_report.sql(self.context(), **catalog_report.values(report, values))

    def context(self, client: Client | None = None) -> Context:
        """Return what a question needs once, of the version that is asked: the newest unless the settings say."""

        @contextmanager
        def api() -> Iterator[Client]:
            from tallystick.api.client import CONTACT, GLANCE

            if client is not None:
                yield client
                return
            with self._settings.client(self._clock, patience=GLANCE, contact=CONTACT) as opened:
                yield opened

        settings = self._settings
        return Context(
            self._tables,
            self._clock.now(),
            self._lists(),
            self.asked,
            settings.owners,
            settings.budgets,
            settings.events,
            api,
            self.records
            and settings.as_of is None
            and self._tables.remote is None,  # a turn takes longer than an answer
            settings.tables,
            lambda: [own.organization for own in settings.organizations],
        )

    def engine(self) -> Engine:
        """The version that is asked, read in this process; LedgerError where there is no ledger."""
        return self._opened_by(None)

    def asked(self) -> Engine:
        """The version that is asked, by the engine that the settings name; LedgerError where there is no ledger."""
        address = self._settings.engine if self._tables.exists() else None
        return self._opened_by(address) if address else self.engine()

    def _opened_by(self, address: ClusterAddress | None) -> Engine:
        version, pages = self._version(), self._tables.index_changed()
        opened = self._engines.get(address)
        if opened is None or opened[0].version != version or opened[1] != pages:
            self._engines[address] = opened = open_engine(self._tables, version, address), pages
        return opened[0]

    def _version(self) -> Version:
        """The version that is asked; LedgerError where there is no ledger."""
        if not self._tables.exists():
            raise LedgerError(
                f"There is no ledger at {self.path}.",
                f"Run `tallystick sync` first, or name another with --ledger.{_demo()}",
            )
        as_of = self._settings.as_of
        return self._tables.newest_by_snapshot() if as_of is None else self._tables.as_of(as_of)

    def organizations(self) -> list[str]:
        """The ids of the organizations that the ledger holds; none where there is no ledger."""
        return [*organizations(self.engine())] if self._tables.exists() else []

    def _lists(self) -> Prices:
        return self._prices or Prices.with_own()


def open_engine(
    tables: Tables,
    version: Version,
    address: ClusterAddress | None,
    limits: Limits | None = None,
    organizations: Collection[str] | None = None,
) -> Engine:
    """A version of a ledger, or of some organizations in it: asked of a cluster, or without an address here."""
    if address is None:
        return Engine(tables, version, limits, organizations)
    from tallystick.store.cluster_engine import ClusterEngine

    return ClusterEngine(tables, version, address, limits, organizations)


def _demo() -> str:
    """How to ask the demo's ledger, where there is one."""
    settings = (folder := demo_folder()) and folder / NAME
    return f"\nOr ask the demo's: export TALLYSTICK_CONFIG={settings}" if settings and settings.is_file() else ""
