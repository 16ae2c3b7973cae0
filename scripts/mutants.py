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
from trial import PATIENCE, Verdicts, trials

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
    "tally/owners": "tally/test_renamings tally/test_owners",
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
    "tally/rules": "tally/test_rules tally/test_owners",
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


def verdicts(name: str, sample: int | None, folder: Path) -> Verdicts:
    """Try changes of a file, each by the tests of that file."""
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
    judged = Verdicts()
    with use_db(session, WorkDB.Mode.open) as database:
        for item, result in database.completed_work_items:
            (change,) = item.mutations
            line = f"{name}:{change.start_pos[0]} {change.operator_name}\n{result.diff}"
            judged.tried += result.test_outcome is not None
            judged.survivors += [line] if result.test_outcome is TestOutcome.SURVIVED else []
            judged.slow += [line] if result.output == "timeout" else []
    return judged


def _leave(session: Path, sample: int) -> None:
    """Leave so many changes of a file to try, drawn by a seed that is always the same."""
    with use_db(session, WorkDB.Mode.open) as database:
        items = [item for item in database.work_items if item.job_id not in {job for job, _ in database.results}]
        chosen = random.Random(1).sample(items, min(sample, len(items)))  # noqa: S311 - a draw, no secret
        database.clear()
        database.add_work_items(chosen)


def main() -> int:
    """Try each file that is named; 0 always, for what survives has to be read."""
    for name, judged in trials(__doc__, TESTS, verdicts):
        print(*judged.survivors, *(f"Slow: {line}" for line in judged.slow), f"{name}: {judged}", sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
