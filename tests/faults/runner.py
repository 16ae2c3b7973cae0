"""Runs one cell: a ledger, a sync through the proxy with one fault, and what the commands then say."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from faults.backend import KEYS
from faults.endpoints import NOW, Endpoint, endpoint_of
from faults.fault import Fault
from faults.proxy import Proxy

csv.field_size_limit(sys.maxsize)
SINCE = "2026-11-25"
PATIENCE = int(os.environ.get("FAULTS_PATIENCE", "90"))
"""Seconds that one cell may take; those with a slow fault may take three times as many."""
CODES = frozenset({0, 1, 2, 3, 4, 5, 6})
"""Exit codes that the help names."""
BAD = ("TRACEBACK", "HANG", "KEY", "WRONG", "SILENT", "UNSAID", "STOPPED", "LOST")
"""Verdicts that are faults of tallystick's."""

_DAYS = ("--since", SINCE, "--until", "2026-11-27", "--format", "csv", "--strict")
SPEND = ("spend", "--by", "day,workspace,model,kind", *_DAYS)
USAGE = ("usage", "--by", "day,workspace,model,tier", *_DAYS)
QUESTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "dense": (SPEND, USAGE),
    "sparse": (
        SPEND,
        USAGE,
        ("spend", "--by", "day,product", "--show", "list,requests", *_DAYS),
        ("usage", "--by", "day,product", "--show", "requests", *_DAYS),
    ),
    "code": (("claude-code", "--by", "day,model", *_DAYS[:-1]), ("claude-code", "--by", "day", *_DAYS[:-1]), SPEND),
}
CHECKS = (("verify",), ("reconcile", "--since", SINCE, "--until", "2026-11-27", "--strict"))


class Overdue(BaseException):
    """A cell took longer than it may."""


