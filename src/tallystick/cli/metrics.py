"""The command metrics: the ledger's figures as gauges, for Prometheus or OpenTelemetry."""

from __future__ import annotations

from pathlib import Path

import click

from tallystick.cli import options
from tallystick.cli.files import write
from tallystick.written_files import atomic_file


@click.command()
@click.option("--output", "-o", metavar="FILE", help="Replace FILE, whole or not at all, as for a textfile collector.")
@click.option("--openmetrics", is_flag=True, help="Write OpenMetrics 1.0 in place of the Prometheus text format.")
@click.option("--otlp", "url", metavar="URL", help="Push to an OpenTelemetry collector, as http://localhost:4318.")
@options.ledger
@options.config
def metrics(output: str | None, openmetrics: bool, url: str | None) -> None:
    """Write the metrics of the ledger once; `tallystick serve` has them at /metrics.

    Nothing is asked of the API and nothing is written to the ledger. What is unknown is absent. With --otlp, headers
    with secrets are taken from OTEL_EXPORTER_OTLP_HEADERS.
    """
    from tallystick.errors import InvalidQuestion
    from tallystick.ledger_reader import LedgerReader
    from tallystick.metrics.exposition import OPENMETRICS, exposition
    from tallystick.metrics.snapshot import Snapshot

    if url and (output or openmetrics):
        raise InvalidQuestion("--otlp pushes, and writes nothing.", "Leave out --output and --openmetrics.")
    settings = options.settings()
    snapshot = Snapshot.of(LedgerReader(settings.ledger, settings.clock(), settings.price_lists(), settings))
    if url:
        from tallystick.metrics.otlp import push

        push(snapshot, url)
        return
    text, _ = exposition(snapshot, OPENMETRICS if openmetrics else "")
    if output is None:
        write(text.decode(), None, force=False)
        return
    with atomic_file(Path(output)) as file:
        file.write(text)
