"""Outlook of anomalies on planted truth: what is found, what is not, how soon, and what is found where nothing is.

Two generators by different hands: the simulator with plants (`planted_world`) and the plain world, which nothing here
was tuned on. Tuning used the simulator's seeds below 5000; the final seeds are run once. Beside the product, plain
detectors watch the same keys: three sigma, the median's deviations, half as much again as last week.
`benchmarks/outlook.py` prints and writes the tables.
"""

from __future__ import annotations

import tempfile
import time as clock
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import mean, median, pstdev

from planted_world import END, RELEASES, Truth, write as write_planted

ROOT = Path(__file__).parent.parent
GENERATORS = ("simulator", "plain")
SIMULATED = tuple(range(12_301, 12_331))
PLAIN = tuple(range(12_401, 12_421))
"""The final seeds."""
WARM = 60
"""Days that nothing is expected of: usual levels are learned."""
DAY = timedelta(days=1)
EARLY, LATE = 1, 4
"""Days before a truth and after its end in which a finding of it may begin."""
SHIFT = 14
"""Days around a change of the world itself that a finding can be of."""
QUARTER = 91
APART = 3
"""Days between two that a plain detector tells as one."""
RIGHT = {
    "runaway loop": {"volume"},
    "broken cache": {"cache"},
    "cache broken": {"cache"},
    "model swap": {"model"},
    "price change": {"price"},
    "leaked key": {"volume", "model"},
    "slow growth": {"volume"},
    "launch": {"new", "volume"},
    "announced launch": {"new", "volume"},
}
INCIDENTS = ("runaway loop", "cache broken", "model swap", "price change", "leaked key", "slow growth")
"""What should be found; a launch may be told as new."""
HARMLESS = ("weekend", "holiday", "late data", "restatement")
"""What is no incident, and should not be told."""
SATURDAY = 5
SAME = {"broken cache": "cache broken", "announced launch": "launch"}


@dataclass(frozen=True)
class Hit:
    """What a detector tells: of which keys (none where it is of all), on which days, seen when, and what it says."""

    keys: frozenset[str]
    first: date
    last: date
    seen: date
    dollars: float
    cause: str = ""
    whole: bool = False


