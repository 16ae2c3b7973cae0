"""/metrics of the dashboard: who may scrape it, in which format, and of which state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from support.wire import NOW
from tallystick.clock import SystemClock
from tallystick.ledger_reader import LedgerReader
from tallystick.metrics.exposition import OPENMETRICS, exposition
from tallystick.metrics.snapshot import Snapshot
from tallystick.settings import Settings
from tallystick.web.application import application

from .conftest import ENVIRONMENT
from .test_access import clients, tokens

__all__ = ["clients", "tokens"]


@pytest.mark.parametrize("accepted", ["", OPENMETRICS])
def test_a_scrape_is_what_the_command_writes(dashboard: TestClient, full: Path, accepted: str) -> None:
    """The answer is the snapshot of the newest version, in the format that is accepted."""
    answer = dashboard.get("/metrics", headers={"accept": accepted})
    text, content_type = exposition(Snapshot.of(LedgerReader(full, SystemClock(NOW))), accepted)
    assert (answer.status_code, answer.text) == (200, text.decode())
    assert answer.headers["content-type"] == content_type


def test_a_scrape_asks_the_ledger_once(dashboard: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one state only the first scrape asks the ledger; the others are given the same snapshot."""
    asked: list[str] = []
    ask = LedgerReader.ask

    def counted(reader: LedgerReader, report: str, /, **values: object) -> object:
        asked.append(report)
        return ask(reader, report, **values)

    first = dashboard.get("/metrics").text
    monkeypatch.setattr(LedgerReader, "ask", counted)
    assert [dashboard.get("/metrics").text for _ in range(3)] == [first] * 3
    assert asked == []


def test_a_token_of_the_whole_ledger_scrapes(
    clients: Callable[..., TestClient], tokens: tuple[Path, dict[str, str]]
) -> None:
    """A token without teams reads the metrics; one of a team is refused, and so is none, without a figure."""
    answer = clients(tokens[1]["finance"]).get("/metrics", headers={"accept": OPENMETRICS})
    assert [*text_string_to_metric_families(answer.text)]
    for client, status in ((clients(tokens[1]["alpha"]), 403), (clients(), 401), (clients("tally-wrong"), 401)):
        refused = client.get("/metrics")
        assert refused.status_code == status
        assert "tallystick_" not in refused.text


def test_no_ledger_is_no_metric(path: Path) -> None:
    """Where there is no ledger a scrape fails, so that `up` is 0 and no figure is old or zero."""
    with TestClient(
        application(Settings.load(ledger=str(path), environment=ENVIRONMENT)), base_url="http://127.0.0.1"
    ) as bare:
        assert bare.get("/metrics").status_code == 503


def test_a_damaged_ledger_is_no_metric(copy: Path) -> None:
    """Where a file of the ledger is lost a scrape fails, and says nothing of the disk."""
    for file in (copy / "charges").rglob("*.parquet"):
        file.unlink()
    for file in (copy / "day_sums").rglob("*.parquet"):
        file.unlink()
    with TestClient(
        application(Settings.load(ledger=str(copy), environment=ENVIRONMENT)), base_url="http://127.0.0.1"
    ) as damaged:
        answer = damaged.get("/metrics")
    assert answer.status_code == 503
    assert str(copy) not in answer.text
