"""Watch rules on planted truth: of which incidents the default rules speak, how soon, and what they say besides.

    python benchmarks/watch_rules.py            # prints the tables
    python benchmarks/watch_rules.py --docs     # and writes them into docs/watch.md
    python benchmarks/watch_rules.py --simulated 2001 --plain 1201 --days 60 --list

Each day is judged at its end, as `tallystick rules --try` does, over the organizations of `outlook.py`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from multiprocessing import Pool
from pathlib import Path
from statistics import median
from typing import Any

from outlook_anomalies import DAY, INCIDENTS, QUARTER, SAME, Case, Hit, is_change, is_of, share, table
from planted_world import END, RELEASES, Truth, write as write_planted

SIMULATED = tuple(range(18_001, 18_007))
PLAIN = tuple(range(18_101, 18_105))
"""The final seeds, run once; every third of the simulator is quiet."""
DAYS = 180
"""The last days of each organization that are judged."""
PROCESSES = 2
"""Organizations that are judged at once."""
SPEND = ("anomaly", "cache missed", "spend rate")
"""The rules of what costs more; the others are of what is new, and each is right by what they say."""
OTHERS = ("new key", "idle key", "new workspace", "new model", "high rates")


@dataclass(frozen=True)
class Spoken:
    """A finding that a rule opened."""

    rule: str
    hit: Hit
    text: str


@dataclass
class World:
    """An organization, and every finding of its judged days."""

    case: Case
    last: date
    spoken: list[Spoken]
    minimum: float
    """US dollars below which nothing is a finding on its last day."""


def worlds(simulated: Sequence[int], plain: Sequence[int], days: int) -> Iterator[World]:
    """Make each organization and judge its last days, several at once."""
    jobs = [(make, seed, days) for make, seeds in ((_simulated, simulated), (_plain, plain)) for seed in seeds]
    with Pool(PROCESSES) as pool:
        yield from pool.imap(_made, jobs)


def _made(job: tuple[Callable[[int, int], World], int, int]) -> World:
    make, seed, days = job
    return make(seed, days)


def _simulated(seed: int, days: int) -> World:
    """An organization of the simulator."""
    with tempfile.TemporaryDirectory() as folder:
        truths = write_planted(seed, Path(folder) / "ledger")
        made = Case(f"simulator {seed}", _named(truths), [("all", day) for day in RELEASES], days, 0, [])
        return World(made, END - DAY, *judged(Path(folder) / "ledger", END - DAY, days))


def _plain(seed: int, days: int) -> World:
    """An organization of the plain world."""
    from plain_world import organization, write as write_plain

    world = organization(seed)
    truths = [
        Truth(truth.cause, truth.key, truth.first, truth.last, float(truth.dollars or 0))
        for truth in (*world.incidents, *world.events)
        if truth.dollars is not None and truth.number is not None
    ]
    causes = {"level shift", "model migration", "new key"}
    changes = [(event.key, event.first) for event in world.events if event.cause in causes]
    with tempfile.TemporaryDirectory() as folder:
        path = write_plain(world, Path(folder) / "ledger")
        made = Case(f"plain {seed}", _named(truths), changes, days, 0, [])
        return World(made, world.last, *judged(path, world.last, days))


def _named(truths: Sequence[Truth]) -> list[Truth]:
    return [replace(truth, cause=SAME.get(truth.cause, truth.cause)) for truth in truths]


def judged(folder: Path, last: date, days: int) -> tuple[list[Spoken], float]:
    """Judge the rules at the end of each of the last days; what is told but on the first, and the minimum at last."""
    from tallystick import Ledger
    from tallystick.clock import SystemClock
    from tallystick.outlook.anomalies.report import findings_since
    from tallystick.watch.default_rules import RULES
    from tallystick.watch.finding import Step, findings
    from tallystick.watch.judgement import judge_all
    from tallystick.watch.round import changes

    rules = [rule for rule in RULES if rule.name in (*SPEND, *OTHERS)]
    book = Ledger(folder, SystemClock(datetime.combine(last, time(23, 59), UTC)))
    newest = replace(book.context(), records=False)
    newest.engine  # noqa: B018 - opened once for all days
    spoken: list[Spoken] = []
    events: list[Any] = []
    for index in range(days + 1):
        day = last - DAY * (days - index)
        context = replace(newest, now=datetime.combine(day, time(23, 59), UTC))
        judgements = [*judge_all(context, rules)]
        rows = {(each.rule.name, case.subject, case.words): case.row for each in judgements for case in each.cases}
        made = [*changes(judgements, findings(events), context.now, "benchmark")]
        for event in made:
            if event.step is Step.OPENED and index and not event.facts["returned"]:
                hit = _hit(context, rows[event.rule, event.subject, event.text], day)
                spoken.append(Spoken(event.rule, hit, event.text))
        events += made
    [minimum] = findings_since(context, None, None).minimums.values()
    return spoken, float(minimum)


def _hit(context: Any, row: Any, day: date) -> Hit:
    """What a finding is of: its keys and days."""
    from tallystick.core.select import select
    from tallystick.core.time import Window, midnight
    from tallystick.outlook.anomalies.ledger_findings import ledger_findings
    from tallystick.query.conditions import equals

    if "finding" not in row:
        scope = equals("workspace", row["workspace"]) if "workspace" in row else equals(row["what"], row["value"])
        query = select("key").distinct().from_("ledger.charges").where(scope)
        keys = [entry["key"] for entry in context.engine.rows(query)]
        return Hit(frozenset(keys), day - DAY * (7 if "workspace" in row else 1), day, day, 0.0)
    window = Window(midnight(day) - DAY * 7, midnight(day) + DAY)
    [finding] = [made for made in ledger_findings(context, window, {}).findings if made.id == row["finding"]]
    keys = frozenset(cell.key if cell.key != "playground" else cell.actor for cell in finding.cells)
    is_whole = finding.subject.level not in {"key", "actor"}
    return Hit(keys, finding.since, finding.until, day, float(finding.above), finding.cause.value, is_whole)


def kinds(made: Sequence[World]) -> list[list[str]]:
    """A row for each kind of incident: how many, of how many a rule spoke, how soon, and which rule first; and all."""
    rows = []
    every = [0, 0]
    for cause in (*INCIDENTS, "launch"):
        planted = [
            (world, truth)
            for world in made
            for truth in world.case.truths
            if truth.cause == cause
            and truth.dollars >= world.minimum
            and world.last - DAY * world.case.days < truth.first < world.last
        ]
        first = [
            min(own, key=lambda spoken: spoken.hit.seen)
            for world, truth in planted
            if (own := [spoken for spoken in world.spoken if _is_of(spoken, truth)])
        ]
        seen = [
            (min(spoken.hit.seen for spoken in world.spoken if _is_of(spoken, truth)) - truth.first).days
            for world, truth in planted
            if any(_is_of(spoken, truth) for spoken in world.spoken)
        ]
        if planted:
            rules = ", ".join(f"{name} {count}" for name, count in Counter(one.rule for one in first).most_common())
            soon = f"{median(seen):.0f} / {max(seen)}" if seen else "-"
            rows.append([cause, str(len(planted)), str(len(first)), soon, rules or "-"])
            if cause in INCIDENTS:
                every = [every[0] + len(planted), every[1] + len(first)]
    return [*rows, ["all but launches", str(every[0]), f"{every[1]}, {share(every[1], every[0])}", "-", "-"]]


def _is_of(spoken: Spoken, truth: Truth) -> bool:
    return spoken.rule in SPEND and truth.first <= spoken.hit.seen and is_of(spoken.hit, truth)


def rates(made: Sequence[World]) -> list[list[str]]:
    """A row for each rule: its findings in an organization and quarter, and those of no incident or change."""
    quiet = [world for world in made if world.case.quiet]
    rows = []
    for name in (*SPEND, *OTHERS):
        cells = []
        for group in (made, quiet):
            quarters = sum(world.case.days for world in group) / QUARTER
            own = [(world, spoken) for world in group for spoken in world.spoken if spoken.rule == name]
            false = [entry for entry in own if not _is_right(*entry)]
            cells += [f"{len(own) / quarters:.1f}" if quarters else "-"]
            cells += [f"{len(false) / quarters:.1f}" if quarters and name in SPEND else "-"]
        rows.append([name, *cells])
    return rows


def _is_right(world: World, spoken: Spoken) -> bool:
    return any(_is_of(spoken, truth) for truth in world.case.truths) or is_change(spoken.hit, world.case)


def text(made: Sequence[World]) -> str:
    """The tables, as Markdown."""
    quiet = sum(world.case.quiet for world in made)
    names = ", ".join(world.case.name for world in made)
    days = made[0].case.days
    return "\n\n".join(
        [
            f"{len(made)} organizations, {quiet} of them without an incident, {days} days each ({names}).",
            table(("incident", "planted", "spoke", "days until (median / most)", "first by"), kinds(made)),
            table(
                ("rule", "a quarter", "false a quarter", "without incident: a quarter", "false a quarter"), rates(made)
            ),
        ]
    )


def main() -> None:
    """Print the tables; with --docs write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/watch.md")
    parser.add_argument("--simulated", nargs="*", type=int, default=SIMULATED, help="seeds of the simulator")
    parser.add_argument("--plain", nargs="*", type=int, default=PLAIN, help="seeds of the plain world")
    parser.add_argument("--days", type=int, default=DAYS, help="days that are judged")
    parser.add_argument("--list", action="store_true", help="print every finding")
    arguments = parser.parse_args()
    made = []
    for world in worlds(arguments.simulated, arguments.plain, arguments.days):
        made.append(world)
        for spoken in world.spoken if arguments.list else ():
            right = "" if spoken.rule not in SPEND or _is_right(world, spoken) else "FALSE "
            print(world.case.name, spoken.hit.seen, right, spoken.text, flush=True)
    print(text(made))
    if arguments.docs:
        from outlook import write  # here: the tests have a package of that name

        write("watch.md", "rules", text(made))


if __name__ == "__main__":
    main()
