"""Obstacles: all that keeps a month from being closed, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.question import Question
from tallystick.core.records import SETTLING
from tallystick.core.select import select
from tallystick.core.time import Grain, spans
from tallystick.core.time_words import utc_month
from tallystick.errors import InvalidQuestion, LedgerError, TallystickError
from tallystick.query.charge_source import from_sums
from tallystick.query.closings import closings, following
from tallystick.query.conditions import equals
from tallystick.query.coverage import cover
from tallystick.query.gaps import LATE, messages
from tallystick.query.month_state import Unsettled, unsettled
from tallystick.query.stale_tally import MEND, OTHERS, by_others
from tallystick.reports.verify import verify
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.prices_in_force import Prices


class Allowed(TypedDict, total=False):
    """What closing may do that it refuses unless asked.

    That is: close provisional days, months with late bills, without owners, or with earlier months left open.
    `organization` is the only one that is closed, of a ledger of several.
    """

    provisional: bool
    late: bool
    organization: str | None
    skip_earlier: bool
    without_owners: bool


def refuse(name: str, errors: Iterable[TallystickError]) -> None:
    """Raise the one thing that keeps a month open, or one error that lists them all; nothing where there is none."""
    once = list({str(error): error for error in errors}.values())
    if len(once) == 1:
        raise once[0]
    if once:
        kind = LedgerError if any(isinstance(error, LedgerError) for error in once) else InvalidQuestion
        listed = "\n".join(f"{number}. {error.what} {error.hint}" for number, error in enumerate(once, 1))
        raise kind(f"{name} cannot be closed yet, for {len(once)} reasons:", listed)


def obstacles(
    engine: Engine,
    name: str,
    organizations: Sequence[str],
    owners: Owners,
    prices: Prices,
    now: datetime,
    allowed: Allowed,
) -> Iterator[TallystickError]:
    """All that keeps a month of these organizations from being closed, but for what is `allowed`."""
    window = utc_month(name)
    settles = f"{window.end + SETTLING:%Y-%m-%d}"
    if window.end > Grain.DAY.floor(now):
        yield InvalidQuestion(
            f"{name} has not ended.", f"Close it from {settles} on, or from {window.end:%Y-%m-%d} with --provisional."
        )
        return
    if not owners.rules and not allowed.get("without_owners"):
        yield InvalidQuestion(
            f"The settings name no owners, so nobody would own anything of {name}, for good.",
            owners.unnamed or "`tallystick docs owners` shows how to name them; or close --without-owners.",
        )
    broken = verify(engine, prices, archive=False).rows
    for organization in organizations:
        if disorder := _in_order(engine, organization, name, skip_earlier=allowed.get("skip_earlier", False)):
            yield disorder
        if organization in by_others(engine, prices):
            yield LedgerError(f"{OTHERS}, so {name} cannot be closed.", MEND)
        state = unsettled(engine, organization, name, now)
        yield from state.missing
        if not allowed.get("late") and not state.missing:
            yield from _late(engine, organization, name, now)
        if not allowed.get("provisional"):
            yield from _provisional(name, state, settles)
        if not state.missing:
            yield from _broken(organization, name, broken)


def _in_order(engine: Engine, organization: str, name: str, *, skip_earlier: bool) -> InvalidQuestion | None:
    """Return what says that another month is closed first: closing a later one shuts it out for ever."""
    if known := closings(engine, organization):
        if name < min(known):
            return InvalidQuestion(
                f"{name} cannot be closed any more: {min(known)} was closed before it.",
                "It stays open; `tallystick statement` gives drafts of it.",
            )
        if name != following(known):
            return InvalidQuestion(
                f"{name} is not the month to be closed next: {max(known)} is the newest that is closed.",
                f"Months are closed in their order: tallystick close {following(known)}.",
            )
        return None
    query = select("month").distinct().from_("ledger.charges").where(equals("organization", organization))
    earlier = sorted(row["month"] for row in engine.rows(from_sums(engine, query)) if row["month"] < name)
    if not earlier or skip_earlier:
        return None
    months = earlier[0] if len(earlier) == 1 else f"{earlier[0]} to {earlier[-1]}"
    return InvalidQuestion(
        f"{earlier[0]} is open and has charges, and months are closed in their order.",
        f"To charge it too, close it first: tallystick close {earlier[0]}. To begin with {name}: --skip-earlier; "
        f"{months} can still be read and asked about, only never closed.",
    )


def _late(engine: Engine, organization: str, name: str, now: datetime) -> Iterator[InvalidQuestion]:
    """Say that bills of a month are late."""
    question = Question("close", utc_month(name), (), {"organization": Filter.of(organization)})
    coverage, _ = cover(engine, CHARGES, question, now)
    if LATE in coverage:
        [late] = messages({LATE: coverage[LATE]}, now)
        yield InvalidQuestion(
            f"{name} cannot be closed while bills of it are late. {late.text}",
            "Wait until they are billed, or close with --late: what is billed later is charged next month.",
        )


def _provisional(name: str, state: Unsettled, settles: str) -> Iterator[InvalidQuestion]:
    """Say which days may still change, and from when on they do not."""
    if state.doubtful:
        yield InvalidQuestion(
            f"Of {name}, days are in doubt: {spans(state.doubtful)}. The newest answer would take much of them away.",
            "Sync again in an hour, which keeps them or takes the answer; `tallystick sync --accept-loss` takes it at "
            "once. Or close with --provisional: what changes is charged next month.",
        )
    elif state.days:
        yield InvalidQuestion(
            f"Of {name}, days are provisional: {spans(state.days)}. Anthropic may still restate them.",
            f"Sync and close it from {settles} on; or now with --provisional: what changes is charged next month.",
        )


def _broken(organization: str, name: str, rows: Iterable[Mapping[str, object]]) -> Iterator[LedgerError]:
    """Say that the ledger does not add up before the end of a month."""
    for row in rows:
        day = str(row["day"])
        if row["organization"] in {organization, "all"} and (day == "all" or day[: len(name)] <= name):
            yield LedgerError(
                f"{name} cannot be closed: the ledger does not add up ({day}, {row['check']}).",
                "`tallystick verify` shows what does not; a sync or a rebuild may mend it.",
            )
            return
