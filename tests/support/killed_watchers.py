"""Killed watchers: three real watchers on one ledger, one of which is shot while it sends; what a receiver got of it.

cd tests && ../.venv/bin/python -m support.killed_watchers 100
cd tests && ../.venv/bin/python -m support.killed_watchers 100 deliveries
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from support.processes import Forks
from support.spending import DAYS_OF, NOW, USUAL, ledger, rows_of
from support.webhook_receiver import Delivery, Receiver, receiving
from tallystick.delivery.event import delivery_events
from tallystick.store.tables import Tables
from tallystick.watch import record
from tallystick.watch.default_rules import RULES
from tallystick.watch.finding import Step

WATCHERS = 3
MOMENTS = ("before the request is read", "before it is answered", "after it is answered")
"""When a watcher is shot; the last one between nothing and 30 ms after it."""


@dataclass
class Tally:
    """What came of the trials: shots by moment, and of each finding and topic the keys it was delivered under."""

    shots: Counter[str] = field(default_factory=Counter)
    keys: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    expected: set[tuple[str, str]] = field(default_factory=set)
    """What was to be delivered at least once."""

    @property
    def times(self) -> Counter[int]:
        """How many were delivered so many times."""
        return Counter(len(self.keys[each]) for each in self.expected)

    @property
    def two_keys(self) -> int:
        """How many were delivered under more than one key."""
        return sum(len({*keys}) > 1 for keys in self.keys.values())


class Marksman:
    """Shoots the watcher that sends, once in a trial, at a moment."""

    def __init__(self, receiver: Receiver, tally: Tally, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._tally = tally
        self._lock = threading.Lock()
        self.pids: tuple[int, ...] = ()
        self.moment = ""
        receiver.arrival, receiver.answer = self._arrived, self._answered

    def _arrived(self, port: int) -> bool:
        if pid := self._aim(MOMENTS[0], port):
            self._shoot(pid)
            return False
        return True

    def _answered(self, delivery: Delivery) -> int | None:
        body = delivery.json
        names = [body["delivery"]["name"]] if "delivery" in body else [each["finding"] for each in body["findings"]]
        for name in names:
            self._tally.keys[name, body["topic"]].append(body["key"])
        if pid := self._aim(MOMENTS[1], delivery.port):
            self._shoot(pid)
            return None
        if pid := self._aim(MOMENTS[2], delivery.port):
            threading.Timer(self._random.uniform(0, 0.03), self._shoot, (pid,)).start()
        return 200

    def _aim(self, moment: str, port: int) -> int | None:
        """The watcher whose connection comes from a port, of the first connection in a trial of that moment."""
        with self._lock:
            if moment != self.moment:
                return None
            pid = next((pid for pid in self.pids if port in ports(pid)), None)
            if pid:
                self._tally.shots[moment] += 1
                self.moment = ""
            return pid

    @staticmethod
    def _shoot(pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def ports(pid: int) -> set[int]:
    """The local TCP ports of a process."""
    sockets = set()
    with suppress(OSError):
        sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {int(line[1].partition(":")[2], 16) for line in lines if f"socket:[{line[9]}]" in sockets}


def trials(folder: Path, count: int, settings: Callable[[int, str], str]) -> Tally:
    """Let watchers be shot so many times, by the `settings` of each trial: `findings` or `deliveries`.

    On a busy machine a watcher can have sent all before the marksman knows it: such a trial is one more.
    """
    tally = Tally()
    with receiving() as receiver:
        book = ledger(folder, rows_of(USUAL, DAYS_OF))
        off = "".join(f'[[rule]]\nname = "{rule.name}"\noff = true\n' for rule in RULES)
        marksman = Marksman(receiver, tally, count)
        forks = [Forks() for _ in range(WATCHERS)]
        file = folder / "tallystick.toml"
        for trial in range(2 * count + 1):
            shots = tally.shots.total()
            file.write_text(off + settings(trial, receiver.url), encoding="utf-8")
            marksman.moment = MOMENTS[shots % len(MOMENTS)] if shots < count else ""
            now = NOW + timedelta(minutes=trial)
            words = ("watch", "--once", "--config", str(file))
            marksman.pids = tuple(
                fork.start(*words, ledger=book.path, url="http://127.0.0.1:1", now=now) for fork in forks
            )
            codes = [fork.end() for fork in forks]
            assert sorted(codes)[1:] == [0, 0], codes
            forks[0].start(*words, ledger=book.path, url="http://127.0.0.1:1", now=now + timedelta(seconds=30))
            assert forks[0].end() == 0
            if shots == count:
                break
        for fork in forks:
            fork.close()
        tables = Tables(book.path)
    topics = {Step.OPENED: "opened", Step.RESOLVED: "resolved"}
    tally.expected = {(event.finding, topics[event.step]) for event in record.events(tables) if event.step in topics}
    tally.expected |= {(event.name, "delivery") for event in delivery_events(tables) if event.step == "decided"}
    return tally


def findings(trial: int, url: str) -> str:
    """A rule of its own for each trial, which opens three findings and ends those of the last one, and the channel."""
    rule = f"""
[[rule]]
name = "trial {trial}"
ask = "spend --by key --since 7d --top 3"
when = "billed > 1"
dollars = "billed"
"""
    return rule + _channel(url)


def deliveries(trial: int, url: str) -> str:
    """Three deliveries of their own for each trial, and the channel."""
    tables = (
        f"""
[[deliver]]
name = "trial {trial}, {number}"
ask = "spend --by key"
every = "day"
format = "csv"
to = "ops"
"""
        for number in range(3)
    )
    return "".join(tables) + _channel(url)


def _channel(url: str) -> str:
    return f"""
[[channel]]
name = "ops"
kind = "webhook"
url = "{url}"
secret = "the secret of the hook"
allow_private = true
"""


def main() -> None:
    """Print what came of the trials."""
    count, kind = int(sys.argv[1]), deliveries if "deliveries" in sys.argv else findings
    with tempfile.TemporaryDirectory() as folder:
        tally = trials(Path(folder), count, kind)
    times = tally.times
    figures = [
        *((tally.shots[moment], f"watchers killed {moment}") for moment in MOMENTS),
        (
            len(tally.expected),
            f"{'deliveries' if kind is deliveries else 'notifications'} decided by {WATCHERS} watchers",
        ),
        (times[0], "lost"),
        (times[1], "delivered once"),
        (times[2], "delivered twice"),
        (sum(times.values()) - times[0] - times[1] - times[2], "delivered more often"),
        (tally.two_keys, "delivered under two keys"),
    ]
    sys.stdout.write("".join(f"{number:>5,} {words}\n" for number, words in figures))


if __name__ == "__main__":
    main()
