"""Keys: every key of the directory and of the bill, with what it spent, who owns it, and what is odd about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlglot import exp

from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.money import total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.time import DAY
from tallystick.ledger.engine import Engine
from tallystick.reports.coverage import organizations
from tallystick.reports.names import directory
from tallystick.reports.owners import answered, attribution, notes, spellings
from tallystick.tally.owners import UNOWNED, Owners

NO_KEYS = (NAMED["key"].absent, UNKNOWN)
"""What stands in the place of a key for use without one, and for lines of the bill that name none."""
DELETED = "deleted"
"""The status of a key that the directory no longer has, or never had while it was read."""
NOTHING = "none"
"""What stands beside a key that needs no attention."""

At = tuple[str, str]
_NAMES = ("key", "key_name", "status", "workspace", "workspace_name", "team", "cost_center", "creator")


def keys(engine: Engine, question: Question, owners: Owners, now: datetime) -> Table:
    """Every key: what deserves attention first, then by spend."""
    found = attribution(engine, replace(question, by=("key",)), owners)
    spent: dict[At, list[dict[str, Any]]] = {}
    for row in found.sums(["organization", "key", "workspace", "team", "cost_center"]):
        spent.setdefault((row["organization"], row["key"]), []).append(row)
    listed = _listed(engine)
    used = _used(engine, question)
    read = {organization for organization, _ in listed}
    real = _real(engine)
    people = directory(engine, "actor")
    places = directory(engine, "workspace")
    idle_owner = _standing(engine, owners, listed, real, question)
    last_day = (question.window.end - DAY).date()
    rows: list[tuple[Cell, ...]] = []
    apart = len(organizations(engine)) > 1
    for at in sorted({*listed, *spent, *used}):
        said, mine = listed.get(at), spent.get(at, [])
        status = _status(at, said, at[0] in read)
        workspaces = sorted({row["workspace"] for row in mine})
        if not workspaces and said:
            workspaces = [real.get((at[0], said["workspace"]), said["workspace"] or NAMED["workspace"].absent)]
        owned = sorted({(row["team"], row["cost_center"]) for row in mine if row["billed"]}) or idle_owner.get(at, [])
        billed = total([row["billed"] for row in mine])
        last: date | None = used.get(at)
        recent = last is not None and last >= question.window.start.date()
        teams = list(dict.fromkeys(team for team, _ in owned))
        rows.append(
            (
                _attention(status, teams or [UNOWNED], bool(billed) or recent, recent),
                *((at[0],) if apart else ()),
                at[1],
                said["name"] if said else directory_name(at[1]),
                status,
                ", ".join(workspaces),
                ", ".join(places.get(it, it) for it in workspaces),
                ", ".join(teams) or UNOWNED,
                ", ".join(dict.fromkeys(center for _, center in owned)) or UNOWNED,
                people.get(said["created_by"] or "", said["created_by"] or UNKNOWN) if said else UNKNOWN,
                str(last) if last else "never",
                billed,
            )
        )
    rows.sort(key=lambda row: (row[0] == NOTHING, -row[-1], row[1:3]))  # type: ignore[operator]
    said_of = notes(owners, found)
    if any(at[0] not in read for at in spent):
        said_of.append("The list of keys is not in the ledger: which of them are deleted or idle is not known.")
    said_of.append(
        f"Last use is of all days in the ledger up to {last_day}, by the charges; idle is active without use."
    )
    measures = {"last_used": Heading("last_used", Kind.TEXT)}
    names = ("attention", *(("organization",) if apart else ()), *_NAMES)
    return answered(engine, question, owners, now, names, rows, said_of, measures)


def directory_name(key: str) -> str:
    """What stands for the name of a key that the directory does not have."""
    return {NO_KEYS[0]: "No key (Playground, OAuth)", NO_KEYS[1]: "Billed without use"}.get(key, key)


def _attention(status: str, teams: Collection[str], spends: bool, recent: bool) -> str:
    """Why a key stands first; `none` where nothing is odd about it."""
    why = []
    if status == "active" and not recent:
        why.append("idle")
    if spends and status not in {"active", "none", UNKNOWN}:
        why.append(status)
    if spends and UNOWNED in teams:
        why.append("no owner" if len(teams) == 1 else "partly no owner")
    return ", ".join(why) or NOTHING


def _status(at: At, said: Mapping[str, Any] | None, read: bool) -> str:
    if at[1] in NO_KEYS:
        return "none"
    if said is None:
        return DELETED if read else UNKNOWN
    return DELETED if said["status"] == "gone" else str(said["status"])


def _listed(engine: Engine) -> dict[At, dict[str, Any]]:
    """The keys of the directory."""
    columns = ("organization", "id", "name", "status", "workspace", "created_by")
    rows = engine.ask(exp.select(*columns).from_("names").where("type = 'key'")).to_pylist()
    return {(row["organization"], row["id"]): row for row in rows}


def _real(engine: Engine) -> dict[At, str]:
    """The id that charges have for a workspace whose real id is another: `default`."""
    query = exp.select("organization", "id", "workspace").from_("names").where("type = 'workspace'")
    rows = engine.ask(query.where("workspace IS NOT NULL")).to_pylist()
    return {(row["organization"], row["workspace"]): row["id"] for row in rows}


def _used(engine: Engine, question: Question) -> dict[At, date]:
    """The last day of use of each key before the end of the window."""
    end = exp.cast(exp.Literal.string(f"{question.window.end:%Y-%m-%d}"), "date")
    query = (
        exp.select("organization", "key", exp.alias_(exp.maybe_parse("max(day)"), "last"))
        .from_("ledger.charges")
        .where("quantity IS NOT NULL", exp.column("day") < end)
        .group_by("organization", "key")
    )
    return {(row["organization"], row["key"]): row["last"] for row in engine.ask(query).to_pylist()}


def _standing(
    engine: Engine, owners: Owners, listed: Mapping[At, Mapping[str, Any]], real: Mapping[At, str], question: Question
) -> dict[At, list[tuple[str, str]]]:
    """Who would own the keys of the directory on the last day, by key and workspace alone."""
    day = (question.window.end - DAY).date()
    who: dict[tuple[str, ...], At] = {
        (at[0], real.get((at[0], said["workspace"]), said["workspace"] or NAMED["workspace"].absent), at[1], "", ""): at
        for at, said in listed.items()
    }
    found: dict[At, list[tuple[str, str]]] = {}
    for one, start, end, place in owners.owned(sorted(who), spellings(engine)):
        if place >= 0 and start <= day < end:
            rule = owners.rules[place]
            shared = [(team, owners.center(team, day)) for team, _ in rule.teams]
            found[who[one]] = [(rule.teams[0][0], rule.cost_center)] if rule.how == "team" else shared
    return found
