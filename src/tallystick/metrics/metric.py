"""Metric: one gauge as data: its name, unit, labels, the question that it comes from, and how it is read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tallystick.metrics.questions import Questions

Sample = tuple[tuple[str, ...], Decimal | int]
"""The values of the labels, and the figure, exact."""
Samples = Callable[[Questions], Iterable[Sample]]


class Unit(StrEnum):
    """What a figure counts, as the name in Prometheus ends with it."""

    USD = "usd"
    TOKENS = "tokens"
    SECONDS = "seconds"
    RATIO = "ratio"
    NONE = ""

    @property
    def ucum(self) -> str:
        """The unit as OpenTelemetry writes it."""
        return {Unit.USD: "{USD}", Unit.TOKENS: "{token}", Unit.SECONDS: "s", Unit.RATIO: "1"}.get(self, "")


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge. `name` and `labels` have dots between their parts, as OpenTelemetry names things.

    `source` is the command that answers the same. `samples` are read from the answers; what is unknown is no sample.
    An `info` is 1 for each set of labels: it holds names.
    """

    name: str
    help: str
    source: str
    samples: Samples
    labels: tuple[str, ...] = ()
    unit: Unit = Unit.NONE
    info: bool = False

    @property
    def family(self) -> str:
        """Its name in OpenMetrics."""
        parts = [*self.name.split("."), *([self.unit] if self.unit else ())]
        return "_".join(parts)

    @property
    def series(self) -> str:
        """The name of its series, as PromQL has it."""
        return f"{self.family}_info" if self.info else self.family

    @property
    def label_names(self) -> tuple[str, ...]:
        """Its labels, as PromQL has them."""
        return tuple(label.replace(".", "_") for label in self.labels)
