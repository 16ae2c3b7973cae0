"""Every endpoint and every fault: `python -m faults`, from the folder tests."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from faults.backend import backend
from faults.endpoints import ENDPOINTS, Endpoint
from faults.fault import Fault
from faults.proxy import Proxy
from faults.rows import faults_of
from faults.runner import BAD, Result, Runner
from faults.shape import CLOCK, ENVELOPE, SHAPE
from faults.status import STATUS
from faults.verdict import share
from faults.wire import TRANSPORT

GENERAL = (*TRANSPORT, *STATUS, *SHAPE, *ENVELOPE, *CLOCK)
AGAIN = frozenset({"rows", "envelope", "clock"})
"""Kinds of which a second reading can lose something."""
FULLY = {"cost_report": 0.4, "analytics_cost": 0.2, "workspaces": 0.2}
"""What part of the faults of framing and status a part of the matrix has, by endpoint; 0.1 of others."""
WEIGHTS = {"rows": 0.4, "envelope": 0.5, "clock": 0.3, "count": 0.6, "amount": 0.5, "currency": 0.5}
"""The smaller, the sooner."""
SIMULATED = 0.08
"""What part of the cells that both backends could have is run on the simulator too."""


def faults_for(endpoint: Endpoint) -> list[Fault]:
    """Every fault that the endpoint can have."""
    return [*(fault for fault in GENERAL if fault.suits(endpoint)), *faults_of(endpoint)]


def cells(name: str, *, part: bool = False) -> list[tuple[Endpoint, Fault, str]]:
    """Every cell of a backend, in a fixed mixed order: the simulator has the limits, and a part of the rest.

    One cell of each kind of fault at each endpoint comes before the second of any. `part` leaves out most of what the
    same code of the client meets at every endpoint: the framing and the status.
    """
    chosen = [cell for cell in _cells(name) if not part or _counts(*cell)]
    rounds: Counter[tuple[str, str]] = Counter()
    ordered = []
    for cell in sorted(chosen, key=_order):
        endpoint, fault, _ = cell
        rounds[endpoint.name, fault.kind] += 1
        ordered.append((rounds[endpoint.name, fault.kind], cell))
    return [cell for _, cell in sorted(ordered, key=lambda numbered: numbered[0])]


def _order(cell: tuple[Endpoint, Fault, str]) -> float:
    """Sort what can change a figure towards the front, the rest towards the end, mixed."""
    endpoint, fault, way = cell
    weight = WEIGHTS.get(fault.kind, 1.0) * (1.0 if endpoint.report else 2.5)
    return weight * share(endpoint.name, fault.name, way)


def _counts(endpoint: Endpoint, fault: Fault, way: str) -> bool:
    if fault.kind in ("transport", "status", "shape"):
        return share("part", endpoint.name, fault.name, way) < FULLY.get(endpoint.name, 0.1)
    return way == "first" or endpoint.name != "claude_code"


def _cells(name: str) -> Iterator[tuple[Endpoint, Fault, str]]:
    for endpoint in ENDPOINTS:
        limits = endpoint.command != ("sync",)
        for fault in faults_for(endpoint):
            members = endpoint.name == "spend_limits_effective"
            if name == "enterprise" or members:  # members' limits are of Claude Enterprise alone
                if members and name == "enterprise":
                    yield endpoint, fault, "first"
                continue
            if name == "sim":
                if limits or share("sim", endpoint.name, fault.name) < SIMULATED:
                    yield endpoint, fault, "first"
                continue
            if limits:
                continue
            yield endpoint, fault, "first"
            if endpoint.report and fault.kind in AGAIN:
                yield endpoint, fault, "again"
            if endpoint.family == "sparse" and fault.kind == "status":
                yield endpoint, fault, "auto"


def main() -> None:
    """Run cells and write what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", choices=("stand", "sim", "enterprise"), default="stand")
    parser.add_argument("--only", default="", help="parts of 'endpoint/kind/fault/way', with a comma between")
    parser.add_argument("--from", dest="again", default="", help="a JSON of a run before: only its bad cells")
    parser.add_argument(
        "--without", default="", help="JSON files of runs before, with a comma between: not their cells"
    )
    parser.add_argument("--part", action="store_true", help="leave out most faults of framing and status")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--shard", default="0/1")
    parser.add_argument("--output", default="faults.json")
    options = parser.parse_args()
    wanted = {part for part in options.only.split(",") if part}
    bad = _run_before(options.again, BAD) if options.again else None
    done = {name for path in options.without.split(",") if path for name in _run_before(path)}
    shard, shards = map(int, options.shard.split("/"))
    counts: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        backend(options.backend) as address,
        Proxy(address) as proxy,
        Path(options.output).open("w") as out,
    ):
        os.chdir(folder)
        runner = Runner(options.backend, proxy, Path(folder))
        for number, (endpoint, fault, way) in enumerate(cells(options.backend, part=options.part)):
            name = _name(endpoint.name, fault.kind, fault.name, way)
            if number % shards != shard or fault.slow != options.slow or not all(part in name for part in wanted):
                continue
            if name in done or (bad is not None and name not in bad):
                continue
            result = runner.run(endpoint, fault, way)
            counts[result.verdict] += 1
            out.write(json.dumps(result.asdict()) + "\n")
            out.flush()
            _show(name, result)
    sys.stdout.write(f"{dict(counts)}\n")
    sys.exit(any(counts[verdict] for verdict in BAD))


def _run_before(path: str, verdicts: Collection[str] = ()) -> set[str]:
    """The cells of a run before, those of some verdicts alone where any are given."""
    before = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return {
        _name(row["endpoint"], row["kind"], row["fault"], row["way"])
        for row in before
        if not verdicts or row["verdict"] in verdicts
    }


def _name(*parts: str) -> str:
    return "/".join(parts)


def _show(name: str, result: Result) -> None:
    sys.stdout.write(f"{result.verdict:10} {result.seconds:5} {name} {result.codes}\n")
    if result.verdict in BAD:
        for line in (*result.seen[:4], *result.said[:3]):
            sys.stdout.write(f"             {line}\n")
    sys.stdout.flush()
