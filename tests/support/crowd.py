"""Crowd: syncs, a dashboard, a watcher, a doctor, a backup, a rebuild and readers on one ledger, restated meanwhile.

cd tests && ../.venv/bin/python -m support.crowd 600
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx2

from support.processes import child, dashboard
from support.simulated_truth import assert_true
from support.wire import NOW, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.sim import World, serve
from tallystick.store.tables import Tables

SINCE = days_ago(10)
QUESTION = ("spend", "--by", "day", "--since", f"{SINCE}", "--until", f"{days_ago(1)}", "--json")
PAGE = f"/ask/spend.json?by=day&since={SINCE}&until={days_ago(1)}"
PATIENCE = 180.0
"""Seconds that a command may take beside all others; one that works is given as many again, one that waits hangs."""
TURNS = 5
"""How often at most."""
WORK = 5.0
"""Seconds of a processor by which a command that works is told from one that waits."""


@dataclass
class Log:
    """What the crowd did and saw."""

    runs: Counter[str] = field(default_factory=Counter)
    """How often each command ended, and the dashboard answered."""
    faults: list[str] = field(default_factory=list)
    answers: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of each version every answer to the same question: there must be one."""

    @property
    def mixed(self) -> int:
        """How many versions were answered in more than one way."""
        return sum(len(answers) > 1 for answers in self.answers.values())


class Crowd:
    """Processes on one ledger, each command again and again until the time is over."""

    def __init__(self, ledger: Path, url: str, seconds: float) -> None:
        self.ledger, self.url = ledger, url
        self.end = time.monotonic() + seconds
        self.log = Log()

    def command(self, *words: str) -> str:
        """Run a command to its end; what it wrote."""
        process = child(*words, ledger=self.ledger, url=self.url)
        output, errors = _written(process)
        if process.returncode:
            self.log.faults.append(f"{' '.join(words)}: exit {process.returncode}\n{output[-500:]}{errors[-1500:]}")
        self.log.runs[words[0]] += 1
        return output

    def ask(self, text: str) -> None:
        """Take an answer to the question down under its version."""
        answer = json.loads(text)
        self.log.answers[answer["as_of"]["version"]].add(json.dumps(answer["rows"], sort_keys=True))

    def jobs(self, page: str) -> dict[str, Callable[[], object]]:
        """What each of the crowd does over and over."""
        sync = ("sync", "--source", "reports", "--since", f"{SINCE}")
        return {
            "one sync": lambda: self.command(*sync),
            "another sync": lambda: self.command(*sync),
            "watcher": lambda: self.command("watch", "--once"),
            "checker": lambda: self.command("verify"),
            "rebuilder": self.rebuild,
            "doctor": lambda: self.command("doctor"),
            "backup": lambda: self.command("backup", f"{self.ledger.parent}/backup"),
            "reader": lambda: self.ask(self.command(*QUESTION)),
            "reader of pages": lambda: self.page(page),
        }

    def rebuild(self) -> None:
        """Build another ledger from the pages."""
        with tempfile.TemporaryDirectory() as folder:
            self.command("rebuild", f"{folder}/ledger")

    def page(self, address: str) -> None:
        """Ask the dashboard the same."""
        answer = httpx2.get(address, timeout=PATIENCE)
        if answer.status_code != httpx2.codes.OK:
            self.log.faults.append(f"{address}: {answer.status_code} {answer.text[:500]}")
            return
        self.log.runs["page"] += 1
        self.ask(answer.text)

    def work(self, job: Callable[[], object]) -> None:
        """Do a job until the time is over; what it raises is a fault."""
        while time.monotonic() < self.end:
            try:
                job()
            except Exception as fault:  # noqa: BLE001 - all of them are reported at the end
                self.log.faults.append(repr(fault))

    def run(self) -> Log:
        """Let all of them work."""
        with dashboard(self.ledger, self.url, "--sync-every", "5m", "--watch-every", "5m") as page:
            threads = [threading.Thread(target=self.work, args=(job,)) for job in self.jobs(page + PAGE).values()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return self.log


def _written(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a process wrote to its end, or until it hung and was killed."""
    used = 0.0
    for _ in range(TURNS):
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=PATIENCE)
        before, used = used, _processor_seconds(process)
        if used - before < WORK:
            break
    process.kill()
    return process.communicate()


def _processor_seconds(process: subprocess.Popen[str]) -> float:
    """Seconds of a processor that a process has used; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def restating(world: World, end: float, seed: int = 1) -> threading.Thread:
    """Restate a day of the world now and then until an instant, from a thread."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret

    def restate() -> None:
        while time.monotonic() < end - 1:
            time.sleep(1)
            world.restate(days_ago(random.randrange(2, 9)))

    thread = threading.Thread(target=restate)
    thread.start()
    return thread


def crowd(folder: Path, seconds: float) -> Log:
    """Let a crowd work on a new ledger; at the end it must say what a ledger says that was read alone."""
    world, ledger = small(), folder / "ledger"
    wire = Wire(world, Clock(NOW))
    synced(ledger, wire, SINCE)
    with serve(Wire(world, Clock(NOW))) as server:
        workers = Crowd(ledger, server.url, seconds)
        restater = restating(world, workers.end - seconds / 4)
        log = workers.run()
        restater.join()
    synced(ledger, Wire(world, Clock(NOW + timedelta(minutes=1))), SINCE)
    assert_true(ledger, world, span(SINCE, TODAY))
    numbers = [version.number for version in Tables(ledger).versions()]
    assert sorted(numbers) == [*range(1, len(numbers) + 1)], "every version stands once"
    return log


def main(seconds: float) -> None:
    """Let a crowd work so long, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        log = crowd(Path(folder), seconds)
    lines = [
        ", ".join(f"{count} x {name}" for name, count in log.runs.items()),
        f"{len(log.answers)} versions seen, {log.mixed} of them answered in two ways, {len(log.faults)} faults",
        *log.faults,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(bool(log.faults or log.mixed))


if __name__ == "__main__":
    main(float(sys.argv[1]))
