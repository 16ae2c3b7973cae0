"""Cluster address: where a cluster is, and how it calls the folder of the ledger."""

from __future__ import annotations

from dataclasses import dataclass

REMEDY = "Ask with --engine duckdb: DuckDB answers here."
"""How to mend what a cluster does not do."""


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Where a cluster is, `sc://host:port`, and how it calls the ledger: a path, or an address of an object store."""

    url: str
    ledger: str
