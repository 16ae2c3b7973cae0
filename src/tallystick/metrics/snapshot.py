"""Snapshot: every metric of one version of a ledger at one instant, with exact figures, whole."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.money import EXACT
from tallystick.ledger_reader import LedgerReader
from tallystick.metrics.listing import METRICS
from tallystick.metrics.metric import Metric
from tallystick.metrics.questions import Questions

Series = dict[tuple[str, ...], Decimal]
"""The figure of each set of label values."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Each metric with its series."""

    families: tuple[tuple[Metric, Series], ...]

    @classmethod
    def of(cls, reader: LedgerReader) -> Snapshot:
        """Ask a ledger all that metrics need; the API is asked nothing. LedgerError where it cannot be read."""
        questions = Questions(reader)
        return cls(tuple((metric, _series(metric, questions)) for metric in METRICS))

    def value(self, series: str, *labels: str) -> Decimal | None:
        """Return the figure of a series by its name in PromQL and its label values; None where there is none."""
        return next((figures.get(labels) for metric, figures in self.families if metric.series == series), None)


def _series(metric: Metric, questions: Questions) -> Series:
    """The series of a metric. Values of labels that are written alike, as a team called `other`, are one series."""
    series: Series = {}
    for labels, figure in metric.samples(questions):
        before = series.get(labels, Decimal(0))
        series[labels] = Decimal(1) if metric.info else EXACT.add(before, Decimal(figure))
    return series
