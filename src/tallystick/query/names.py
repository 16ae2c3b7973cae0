"""Names beside ids: what the directory calls a workspace, key, actor or organization."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.ledger_tables import CHARGES, NAMES
from tallystick.core.message import Message, note
from tallystick.core.question import Cell, Heading, Kind, Question
from tallystick.core.select import select
from tallystick.core.text import few, with_end
from tallystick.query.absence import no_day_of, no_organization
from tallystick.query.conditions import equals
from tallystick.query.month_source import from_months
from tallystick.store.engine import Engine, per_version
from tallystick.store.views import NAMED_BY

SPOKEN = {"default": "Default workspace", "playground": "No key (Playground, OAuth)", "unattributed": "Not attributed"}
"""Names of what is absent, where the directory has none."""
MOST = 5
"""Ids that a note names."""
_IDS = {"organization": (), "workspace": ("wrkspc_",), "key": ("apikey_",), "actor": ("user_", "svac_")}
"""How ids begin that the directory tells names of."""
ALONE = "Billed without use"
"""The name of who used what only the bill has: no report says who it was."""
UNTOLD = "Unknown"
"""The name of who used what the usage report has too, but does not tell whose it is."""
_WHO = ("key", "actor")
"""The dimensions that say who used."""


def named(engine: Engine, dims: Sequence[str], instant: datetime | None = None) -> dict[str, Callable[[str], str]]:
    """For each dimension that has names, a function from id to name; an id without a name stands for itself."""
    return {name: _namer(directory(engine, name, instant)) for name in dims if name in NAMED_BY}


@per_version
def history(engine: Engine, instant: datetime | None = None) -> Sequence[Mapping[str, Any]]:
    """Return the rows of `names`, the oldest first; those that had been seen by an instant, where one is given."""
    columns = (column.name for column in NAMES.columns if column.name != "seen_at")
    query = select(*columns, "seen_at AT TIME ZONE 'UTC' AS seen").from_("ledger.names").order_by("seen")
    rows = [{**row, "seen_at": row["seen"].replace(tzinfo=UTC)} for row in engine.rows(query)]
    return rows if instant is None else [row for row in rows if row["seen_at"] <= instant]


@per_version
def entries(engine: Engine, instant: datetime | None = None) -> Collection[Mapping[str, Any]]:
    """Return the newest row of everything that has a name; an id without one stands for itself."""
    newest = {(row["organization"], row["type"], row["id"]): row for row in history(engine, instant)}
    return [row if row["name"] is not None else {**row, "name": row["id"]} for row in newest.values()]


@per_version
def day_states(engine: Engine) -> Sequence[Mapping[str, Any]]:
    """Return the state of each day, by organization, source and grain."""
    return engine.rows(select("organization", "day", "source", "grain", "state").from_("ledger.days"))


@per_version
def organizations(engine: Engine) -> Sequence[str]:
    """Return the ids of the organizations that the ledger holds, in order."""
    return sorted({row["organization"] for row in day_states(engine)})


def one_organization(engine: Engine, name: str | None, month: str) -> str:
    """Return the id of the organization of that id or name, or of the only one; LedgerError, InvalidQuestion else."""
    names, ids = directory(engine, "organization"), organizations(engine)
    matches = [id_ for id_ in ids if name in {None, id_, names.get(id_)}]
    if not ids:
        raise no_day_of(month)
    if len(matches) != 1:
        raise no_organization(None if matches else name, ids)
    return matches[0]


def dims_of(engine: Engine, question: Question) -> tuple[str, ...]:
    """The dimensions of an answer: those asked for, after the organization where a ledger holds several.

    Organizations always stand apart: ids like `default` are each one's own.
    """
    several = "organization" not in (*question.by, *question.where) and len(organizations(engine)) > 1
    return ("organization", *question.by) if several else question.by


def dim_headings(dims: Iterable[str], names: Container[str], *, block: bool = False) -> list[Heading]:
    """The columns of dimensions, each with one of names after it where it has `names`."""
    headings: list[Heading] = []
    for dim in dims:
        headings.append(Heading(dim, Kind.DIMENSION, block=block))
        headings += [Heading(f"{dim}_name", Kind.NAME, block=block)] if dim in names else []
    return headings


def dim_cells(ids: Mapping[str, Any], names: Mapping[str, Callable[[str], str]]) -> list[Cell]:
    """The cells of those columns: the id of each dimension, and its name after it where it has one."""
    return [cell for dim, id_ in ids.items() for cell in ((id_, names[dim](id_)) if dim in names else (id_,))]


def called(names: Mapping[str, str], name: str) -> set[str]:
    """Return the ids of a name, by the directory of their dimension."""
    if isinstance(names, Directory):
        return names.called(name)
    return {id_ for id_, own in names.items() if own == name}


@per_version
def directory(engine: Engine, dimension: str, instant: datetime | None = None) -> Mapping[str, str]:
    """Every id of a dimension that has a name, and its newest name, or that of an instant."""
    if dimension not in NAMED_BY:
        return {}
    names = {row["id"]: row["name"] for row in entries(engine, instant) if row["type"] in NAMED_BY[dimension]}
    known = {id_: name for id_, name in SPOKEN.items() if id_ == NAMED[dimension].absent} | names
    return Directory(known, partial(_unknown, engine, dimension)) if dimension in _WHO else known


class Directory(Mapping[str, str]):
    """The names of ids, among them what an unknown one is called, for which the charges are read when it is asked."""

    def __init__(self, names: Mapping[str, str], unknown: Callable[[], str]) -> None:
        self._names = names
        self._unknown = unknown

    def __getitem__(self, id_: str) -> str:
        return self._unknown() if id_ == UNKNOWN and id_ not in self._names else self._names[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._names, UNKNOWN)))

    def __len__(self) -> int:
        return len({*self._names, UNKNOWN})

    def called(self, name: str) -> set[str]:
        """Return the ids of a name; what an unknown one is called is asked last."""
        ids = {id_ for id_, own in self._names.items() if own == name}
        is_unknown = not ids and name in {ALONE, UNTOLD} and self[UNKNOWN] == name
        return {UNKNOWN} if is_unknown else ids


def default_workspaces(engine: Engine) -> dict[tuple[str, str], str]:
    """The id that charges have for a workspace by its organization and real id, where they differ (reports-api 1.5)."""
    return {
        (entry["organization"], entry["workspace"]): entry["id"]
        for entry in entries(engine)
        if entry["type"] == "workspace" and entry["workspace"] is not None
    }


@per_version
def _unknown(engine: Engine, dimension: str) -> str:
    """How an unknown key or actor is called: where use is of one too (its grouping was refused), plainly that."""
    if CHARGES.name not in engine.version.tables:
        return ALONE
    used = select("kind").from_("ledger.charges").where("quantity IS NOT NULL", equals(dimension, UNKNOWN)).limit(1)
    return UNTOLD if engine.rows(from_months(engine, used)) else ALONE


@per_version
def addresses(engine: Engine, dimension: str) -> Mapping[str, str]:
    """Every id of a person with an e-mail, and that e-mail; nothing of a dimension that persons are not in."""
    if dimension != "actor":
        return {}
    return {row["id"]: row["email"] for row in entries(engine) if row["email"] is not None}


def unnamed(engine: Engine, rows: Sequence[Mapping[str, Any]], dims: Sequence[str]) -> Iterator[Message]:
    """What to say of ids among `rows` that the directory told no name of, so that they stand for names."""
    for dimension in (name for name in dims if name in NAMED_BY):
        unknown = sorted({row[dimension] for row in rows} - directory(engine, dimension).keys())
        if ids := [id_ for id_ in unknown if id_.startswith(_IDS[dimension])]:
            default = "" if _default_told(engine, dimension) else "; the default workspace can be one of them"
            yield note(
                f"{len(ids):,} {dimension}{'s' * (len(ids) > 1)} without a name in the API's lists, shown by id: "
                f"{few(ids, MOST)}{default}. `tallystick sync` asks again."
            )


def _default_told(engine: Engine, dimension: str) -> bool:
    """Whether the directory told which workspace is the default one; so for what is no workspace."""
    return dimension != "workspace" or any(
        row["type"] == "workspace" and row["id"] == "default" and row["workspace"] is not None
        for row in entries(engine)
    )


def _namer(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda id_: names.get(id_, id_)


def shared(ids: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """Return the names that several of these ids have."""
    counts = Counter(name for _, name in set(zip(ids, names, strict=True)))
    return frozenset(name for name, count in counts.items() if count > 1)


def with_shared(headings: Iterable[Heading], several: Mapping[str, frozenset[str]]) -> Iterator[Heading]:
    """The headings, those of names with the names that several ids of their dimension have."""
    for heading in headings:
        dim = heading.name.removesuffix("_name")
        is_shared = heading.kind is Kind.NAME and dim in several
        yield replace(heading, shared=several[dim]) if is_shared else heading


def apart(names: Mapping[str, str]) -> dict[str, str]:
    """Ids with the names to show where no id stands beside them; one that several have with the end of its id."""
    several = {name for name, count in Counter(names.values()).items() if count > 1}
    return {id_: with_end(name, id_) if name in several else name for id_, name in names.items()}


def with_organizations(engine: Engine, labels: Sequence[str], rows: Sequence[Mapping[str, Cell]]) -> list[str]:
    """The labels of rows, one that several rows have with the name of the organization of each."""
    several = {label for label, count in Counter(labels).items() if count > 1}
    names = apart(directory(engine, "organization")) if several else {}
    pairs = zip(labels, rows, strict=True)
    return [f"{label} ({names[str(row['organization'])]})" if label in several else label for label, row in pairs]
