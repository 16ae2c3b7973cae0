"""Records, charges and all that pages tell, made anew beside the ledger and put in the place of what is damaged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tallystick.core.ledger_tables import CLOSED, CLOSED_AS, DAYS, LOSSES, LOST, NAMES, NOTICES, PAGES, PINNED
from tallystick.core.table import LedgerTable
from tallystick.doctor.damage import Examination, Kind
from tallystick.errors import LedgerError
from tallystick.store.archive import Archive
from tallystick.store.copies import Copies
from tallystick.store.engine import Engine
from tallystick.store.erasure import forgotten, remember
from tallystick.store.tables import Tables
from tallystick.store.transfer import transfer
from tallystick.store.version import Version
from tallystick.sync.replay import replay

if TYPE_CHECKING:
    from tallystick.doctor.repair import Repair

_SIDE = frozenset({NAMES, NOTICES, LOSSES})
"""Tables that no figure is made of."""


def mend_records(repair: Repair, examination: Examination) -> None:
    """Put every damaged table of the newest version in order, in one new version."""
    damaged = {damage.table for damage in examination.of(Kind.LOG, Kind.FILES) if damage.table}
    figures = bool(examination.of(Kind.FIGURES))
    if not damaged and not figures:
        return
    tables = repair.tables
    newest, rebuilt = tables.newest(), set[LedgerTable]()
    with repair.alone():
        if CLOSED in damaged and _closed_again(repair, newest):
            rebuilt.add(CLOSED)
        built = Tables(repair.work / "ledger", sync=lambda _: None)
        if damaged - {CLOSED} or figures:
            _build(repair, built)
            others = {table for table in PINNED if table is not CLOSED and _differs(tables, built, table, damaged)}
            lost = tables.rows(PAGES, columns=["purpose"], filters=[("purpose", "=", LOST)]).num_rows
            rebuilt |= damaged - {CLOSED} if lost and damaged <= _SIDE else others
        lost_logs = {damage.table for damage in examination.of(Kind.LOG) if damage.table} & rebuilt
        for table in lost_logs:
            repair.move(tables.folder(table))
    if not rebuilt:
        return
    with tables.writing(repair.waiting, lost_logs) as writer:
        for table in sorted(rebuilt, key=lambda table: table.name):
            transfer(Tables(repair.work / "closed") if table is CLOSED else built, writer, table)
        stated = {} if rebuilt == {CLOSED} else built.newest().totals
        totals = {name: text for name, text in stated.items() if not name.startswith(CLOSED_AS)}
        names = ", ".join(sorted(table.name for table in rebuilt))
        committed_at = max(repair.now, newest.at or repair.now)
        version = writer.commit(newest.organization, f"repaired: {names}", committed_at, totals)
    sources = ["copies"] * (CLOSED in rebuilt) + ["pages"] * (rebuilt != {CLOSED})
    repair.say(f"{names}: made anew from {' and '.join(sources)}, as version {version.number}.")
    if DAYS in rebuilt and (missing_days := _days(tables, newest) - _days(tables, version)):
        repair.say(
            f"{len(missing_days):,} days of reports are in no archived reading any more: the next `tallystick sync` "
            f"reads them again, as far as the API tells them; `--as-of {newest.number}` has what is left of them."
        )
    with repair.alone():
        for damage in examination.of(Kind.FILES):
            for path in damage.paths if damage.table in rebuilt else ():
                repair.move(path)


def _days(tables: Tables, version: Version) -> set[tuple[str, str, date]]:
    """The days that a version knows, by organization and source; none where that cannot be read."""
    try:
        rows = Engine(tables, version).rows("SELECT DISTINCT organization, source, day FROM ledger.days")
    except LedgerError:
        return set()
    return {(row["organization"], row["source"], row["day"]) for row in rows}


def _build(repair: Repair, built: Tables) -> None:
    """Judge every archived reading once more, in a ledger of its own."""
    tables, work = repair.tables, built.root
    work.mkdir(parents=True)
    remember(work, forgotten(tables.root))
    with built.writing() as writer:
        replay(tables.rows(PAGES), Archive(tables.root), writer, repair.prices, repair.people)


def _closed_again(repair: Repair, newest: Version) -> bool:
    """Make the closed months anew from their copies, as far as the newest version holds them; whether that is all."""
    content = newest.contents.get(CLOSED.name)
    rows = Copies(repair.tables.root, CLOSED).rows()
    if content is None or rows.num_rows < content.rows:
        repair.say("closed: the closed months are in no copy. Only `tallystick restore` brings them back.")
        return False
    with Tables(repair.work / "closed", sync=lambda _: None).writing() as writer:
        writer.append(CLOSED, rows.slice(0, content.rows))
        writer.commit(newest.organization, "closed months", repair.now, {})
    return True


def _differs(tables: Tables, built: Tables, table: LedgerTable, damaged: set[LedgerTable]) -> bool:
    """Whether a table is damaged, or has other rows than the one that was built."""
    if table in damaged:
        return True
    columns = ", ".join(sorted(column.name for column in table.columns))
    query = f"SELECT count(*) AS rows, sum(hash({columns})) AS digest FROM ledger.{table.name}"  # noqa: S608 - our own names
    try:
        return Engine(tables, tables.newest()).rows(query) != Engine(built, built.newest()).rows(query)
    except LedgerError:  # of a column that an earlier release did not have
        return True
