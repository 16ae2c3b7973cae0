"""A real Prometheus scrapes a real dashboard."""

from __future__ import annotations

import subprocess
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from support.processes import dashboard
from support.prometheus import needs_prometheus, scraping
from support.wire import NOW, Clock, Wire, days_ago, small, synced
from tallystick.clock import SystemClock
from tallystick.core.question import Table
from tallystick.ledger_reader import LedgerReader
from tallystick.web.tokens import new_token

RULES = Path(__file__).parent.parent.parent / "deploy" / "prometheus-alerts.yml"
COST, VERSION = 'tallystick_cost_usd{window="mtd"}', "tallystick_ledger_version"
pytestmark = [needs_prometheus, pytest.mark.long]


def billed(ledger: Path) -> Decimal:
    """What `spend` says of the month so far."""
    answer = LedgerReader(ledger, SystemClock(NOW)).ask("spend", by="", since="mtd")
    assert isinstance(answer, Table)
    figure = answer.totals["billed"]
    assert isinstance(figure, Decimal)
    return figure


def test_a_restatement_is_seen_whole(path: Path, tmp_path: Path) -> None:
    """PromQL has the ledger's figures before and after a restatement; each scrape has those of one version alone."""
    world = small()
    wire = Wire(world, Clock())
    synced(path, wire, date(2026, 11, 1))
    token, lines = new_token("prometheus", ())
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(lines, encoding="utf-8")
    began, before = time.time(), billed(path)
    with (
        dashboard(path, "http://127.0.0.1:9", "--token-file", str(tokens)) as address,
        scraping(address.removeprefix("http://"), token, tmp_path, RULES) as prometheus,
    ):
        prometheus.wait(COST, float(before))
        prometheus.wait(f'abs(sum(tallystick_key_cost_usd{{window="mtd"}}) - scalar({COST})) < bool 1e-9', 1)
        version = next(iter(prometheus.ask(VERSION).values()))

        world.restate(days_ago(3))
        synced(path, wire, date(2026, 11, 1))
        after = billed(path)
        assert after != before
        prometheus.wait(COST, float(after))

        costs, versions = (prometheus.history(query, began) for query in (COST, VERSION))
        models = prometheus.history('tallystick_forecast_cost_usd{bound="expected"}', began)
        assert costs.keys() == versions.keys() == models.keys()
        pairs = {(versions[instant], cost) for instant, cost in costs.items()}
        newest = next(iter(prometheus.ask(VERSION).values()))
        assert pairs == {(version, float(before)), (newest, float(after))}
        assert len({(versions[instant], expected) for instant, expected in models.items()}) == 2
        assert prometheus.ask('ALERTS{alertname="TallystickMissing"}') == {}


def test_the_shipped_rules_are_right() -> None:
    """`promtool check rules` takes the rules; `promtool test rules` sees each fire and be quiet when it should."""
    folder = Path(__file__).parent
    for words in (["check", "rules", str(RULES)], ["test", "rules", str(folder / "alerts.yml")]):
        checked = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
        assert checked.returncode == 0, checked.stdout + checked.stderr
