"""Change one operator or number at a time, and list the changes that no test notices.

    python scripts/mutants.py core/money core/time [tally/split --sample 50]

Works on a copy of the source, so nothing of the clone changes. `docs/testing.md` has what survived, and why.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome
from trial import trials

PATIENCE = 60.0
"""Seconds after which a change counts as noticed: it made a loop without end."""
TESTS = {
    "core/money": "core/test_money",
    "core/time": "core/test_time",
    "core/time_words": "core/test_time_words",
    "tally/alias": "tally/test_alias",
    "tally/allocate": "tally/test_split tally/test_match",
    "tally/attribute": "tally/test_owners",
    "tally/budgets": "tally/test_budgets",
    "tally/cache": "tally/test_cache",
    "tally/cents": "tally/test_cents tally/test_exact",
    "tally/conservation": "tally/test_conserve tally/test_day_sums tally/test_month_sums",
    "tally/cycles": "tally/test_cycles tally/test_budgets",
    "tally/day_sums": "tally/test_day_sums",
    "tally/month_sums": "tally/test_month_sums",
    "tally/events": "tally/test_events",
    "tally/figures": "tally/test_changes",
    "tally/late": "tally/test_late",
    "tally/match": "tally/test_match tally/test_late tally/test_conserve",
    "tally/owners": "tally/test_owners",
    "tally/picodollars": "tally/test_split",
    "tally/prices_in_force": "tally/test_prices_in_force",
    "tally/rates": "tally/test_exact tally/test_match tally/test_whatif",
    "tally/reconcile/arithmetic": "tally/test_bridge tally/test_reconcile",
    "tally/reconcile/bill_line": "tally/test_bill_line",
    "tally/reconcile/own_prices": "tally/test_bridge tally/test_reconcile",
    "tally/reconcile/pieces": "tally/test_bridge tally/test_reconcile",
    "tally/reconcile/price_factors": "tally/test_bridge tally/test_reconcile",
    "tally/reconcile/ratios": "tally/test_bridge tally/test_reconcile",
    "tally/reconcile/terms": "tally/test_bridge tally/test_reconcile",
    "tally/rules": "tally/test_owners",
    "tally/split": "tally/test_split",
    "tally/unit_prices": "tally/test_unit_prices",
    "tally/use_groups": "tally/test_exact tally/test_match tally/test_whatif",
    "tally/variance": "tally/test_variance",
    "tally/whatif": "tally/test_whatif",
}
"""The tests that hold each file to its rules: those that are quick, for they run once for each change."""
CONFIG = """
[cosmic-ray]
module-path = "src/tallystick/{name}.py"
timeout = {patience}
excluded-modules = []
test-command = "{python} -m pytest -o addopts= -o filterwarnings= -m 'not long' -x -q -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*", "core/NumberReplacer_docstring"]
"""
"""`|` between types is no arithmetic."""


def survivors(name: str, sample: int | None, folder: Path) -> tuple[int, list[str]]:
    """Return how many changes of a file were tried, and those that its tests did not notice, as lines."""
    config, session = folder / "cosmic-ray.toml", folder / f"{name.replace('/', '-')}.sqlite"
    tests = " ".join(f"tests/{test}.py" for test in TESTS[name].split())
    config.write_text(CONFIG.format(name=name, patience=PATIENCE, python=sys.executable, tests=tests))

    def run(program: str, *words: str | Path) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": "src:tests",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "CI": "true",
            "HYPOTHESIS_PROFILE": "any failure",  # not the smallest: that takes longer than all the tests
        }
        subprocess.run([Path(sys.executable).with_name(program), *words], cwd=folder, env=environment, check=True)

    run("cosmic-ray", "baseline", config)
    run("cosmic-ray", "init", config, session)
    run("cr-filter-operators", session, config)
    if sample is not None:
        _leave(session, sample)
    run("cosmic-ray", "exec", config, session)
    lines, tried = [], 0
    with use_db(session, WorkDB.Mode.open) as database:
        for item, result in database.completed_work_items:
            tried += result.test_outcome is not None
            if result.test_outcome is TestOutcome.SURVIVED:
                (change,) = item.mutations
                lines.append(f"{name}:{change.start_pos[0]} {change.operator_name}\n{result.diff}")
    return tried, lines


def _leave(session: Path, sample: int) -> None:
    """Leave so many changes of a file to try, drawn by a seed that is always the same."""
    with use_db(session, WorkDB.Mode.open) as database:
        items = [item for item in database.work_items if item.job_id not in {job for job, _ in database.results}]
        chosen = random.Random(1).sample(items, min(sample, len(items)))  # noqa: S311 - a draw, no secret
        database.clear()
        database.add_work_items(chosen)


def main() -> int:
    """Try each file that is named; 0 always, for what survives has to be read."""
    for name, tried, lines in trials(__doc__, TESTS, survivors):
        print(*lines, f"{name}: {tried} changes, {len(lines)} not noticed", sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
