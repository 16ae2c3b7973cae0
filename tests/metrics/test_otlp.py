"""A snapshot pushed to an OpenTelemetry collector, which is a server of this test that reads OTLP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from support.command import Tallystick
from tallystick import Ledger
from tallystick.metrics.metric import Unit
from tallystick.metrics.snapshot import Snapshot

pytestmark = pytest.mark.long


class Collector(ThreadingHTTPServer):
    """A collector that keeps what it is sent, with the path and the header of authorization, and answers a status."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.status = status
        self.requests: list[tuple[str, str, ExportMetricsServiceRequest]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class Receiver(BaseHTTPRequestHandler):
    """What reads a request."""

    server: Collector

    def do_POST(self) -> None:
        """Read OTLP."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        request = ExportMetricsServiceRequest.FromString(body)
        self.server.requests.append((self.path, self.headers.get("authorization", ""), request))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - http.server's name
        """Print nothing."""


@contextmanager
def collector(status: int = 200) -> Iterator[Collector]:
    """A collector in a thread."""
    with Collector(status) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_collector_is_sent_every_series(book: Ledger, tallystick: Tallystick) -> None:
    """One push has each metric by its dotted name and unit, with every series, and the header of the environment."""
    with collector() as server:
        pushed = tallystick("metrics", "--otlp", server.url, OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20s3")
    assert (pushed.code, pushed.out) == (0, ""), pushed.err
    [(path, authorization, request)] = server.requests
    assert (path, authorization) == ("/v1/metrics", "Bearer s3")
    [resource] = request.resource_metrics
    assert {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"] == "tallystick"
    [scope] = resource.scope_metrics
    points = {
        (metric.name, metric.unit, tuple(sorted((each.key, each.value.string_value) for each in point.attributes))): (
            point.as_double
        )
        for metric in scope.metrics
        for point in metric.gauge.data_points
    }
    expected = {
        (
            f"{metric.name}.info" if metric.info else metric.name,
            metric.unit.ucum,
            tuple(sorted(zip(metric.labels, labels, strict=True))),
        ): float(figure)
        for metric, series in Snapshot.of(book).families
        for labels, figure in series.items()
    }
    assert points == expected
    assert Unit.USD.ucum in {unit for _, unit, _ in points}


def test_a_collector_that_refuses_is_an_error(tallystick: Tallystick) -> None:
    """The command ends with 4 where the collector refuses, and names it."""
    with collector(400) as server:
        tallystick("metrics", "--otlp", server.url).refused(4, "did not take the metrics")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("localhost:4318", "address of a collector"),
        ("http://user:secret@localhost", "no secret"),
        ("http://a/?k=s", "no secret"),
    ],
)
def test_no_secret_on_the_command_line(tallystick: Tallystick, url: str, word: str) -> None:
    """An address with a password or a query is refused, and not repeated."""
    refused = tallystick("metrics", "--otlp", url)
    refused.refused(2, word)
    assert "secret@" not in refused.err
