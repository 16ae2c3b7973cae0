"""What monitors the ledger is made from the list of metrics, and not older than it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from tallystick.metrics.listing import METRICS

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "monitoring.py"
SERIES = {metric.series: {*metric.label_names} for metric in METRICS}


@pytest.fixture(scope="module")
def monitoring() -> ModuleType:
    """The script that makes them."""
    import sys

    described = importlib.util.spec_from_file_location("monitoring", SCRIPT)
    assert described
    assert described.loader
    script = importlib.util.module_from_spec(described)
    sys.modules["monitoring"] = script
    described.loader.exec_module(script)
    return script


def test_the_files_are_as_the_script_makes_them(monitoring: ModuleType) -> None:
    """The dashboard, the alerts and the table of the docs are what scripts/monitoring.py would write now."""
    assert monitoring.DASHBOARD.read_text(encoding="utf-8") == monitoring.dashboard()
    assert monitoring.ALERTS.read_text(encoding="utf-8") == monitoring.alerts()
    text = monitoring.PAGE.read_text(encoding="utf-8")
    assert text == monitoring.page(text)


def test_every_query_names_metrics_that_are_there(monitoring: ModuleType) -> None:
    """Each name of a series in a query of the dashboard or an alert is one of the list, with labels that it has."""
    queries = [query for panel in monitoring.PANELS for query, _ in panel.queries]
    queries += [alert.expression for alert in monitoring.ALERT_RULES]
    for query in queries:
        named = re.findall(r"(tallystick_\w+)(?:\{([^}]*)\})?", query)
        assert named
        for name, held in named:
            assert {*re.findall(r"(\w+)=", held)} <= SERIES[name], query


def test_a_metric_that_is_not_there_is_refused(monitoring: ModuleType) -> None:
    """A query of an unknown metric or label cannot be made."""
    with pytest.raises(KeyError):
        monitoring.series("tallystick.gone")
    with pytest.raises(KeyError):
        monitoring.series("tallystick.cost", team="a")


def test_panels_lie_beside_each_other(monitoring: ModuleType) -> None:
    """No two panels of the dashboard overlap, each has an id of its own, and none reaches beyond 24 columns."""
    panels = json.loads(monitoring.dashboard())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
