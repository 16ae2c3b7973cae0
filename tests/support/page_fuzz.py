"""Page fuzz: pages of every report and list of the simulator, spoiled at random, read as a sync reads them.

cd tests && ../.venv/bin/python -m support.page_fuzz 600
"""

from __future__ import annotations

import json
import math
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from support.wire import KEY, NOW, Clock, Wire, days_ago, small, transport
from tallystick.api import directory
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.time import Grain, Window, midnight
from tallystick.errors import TallystickError
from tallystick.sim import Answer, World
from tallystick.sync import sources
from tallystick.sync.plan import SyncTask
from tallystick.sync.redaction import People
from tallystick.sync.report_reader import ReportReader
from tallystick.sync.source import Source

WINDOW = Window(midnight(days_ago(3)), midnight(days_ago(1)))
SOURCES = (sources.USAGE, sources.COST, sources.ANALYTICS_USAGE, sources.ANALYTICS_COST, sources.CLAUDE_CODE)
PATIENCE = 20.0
"""Seconds in which a spoiled page must have been read or refused."""
TEXTS = (
    "null",
    "-1",
    "1e400",
    "1e-400",
    "NaN",
    "2" * 40,
    '"\\ud800"',
    '"' + "9" * 5000 + '"',
    "[[[[]]]]",
    "{}",
    '"\\u0000"',
    "0.1",
)
"""What is put in the place of a value."""
DEEP = 20_000
PEOPLE = People("hashed", b"a key of the tests")
Spoil = Callable[[bytes, Random], bytes]


class NoIds:
    """What is known of ids before the first sync: nothing but the default workspace."""

    default = "wrkspc_01Default"

    def person_ids(self) -> Callable[[str], str]:
        """Every e-mail is an id of its own."""
        return str

    def key_ids(self) -> Callable[[str], str]:
        """Every name of a key is an id of its own."""
        return str


def flip(body: bytes, random: Random) -> bytes:
    """Flip bits of a few bytes."""
    spoiled = bytearray(body)
    for _ in range(random.randrange(1, 5)):
        spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    return bytes(spoiled)


def cut(body: bytes, random: Random) -> bytes:
    """Cut a span out."""
    first, last = sorted(random.randrange(len(body) + 1) for _ in range(2))
    return body[:first] + body[last:]


def repeat(body: bytes, random: Random) -> bytes:
    """Say a span twice."""
    first, last = sorted(random.randrange(len(body) + 1) for _ in range(2))
    return body[:last] + body[first:]


def value(body: bytes, random: Random) -> bytes:
    """Put something odd in the place of one value, a field or an entry of a list."""
    page = json.loads(body)
    holder, name = random.choice([*_places(page)])
    mark = "the place of the odd value"
    holder[name] = mark
    odd = random.choice([*TEXTS, "[" * DEEP + "]" * DEEP, json.dumps(page)])
    return json.dumps(page).replace(json.dumps(mark), odd, 1).encode()


def field_of(body: bytes, random: Random) -> bytes:
    """Leave a field out, or say it twice with another value."""
    page = json.loads(body)
    holder, name = random.choice([place for place in _places(page) if isinstance(place[0], dict)])
    del holder[name]
    text = json.dumps(page)
    twice = f'{{"{name}": 7, "{name}": null, '
    return random.choice([text, text.replace("{", twice, 1)]).encode()


def row(body: bytes, random: Random) -> bytes:
    """Leave an entry of a list out, say it twice, or turn the list around."""
    page = json.loads(body)
    lists = [entries for holder, name in _places(page) if isinstance(entries := holder[name], list) and entries]
    if lists:
        entries, index = random.choice(lists), 0
        index = random.randrange(len(entries))
        entries[:] = random.choice([entries[:index] + entries[index + 1 :], [*entries, entries[index]], entries[::-1]])
    return json.dumps(page).encode()


SPOILS: tuple[Spoil, ...] = (flip, cut, repeat, value, field_of, row)


def _places(page: Any) -> Iterator[tuple[Any, Any]]:
    """Every field and entry of a page, as what has it and its name or number."""
    if isinstance(page, dict | list):
        for name, inner in [*(page.items() if isinstance(page, dict) else enumerate(page))]:
            yield page, name
            yield from _places(inner)


class SpoiledWire(Wire):
    """A simulator of which the page of a number is spoiled; `body` is that page."""

    def __init__(self, world: World, number: int, spoil: Spoil, random: Random) -> None:
        super().__init__(world, Clock())
        self.number, self.spoil, self.random = number, spoil, random
        self.body = b""

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer, the page of that number spoiled; other pages of it too, where it is asked again."""
        answer = super().answer(method, target, headers)
        if len(self.answers) <= self.number:
            return answer
        self.body = self.spoil(answer.body, self.random)
        return Answer(answer.status, self.body, answer.headers)


@dataclass
class Log:
    """What came of spoiled pages: how many were read or refused, and what raised anything else, with its page."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def read(client: Client, source: Source | None) -> None:
    """Read a source as a sync does, or the directory where there is none."""
    if source is None:
        directory.names(directory.read(client, lambda *_: None), set())
        return
    batch = source.batch(SyncTask(source, Grain.DAY, WINDOW), "org", NOW, NoIds())
    for page in ReportReader(client, lambda *_: None).pages(batch):
        batch.add(PEOPLE.redact(page, source.persons))
    batch.check()


def spoiled(world: World, seed: int, log: Log) -> None:
    """Read one source of which one page is spoiled, all of it chosen by the seed."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    source, spoil = random.choice([*SOURCES, None]), random.choice(SPOILS)
    wire = SpoiledWire(world, random.randrange(4), spoil, random)
    begun = time.monotonic()
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire), patience=0, pace=None) as client:
        try:
            read(client, source)
        except TallystickError:
            log.counts["refused"] += 1
        except BaseException:  # noqa: BLE001 - whatever it is, it is one
            log.faults.append(f"seed {seed}, {source}, {spoil.__name__}:\n{traceback.format_exc()[-2000:]}")
        else:
            log.counts["read" if wire.body else "not spoiled"] += 1
    if time.monotonic() - begun > PATIENCE:
        log.faults.append(f"seed {seed}, {source}, {spoil.__name__}: {time.monotonic() - begun:.0f} s")


def fuzz(seeds: Iterable[int], seconds: float = math.inf) -> Log:
    """Spoil a page for each seed, until the time is over."""
    world, log, end = small(requests=1), Log(), time.monotonic() + seconds
    for seed in seeds:
        if time.monotonic() > end:
            break
        spoiled(world, seed, log)
    return log


def main(seconds: float) -> None:
    """Spoil pages so long, and print what came of it."""
    begin = int(time.time())
    log = fuzz(count(begin), seconds)
    words = ", ".join(f"{number:,} {name}" for name, number in log.counts.items())
    sys.stdout.write("\n\n".join([*log.faults, f"Seeds from {begin}: {words}, {len(log.faults)} faults"]) + "\n")
    sys.exit(bool(log.faults))


if __name__ == "__main__":
    main(float(sys.argv[1]))