@dataclass
class Case:
    """An organization: what is planted, what else changed in it, and what each detector tells of it."""

    name: str
    truths: list[Truth]
    changes: list[tuple[str, date]]
    days: int
    minimum: float
    harmless: list[tuple[str, date, date]]
    hits: dict[str, list[Hit]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def quiet(self) -> bool:
        """Whether nothing is planted in it but holidays."""
        return not [truth for truth in self.truths if truth.cause in {*INCIDENTS, "launch"}]


def product(folder: Path, now: datetime) -> tuple[list[Hit], float, dict[str, list[float]], date, float]:
    """What tallystick finds in a ledger; its minimum, the dollars of each key by day, the first day, and seconds."""
    from tallystick import Ledger
    from tallystick.clock import SystemClock
    from tallystick.core.time import Window, midnight
    from tallystick.outlook.anomalies.cells import cells
    from tallystick.outlook.anomalies.ledger_findings import ledger_findings

    book = Ledger(folder, SystemClock(now))
    context = book.context()
    [row] = context.engine.rows("SELECT min(day) AS first FROM ledger.charges")
    window = Window(midnight(row["first"]), midnight(now.date()) + DAY)
    begun = clock.process_time()
    entries = ledger_findings(context, window, {})
    seconds = clock.process_time() - begun
    read = cells(context.engine, Window(window.start, midnight(now.date())), {})
    by_key: dict[str, list[float]] = {}
    for cell, daily in read.by_cell.items():
        name = cell.key if cell.key != "playground" else cell.actor
        by_key[name] = [sum(pair) for pair in zip(by_key.get(name, [0.0] * read.days), daily.dollars, strict=True)]
    hits = [
        Hit(
            frozenset(cell.key if cell.key != "playground" else cell.actor for cell in finding.cells),
            finding.since,
            finding.until,
            finding.seen,
            float(finding.above),
            finding.cause.value,
            finding.subject.level not in {"key", "actor"},
        )
        for finding in entries.findings
    ]
    [minimum] = entries.minimums.values()
    return hits, float(minimum), by_key, row["first"], seconds


def plain_detector(
    by_key: dict[str, list[float]], first: date, minimum: float, limit: Callable[[Sequence[float]], float]
) -> list[Hit]:
    """What a detector tells that compares each day of a key with a limit from the days before it."""
    hits = []
    for key, amounts in by_key.items():
        run: list[int] = []
        for day in range(28, len(amounts) + 1):
            before = amounts[day - 28 : day]
            is_above = day < len(amounts) and amounts[day] > limit(before) and amounts[day] - mean(before) >= minimum
            if is_above:
                run.append(day)
            elif run and (day - run[-1] > APART or day == len(amounts)):
                above = sum(amounts[index] - mean(amounts[run[0] - 28 : run[0]]) for index in run)
                start, end = first + DAY * run[0], first + DAY * run[-1]
                hits.append(Hit(frozenset({key}), start, end, start, above))
                run = []
    return hits


def three_sigma(before: Sequence[float]) -> float:
    """The mean of four weeks and three deviations."""
    return mean(before) + 3 * pstdev(before)


def deviations(before: Sequence[float]) -> float:
    """The median of four weeks and three robust deviations."""
    middle = median(before)
    return middle + 3 * 1.4826 * median(abs(amount - middle) for amount in before)


def half_more(before: Sequence[float]) -> float:
    """Half as much again as the mean of the last week."""
    return 1.5 * mean(before[-7:])


PLAIN_DETECTORS = {"3 sigma": three_sigma, "median": deviations, "50 % more": half_more}


def simulated(seed: int) -> Case:
    """An organization of the simulator."""
    with tempfile.TemporaryDirectory() as folder:
        truths = write_planted(seed, Path(folder) / "ledger")
        changes = [("all", day) for day in RELEASES]
        harmless = [(truth.cause, truth.first, truth.last) for truth in truths if truth.cause in HARMLESS]
        return case(
            f"simulator {seed}",
            truths,
            changes,
            harmless,
            Path(folder) / "ledger",
            datetime.combine(END, datetime.min.time(), UTC),
        )


def plain(seed: int) -> Case:
    """An organization of the plain world."""
    from plain_world import organization, write

    world = organization(seed)
    truths = [
        Truth(SAME.get(truth.cause, truth.cause), truth.key, truth.first, truth.last, float(truth.dollars or 0))
        for truth in (*world.incidents, *world.events)
        if truth.dollars is not None and truth.number is not None
    ]
    causes = {"level shift", "model migration", "new key"}
    changes = [(event.key, event.first) for event in world.events if event.cause in causes]
    harmless = [(event.cause, event.first, event.last) for event in world.events if event.cause in HARMLESS]
    with tempfile.TemporaryDirectory() as folder:
        path = write(world, Path(folder) / "ledger")
        now = datetime.combine(world.last + DAY, datetime.min.time(), UTC)
        return case(f"plain {seed}", truths, changes, harmless, path, now)


def case(
    name: str,
    truths: list[Truth],
    changes: list[tuple[str, date]],
    harmless: list[tuple[str, date, date]],
    folder: Path,
    now: datetime,
) -> Case:
    """Let every detector look at a ledger."""
    hits, minimum, by_key, first, seconds = product(folder, now)
    truths = [Truth(SAME.get(t.cause, t.cause), t.key, t.first, t.last, t.dollars) for t in truths]
    saturdays = [
        day for index in range((now.date() - first).days) if (day := first + DAY * index).weekday() == SATURDAY
    ]
    harmless = [*harmless, *(("weekend", day, day + DAY) for day in saturdays)]
    harmless = [entry for entry in harmless if entry[1] >= first + DAY * WARM]
    made = Case(name, truths, changes, (now.date() - first).days - WARM, minimum, harmless, seconds=seconds)
    made.hits["tallystick"] = hits
    for label, limit in PLAIN_DETECTORS.items():
        made.hits[label] = plain_detector(by_key, first, minimum, limit)
    warm = first + DAY * WARM
    made.hits = {label: [hit for hit in every if hit.first >= warm] for label, every in made.hits.items()}
    return made


def is_of(hit: Hit, truth: Truth) -> bool:
    """Whether what is told is of a truth; of a price that moved, if it begins then and is of more than a key."""
    if truth.cause == "price change":
        return (hit.whole or not hit.cause) and abs((hit.first - truth.first).days) <= LATE
    if hit.whole and hit.cause == "price":
        return False
    where = truth.key in hit.keys
    return where and truth.first - DAY * EARLY <= hit.last and hit.first <= truth.last + DAY * LATE


def is_change(hit: Hit, made: Case) -> bool:
    """Whether it is of a change of the world itself: a model migration, a new key, a level that moved."""
    return any(
        (key == "all" or key in hit.keys) and day - DAY * 3 <= hit.first <= day + DAY * SHIFT
        for key, day in made.changes
    )


def rows_of(cases: Sequence[Case]) -> list[list[str]]:
    """A row for each kind: how many, found by whom, how soon, how well attributed."""
    rows = []
    for cause in (*INCIDENTS, "launch"):
        known = [(made, truth) for made in cases for truth in made.truths if truth.cause == cause]
        known = [(made, truth) for made, truth in known if truth.dollars >= made.minimum]
        if not known:
            continue
        hits = [(truth, [hit for hit in made.hits["tallystick"] if is_of(hit, truth)]) for made, truth in known]
        entries = [(truth, min(own, key=lambda hit: hit.seen), own) for truth, own in hits if own]
        others = [
            f"{share(sum(any(is_of(hit, truth) for hit in made.hits[label]) for made, truth in known), len(known))}"
            for label in PLAIN_DETECTORS
        ]
        seen = [max(0, (first.seen - truth.first).days) for truth, first, _ in entries]
        right = [max(own, key=lambda hit: hit.dollars).cause in RIGHT[cause] for _, _, own in entries]
        ended = [
            min(sum(hit.dollars for hit in own), truth.dollars) / max(sum(hit.dollars for hit in own), truth.dollars)
            for truth, _, own in entries
            if cause in {"runaway loop", "cache broken", "leaked key"}
        ]
        rows.append(
            [
                cause,
                str(len(known)),
                share(len(entries), len(known)),
                f"{median(seen):.0f} / {max(seen)}" if seen else "-",
                share(sum(right), len(right)),
                f"{median(ended):.0%}" if ended else "-",
                *others,
            ]
        )
    return rows


def harmless_rows(cases: Sequence[Case]) -> list[list[str]]:
    """A row for each kind that is no incident: how many, and of how many a detector tells something that is nothing."""
    rows = []
    for cause in HARMLESS:
        known = [(made, first, last) for made in cases for kind, first, last in made.harmless if kind == cause]
        told = [
            sum(
                any(
                    first <= hit.first <= last
                    and not any(is_of(hit, truth) for truth in made.truths)
                    and not is_change(hit, made)
                    for hit in made.hits[label]
                )
                for made, first, last in known
            )
            for label in ("tallystick", *PLAIN_DETECTORS)
        ]
        if known:
            rows.append([cause, str(len(known)), *(share(count, len(known)) for count in told)])
    return rows


def share(part: int, whole: int) -> str:
    """A part of a whole, in percent."""
    return f"{part / whole:.0%}" if whole else "-"


def totals_of(cases: Sequence[Case]) -> list[list[str]]:
    """A row for each detector: recall and precision over all incidents, and what it tells where nothing is."""
    rows = []
    for label in ("tallystick", *PLAIN_DETECTORS):
        truths = [
            (made, truth)
            for made in cases
            for truth in made.truths
            if truth.cause in INCIDENTS and truth.dollars >= made.minimum
        ]
        entries = sum(any(is_of(hit, truth) for hit in made.hits[label]) for made, truth in truths)
        every = [(made, hit) for made in cases for hit in made.hits[label]]
        planted = [entry for entry in every if any(is_of(entry[1], truth) for truth in entry[0].truths)]
        changes = [entry for entry in every if entry not in planted and is_change(entry[1], entry[0])]
        wrong = len(every) - len(planted) - len(changes)
        quiet = [made for made in cases if made.quiet]
        quarters = sum(made.days for made in quiet) / QUARTER
        of_quiet = [hit for made in quiet for hit in made.hits[label]]
        unexplained = sum(not is_change(hit, made) for made in quiet for hit in made.hits[label])
        rows.append(
            [
                label,
                share(entries, len(truths)),
                share(len(planted), len(planted) + wrong),
                f"{wrong / (sum(made.days for made in cases) / QUARTER):.2f}",
                f"{unexplained / quarters:.2f}" if quarters else "-",
                f"{len(of_quiet) / quarters:.2f}" if quarters else "-",
            ]
        )
    return rows


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [
        "| " + " | ".join(head) + " |",
        "|" + "|".join("---" if not index else "---:" for index in range(len(head))) + "|",
    ]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def section(cases: Sequence[Case]) -> str:
    """The tables of the cases of one generator."""
    seeds = ", ".join(made.name.split()[1] for made in cases)
    quiet = sum(made.quiet for made in cases)
    kinds = ("kind", "planted", "told", "days until seen (median / most)", "cause right", "dollars right")
    heads = ("detector", "recall", "precision", "false a quarter", "quiet: false a quarter", "quiet: all a quarter")
    seconds = median(made.seconds for made in cases)
    return "\n\n".join(
        [
            f"{len(cases)} organizations, {quiet} of them quiet (seeds {seeds}).",
            table((*kinds, *(f"{label}: told" for label in PLAIN_DETECTORS)), rows_of(cases)),
            table(
                ("no incident", "planted", "told", *(f"{label}: told" for label in PLAIN_DETECTORS)),
                harmless_rows(cases),
            ),
            table(heads, totals_of(cases)),
            f"To find all of 400 days takes {seconds:.1f} s of processor (median).",
        ]
    )


def write(generator: str, text: str) -> None:
    """Put the tables of a generator into the page, in the place of its last ones."""
    begin, end = f"<!-- anomalies, {generator} -->", f"<!-- end of {generator} -->"
    document = ROOT / "docs" / "anomalies.md"
    before, _, rest = document.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def sections(
    simulated_seeds: Sequence[int], plain_seeds: Sequence[int], *, every: bool = False
) -> Iterator[tuple[str, str]]:
    """Give the tables of each generator by its name; with `every` print what is missed and what matches nothing."""
    for generator, make, seeds in zip(GENERATORS, (simulated, plain), (simulated_seeds, plain_seeds), strict=True):
        cases = []
        for seed in seeds:
            cases.append(make(seed))
            if every:
                listed(cases[-1])
        if cases:
            yield generator, section(cases)


def listed(made: Case) -> None:
    """Print what is missed and what matches nothing in a case."""
    print(made.name, "minimum", made.minimum, "quiet" if made.quiet else "", f"{made.seconds:.2f} s")
    for truth in made.truths:
        own = [hit for hit in made.hits["tallystick"] if is_of(hit, truth)]
        if truth.cause in RIGHT and (not own or max(own, key=lambda hit: hit.dollars).cause not in RIGHT[truth.cause]):
            print("  missed" if not own else "  cause", truth, [(hit.cause, round(hit.dollars)) for hit in own])
    for hit in made.hits["tallystick"]:
        if not any(is_of(hit, truth) for truth in made.truths):
            word = "  change" if is_change(hit, made) else "  FALSE"
            print(
                word,
                sorted(hit.keys)[:3],
                len(hit.keys),
                hit.first,
                hit.last,
                hit.seen,
                hit.cause,
                round(hit.dollars, 2),
            )
