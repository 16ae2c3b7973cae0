"""Listed keys: the keys of the directory, each as it stood before an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.time import instant
from tallystick.query.names import default_workspaces, history
from tallystick.store.engine import Engine

At = tuple[str, str]
"""A key: the organization that it is of, and its id."""


def listed_keys(engine: Engine, end: datetime) -> tuple[set[str], dict[At, dict[str, Any]]]:
    """The organizations whose keys were read, and the keys of the directory as they were before an instant.

    A key that was first read later stands as it was then. `ended` is its last day where that was before, None where
    it went on or is not known; `later` is whether it was created later, `workspace` its id in charges.
    """
    rows_by_key: dict[At, list[Mapping[str, Any]]] = {}
    for row in history(engine):
        if row["type"] == "key":
            rows_by_key.setdefault((row["organization"], row["id"]), []).append(row)
    default_ids = default_workspaces(engine)
    entries: dict[At, dict[str, Any]] = {}
    for key, rows in rows_by_key.items():
        before = [row for row in rows if row["seen_at"] < end] or rows[:1]
        row = before[-1]
        expired = instant(row["ended_at"]) if row["ended_at"] else None
        status, ended = row["status"] or UNKNOWN, None
        if expired and status in {"active", "expired"}:
            status, ended = ("expired", expired) if expired < end else ("active", None)
        elif status not in {"active", UNKNOWN}:
            since = row
            for sighting in reversed(before):
                if sighting["status"] != row["status"]:
                    break
                since = sighting
            ended = since["seen_at"] if since["seen_at"] < end else None
        entries[key] = {
            **row,
            "name": key[1] if row["name"] is None else row["name"],
            "status": status,
            "ended": ended.date() if ended else None,
            "later": bool(row["created_at"]) and instant(row["created_at"]) >= end,
            "workspace": default_ids.get((key[0], row["workspace"]), row["workspace"] or NAMED["workspace"].absent),
        }
    return {organization for organization, _ in entries}, entries