@dataclass(frozen=True)
class Run:
    """What a command did."""

    code: int
    out: str
    err: str
    trace: str = ""

    @property
    def notes(self) -> set[str]:
        """What it said on the error stream, and the notes of its text, without their figures."""
        lines = [
            *self.err.splitlines(),
            *(line for line in self.out.splitlines() if line.startswith(("warning: ", "note: "))),
        ]
        return {re.sub(r"[0-9a-f]*\d[\d.,:a-fTZ-]*", "#", line) for line in lines if line.strip()}

    @property
    def figures(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """The rows of a CSV: figures by what they are of; names and ratios left out, numbers by their value."""
        rows = list(csv.reader(io.StringIO(self.out)))
        if not rows:
            return {}
        names = rows[0]
        key_columns = [
            n for n, name in enumerate(names) if name in ("day", "workspace", "model", "kind", "tier", "product")
        ]
        figures = [
            n for n in range(len(names)) if n not in key_columns and not names[n].endswith(("_name", "_per_active_day"))
        ]
        by_key: dict[tuple[str, ...], tuple[str, ...]] = {}
        for row in rows[1:]:
            if len(row) != len(names):
                continue
            key = tuple(row[n] for n in key_columns)
            while key in by_key:
                key = (*key, "again")
            by_key[key] = tuple(_number(row[n]) for n in figures)
        return {key: values for key, values in by_key.items() if any(value not in ("", "0") for value in values)}

    @property
    def by_day(self) -> dict[str, list[str]]:
        """The figures of each day, added up; a figure that is no number stands as it is."""
        days: dict[str, list[str]] = {}
        for key, values in self.figures.items():
            before = days.setdefault(key[0], ["0"] * len(values))
            days[key[0]] = [_sum(*pair) for pair in zip(before, values, strict=True)]
        return days


def _sum(first: str, second: str) -> str:
    """Add two figures; what is unknown of one is unknown of both."""
    if "" in (first, second):
        return ""
    with contextlib.suppress(InvalidOperation):
        return _number(str(Decimal(first) + Decimal(second)))
    return f"{first} {second}"


def _number(text: str) -> str:
    with contextlib.suppress(InvalidOperation):
        value = Decimal(text)
        return f"{value.normalize():f}" if value.is_finite() else text
    return text


@dataclass
class Result:
    """What was seen in a cell."""

    backend: str
    endpoint: str
    kind: str
    fault: str
    way: str
    verdict: str = ""
    spoiled: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    healed: bool | None = None
    seconds: float = 0.0

    def asdict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


class Runner:
    """A proxy before one backend, the truth of its organization, and a folder to work in."""

    def __init__(self, backend: str, proxy: Proxy, home: Path) -> None:
        self.backend, self.proxy, self.home = backend, proxy, home
        self._truth: dict[tuple[str, ...], tuple[Path, dict[tuple[str, ...], Run]]] = {}
        self._ledger = home / "ledger"
        self._hours = 0
        self.asked: set[str] = set()
        """The endpoints that clean commands asked."""

    def command(self, *words: str) -> Run:
        """Run a command in this process: its code, both streams, and a traceback if it ended in one."""
        from tallystick.cli import main

        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
        trace, code = "", 0
        before = sys.argv
        sys.argv = ["tallystick", *words]
        with self._environment(), contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            try:
                main()
            except SystemExit as done:
                code = done.code if isinstance(done.code, int) else int(done.code is not None)
            except Overdue:
                raise
            except BaseException:  # noqa: BLE001 - whatever comes out of it is what we look for
                code, trace = -1, traceback.format_exc()
            finally:
                sys.argv = before
        texts = []
        for stream in streams:
            stream.flush()
            texts.append(stream.buffer.getvalue().decode("utf-8", "replace"))  # type: ignore[attr-defined]
        return Run(code, texts[0], texts[1], trace)

    @contextlib.contextmanager
    def _environment(self) -> Iterator[None]:
        own = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home),
            "TALLYSTICK_LEDGER": str(self._ledger),
            "TALLYSTICK_NOW": f"{NOW + timedelta(hours=self._hours):%Y-%m-%dT%H:%M:%SZ}",
            "TALLYSTICK_BASE_URL": self.proxy.url,
            "ANTHROPIC_ADMIN_KEY": KEYS[self.backend],
        }
        before = dict(os.environ)
        for name in before:
            if name.startswith(("TALLYSTICK_", "ANTHROPIC_")) or name.lower().endswith("_proxy"):
                del os.environ[name]
        os.environ.update(own)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def later(self, hours: int) -> None:
        """Let it be so many hours after the world's time, for the client and the server."""
        self._hours = hours
        self.proxy.hours = hours

    def truth(self, words: tuple[str, ...], questions: tuple[tuple[str, ...], ...]) -> dict[tuple[str, ...], Run]:
        """What a clean sync and the commands say, asked once; the ledger stays beside for syncs again."""
        key = (*words, *map(str, questions))
        if key not in self._truth:
            self.proxy.disarm()
            self.proxy.paths.clear()
            self.later(0)
            self._ledger = self.home / f"clean-{len(self._truth)}"
            runs = {words: self.command(*words)}
            runs |= {question: self.command(*question) for question in (*questions, *CHECKS)}
            assert not any(run.trace for run in runs.values()), runs
            self._truth[key] = (self._ledger, runs)
            known = (endpoint_of(urlsplit(target).path) for target in self.proxy.paths)
            self.asked |= {endpoint.name for endpoint in known if endpoint}
        return self._truth[key][1]

    def clean_ledger(self, words: tuple[str, ...], questions: tuple[tuple[str, ...], ...]) -> Path:
        """Return the folder of the clean ledger."""
        self.truth(words, questions)
        return self._truth[(*words, *map(str, questions))][0]

    def fresh(self, template: Path | None = None) -> None:
        """Begin with a new ledger, or a copy of one."""
        self._ledger = self.home / "ledger"
        shutil.rmtree(self._ledger, ignore_errors=True)
        if template is not None:
            shutil.copytree(template, self._ledger)

    def spoiled(
        self, endpoint: Endpoint, fault: Fault, words: tuple[str, ...], template: Path | None, result: Result
    ) -> Run | None:
        """Run the command that meets the fault, on a new ledger or a copy of `template`; None if nothing met it."""
        if endpoint.name not in self.asked:
            return None
        self.fresh(template)
        self.later(0)
        self.proxy.arm(endpoint, fault.change, fault.when)
        run = self.command(*words)
        result.spoiled = self.proxy.spoiled
        self.proxy.disarm()
        return run if result.spoiled else None

    def run(self, endpoint: Endpoint, fault: Fault, way: str = "first") -> Result:
        """Run a cell within its time."""
        result = Result(self.backend, endpoint.name, fault.kind, fault.name, way)
        began = time.perf_counter()
        try:
            with _within(PATIENCE * (3 if fault.slow else 1)):
                from faults.verdict import judge

                judge(self, endpoint, fault, result)
        except Overdue as late:
            result.verdict, result.seen = "HANG", [str(late)]
        finally:
            self.proxy.disarm()
        result.seconds = round(time.perf_counter() - began, 1)
        return result

    @property
    def ledger(self) -> Path:
        """The ledger of the cell."""
        return self._ledger


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    def overdue(_signal: int, frame: FrameType | None) -> None:
        stack = traceback.extract_stack(frame)[-3:]
        raise Overdue(
            " < ".join(f"{step.filename.rsplit('/', 2)[-1]}:{step.lineno} {step.name}" for step in reversed(stack))
        )

    before = signal.signal(signal.SIGALRM, overdue)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def words_of(endpoint: Endpoint, way: str) -> tuple[str, ...]:
    """Return the command that asks the endpoint."""
    if endpoint.command != ("sync",):
        return endpoint.command
    source = "auto" if way == "auto" else endpoint.source
    extra = () if endpoint.family == "code" or not endpoint.report else ("--without-claude-code",)
    return ("sync", "--since", SINCE, "--source", source, *extra)
