"""A snapshot as text: what parsers read of it is what it has."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families

from support.command import Tallystick
from support.prometheus import PROMTOOL, needs_prometheus
from tallystick import Ledger
from tallystick.metrics.exposition import OPENMETRICS, exposition
from tallystick.metrics.snapshot import Snapshot


@pytest.fixture(scope="module")
def snapshot(book: Ledger) -> Snapshot:
    """The metrics of the small organization, whose keys have nasty names."""
    return Snapshot.of(book)


@pytest.mark.parametrize("accepted", ["", OPENMETRICS])
def test_what_is_written_is_read_back(snapshot: Snapshot, accepted: str) -> None:
    """Both formats hold each series once, with its labels and the float nearest to its exact figure."""
    text, content_type = exposition(snapshot, accepted)
    parse = openmetrics_families if accepted else prometheus_families
    read = [
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in parse(text.decode())
        for sample in family.samples
    ]
    written = [
        (metric.series, tuple(sorted(zip(metric.label_names, labels, strict=True))), float(figure))
        for metric, series in snapshot.families
        for labels, figure in series.items()
    ]
    assert sorted(read) == sorted(written)
    assert content_type.startswith("application/openmetrics-text" if accepted else "text/plain")


def test_a_name_makes_no_line(snapshot: Snapshot) -> None:
    """Each line is a comment or a series of ours, whatever a key is called; none has a control character."""
    for accepted in ("", OPENMETRICS):
        text = exposition(snapshot, accepted)[0].decode()
        lines = text.splitlines()
        assert all(line.startswith(("# ", "tallystick_")) for line in lines)
        assert not [letter for letter in text if ord(letter) < 32 and letter not in "\n\t"]


@needs_prometheus
@pytest.mark.long
def test_promtool_finds_nothing(snapshot: Snapshot) -> None:
    """`promtool check metrics` has no word to say."""
    checked = subprocess.run(  # noqa: S603 - Prometheus' own tool
        [PROMTOOL or "", "check", "metrics"], input=exposition(snapshot)[0], capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_command_prints_both_formats(tallystick: Tallystick) -> None:
    """`metrics` prints the Prometheus text format, and OpenMetrics where it is asked for."""
    assert "tallystick_cost_usd{" in tallystick("metrics").out
    assert tallystick("metrics", "--openmetrics").out.endswith("# EOF\n")


def test_a_file_is_replaced_whole(tallystick: Tallystick, tmp_path: Path) -> None:
    """`--output` replaces a file and leaves none beside it; without a ledger the file stays as it is."""
    path = tmp_path / "textfile" / "tallystick.prom"
    path.parent.mkdir()
    path.write_text("old", encoding="utf-8")
    assert tallystick("metrics", "--output", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert "tallystick_cost_usd{" in text
    tallystick("metrics", "--output", str(path), "--ledger", str(tmp_path / "nowhere")).refused(6, "no ledger")
    assert path.read_text(encoding="utf-8") == text
    assert [*path.parent.iterdir()] == [path]
