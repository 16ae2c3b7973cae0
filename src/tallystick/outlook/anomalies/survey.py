"""Survey of an organization: every level looked at, the most specific first, what is explained taken out for the next.

So a cause is told once: a key that runs away is taken out of its model, team, workspace and organization. Several keys
that change together are told as what they share.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence

from tallystick.outlook.anomalies.cells import Cell, Cells, DailySums
from tallystick.outlook.anomalies.deflator import Index, indexes
from tallystick.outlook.anomalies.detection import Detector
from tallystick.outlook.anomalies.episode import Episode, State
from tallystick.outlook.anomalies.moves import price_moves
from tallystick.outlook.anomalies.reach import is_young, reaches
from tallystick.outlook.anomalies.series import WEEKLY, Measure, Series
from tallystick.outlook.anomalies.sharing import shared_sightings
from tallystick.outlook.anomalies.sighting import Sighting
from tallystick.outlook.anomalies.subjects import LEVELS, SPENDERS, Subject, subjects

OFFSET = 20
"""The minimum of a finding is so many times what is added to a day's dollars before their log is taken."""
NEWS = 2
"""A new key is news from so many times the minimum a day on."""
READ_RATE = 0.1
"""What a token read from the cache costs, to one that is not: about what every model charges."""
TINY = 1e-12
MILLION = 1_000_000
PARTLY = 0.5
"""The part of a model's excess that the whole organization must show: what moves between models is none."""
LAST = 7
WHOLE_CAUTION = 1.5
"""Of what is a whole of several, scatter and minimum count so many times: what is taken out of it is not exact."""

Teams = Callable[[Cell], str | None]


