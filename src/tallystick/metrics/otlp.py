"""OTLP: a snapshot pushed by the OpenTelemetry SDK, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from tallystick import __version__
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion, Unreachable
from tallystick.metrics.snapshot import Series, Snapshot

PATH = "/v1/metrics"
"""What the address of a collector ends with for metrics."""


def push(snapshot: Snapshot, url: str) -> None:
    """Send a snapshot to the collector at `url`; the SDK reads headers and certificates from OTEL_EXPORTER_OTLP_*.

    InvalidQuestion where the address cannot be or the extra is not installed, Unreachable where nobody takes it.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidQuestion("--otlp takes the address of a collector.", "Write --otlp http://localhost:4318.")
    if "@" in parts.netloc or parts.query:
        raise InvalidQuestion(
            "--otlp takes no secret: others can read a command line.",
            "Set OTEL_EXPORTER_OTLP_HEADERS, as `authorization=Bearer%20...`.",
        )
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.metrics import CallbackOptions, Observation
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
        from opentelemetry.sdk.resources import Resource
    except ModuleNotFoundError:
        raise InvalidQuestion(
            "OpenTelemetry is not installed.", "Run pip install 'tallystick[otlp]', or use --output FILE."
        ) from None

    def observed(series: Series, names: tuple[str, ...]) -> Callable[[CallbackOptions], Iterable[Observation]]:
        points = [(float(figure), dict(zip(names, labels, strict=True))) for labels, figure in series.items()]
        return lambda _: [Observation(figure, attributes) for figure, attributes in points]

    reader = InMemoryMetricReader()
    resource = Resource.create({"service.name": "tallystick", "service.version": __version__})
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter("tallystick", __version__)
    for metric, series in snapshot.families:
        if series:
            name = f"{metric.name}.info" if metric.info else metric.name
            meter.create_observable_gauge(name, [observed(series, metric.labels)], metric.unit.ucum, metric.help)
    data = reader.get_metrics_data()
    exporter = OTLPMetricExporter(url.rstrip("/").removesuffix(PATH) + PATH)
    try:
        result = exporter.export(data) if data else MetricExportResult.SUCCESS
    finally:
        exporter.shutdown()
        provider.shutdown()
    if result is not MetricExportResult.SUCCESS:
        raise Unreachable(f"The collector at {safe(parts.netloc)} did not take the metrics.", "See the lines above.")
