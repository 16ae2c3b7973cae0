"""Names: how everything of an organization is called; a change is a new row, the newest holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa

from tallystick.api import directory, entries
from tallystick.api.analytics import children
from tallystick.api.page import Page
from tallystick.core.dimensions import NAMED
from tallystick.core.ledger_tables import NAMES
from tallystick.store.columns import schema
from tallystick.store.writer import Writer
from tallystick.sync.pending_losses import PendingLosses
from tallystick.sync.redaction import MADE

LISTED = {"workspaces": "workspace", "keys": "key", "users": "user", "service_accounts": "service_account"}
"""The directory's lists, and the type of name that is gone when its list no longer holds it."""
CHILDREN = "children"
"""The purpose of the page that tells the organizations of a parent, and their place among the details of its name."""
DEFAULT = NAMED["workspace"].absent
LATER = timedelta(microseconds=1)
"""A name that changed is seen after the one before it, also on a pinned clock: the newest holds."""


class Naming:
    """The names of one organization, kept through one writer; what is appended is not committed yet."""

    def __init__(self, writer: Writer, organization: str) -> None:
        self._writer = writer
        self._organization = organization
        rows = writer.rows(NAMES, organization).sort_by("seen_at").to_pylist()
        self._rows_by_id = {(row["type"], row["id"]): row for row in rows}
        self.written = False
        self.short: dict[str, str] = {}

    def take(self, pages: Iterable[tuple[str, Page]], read_at: datetime, losses: PendingLosses) -> int:
        """Take in the directory; how many names are new or changed. A list that was not read makes nobody gone.

        Nor does one that lost more than half of its names: `short` says which, until a later one is as short.
        `written`: something is to be committed.
        """
        pages = list(pages)
        known = self._rows_by_id
        seen_at = max([read_at, *(row["seen_at"] + LATER for row in known.values())])
        listed = [(purpose, page) for purpose, page in pages if purpose != CHILDREN]
        names = {(entry.type, entry.id): self._name(entry, seen_at) for entry in directory.names(listed)}
        self._adopt(
            names, {child for purpose, page in pages if purpose == CHILDREN for child in children(page)}, seen_at
        )
        news = [row for key, row in names.items() if _untimed(row) != _untimed(known.get(key, {}))]
        self.short, self.written = {}, False
        incomplete = {purpose for purpose, page in listed if purpose in LISTED and not entries.is_complete_list(page)}
        for purpose in dict.fromkeys(purpose for purpose, _ in listed if purpose in LISTED.keys() - incomplete):
            missing = self._gone(purpose, names.keys(), losses, read_at)
            news += [row | {"status": "gone", "seen_at": seen_at} for row in missing]
        if news:
            self._append(news)
        self.written = bool(news) or losses.take_news()
        return len(news)

    def _gone(
        self, purpose: str, names: Collection[tuple[str, str]], losses: PendingLosses, read_at: datetime
    ) -> list[dict[str, Any]]:
        """The rows of names that a complete list no longer holds; none where it lost too many to be believed."""
        live = [
            row
            for (kind, id_), row in self._rows_by_id.items()
            if kind == LISTED[purpose] and id_ != DEFAULT and row["status"] != "gone" and not id_.startswith(MADE)
        ]
        missing = [row for row in live if (row["type"], row["id"]) not in names]
        rest = len(live) - len(missing)
        if losses.emptied(purpose, len(live), rest, read_at):
            self.short[purpose] = f"{len(live):,} names became {rest:,}"
            return []
        return missing

    def _adopt(self, names: dict[tuple[str, str], dict[str, Any]], ids: set[str], seen_at: datetime) -> None:
        """Note the organizations of a parent, as far as they were ever seen, in the details of its own name."""
        key = ("organization", self._organization)
        own_row = self._rows_by_id.get(key)
        known = json.loads(own_row["details"] or "{}").get(CHILDREN, []) if own_row else []
        if not (ids := {*known, *ids}):
            return
        row = names.get(key) or own_row
        row = dict(row) if row else self._name(entries.Named(type=key[0], id=key[1], name=key[1]), seen_at)
        details = {**json.loads(row["details"] or "{}"), CHILDREN: sorted(ids)}
        names[key] = row | {"details": json.dumps(details, sort_keys=True), "seen_at": seen_at}

    @property
    def default(self) -> str | None:
        """The real id of the default workspace; None where the directory has not told it."""
        rows = self._rows_by_id.get(("workspace", DEFAULT))
        return rows["workspace"] if rows else None

    def emails(self) -> dict[str, str]:
        """The ids of users by e-mail; of one e-mail the id of whom the directory still lists."""
        users = [row for row in [*self._rows_by_id.values()] if row["type"] == "user" and row["email"]]
        listed = sorted(users, key=lambda row: (not row["id"].startswith(MADE), row["status"] != "gone"))
        return {row["email"].casefold(): row["id"] for row in listed}

    def profiles(self) -> frozenset[str]:
        """The workspaces of user profiles, whose use may be billed to an organization of their own (drift)."""
        workspaces = [row for row in self._rows_by_id.values() if row["type"] == "workspace" and row["details"]]
        return frozenset(row["id"] for row in workspaces if json.loads(row["details"]).get("user_profile_id"))

    def key_ids(self) -> Callable[[str], str]:
        """The id of a key by its name; `key:NAME` where none or several are called so."""
        ids_by_name: dict[str, list[str]] = {}
        for row in [*self._rows_by_id.values()]:  # while another thread takes in names
            if row["type"] == "key":
                ids_by_name.setdefault(row["name"], []).append(row["id"])
        return lambda name: ids_by_name[name][0] if len(ids_by_name.get(name, ())) == 1 else f"key:{name}"

    def meet(self, people: Iterable[entries.Named], read_at: datetime) -> bool:
        """Take in how the rows of a report call those whom the directory does not list; whether that was news."""
        rows = []
        for entry in people:
            known = self._rows_by_id.get((entry.type, entry.id), {})
            row = self._name(entry, read_at)
            if known:
                row |= {"status": known["status"], "seen_at": max(read_at, known["seen_at"] + LATER)}
            if known.get("status", "gone") == "gone" and _untimed(row) != _untimed(known):
                rows.append(row)
        if rows:
            self._append(rows)
        return bool(rows)

    def _append(self, rows: list[dict[str, Any]]) -> None:
        self._writer.append(NAMES, pa.Table.from_pylist(rows, schema(NAMES)))
        self._rows_by_id |= {(row["type"], row["id"]): row for row in rows}

    def _name(self, entry: entries.Named, seen_at: datetime) -> dict[str, Any]:
        details = json.dumps(entry.details, sort_keys=True)
        return msgspec.structs.asdict(entry) | {
            "organization": self._organization,
            "details": details,
            "seen_at": seen_at,
        }


def _untimed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "seen_at"}
