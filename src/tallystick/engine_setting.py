"""Engine setting: the cluster that questions are put to, in place of DuckDB in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tallystick.errors import InvalidQuestion
from tallystick.store.cluster_address import ClusterAddress

if TYPE_CHECKING:
    from tallystick.store.bucket import Bucket

HERE = "duckdb"
"""The word for no cluster."""


def cluster_of(values: Mapping[str, Any], ledger: Callable[[], Path | Bucket]) -> ClusterAddress | None:
    """Return the cluster that `engine` names. It calls the ledger `engine_ledger`, or as it is called here.

    None where DuckDB answers. InvalidQuestion where that is no address of a cluster.
    """
    url = values.get("engine") or HERE
    if url == HERE:
        return None
    try:
        parts = urlsplit(url)
        is_address = parts.scheme == "sc" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise InvalidQuestion(
            f"The engine {url!r} is no address of a Spark Connect server.", f"Write sc://host:15002, or {HERE}."
        )
    if ";token=" in url:
        raise InvalidQuestion(
            "The address of the engine has a token in it, which others could read.",
            "Leave it out, and set SPARK_CONNECT_AUTHENTICATE_TOKEN.",
        )
    return ClusterAddress(url, values.get("engine_ledger") or _called(ledger()))


def _called(ledger: Path | Bucket) -> str:
    """How the ledger is called here."""
    return ledger.absolute().as_posix() if isinstance(ledger, Path) else str(ledger)
