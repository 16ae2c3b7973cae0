"""Cluster: Spark Connect: Sail, Apache Spark or Databricks, asked about the tables of one version of a ledger."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tallystick.core.table import ORGANIZATION
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import faults
from tallystick.store.cluster_address import REMEDY
from tallystick.store.dialects import SPARK

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.core.table import LedgerTable
    from tallystick.store.cluster_address import ClusterAddress

PATIENCE = 5.0
"""Seconds in which a cluster takes a connection."""
RETRIES = 5
"""Tries of a request that gets no answer, twenty seconds in all."""
_SETTINGS = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
"""Without the second Apache Spark answers null where a figure does not fit."""
_PORT = 15002
"""Spark Connect's port, where an address has none."""


class Cluster:
    """A session of a cluster, opened at the first question. LedgerError where it cannot be reached or cannot answer."""

    def __init__(self, address: ClusterAddress) -> None:
        self.address = address

    def show(self, table: LedgerTable, version: int, organizations: Collection[str] | None = None) -> None:
        """Make a table, as it was at a Delta version, the view `ledger_` and its name; of some organizations alone."""
        rows = SPARK.rows(table, f"{self.address.ledger}/{table.name}", version)
        columns = ", ".join(f"`{column.name}`" for column in table.columns)
        query = f"SELECT {columns} FROM ({rows})"  # noqa: S608 - our own names
        if organizations is not None:
            from sqlglot import exp

            own = exp.column(ORGANIZATION.name).isin(*sorted(organizations)) if organizations else exp.false()
            query = f"{query} WHERE {own.sql('spark')}"
        self.ask(f"{SPARK.create} ledger_{table.name} AS {query}")

    def ask(self, query: str) -> pa.Table:
        """Return the answer to a query in Spark's SQL."""
        session = self._session
        with self._answering():
            answer: pa.Table = session.sql(query).toArrow()
            return answer

    def interrupt(self) -> None:
        """End what runs, where the cluster knows how to."""
        self._tell("interruptAll")

    def close(self) -> None:
        """End the session."""
        self._tell("stop")

    def _tell(self, method: str) -> None:
        if "_session" in self.__dict__:
            with suppress(Exception):  # a cluster that is gone runs nothing
                getattr(self._session, method)()

    @cached_property
    def _session(self) -> Any:
        os.environ.setdefault("SPARK_HOME", "")  # pyspark-client 4.2 ends the process without one, and needs none
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, which no answer goes through
                from pyspark.sql.connect.client.retries import DefaultPolicy
                from pyspark.sql.connect.session import SparkSession
        except ImportError:
            raise not_installed() from None
        url = urlsplit(self.address.url)
        try:
            socket.create_connection((str(url.hostname), url.port or _PORT), PATIENCE).close()
        except OSError as wrong:
            raise LedgerError(
                f"The engine {self.address.url} cannot be reached: {faults.reason(wrong)}.",
                "Start it, or ask with --engine duckdb.",
            ) from None
        warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")  # the error says so
        with self._answering():
            session = SparkSession.builder.remote(self.address.url).create()
            session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
            return session

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Raise what the cluster says as LedgerError."""
        import grpc
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, grpc.RpcError) as wrong:
            raise LedgerError(
                f"The engine {self.address.url} could not answer: {faults.reason(wrong)}", REMEDY
            ) from None


def not_installed() -> InvalidQuestion:
    """The error where the extra is not installed."""
    return InvalidQuestion(
        "The client of Spark Connect is not installed.", "Run pip install 'tallystick[spark]', or ask without --engine."
    )