class Survey:
    """What stands out in one organization; `minimum` is in US dollars, `known` says of which days anything is known.

    With `passed` the last day is running, and that tells of a subject what part of a usual day's use has passed.
    """

    def __init__(
        self,
        cells: Cells,
        known: Sequence[bool],
        minimum: float,
        teams: Teams,
        day_share: Callable[[Subject], float] | None = None,
    ) -> None:
        self._cells = cells
        self._day_share = day_share
        self._known = known
        self._minimum = minimum
        self._teams = teams
        self._weekday = cells.window.start.weekday()
        self._indexes = indexes(cells.lines, cells.days)
        self._by_cell = {cell: self._steady(cell, daily) for cell, daily in cells.by_cell.items()}
        self._constant_dollars = {cell: daily.dollars[:] for cell, daily in self._by_cell.items()}
        """What each cell cost at constant prices, nothing taken out."""
        self._explanations: dict[Cell, list[tuple[int, int]]] = {}
        self._recurring: list[Sighting] = []
        """The days of a level that rise as a month before: no news of it, nor of what it is a part of."""
        self.young = 0
        """How many keys and people were too young to have a usual level."""

    def sightings(self) -> list[Sighting]:
        """Everything that stands out, each cause once, by its beginning."""
        sightings = price_moves(self._cells, self._indexes, self._minimum)
        for level in LEVELS:
            groups = subjects(self._by_cell, level, self._teams)
            of_level = [sighting for subject, group in groups.items() for sighting in self._of(subject, tuple(group))]
            if level == "model":
                of_level = [sighting for sighting in of_level if self._is_more(sighting)]
            if level in SPENDERS:
                of_level = shared_sightings(of_level, self._by_cell, self._teams)
            for sighting in of_level:
                self._price(sighting)
            parts = [part for sighting in of_level for part in sighting.parts or (sighting,)]
            for sighting, rates in [(sighting, self._rates(sighting)) for sighting in (*parts, *self._recurring)]:
                self._take_out(sighting, rates)
            self._recurring.clear()
            sightings += of_level
        return sorted(sightings, key=lambda sighting: (sighting.start, sighting.subject))

    def dollars(self, cells: Sequence[Cell]) -> list[float]:
        """What cells cost by day at constant prices, less what is explained so far."""
        return [sum(amounts) for amounts in zip(*(self._by_cell[cell].dollars for cell in cells), strict=True)]

    def _steady(self, cell: Cell, daily: DailySums) -> DailySums:
        """A copy of a cell at the prices of the first day, use without a bill at what would be billed for it."""
        index = self._indexes.get((cell.organization, cell.model)) or Index([1.0] * self._cells.days)
        rates = [1 / level for level in index.values]
        dollars = (
            (amount - unbilled + unbilled * index.discount) * rate
            for amount, unbilled, rate in zip(daily.dollars, daily.unbilled, rates, strict=True)
        )
        inputs = (amount * rate for amount, rate in zip(daily.input_dollars, rates, strict=True))
        return DailySums(
            array("d", dollars),
            daily.unbilled,
            array("d", inputs),
            daily.tokens[:],
            daily.input_tokens[:],
            daily.read_tokens[:],
        )

    def _masked(self, values: Sequence[float]) -> list[float | None]:
        return [max(0.0, value) if known else None for value, known in zip(values, self._known, strict=True)]

    def _sum(self, cells: Sequence[Cell], field: str) -> list[float]:
        return [sum(amounts) for amounts in zip(*(getattr(self._by_cell[cell], field) for cell in cells), strict=True)]

    def _of(self, subject: Subject, group: tuple[Cell, ...]) -> Iterator[Sighting]:
        """What stands out of one subject, by whichever measure."""
        dollars = self.dollars(group)
        if sum(dollars) < self._minimum:
            return
        by_measure: list[tuple[Series, list[Episode]]] = []
        running: tuple[float, float] | None = None
        new = NEWS * self._minimum if subject.level in SPENDERS else None
        caution = 1.0 if subject.level in SPENDERS else WHOLE_CAUTION
        for series in self._series(subject, group, dollars):
            new_limit = new if series.measure is Measure.SPEND else None
            if not reaches(series, self._minimum * caution):
                by_measure.append((series, []))
                self.young += new_limit is not None and is_young(series.values)
                continue
            detector = Detector(series, self._minimum, new_limit, caution)
            by_measure.append((series, detector.episodes()))
            self.young += new_limit is not None and not detector.ready
            if self._day_share and series.measure is Measure.SPEND:
                running = detector.running(self._cells.days - 1, self._day_share(subject))
            if series.measure is Measure.SPEND:
                self._recurring += [
                    Sighting(subject, group, day, day, day, State.ENDED, Measure.SPEND, {day: usual})
                    for day, usual in detector.recurring.items()
                ]
        yield from self._merged(subject, group, by_measure)
        today = self._cells.days - 1
        if running is not None:
            usual, deviations = running
            sighting = Sighting(subject, group, today, today, today, State.ACTIVE, Measure.SPEND, {today: usual})
            sighting.running, sighting.deviations = True, deviations
            yield sighting

    def _series(self, subject: Subject, group: tuple[Cell, ...], dollars: list[float]) -> Iterator[Series]:
        offset = self._minimum / OFFSET
        yield Series(Measure.SPEND, self._masked(dollars), dollars, self._weekday, offset)
        if subject.level not in SPENDERS:
            return
        tokens = self._sum(group, "tokens")
        rates = [amount / count * MILLION if count > 0 else 0.0 for amount, count in zip(dollars, tokens, strict=True)]
        yield Series(Measure.PRICE, self._masked(rates), dollars, self._weekday, TINY)
        read = self._sum(group, "read_tokens")
        inputs = self._sum(group, "input_tokens")
        if any(read):
            shares = [
                READ_RATE + (1 - READ_RATE) * (1 - part / total_input) if total_input > 0 else 0.0
                for part, total_input in zip(read, inputs, strict=True)
            ]
            input_dollars = self._sum(group, "input_dollars")
            yield Series(Measure.CACHE, self._masked(shares), input_dollars, self._weekday, TINY)

    def _merged(
        self, subject: Subject, group: tuple[Cell, ...], by_measure: Sequence[tuple[Series, list[Episode]]]
    ) -> Iterator[Sighting]:
        """The episodes of all measures of a subject: those that overlap are one, told by the first."""
        pairs = sorted(
            ((episode, series) for series, episodes in by_measure for episode in episodes),
            key=lambda entry: (entry[0].start, entry[0].seen),
        )
        dollars = by_measure[0][0].dollars
        clusters: list[list[tuple[Episode, Series]]] = []
        for episode, series in pairs:
            if clusters and episode.start <= max(earlier.end for earlier, _ in clusters[-1]) + 1:
                clusters[-1].append((episode, series))
            else:
                clusters.append([(episode, series)])
        for cluster in clusters:
            first, measure = cluster[0][0], cluster[0][1].measure
            start, end = first.start, max(episode.end for episode, _ in cluster)
            expected = {}
            for day in range(start, end + 1):
                if self._known[day]:
                    usual = [
                        dollars[day] - series.dollars[day] + series.usual(day, episode.expected[day])
                        for episode, series in cluster
                        if day in episode.expected
                    ]
                    expected[day] = max(0.0, min([dollars[day], *usual]) if usual else dollars[day])
            own = tuple(cell for cell in group if not self._is_explained(cell, start, end))
            rest = self.dollars([cell for cell in group if cell not in {*own}]) if len(own) < len(group) else None
            spent = self.dollars(own) if own else []
            if rest and own:
                before = self._before(spent, start)
                expected = {
                    day: min(spent[day], max(usual - rest[day], before.get(day % LAST, 0.0)))
                    for day, usual in expected.items()
                }
            least = self._minimum * (1.0 if subject.level in SPENDERS else WHOLE_CAUTION)
            if not own or sum(spent[day] - usual for day, usual in expected.items()) < least:
                continue
            newest = max((episode for episode, _ in cluster), key=lambda episode: (episode.end, episode.seen))
            state = State.ACTIVE if any(episode.state is State.ACTIVE for episode, _ in cluster) else newest.state
            ratio = None if state is State.ENDED else _ratio(expected, spent, end)
            first_seen = min(episode.seen for episode, _ in cluster)
            new = any(episode.new for episode, _ in cluster)
            sighting = Sighting(subject, own, start, end, first_seen, state, measure, expected, new=new, ratio=ratio)
            sighting.deviations = max(episode.deviations for episode, _ in cluster)
            sighting.far_days = max(
                (episode.far_days for episode, series in cluster if series.measure not in WEEKLY), default=0
            )
            sighting.goes_on = any(episode.goes_on for episode, _ in cluster)
            yield sighting

    def _is_more(self, sighting: Sighting) -> bool:
        """Whether all of an organization spent more with a model, and not this model in the place of another."""
        everything = [cell for cell in self._by_cell if cell.organization == sighting.subject.organization]
        total_dollars, part = self.dollars(everything), self.dollars(sighting.cells)
        if not sighting.start:
            return True
        rest = [total_dollars[day] - part[day] for day in range(len(total_dollars))]
        before = self._before(rest, sighting.start)
        excess = sum(part[day] - usual for day, usual in sighting.expected.items())
        shift = sum(before[day % LAST] - rest[day] for day in sighting.expected if day % LAST in before)
        return excess - shift >= PARTLY * excess

    def _before(self, amounts: Sequence[float], start: int) -> dict[int, float]:
        """The mean of amounts in the four weeks before a day, by the number of the day in its week."""
        by_weekday: dict[int, list[float]] = {}
        for day in range(max(0, start - 4 * LAST), start):
            if self._known[day]:
                by_weekday.setdefault(day % LAST, []).append(amounts[day])
        return {weekday: sum(amounts) / len(amounts) for weekday, amounts in by_weekday.items()}

    def _is_explained(self, cell: Cell, start: int, end: int) -> bool:
        """Whether something more specific explains what a cell cost on some of these days."""
        return any(first <= end and last >= start for first, last in self._explanations.get(cell, ()))

    def _price(self, sighting: Sighting) -> None:
        """Set what a sighting cost above what is usual, at the prices of each day."""
        dollars = self.dollars(sighting.cells)
        for day, usual in sighting.expected.items():
            index = sum(self._cells.by_cell[cell].dollars[day] for cell in sighting.cells)
            steady = sum(self._constant_dollars[cell][day] for cell in sighting.cells)
            sighting.above[day] = (dollars[day] - usual) * (index / steady if steady > 0 else 1.0)

    def _rates(self, sighting: Sighting) -> dict[int, float]:
        """What is usual of what its cells cost, by day: while it lasts, and of a level from then on.

        What lasts goes on in the days that are not known yet, as the running one. Ask of all sightings of a level
        before one of them is taken out: a level that rises twice is taken out twice.
        """
        dollars = self.dollars(sighting.cells)
        rates = {day: usual / dollars[day] for day, usual in sighting.expected.items() if dollars[day] > 0}
        if sighting.ratio is None:
            return rates
        is_level = sighting.state is State.LEVEL
        after = [day for day in range(sighting.end + 1, len(dollars)) if is_level or not self._known[day]]
        return rates | dict.fromkeys(after, sighting.ratio)

    def _take_out(self, sighting: Sighting, rates: Mapping[int, float]) -> None:
        """Take what a sighting explains out of its cells, and what it lifted their level by from then on."""
        for cell in sighting.cells:
            self._explanations.setdefault(cell, []).append((sighting.start, sighting.end))
            daily = self._by_cell[cell]
            for day, rate in rates.items():
                for amounts in (daily.dollars, daily.input_dollars):
                    amounts[day] *= rate
                if sighting.measure is Measure.SPEND:
                    for counts in (daily.tokens, daily.input_tokens, daily.read_tokens):
                        counts[day] *= rate


def _ratio(expected: Mapping[int, float], spent: Sequence[float], end: int) -> float:
    """What is usual of what was spent in the last days up to an end."""
    last = [day for day in expected if day > end - LAST]
    lately = sum(spent[day] for day in last)
    return sum(expected[day] for day in last) / lately if lately > 0 else 1.0


def minimum_of(usual: float) -> float:
    """The minimum of a finding by what an organization usually spends a day: 5 % of it, as 1, 2 or 5 times a ten."""
    least = max(1.0, usual / 20)
    steps = [base * 10.0**power for power in range(12) for base in (1, 2, 5)]
    return max(step for step in steps if step <= least)
