"""Peers: tools of the package index that read the same reports, each one's total beside the simulator's truth.

    python benchmarks/peers.py [--runs 3]

Each is installed into an environment of its own and pointed at the simulator. Two months of the older dialect are read:
what was billed, and where the tool tells it, what that is by key. The truth is what the simulator billed, request by
request. A peer that the index does not have is named as such. Nothing is measured with --quick.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

from client import KEY, sync
from figures import Figure, Spent, child, run
from simulated import served

FIRST, LAST = "2026-09-01", "2026-10-31"


@dataclass(frozen=True)
class Peer:
    """What to install, and a program that prints its totals and processor time; `{url}` is the simulator's address."""

    name: str
    install: tuple[tuple[str, ...], ...]
    program: str


PEERS = (
    Peer("llm-org-cost-monitor", (("llm-org-cost-monitor",),), ""),
    Peer(
        "revefi-usage-collection-sdk 0.1.4",
        (("revefi-usage-collection-sdk==0.1.4",),),
        """
from datetime import UTC, datetime
from revefi_usage_sdk.providers.anthropic import AnthropicProvider
started = time.process_time()
provider = AnthropicProvider("{key}", base_url="{url}", min_request_interval=0)
pages = provider.fetch_cost_pages(datetime.fromisoformat("{first}T00:00:00Z"), datetime(2026, 11, 1, tzinfo=UTC))
records = provider.parse_cost_pages(pages)
processor = time.process_time() - started
print(json.dumps({{"billed": sum(record.amount_usd for record in records), "processor": processor}}))
""",
    ),
    Peer(
        "finops-mcp 0.12.0",
        (("httpx", "pyyaml"), ("--no-deps", "finops-mcp==0.12.0")),
        """
import os
from datetime import date
os.environ["ANTHROPIC_ADMIN_KEY"] = "{key}"
from finops.connectors.saas import anthropic_usage
anthropic_usage._API_BASE = "{url}"  # it has no setting for it
days = date.fromisoformat("{first}"), date.fromisoformat("{last}")
started = time.process_time()
billed = anthropic_usage.get_costs(*days)["total_usd"]
processor = time.process_time() - started
groups = anthropic_usage.get_cost_attribution("api_key", *days)["groups"]
by_key = sum(group["cost_usd"] for group in groups)
print(json.dumps({{"billed": billed, "by_key": by_key, "processor": processor}}))
""",
    ),
)


def tallystick(url: str) -> dict[str, float | str]:
    """What tallystick says of the same months."""
    from client import Clock

    import tallystick.sync.run  # noqa: F401 - imported before the clock starts, as the others are
    from tallystick.ledger import Ledger

    spent = Spent()
    with tempfile.TemporaryDirectory() as folder:
        with spent:
            sync(Path(folder) / "ledger", FIRST, "reports", url=url)
        rows = Ledger(Path(folder) / "ledger", Clock()).spend(by=["key"], since=FIRST, until=LAST)
    total = str(rows.totals["billed"])
    return {"billed": total, "by_key": str(sum(row["billed"] for row in rows.rows)), "processor": spent.processor}


def installed(peer: Peer, folder: Path) -> Path | None:
    """The Python of an environment with the peer; None where the index does not have it."""
    python = folder / "bin" / "python"
    subprocess.check_call([sys.executable, "-m", "venv", folder])
    for words in peer.install:
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words]
        if subprocess.run(install, stderr=subprocess.DEVNULL, check=False).returncode:
            return None
    return python


def show(name: str, truth: Decimal, answers: list[dict[str, float | str]]) -> None:
    """The totals, and how far they are from the truth."""
    for measure, field in (("billed", "billed"), ("billed by key, summed", "by_key")):
        if field in answers[0]:
            totals = [Decimal(str(result[field])) for result in answers]
            Figure("peers", name, measure, "USD", [float(total) for total in totals]).show()
            Figure(
                "peers", name, f"{measure}, less the truth", "USD off", [float(total - truth) for total in totals]
            ).show()
    Figure("peers", name, "processor", "s", [float(result["processor"]) for result in answers]).show()


def benchmark(arguments: argparse.Namespace) -> None:
    """Ask each peer."""
    if arguments.quick:
        return
    with served(keys=16, requests=6) as url, tempfile.TemporaryDirectory() as folder:
        with urlopen(f"{url}/truth/{FIRST}/{LAST}") as answer:  # noqa: S310 - our own server
            truth = Decimal(json.load(answer))
        Figure("peers", "the simulator", "billed, the truth", "USD", [float(truth)]).show()
        child(__file__, "tallystick", url)
        show("tallystick, synced", truth, [child(__file__, "tallystick", url) for _ in range(arguments.runs)])
        for peer in PEERS:
            python = installed(peer, Path(folder) / peer.name)
            if python is None:
                Figure("peers", peer.name, "not in the package index here", "", []).show()
                continue
            program = "import json, time\n" + peer.program.format(url=url, key=KEY, first=FIRST, last=LAST)
            runs = range(arguments.runs)
            outputs = [subprocess.check_output([python, "-c", program], stderr=subprocess.DEVNULL) for _ in runs]
            show(peer.name, truth, [json.loads(output) for output in outputs])


if __name__ == "__main__":
    run(__doc__, {"tallystick": tallystick}, benchmark)
