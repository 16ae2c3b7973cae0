"""Exposition: a snapshot as Prometheus and OpenMetrics text, by prometheus_client."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from tallystick.metrics.snapshot import Snapshot

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
"""What a reader of OpenMetrics accepts."""


class SnapshotCollector(Collector):
    """What prometheus_client reads a snapshot by. Exact figures become floats here, at the last step."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Family]:
        """Give each metric that has a figure: one of nothing known is not there."""
        for metric, series in self._snapshot.families:
            if not series:
                continue
            if metric.info:
                info = InfoMetricFamily(metric.family, metric.help, labels=metric.label_names)
                for labels in series:
                    info.add_metric(labels, {})
                yield info
                continue
            gauge = GaugeMetricFamily(metric.family, metric.help, labels=metric.label_names, unit=metric.unit.value)
            for labels, figure in series.items():
                gauge.add_metric(labels, float(figure))
            yield gauge


def exposition(snapshot: Snapshot, accepted: str = "") -> tuple[bytes, str]:
    """Return a snapshot as text, and its content type, by the Accept header of who reads it; Prometheus 0.0.4 else."""
    encode, content_type = choose_encoder(accepted)
    return encode(SnapshotCollector(snapshot)), content_type
