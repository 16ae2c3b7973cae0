"""Plan of a forgetting: what it would rewrite, and what else in the ledger is called like the person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.core.growing_tables import FINDINGS
from tallystick.core.ledger_tables import PAGES
from tallystick.store.archive import Archive
from tallystick.store.tables import Tables
from tallystick.sync.findings_redaction import redacted, substitutes
from tallystick.sync.forget import Forgotten, Person, changed_rows, names_of, redaction, renamed
from tallystick.sync.redaction import PERSONS, People
from tallystick.sync.sources import persons_of

LEAST_LETTERS = 3
"""A part of a name with fewer stands in too many others."""


@dataclass(frozen=True, slots=True)
class Namesake:
    """A key, workspace or service account whose name begins a word with a part of a person's name or e-mail."""

    type: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be rewritten, and what would stay though it tells of the person."""

    rewritten: Forgotten
    namesakes: list[Namesake]


def plan(tables: Tables, people: People, person: Person | None) -> Plan:
    """Return what `forget` would do, which only reads; without a person for everybody."""
    names = names_of(tables)
    redactions, _ = redaction(tables, people, person, names)
    archive = Archive(tables.root)
    index = tables.rows(PAGES, columns=["hash", "source", "purpose"]).to_pylist()
    pages = {(row["hash"], persons_of(row["source"], row["purpose"])) for row in index}
    tables.fetch(archive.path(page_hash) for page_hash, persons in pages if persons)
    page_list = [
        page for page, persons in pages if persons and redactions.redacted(archive.body(page), persons) is not None
    ]
    findings = tables.rows(FINDINGS).to_pylist() if tables.has(FINDINGS) else []
    rewritten = Forgotten(
        len(page_list),
        changed_rows(names, renamed(redactions, names)),
        changed_rows(findings, redacted(findings, substitutes(redactions, names))),
    )
    persons_rows = [row for row in names if row["type"] in PERSONS and (not person or row["id"] == person.id)]
    labels = [label for row in persons_rows for label in (row["name"], row["email"]) if label]
    return Plan(rewritten, list(_namesakes(names, labels)))


def _namesakes(names: Iterable[Mapping[str, Any]], labels: Iterable[str]) -> Iterator[Namesake]:
    """Find what is no person and has a word that begins like a part of one of these names and e-mails."""
    parts = {part for label in labels for part in re.split(r"[\W_]+", label.partition("@")[0].casefold())}
    listed = "|".join(re.escape(part) for part in sorted(parts) if len(part) >= LEAST_LETTERS)
    if not listed:
        return
    pattern = re.compile(rf"(?<![^\W_])(?:{listed})")
    namesakes = set()
    for row in names:
        namesake = Namesake(row["type"], row["id"], row["name"] or "")
        if row["type"] not in PERSONS and namesake not in namesakes and pattern.search(namesake.name.casefold()):
            namesakes.add(namesake)
            yield namesake
