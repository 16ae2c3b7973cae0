"""Keys: every key of the directory and of the bill, with what it spent, who owns it, and what is odd about it.

A key is shown as it was when the window ended: what ended later is no reproach, what did not exist yet is no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tallystick.core.causes import USAGE_NOT_READ
from tallystick.core.dimensions import NAMED, UNKNOWN, canonical
from tallystick.core.filter import Filter, pattern
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import Message, note, warning
from tallystick.core.money import total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.text import choose, did_you_mean
from tallystick.core.time import DAY, FIRST_DAY, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import day_of, equals, within
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.gaps import LOST
from tallystick.query.groups import OTHERS
from tallystick.query.month_source import from_months
from tallystick.query.names import directory, organizations, shared, with_shared
from tallystick.query.owners import APART, answered, attribution, billed_of, messages
from tallystick.query.report import WINDOW, ChargeSum, Days, Form, Parameter, Report, Where, narrowed_by
from tallystick.query.spelling import spellings
from tallystick.reports.idle_words import idle_words
from tallystick.reports.listed_keys import At, listed_keys
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import UNOWNED

NO_KEYS = (NAMED["key"].absent, UNKNOWN)
"""What stands in the place of a key for use without one, and for lines of the bill that name none."""
DELETED = "deleted"
"""The status of a key that the directory no longer has, or never had while it was read."""
IDLE = "idle"
"""What an active key without use in the window is."""
NO_OWNER = "no owner"
PARTLY_OWNED = "partly no owner"
NOTHING = "none"
"""What stands beside a key that needs no attention."""
ATTENTION = (IDLE, NO_OWNER, PARTLY_OWNED, DELETED, "archived", "expired", "inactive", UNKNOWN, NOTHING)
"""Why a key stands first, as far as is known: a status of the API may be new."""
_NAMES = ("key", "key_name", "status", "workspace", "workspace_name", "team", "cost_center", "creator")
_FILTERS = ("attention", "organization", *_NAMES)
_DROP_ORDERS = {"last_used": 1, "team": 2, "status": 3, "workspace": 4, "ended": 5, "cost_center": 6, "creator": 7}


class _Keys:
    """Every key of the directory and of the charges of a question, and what its rows are made of."""

    def __init__(self, engine: Engine, question: Question, owners: Owners, now: datetime) -> None:
        by_key = replace(question, by=("key", "workspace"))
        self.charges = attribution(engine, by_key, owners, further={**APART, "counted": "quantity IS NOT NULL"})
        self._spent: dict[At, list[dict[str, Any]]] = {}
        for row in self.charges.sums(["organization", "key", "workspace", "team", "cost_center"]):
            self._spent.setdefault((row["organization"], row["key"]), []).append(row)
        self._used = _used(engine, question, self.charges.sums(["organization", "key", "counted"]))
        self._organizations, entries = listed_keys(engine, question.window.end)
        met = self._spent.keys() | self._used.keys()
        self._entries = {key: entry for key, entry in entries.items() if key in met or not entry["later"]}
        self._has_rules = bool(owners.rules)
        self._idle_owners = _standing(engine, owners, self._entries, question)
        self._people, self._names, self._places = (directory(engine, name) for name in ("actor", "key", "workspace"))
        usage, bill = (cover(engine, table, question, now)[0] for table in (USED, CHARGES))
        self.lacks_usage = bool(usage["absent"] or usage.get(LOST))
        self._is_billed = bool(bill["present"])
        self._first_day = question.window.start.date()
        self._unread = _unread(engine, question)
        self._has_several = len(organizations(engine)) > 1
        self.columns = ("attention", *(("organization",) if self._has_several else ()), *_NAMES)

    @property
    def are_listed(self) -> bool:
        """Whether the keys of every organization that spent were read."""
        return all(organization in self._organizations for organization, _ in self._spent)

    def rows(self) -> list[tuple[Cell, ...]]:
        """What deserves attention first, then by spend; the last cell is what was billed."""
        rows = map(self._row, sorted({*self._entries, *self._spent, *self._used}))
        return sorted(rows, key=lambda row: (row[0] == NOTHING, -(row[-1] or 0), row[1:3]))  # type: ignore[operator]

    def _row(self, key: At) -> tuple[Cell, ...]:
        entry, spent = self._entries.get(key), self._spent.get(key, [])
        status = _status(key, entry, key[0] in self._organizations)
        workspaces = sorted({row["workspace"] for row in spent}) or ([entry["workspace"]] if entry else [])
        owners = sorted({(row["team"], row["cost_center"]) for row in spent if row["billed"]})
        owners = owners or self._idle_owners.get(key, [])
        teams = list(dict.fromkeys(team for team, _ in owners))
        billed = total([row["billed"] for row in spent])
        last: date | None = self._used.get(key)
        newest = max([row["last"] for row in spent] + ([last] if last else []), default=None)
        is_recent = last is not None and last >= self._first_day
        ended: date | None = entry["ended"] if entry else None
        attention = _attention(
            status,
            (teams or [UNOWNED]) if self._has_rules else (),
            spends=bool(billed) or is_recent,
            unused=not is_recent and (UNKNOWN if self.lacks_usage else IDLE),
            after=not entry or (ended is not None and newest is not None and newest > ended),
        )
        creator = (entry["created_by"] if entry else None) or UNKNOWN
        return (
            attention,
            *((key[0],) if self._has_several else ()),
            key[1],
            entry["name"] if entry else self._names.get(key[1], key[1]),
            status,
            ", ".join(workspaces),
            ", ".join(self._places.get(workspace, workspace) for workspace in workspaces),
            ", ".join(teams) or UNOWNED,
            ", ".join(dict.fromkeys(center for _, center in owners)) or UNOWNED,
            self._people.get(creator, creator),
            str(ended) if ended else None,
            _last_used(last, self._unread, spent=bool(billed)),
            billed if self._is_billed else None,
        )


def keys(engine: Engine, full_question: Question, owners: Owners, now: datetime) -> Table:
    """Every key: what deserves attention first, then by spend; of these what `where` says of columns, `top` of them."""
    question = replace(full_question, where={}, top=None)
    listing = _Keys(engine, question, owners, now)
    rows, names, lost = listing.rows(), listing.columns, listing.lacks_usage
    dates = {name: Heading(name, Kind.TEXT, drop_order=_DROP_ORDERS[name]) for name in ("ended", "last_used")}
    last_day = (question.window.end - DAY).date()
    table = answered(
        engine,
        question,
        owners,
        now,
        names,
        _chosen(rows, (*names, *dates), full_question),
        [*messages(owners, listing.charges), *_messages(last_day, listed=listing.are_listed, lost=lost)],
        billed_of(listing.charges),
        dates,
        _DROP_ORDERS,
    )
    index = names.index("key")
    several = shared((str(row[index]) for row in rows), (str(row[index + 1]) for row in rows))
    active = {str(row[index]): str(row[index + 1]) for row in rows if row[index + 2] == "active"}
    idle = {str(row[index]) for row in rows if IDLE in str(row[0]).split(", ")}
    has_all = not {*full_question.where} - {"attention"}
    headline = idle_words(active, idle, question.window, now.year) if has_all and not lost else ""
    return replace(table, headings=tuple(with_shared(table.headings, {"key": several})), headline=headline)


def _messages(last_day: date, *, listed: bool, lost: bool) -> Iterator[Message]:
    """What to say of keys that are shown as they were on a day."""
    if not listed:
        yield warning("The list of keys is not in the ledger: which of them are deleted or idle is not known.")
    yield note(
        f"Status is that of {last_day}, or the first seen after it; ended is the day of expiry, else the day "
        "on which the key was first seen so."
    )
    yield note(f"Last use is of all days in the ledger up to {last_day}, by the charges; idle is active without use.")
    if lost:
        yield warning("Whether a key without use was idle is unknown, for not all usage of this window is there.")


def _last_used(last: date | None, unread: date | None, *, spent: bool) -> str:
    """The day of last use in words; `unread` is the newest day that was billed and whose usage was not read."""
    if last is None:
        return UNKNOWN if unread or spent else "never"
    return f"{last} or later" if unread and unread > last else str(last)


def _chosen(rows: list[tuple[Cell, ...]], names: Sequence[str], question: Question) -> list[tuple[Cell, ...]]:
    """The rows whose cells have the values wanted, one of those that a cell lists; past `top` the rest in one."""
    for word, part in question.where.items():
        name = canonical(word, names)
        if name not in names:
            near = did_you_mean(word, names)
            raise InvalidQuestion(f"`keys` has no column {word!r}.", f"{near} Columns are {', '.join(names)}.".strip())
        index = names.index(name)
        if name == "attention":
            _check_attention(part, {word for row in rows for word in str(row[index]).split(", ")})
        rows = [row for row in rows if part.takes(str(row[index]), *str(row[index]).split(", "))]
    if not (rest := rows[question.top :] if question.top is not None else []):
        return rows
    billed = [row[-1] for row in rest]
    amount = None if None in billed else total(billed)  # type: ignore[arg-type]
    cells: dict[str, Cell] = {"key": OTHERS, "key_name": f"{len(rest):,} other keys"}
    return [*rows[: question.top], (*(cells.get(name) for name in names), amount)]


def _check_attention(part: Filter, listed: set[str]) -> None:
    """Raise InvalidQuestion for a reason that no key can have, of those that keys have and others."""
    reasons = sorted({*ATTENTION, *listed})
    for value in (*part.values, *part.without):
        for word in value.split(", "):
            if pattern(word) is None and word not in reasons:
                raise InvalidQuestion(f"No key needs attention as {word!r}.", choose(word, reasons))


def _attention(status: str, teams: Collection[str], *, spends: bool, unused: str | bool, after: bool) -> str:
    """Why a key stands first; `none` where nothing is odd about it.

    `teams` are its owners, none where no rule names any. `unused` is how to call an active key without use; `after` is
    whether it was used after it ended.
    """
    why = []
    if status == "active" and unused:
        why.append(str(unused))
    if spends and after and status not in {"active", "none", UNKNOWN}:
        why.append(status)
    if spends and UNOWNED in teams:
        why.append(NO_OWNER if len(teams) == 1 else PARTLY_OWNED)
    return ", ".join(why) or NOTHING


def _status(key: At, entry: Mapping[str, Any] | None, read: bool) -> str:
    if key[1] in NO_KEYS:
        return "none"
    if entry is None:
        return DELETED if read else UNKNOWN
    return DELETED if entry["status"] == "gone" else str(entry["status"])


def _used(engine: Engine, question: Question, billed: Sequence[Mapping[str, Any]]) -> dict[At, date]:
    """The last day of use of each key before the end of the window, `billed` being what was in the window."""
    window = question.window
    query = select("organization", "key", "max(day) AS last").from_("ledger.charges").where("quantity IS NOT NULL")
    earlier = Window(min(midnight(FIRST_DAY), window.start), window.start)
    rest = (
        from_months(engine, query.where(within(span, months=True), *where).group_by("organization", "key"), span)
        for span, *where in ((earlier,), (window, "billed IS NULL"))
    )
    last: dict[At, date] = {}
    for row in (*(row for row in billed if row["counted"]), *engine.rows(" UNION ALL ".join(map(str, rest)))):
        key = (row["organization"], row["key"])
        last[key] = max(last.get(key, row["last"]), row["last"])
    return last


def _unread(engine: Engine, question: Question) -> date | None:
    """The newest day before the end of the window that was billed and whose usage was not read; None where none was."""
    query = select("max(day) AS last").from_("ledger.charges").where(equals("cause", USAGE_NOT_READ))
    newest: date | None = engine.rows(from_sums(engine, query.where(_before_end(question))))[0]["last"]
    return newest


def _before_end(question: Question) -> str:
    return f"day < {day_of(question.window.end)}"


def _standing(
    engine: Engine, owners: Owners, listed: Mapping[At, Mapping[str, Any]], question: Question
) -> dict[At, list[tuple[str, str]]]:
    """Who would own the keys of the directory on the last day, by key and workspace alone."""
    day = (question.window.end - DAY).date()
    subjects: dict[tuple[str, ...], At] = {
        (key[0], entry["workspace"], key[1], "", ""): key for key, entry in listed.items()
    }
    key_owners: dict[At, list[tuple[str, str]]] = {}
    for subject, start, end, rule_index in owners.owned(sorted(subjects), spellings(engine)):
        if rule_index >= 0 and start <= day < end:
            rule = owners.rules[rule_index]
            shared = [(team, owners.center(team, day)) for team, _ in rule.teams]
            key_owners[subjects[subject]] = [(rule.teams[0][0], rule.cost_center)] if rule.how == "team" else shared
    return key_owners


def _ask(context: Context, days: Days, where: Where, top: int | None) -> Table:
    question = context.question("keys", (), days, where, top, known=())
    return context.warned(keys(context.engine, question, context.owners, context.now))


REPORT = Report(
    _ask,
    (
        *WINDOW,
        narrowed_by(_FILTERS, "Only keys with this value, as attention=idle or team!=search.", "COLUMN=VALUE"),
        Parameter("top", "The first N keys.", Form.COUNT, metavar="N"),
    ),
    "Keys that need attention come first: idle ones (active, not used), and those that spend although they are "
    "inactive, expired, archived or deleted, or have no owner.",
    charges={"billed": ChargeSum("billed", "billed")},
    subjects=("organization", "key"),
)
