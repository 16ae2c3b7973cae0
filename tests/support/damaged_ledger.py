"""A small ledger that has one of everything, and what befalls each of its files: damage, repair, answers."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, zip_longest
from pathlib import Path
from random import Random
from typing import Any

from support.wire import DAY, NOW, Clock, Wire, small, synced
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.errors import LedgerError
from tallystick.sim import World
from tallystick.store.acknowledgements import Acknowledgement, acknowledge
from tallystick.store.disk import private
from tallystick.store.erasure import remember

Case = tuple[Path, str, Callable[[Path], object]]
"""A file, what befalls it, and how that is done."""
SINCE = date(2026, 10, 1)
MONTH = "2026-10"
_TEMPORARY = {"writer.lock", "writer.json"}
_QUESTIONS: dict[str, Callable[[Ledger], Any]] = {
    "spend": lambda book: book.spend(by=["workspace", "day"], since=f"{SINCE}").cells,
    "usage": lambda book: book.usage(by=["model", "day"], since=f"{SINCE}").cells,
    "keys": lambda book: book.keys().cells,
    "charges": lambda book: sorted(map(str, book.engine().rows("SELECT * FROM ledger.charges"))),
    "days": lambda book: sorted(map(str, book.engine().rows("SELECT * FROM ledger.days"))),
    "closed": lambda book: [(month.month.name, month.amount_due) for month in book.statements(MONTH)],
    "findings": lambda book: book.ask("findings").cells,
    "forecasts": lambda book: sorted(map(str, book.engine().rows("SELECT known, expected FROM ledger.forecasts"))),
}
"""What is asked, by name; each answer must be that of before, or refused with the name of the doctor."""


@dataclass
class Outcome:
    """What became of one damage: whether it was noticed, how it was healed, and what is wrong."""

    file: str
    damage: str
    noticed: bool = False
    healed: str = ""
    wrong: list[str] = field(default_factory=list)


def world() -> World:
    """The organization of the ledger."""
    return small(requests=4)


def make(path: Path) -> None:
    """Sync twice, close a month, judge the rules, acknowledge, forecast, forget somebody."""
    synced(path, Wire(world(), Clock(NOW - 8 * DAY)), SINCE)
    synced(path, Wire(world(), Clock(NOW)), SINCE)
    book = Ledger(path, SystemClock(NOW))
    book.close(MONTH, provisional=True, late=True, skip_earlier=True, without_owners=True)
    book.watch()
    book.forecast()
    acknowledge(path, Acknowledgement("f", "o", "key", "k", "2026-11-01", "known", "2026-11-02T00:00:00Z"))
    with private(path):
        remember(path, {"user_nobody": "user_nobody"})


def sync(path: Path) -> None:
    """Sync once more, from the same organization at the same time."""
    synced(path, Wire(world(), Clock(NOW)), SINCE)


def answers(path: Path, as_of: str | None = None) -> dict[str, Any]:
    """What each question answers now; a LedgerError where it is refused."""
    results: dict[str, Any] = {}
    book = Ledger.open(path, clock=SystemClock(NOW), as_of=as_of)
    for name, ask in _QUESTIONS.items():
        try:
            results[name] = ask(book)
        except LedgerError as refusal:
            results[name] = refusal
    return results


def files(path: Path) -> list[Path]:
    """Every file of a ledger that is not of a writer at work."""
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name not in _TEMPORARY)


def damages(path: Path, seed: int = 0) -> Iterator[Case]:
    """Every way in which each file is damaged."""

    def flip(file: Path) -> None:
        data = bytearray(file.read_bytes())
        random = Random(f"{seed} {len(data)}")  # noqa: S311 - no secret
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        file.write_bytes(data)

    ways: dict[str, Callable[[Path], object]] = {
        "deleted": Path.unlink,
        "emptied": lambda file: file.write_bytes(b""),
        "halved": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
        "a bit flipped": flip,
    }
    for file in files(path):
        for name, way in ways.items():
            if file.stat().st_size:
                yield file.relative_to(path), name, way


def sample(path: Path, seed: int, most: int) -> list[Case]:
    """So many of the damages, of each part of the ledger about as many."""
    by_part: dict[str, list[Case]] = {}
    for case in damages(path, seed):
        by_part.setdefault(_part(str(case[0])), []).append(case)
    for cases in by_part.values():
        Random(seed).shuffle(cases)  # noqa: S311 - no secret
    turns = (case for turn in zip_longest(*by_part.values()) for case in turn if case)
    return [*islice(turns, most)]


def befall(
    original: Path, path: Path, file: Path, name: str, way: Callable[[Path], object], before: dict[str, Any]
) -> Outcome:
    """Damage one file of a copy, ask, repair, sync where that is said, ask again."""
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(original, path)
    way(path / file)
    outcome = Outcome(str(file), name)
    for question, answer in answers(path).items():
        if isinstance(answer, LedgerError):
            outcome.noticed = True
            if "doctor" not in str(answer):
                outcome.wrong.append(f"{question} names no doctor: {answer}")
        elif answer != before[question]:
            outcome.wrong.append(f"{question} answers otherwise while damaged")
    book = Ledger(path, SystemClock(NOW))
    examined = book.examine()
    outcome.noticed = outcome.noticed or bool(examined.damages)
    messages: list[str] = []
    after = book.repair(messages.append)
    unlike = _unlike(path, before)
    outcome.healed = "in place"
    if unlike or any("tallystick sync" in text for text in messages):
        outcome.healed = "in place, with the next sync"
        try:
            sync(path)
        except LedgerError as refusal:
            outcome.wrong.append(f"sync: {refusal}")
        unlike = _unlike(path, before)
        after = Ledger(path, SystemClock(NOW)).examine()
    if unlike or not after.healthy:
        outcome.healed = "by a backup"
        outcome.wrong += [f"{question} is not as before" for question in unlike]
        outcome.wrong += [f"still damaged: {damage.part}: {damage.problem}" for damage in after.damages]
        outcome.wrong += messages
    elif not examined.damages and not outcome.noticed:
        outcome.healed = "no figure needs it"
    return outcome


def _unlike(path: Path, before: dict[str, Any]) -> list[str]:
    return [question for question, answer in answers(path).items() if answer != before[question]]


def table(outcomes: list[Outcome]) -> str:
    """The counts of outcomes by what was damaged, as a table of Markdown."""
    parts = sorted({_part(outcome.file) for outcome in outcomes})
    heads = ("in place", "in place, with the next sync", "no figure needs it", "by a backup")
    lines = ["| what | damages | " + " | ".join(heads) + " | wrong figures |", "|---" * (len(heads) + 3) + "|"]
    for part in [*parts, "all"]:
        own = [outcome for outcome in outcomes if part in {"all", _part(outcome.file)}]
        counts = Counter(outcome.healed for outcome in own)
        wrong = sum(any("otherwise" in text for text in outcome.wrong) for outcome in own)
        lines.append(f"| {part} | {len(own)} | " + " | ".join(str(counts[head]) for head in heads) + f" | {wrong} |")
    return "\n".join(lines)


def _part(file: str) -> str:
    first, *rest = Path(file).parts
    if first == "pages":
        return "the index of the archive" if rest[0] == "index" else "pages"
    if first == "copies":
        return "copies"
    if not rest:
        return first
    return f"tables: {'logs' if '_delta_log' in rest else 'rows'}" if first != "versions" else "versions"
