from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.backend import backend
from faults.endpoints import BY_NAME
from faults.matrix import faults_for
from faults.proxy import Proxy
from faults.runner import Runner

RIGHT = (
    ("cost_report", "reset in the body, once"),
    ("cost_report", "chunked"),
    ("cost_report", "HTTP/1.0, closed at the end"),
    ("cost_report", "rows in another order"),
    ("analytics_cost", "gzip"),
    ("analytics_cost", "unknown fields in rows"),
    ("workspaces", "unknown fields"),
    ("workspaces", "numeric tags"),
    ("usage_report", "uncached_input_tokens with .0"),
    ("analytics_usage", "usage.requests null"),
    ("analytics_usage", "an unknown actor"),
)
"""Cells whose figures are right all the same."""

SAID = (
    ("usage_report", "uncached_input_tokens below zero"),
    ("usage_report", "cache_creation.ephemeral_5m_input_tokens null"),
    ("usage_report", "uncached_input_tokens half"),
    ("usage_report", "first entry gone"),
    ("usage_report", "more, but no token"),
    ("usage_report", "the same token always"),
    ("usage_report", "HTML under 200"),
    ("usage_report", "data an object"),
    ("cost_report", "amount blank"),
    ("cost_report", "amount NaN"),
    ("cost_report", "amount with commas"),
    ("cost_report", "currency EUR"),
    ("cost_report", "400"),
    ("cost_report", "401"),
    ("cost_report", "403, HTML"),
    ("cost_report", "302 to another host"),
    ("cost_report", "400, the message has the key"),
    ("cost_report", "204"),
    ("cost_report", "keys twice"),
    ("cost_report", "empty body"),
    ("cost_report", "UTF-16"),
    ("cost_report", "has_more missing"),
    ("cost_report", "data of nulls"),
    ("cost_report", "starting_at no time"),
    ("analytics_cost", "cost.amount null"),
    ("analytics_cost", "cost.amount Infinity"),
    ("analytics_cost", "a row again"),
    ("analytics_cost", "more, but no token"),
    ("analytics_usage", "usage.uncached_input_tokens below zero"),
    ("analytics_usage", "usage missing"),
    ("analytics_usage", "410"),
    ("workspaces", "the same token always"),
    ("usage_report", "uncached_input_tokens 2^63"),
    ("cost_report", "has_more null"),
    ("cost_report", "fresh tokens without end, nothing under them"),
    ("analytics_cost", "page again under a new token"),
    ("analytics_cost", "another organization_id"),
    ("claude_code", "model_breakdown null"),
    ("claude_code", "all again"),
)
"""Cells whose figures are not, and an exit code or a note says so."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """The proxy before the stand-in."""
    here = Path.cwd()
    home = tmp_path_factory.mktemp("faults")
    os.chdir(home)
    with backend("stand") as address, Proxy(address) as proxy:
        yield Runner("stand", proxy, home)
    os.chdir(here)


def verdict(runner: Runner, endpoint: str, name: str, way: str = "first") -> str:
    """Run one cell and return its verdict, and what was seen."""
    fault = next(fault for fault in faults_for(BY_NAME[endpoint]) if fault.name == name)
    result = runner.run(BY_NAME[endpoint], fault, way)
    return " ".join([result.verdict, *result.seen[:3]]) if not result.verdict.startswith("ok") else result.verdict


@pytest.mark.long
@pytest.mark.parametrize(("endpoint", "fault"), RIGHT)
def test_a_harmless_fault_leaves_the_figures_right(runner: Runner, endpoint: str, fault: str) -> None:
    """What is wrong with the framing or a field nobody reads, or over at once, changes no figure."""
    assert verdict(runner, endpoint, fault) == "ok-right"


@pytest.mark.long
@pytest.mark.parametrize(("endpoint", "fault"), SAID)
def test_a_spoiled_figure_is_said(runner: Runner, endpoint: str, fault: str) -> None:
    """No spoiled answer becomes a figure without a word, a traceback or the key in a message."""
    assert verdict(runner, endpoint, fault) in ("ok-said", "ok-noted", "ok-right")
