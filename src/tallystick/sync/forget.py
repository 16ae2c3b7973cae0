"""Forget: a person leaves the archived pages and the names, and does not come back; totals stay.

The order holds through a crash at any moment: who is forgotten, new pages, their index, findings, names, versions, and
only then is anything deleted. What stands until then can be read, and the next forgetting completes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from tallystick.core.growing_tables import FINDINGS
from tallystick.core.ledger_tables import NAMES, PAGES
from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion
from tallystick.store.archive import Archive
from tallystick.store.columns import read, schema
from tallystick.store.erasure import forgotten, pins, purge, remember, repin, rewrite, sweep
from tallystick.store.tables import Tables
from tallystick.store.writer import Writer
from tallystick.sync.findings_redaction import redacted, substitutes
from tallystick.sync.redaction import MADE, PERSONS, Mode, People
from tallystick.sync.source import Persons
from tallystick.sync.sources import SOURCES, persons_of


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be forgotten: the id that stays, and how they are called."""

    id: str
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done: pages, rows of `names` and of `findings` that were rewritten."""

    pages: int
    names: int
    findings: int


def find_person(tables: Tables, people: People, name: str) -> Person:
    """The person of that id, e-mail or exact name; InvalidQuestion where there is none, or more than one."""
    rows = names_of(tables) if tables.exists() else []
    persons = [row for row in rows if row["type"] in PERSONS]
    known = forgotten(tables.root)
    ids = _ids_of(tables, people, persons, name, known)
    if len(ids) == 1:
        id_ = ids.pop()
        newest = [row for row in persons if row["id"] == id_][-1:]
        return Person(id_, *((newest[0]["name"], newest[0]["email"]) if newest else (name,)))
    if ids:
        raise InvalidQuestion(f"{name!r} can be any of {', '.join(sorted(ids))}.", "Name one by its id.")
    if known:  # and an earlier forgetting may have died before its end
        with tables.writing() as writer:
            _clear(writer)
    names = sorted({label for row in persons for label in (row["id"], row["name"], row["email"]) if label})
    near = did_you_mean(name, names, cutoff=0.5)
    raise InvalidQuestion(
        f"There is no {name!r} among the people of the ledger.",
        near or "Give a user's id, e-mail or exact name.",
    )


def _ids_of(
    tables: Tables, people: People, persons: Sequence[Mapping[str, Any]], name: str, known: Mapping[str, str]
) -> set[str]:
    """The ids that a name can be; where the directory has none, of one forgotten before, or told of in pages alone."""
    are_hidden = any(str(row["name"]).startswith(MADE) for row in persons)  # in one of several organizations perhaps
    labels = {name, people.hidden(name) if are_hidden else name}
    ids = {
        row["id"] for row in persons if row["id"] == name or row["name"] in labels or _is(people, row["email"], name)
    }
    if ids or not (name in known or "@" in name):
        return ids
    hidden = name if name in known else people.hidden(name.casefold())
    if person_id := known.get(hidden):
        return {person_id}
    return {hidden} if _mentioned(tables, people, name) else set()


def forget(
    tables: Tables, people: People, person: Person | None, waiting: Callable[[str], None] | None = None
) -> Forgotten:
    """Forget a person; without one, everybody, as far as the settings say (all of it where they keep everything)."""
    with tables.writing(waiting) as writer:
        names = names_of(tables)
        reason = f"people = {people.mode}" if not person and people.mode != Mode.FULL else "forgotten"
        erasure, forgotten_ids = redaction(tables, people, person, names)
        remember(tables.root, forgotten_ids, tables.sync)
        pages = _pages(writer, erasure, reason)
        if reason == "forgotten" and not person:
            remember(tables.root, erasure.met, tables.sync)
        findings = _findings(writer, substitutes(erasure, names))  # while the names still tell which to look for
        rows = renamed(erasure, names)
        if rows != names:
            rewrite(writer, NAMES, pa.Table.from_pylist(rows, schema(NAMES)))
            repin(writer, NAMES)
        _clear(writer)
        return Forgotten(pages, changed_rows(names, rows), findings)


def redaction(
    tables: Tables, people: People, person: Person | None, names: list[dict[str, Any]]
) -> tuple[People, dict[str, str]]:
    """How persons are called once one is forgotten, or everybody; and whom the ledger has to remember for it."""
    persons = [row for row in names if row["type"] in PERSONS]
    emails = {row["email"].casefold(): row["id"] for row in persons if row["email"] and "@" in row["email"]}
    mode = Mode.FULL if person else Mode.IDS if people.mode == Mode.FULL else people.mode
    remembered: dict[str, str] = {}
    if person or people.mode == Mode.FULL:
        ids = {person.id} if person else {row["id"] for row in persons}
        emails_of_ids = [(row["email"], row["id"]) for row in persons if row["email"] and row["id"] in ids]
        remembered = {id_: id_ for id_ in ids}
        remembered |= {people.hidden(email.casefold()): id_ for email, id_ in emails_of_ids}
    return People(mode, people.key, emails, {**forgotten(tables.root), **remembered}, fresh=False), remembered


def _pages(writer: Writer, people: People, reason: str) -> int:
    """Rewrite the pages that hold somebody, and then the index; how many pages."""
    archive = writer.archive
    rows = read(writer.delta(PAGES)).to_pylist()
    new_pages: dict[tuple[str, Persons | None], tuple[str, int] | None] = {}
    new_rows = []
    for row in rows:
        persons = persons_of(row["source"], row["purpose"])
        key = (row["hash"], persons)
        if persons and key not in new_pages:
            body = people.redacted(archive.body(row["hash"]), persons)
            new_pages[key] = None if body is None else (archive.keep(body), len(body))
        if new := new_pages.get(key):
            original = row.get("original") or row["hash"]
            row = {**row, "hash": new[0], "size": new[1], "original": original, "redacted": reason}  # noqa: PLW2901
        new_rows.append(row)
    if any(new_pages.values()):
        rewrite(writer, PAGES, pa.Table.from_pylist(new_rows, schema(PAGES)))
        writer.flush()
    return sum(page is not None for page in new_pages.values())


def _findings(writer: Writer, names: Mapping[str, str]) -> int:
    """Rewrite the findings that name somebody; how many rows."""
    if not writer.tables.has(FINDINGS):
        return 0
    rows = read(writer.delta(FINDINGS)).to_pylist()
    new_rows = redacted(rows, names)
    if changed := changed_rows(rows, new_rows):
        rewrite(writer, FINDINGS, pa.Table.from_pylist(new_rows, schema(FINDINGS)))
        writer.flush()
    return changed


def changed_rows(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> int:
    """How many rows are not among those after."""
    return sum((Counter(map(str, before)) - Counter(map(str, after))).values())


def renamed(people: People, names: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `names` without those persons; of a person's rows that now say the same, the first."""
    rows: list[dict[str, Any]] = []
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in names:
        key = (row["organization"], row["type"], row["id"])
        new = people.renamed(row)
        newest_row = newest.get(key)
        if row["type"] in PERSONS and newest_row and {**newest_row, "seen_at": None} == {**new, "seen_at": None}:
            continue
        newest[key] = new
        rows.append(new)
    return rows


