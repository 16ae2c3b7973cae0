"""Cluster engine: queries over one version of the ledger, whose tables a cluster reads; DuckDB computes the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING

import duckdb

from tallystick.core.ledger_tables import PINNED
from tallystick.store.cluster import Cluster, not_installed
from tallystick.store.engine import STATEMENTS, Engine
from tallystick.store.exact_answer import arrow_type, exact
from tallystick.store.session import database
from tallystick.store.table_sql import table_sql

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.store.batches import Limits
    from tallystick.store.cluster_address import ClusterAddress
    from tallystick.store.pushdown import Part
    from tallystick.store.tables import Tables
    from tallystick.store.version import Version

_PINNED = {table.name: table for table in PINNED}
_OWN = (
    "SELECT table_name FROM duckdb_tables() WHERE temporary UNION ALL "
    "SELECT view_name FROM duckdb_views() WHERE temporary"
)
"""The tables of a connection itself."""


class ClusterEngine(Engine):
    """An Engine without the pinned tables: a cluster reads them. The tables that grow are read here."""

    def __init__(
        self,
        tables: Tables,
        version: Version,
        address: ClusterAddress,
        limits: Limits | None = None,
        organizations: Collection[str] | None = None,
    ) -> None:
        try:
            from tallystick.store.pushdown import Pushdown
        except ImportError:
            raise not_installed() from None
        super().__init__(tables, version, limits, organizations)
        self._cluster = Cluster(address)
        self.sent: deque[str] = deque(maxlen=STATEMENTS)
        """The SQL that the cluster answered last."""
        self._shown: set[str] = set()
        self._numbers = count()
        for name in _PINNED:
            del self._tables[f"ledger.{name}"]
        here = {name.removeprefix("ledger.") for name in self._tables}
        remote = {name: sql for name, sql in self._views.items() if name not in here}
        self._views = {name: sql for name, sql in self._views.items() if name in here}
        self._shapes = database(1)
        self._shapes.execute("CREATE SCHEMA ledger; SET TimeZone = 'UTC'")
        for table in PINNED:
            self._shapes.execute(f"CREATE VIEW ledger.{table.name} AS {table_sql(table, ())}")
        self._pushdown = Pushdown(remote, self._shape, self._answer)

    def interrupt(self) -> None:
        """End the query that runs in another thread, here and in the cluster."""
        self._cluster.interrupt()
        super().interrupt()

    def close(self) -> None:
        """Give back what it holds, and end the session of the cluster."""
        super().close()
        self._shapes.close()
        self._cluster.close()

    def _opened(self, version: Version) -> Engine:
        return ClusterEngine(self.tables, version, self._cluster.address, self._limits, self.organizations)

    @contextmanager
    def _ready(self, text: str, duck: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """A query with the answers of the cluster in the place of its parts."""
        own = {name for (name,) in duck.execute(_OWN).fetchall()}
        parts, rest = self._pushdown.split(text, f"part_{next(self._numbers)}", own)
        with ExitStack() as answers:
            for part in parts:
                duck.register(part.name, self._answer(part))
                answers.callback(duck.unregister, part.name)
            with super()._ready(rest, duck) as ready:
                yield ready

    def _answer(self, part: Part) -> pa.Table:
        """The answer of the cluster to a part of a query, in the types that DuckDB has for it."""
        for name in part.tables - self._shown:
            self._cluster.show(_PINNED[name], self.version.tables.get(name, 0), self.organizations)
            self._shown.add(name)
        self.sent.append(part.text)
        return exact(self._cluster.ask(part.text), part.columns)

    def _shape(self, query: str) -> Sequence[tuple[str, str]] | None:
        try:
            columns = [(name, kind) for name, kind, *_ in self._shapes.execute(f"DESCRIBE {query}").fetchall()]
        except duckdb.Error:  # it names what stands around it
            return None
        return columns if all(arrow_type(kind) for _, kind in columns) else None
