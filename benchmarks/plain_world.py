"""Plain world: organizations that use Claude, with planted truth, to judge forecasts and the detection of anomalies.

world = organization(7)          # the same seed makes the same rows
world.rows, world.incidents      # as read on the last day; what is planted and should be found
world.read(date(2026, 9, 30))    # as read on an earlier day: bills late in part, later restatements not yet there
write(world, folder)             # a ledger that tallystick.Ledger opens

It was written from a page of prose, apart from tallystick's simulator, forecast and anomalies. Seeds of the final score
are not those of tuning, and nothing here changes to make a score better. Weekends need no event: all have them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from random import Random

from plain_days import REGIONS, festive
from plain_keys import Key, chance, key
from plain_ledger import write
from plain_plants import GROWTH, INCIDENTS, LAUNCH, MOODS, SWAP, Plant, Planting
from plain_prices import models
from plain_rows import Row, World, total

LAST = date(2026, 11, 28)
_LATE = ((), (), (0.6,), (0.6, 0.3), (0.6, 0.3, 0.1))
"""The share of lines without a bill, of the newest day, the one before, and so on; an organization has one of these."""
_PURPOSES = ("service", "person", "batch", "test")

__all__ = ["Organization", "Restatement", "Row", "Truth", "organization", "write"]


@dataclass(frozen=True)
class Truth:
    """One thing that happened. `all` and `none` stand where it concerns every or no key, model or kind of token.

    `dollars` is what was billed above what would have been without it and with all else, to the end of the rows,
    exact; None where it is not planted but part of the world. Of growth and launches `last` is the day on which the
    new level is reached. `number` is for `organization(..., without=)`. An announced launch has `announced`.
    """

    cause: str
    workspace: str
    key: str
    model: str
    kind: str
    first: date
    last: date
    dollars: Decimal | None = None
    number: int | None = None
    announced: bool = False


@dataclass(frozen=True)
class Restatement:
    """A day whose quantities were first read other by some thousandths, until `seen`."""

    day: date
    seen: date
    permille: int

    def first_read(self, row: Row) -> Row:
        """A row of the day as it was first read."""
        quantity = row.quantity + round(row.quantity * self.permille / 1000)
        billed = row.billed and row.billed / row.quantity * quantity
        return row._replace(quantity=quantity, billed=billed)


@dataclass(frozen=True)
class Organization:
    """An organization, and the truth. `final` is what every day was in the end: all billed, all restated.

    `incidents` should be found; `events` look like them and should not: slow growth, announced launches, holiday weeks,
    late data, restatements, and what every organization has: level shifts, model migrations, new and retired keys.
    `mood` is troubled, calm (planted events and no incidents) or quiet (nothing planted).
    """

    seed: int
    mood: str
    region: str
    discount: Decimal
    hourly: bool
    late: Sequence[float]
    first: date
    last: date
    workspaces: dict[str, str]
    keys: Sequence[Key]
    final: Sequence[Row]
    incidents: Sequence[Truth]
    events: Sequence[Truth]
    restatements: Sequence[Restatement]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows as read at the end of the last day."""
        return self.read(self.last)

    def read(self, when: date) -> list[Row]:
        """The rows of all days up to one, as read at its end; what is not billed yet has None."""
        pending = {change.day: change for change in self.restatements if change.seen > when}
        rows = [
            pending[row.day].first_read(row) if row.day in pending else row for row in self.final if row.day <= when
        ]
        recent = when - timedelta(len(self.late))
        lines = {row[:2] + row[3:4] for row in rows if row.day > recent}
        unbilled = {line for line in lines if self._is_late(line, when)}
        return [row._replace(billed=None) if row[:2] + row[3:4] in unbilled else row for row in rows]

    def _is_late(self, line: tuple[date, str, str], when: date) -> bool:
        """Whether a workspace's bill of a day and model is missing: it comes once and for all."""
        age = (when - line[0]).days
        return age < len(self.late) and Random(f"{self.seed}/{line}/late").random() < self.late[age]


def organization(seed: int, days: int = 400, end: date = LAST, without: Collection[int] = ()) -> Organization:
    """Make the organization of a seed, `end` its last day; `without` plants of these numbers: what would have been."""
    calendar = [end - timedelta(back) for back in range(days)][::-1]
    stream = Random(f"{seed}/traits")
    mood, region, hourly = stream.choice(MOODS), stream.choice(REGIONS), chance(stream, 0.5)
    late = stream.choice(_LATE)
    discount = Decimal(stream.choice((0, 0, stream.randint(1, 15)))) / 100
    workspaces, keys = _keys(seed, calendar, stream)
    planting = Planting(Random(f"{seed}/plants"), keys, calendar, models(), discount)
    plants = [plant for plant in planting.plant(_kinds(stream, mood)) if plant.number not in without]
    world = World(seed, region, calendar, models(), discount, keys, plants)
    final = world.rows()
    truths = [_truth(world, plant) for plant in plants]
    benign = [truth for truth in truths if truth.cause in {GROWTH, LAUNCH}]
    restatements = _restatements(Random(f"{seed}/restatements"), calendar)
    made = Organization(
        seed=seed,
        mood=mood,
        region=region,
        discount=discount,
        hourly=hourly,
        late=late,
        first=calendar[0],
        last=end,
        workspaces=workspaces,
        keys=keys,
        final=final,
        incidents=[truth for truth in truths if truth not in benign],
        events=[],
        restatements=restatements,
    )
    return replace(made, events=sorted([*benign, *_events(made, calendar)], key=lambda event: event.first))