def _clear(writer: Writer) -> None:
    """Delete for good what nothing names any more."""
    tables = writer.tables
    purge(writer, NAMES, pins(tables, NAMES))
    purge(writer, PAGES)
    if tables.has(FINDINGS):
        purge(writer, FINDINGS)
    sweep(tables.root, set(tables.rows(PAGES, columns=["hash"])["hash"].to_pylist()))
    tables.publish(erasing=True)


def names_of(tables: Tables) -> list[dict[str, Any]]:
    """Every row of `names` as of the newest version, the oldest first."""
    rows: list[dict[str, Any]] = tables.rows(NAMES, tables.newest().tables[NAMES.name]).sort_by("seen_at").to_pylist()
    return rows


def _is(people: People, email: str | None, name: str) -> bool:
    """Whether this e-mail, as the ledger has it, is what was said."""
    if email is None or "@" not in name:
        return False
    return name.casefold() == email.casefold() or ("@" not in email and people.hidden(name.casefold()) == email)


def _mentioned(tables: Tables, people: People, email: str) -> bool:
    """Whether a page of a report that names persons by e-mail alone names this one, which no user has."""
    hidden = people.hidden(email.casefold())
    alone = replace(people, mode=Mode.FULL, emails={}, forgotten={hidden: hidden})
    names = [source.name for source in SOURCES.values() if source.persons is Persons.EMAILS]
    rows = tables.rows(PAGES, columns=["hash", "source"], filters=[("source", "in", names)])
    archive, hashes = Archive(tables.root), {*rows["hash"].to_pylist()}
    tables.fetch(map(archive.path, hashes))
    return any(alone.redacted(archive.body(page_hash), Persons.EMAILS) for page_hash in hashes)