def _keys(seed: int, calendar: Sequence[date], stream: Random) -> tuple[dict[str, str], list[Key]]:
    """The workspaces, by their ids, and the keys of all: 3 to 8, with 1 to 12 keys each."""
    names = ("support", "search", "checkout", "research", "sales", "platform", "mobile", "finance")
    chosen = stream.sample(names, stream.randint(3, 8))
    workspaces = {f"wrkspc_{number:026}": name for number, name in enumerate(chosen)}
    size = 10 ** stream.uniform(-0.5, 0.5)
    keys: list[Key] = []
    for workspace in workspaces:
        for purpose in stream.choices(_PURPOSES, (5, 4, 2, 2), k=stream.randint(1, 12)):
            source = Random(f"{seed}/{len(keys)}/habits")
            keys.append(key(source, purpose, workspace, len(keys), calendar, size, models()))
    return workspaces, keys


def _kinds(stream: Random, mood: str) -> list[str]:
    """What is to be planted, by the mood."""
    incidents = stream.sample(INCIDENTS, stream.randint(3, 6))
    benign = [kind for kind, share in ((GROWTH, 0.5), (LAUNCH, 0.7)) if chance(stream, share)]
    return {"quiet": [], "calm": benign, "troubled": [*benign, *incidents]}[mood]


def _truth(world: World, plant: Plant) -> Truth:
    """What a plant is, and its dollars: the rows with all plants less the rows with all others, from the same draws."""
    keys = world.touched(plant)
    billed, plain = (total(world.rows(without, keys)) for without in ((), (plant.number,)))
    return Truth(
        cause=plant.cause,
        workspace=plant.workspace,
        key=plant.key,
        model=plant.model,
        kind=plant.kind,
        first=plant.first,
        last=plant.last,
        dollars=billed - plain,
        number=plant.number,
        announced=plant.cause == LAUNCH,
    )


def _restatements(stream: Random, calendar: Sequence[date]) -> list[Restatement]:
    """Of half of the organizations some days, changed by up to 2 % within three weeks."""
    share = stream.choice((0, 0.06))
    days = [day for day in calendar if chance(stream, share)]
    sizes = [size for size in range(-20, 21) if size]
    return [Restatement(day, day + timedelta(stream.randint(2, 20)), stream.choice(sizes)) for day in days]


def _events(world: Organization, calendar: Sequence[date]) -> list[Truth]:
    """What is no incident and nobody planted: it is in every organization, quiet ones too."""
    events: list[Truth] = []
    swapped = {truth.key: truth.first for truth in world.incidents if truth.cause == SWAP}
    for user in world.keys:
        whose = (user.workspace, user.id)
        shifts = [shift for shift in user.shifts if shift.first <= user.last]
        spans = [(shift.first, shift.first + timedelta(shift.ramp - 1)) for shift in shifts]
        events += [Truth("level shift", *whose, "all", "all", *days) for days in spans]
        for use in user.uses:
            until = swapped.get(user.id, date.max) if use is user.uses[0] else date.max
            moves = [(day, model) for day, model in use.models[1:] if day < until]
            events += [Truth("model migration", *whose, model.name, "all", day, day) for day, model in moves]
        if user.first > world.first:
            events += [Truth("new key", *whose, "all", "all", user.first, user.first)]
        if user.last < world.last:
            ended = user.last + timedelta(1)
            events += [Truth("retired key", *whose, "all", "all", ended, ended)]
    rest = [day for day in calendar if festive(world.region, day)]
    begins = [day for day in rest if day - timedelta(1) not in rest]
    ends = [day for day in rest if day + timedelta(1) not in rest]
    nobody = ("all", "all", "all", "all")
    events += [Truth("holiday", *nobody, *days) for days in zip(begins, ends, strict=True)]
    events += [Truth("restatement", *nobody, change.day, change.day) for change in world.restatements]
    if late := [row for row, read in zip(world.final, world.rows, strict=True) if read.billed is None]:
        events.append(Truth("late data", *nobody, late[0].day, late[-1].day, -total(late)))
    return events


def summary(world: Organization) -> str:
    """Spend of each month, incidents and counts of events, as lines of text."""
    months = {month: total(rows) for month, rows in groupby(world.final, key=lambda row: f"{row.day:%Y-%m}")}
    purposes = Counter(user.purpose for user in world.keys)
    head = (
        f"seed {world.seed}: {world.mood}, {len(world.workspaces)} workspaces, {len(world.keys)} keys"
        f" ({', '.join(f'{count} {purpose}' for purpose, count in purposes.items())}), {len(world.final):,} rows,"
        f" discount {world.discount:.0%}, {'hours' if world.hourly else 'no hours'}"
    )
    lines = [head, "  " + "  ".join(f"{month} {dollars:,.0f}" for month, dollars in months.items())]
    for truth in [*world.incidents, *(event for event in world.events if event.number is not None)]:
        about = f"{truth.key[-2:]} {truth.model} {truth.kind}"
        lines.append(f"  {truth.cause:16} {truth.first} to {truth.last} {truth.dollars:>14,.2f} USD  {about}")
    counts = Counter(event.cause for event in world.events)
    lines.append("  " + ", ".join(f"{count} {cause}" for cause, count in counts.items()))
    return "\n".join(lines)


def main() -> None:
    """Print a summary of each seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2, 3, 4], help="the organizations")
    parser.add_argument("--days", type=int, default=400, help="how many days each has")
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        print(summary(organization(seed, arguments.days)))


if __name__ == "__main__":
    main()
