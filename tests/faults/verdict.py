"""Judges a cell by what the commands said: right, said, or neither."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from faults.backend import KEYS
from faults.endpoints import Endpoint
from faults.fault import Fault
from faults.runner import CHECKS, CODES, QUESTIONS, SPEND, USAGE, Result, Run, Runner, words_of

OURS = "Traceback (most recent call last)"
DIMENSIONS = ("text", "enum", "object")
"""Kinds of fault after which a use is of something else, as the API says: each day must be right as a whole."""
LOOKED_AT = 0.2
"""Of the cells whose sync says that it failed: the part whose answers are looked at all the same."""


def share(*names: str) -> float:
    """Return a number from 0 to 1 that these names always have."""
    return int(hashlib.sha256("/".join(names).encode()).hexdigest()[:8], 16) / 16**8


def judge(runner: Runner, endpoint: Endpoint, fault: Fault, result: Result) -> None:
    """Run the cell's commands and write down what they said.

    `ok-right`: the figures are the truth. `ok-said`: they are not, and the exit code of the sync, or of each wrong
    answer with --strict, says so. `ok-noted`: each wrong answer has a note, and exits 0. `SILENT`: a wrong answer
    says nothing, but another, the sync's words, `verify` or `reconcile` do. `WRONG`: nothing does. `STOPPED`: a
    harmless fault, and figures are lost. `LOST`: a clean sync later does not bring the truth back. `UNSAID`: the
    figures are right, but what had to be said is not. `not-asked`: nobody asks the endpoint.
    """
    if endpoint.command != ("sync",):
        _judge_limits(runner, endpoint, fault, result)
        return
    words = words_of(endpoint, result.way)
    questions = QUESTIONS.get(endpoint.family, (SPEND, USAGE))
    truth = runner.truth(words, questions)
    template = runner.clean_ledger(words, questions) if result.way == "again" else None
    sync = runner.spoiled(endpoint, fault, words, template, result)
    if sync is None:
        result.verdict = "not-asked"
        return
    runs = {words: sync}
    if sync.code > 0 and not fault.harmless and share(endpoint.name, fault.name) > LOOKED_AT:
        result.codes, result.said, result.verdict = {words[0]: sync.code}, [f"{words[0]} exits {sync.code}"], "ok-said"
        _broken(runs, result)
        return
    runs |= {question: runner.command(*question) for question in questions}
    _compare(runner, words, questions, runs, truth, fault, result)


def _compare(
    runner: Runner,
    words: tuple[str, ...],
    questions: tuple[tuple[str, ...], ...],
    runs: dict[tuple[str, ...], Run],
    truth: dict[tuple[str, ...], Run],
    fault: Fault,
    result: Result,
) -> None:
    different = [question for question in questions if runs[question].figures != truth[question].figures]
    if result.way == "auto" or (fault.kind in DIMENSIONS and not fault.harmless):
        different = [question for question in different if not _blank(runs[question].by_day, truth[question].by_day)]
    different = [question for question in different if not _blank(runs[question].figures, truth[question].figures)]
    messages = _messages(runs, truth)
    silent = [question for question in different if not messages[question]] if not runs[words].code else []
    if silent:
        runs |= {check: runner.command(*check) for check in CHECKS}
        messages = _messages(runs, truth)
    result.codes = {question[0]: run.code for question, run in runs.items()}
    result.said = [
        f"{' '.join(question[:3])}: {text}"[:240] for question, texts in messages.items() for text in texts[:2]
    ][:8]
    result.seen = _differences(silent or different, runs, truth)
    if _broken(runs, result):
        return
    if fault.news and runs[words].code == 0:
        result.verdict = "ok-right"
    elif not different:
        result.verdict = "UNSAID" if fault.telling and not any(messages.values()) else "ok-right"
    if result.verdict:
        return
    spoken = "SILENT" if any(messages.values()) else "WRONG"
    if not silent:
        loud = runs[words].code or all(runs[question].code for question in different)
        spoken = "ok-said" if loud else "ok-noted"
    result.verdict = "STOPPED" if fault.harmless else spoken
    if result.way == "again" or spoken != "ok-said" or runs[words].code == 0:
        result.healed = _heals(runner, words, questions, truth)
        if not result.healed and result.verdict.startswith("ok"):
            result.verdict = "LOST"


def _blank(rows: Mapping[Any, Sequence[str]], right: Mapping[Any, Sequence[str]]) -> bool:
    """Whether what differs is blank: a figure that is not known, and is not shown as one."""
    return rows.keys() == right.keys() and all(
        value in ("", known) for key, values in rows.items() for value, known in zip(values, right[key], strict=True)
    )


def _broken(runs: dict[tuple[str, ...], Run], result: Result) -> bool:
    """Look for tracebacks, unknown exit codes and the key."""
    for words, run in runs.items():
        text = run.out + run.err
        if "Overdue" in text:  # the last net caught our alarm
            result.verdict, result.seen = "HANG", [text.strip()[:240]]
            return True
        if run.trace or OURS in text or run.code not in CODES:
            lines = (run.trace or text).strip().splitlines()
            result.verdict = "TRACEBACK"
            result.seen = [f"{' '.join(words[:2])}: {line.strip()}"[:300] for line in lines[-3:]]
            return True
        if any(key in text for key in KEYS.values()):
            result.verdict, result.seen = "KEY", [f"{words[0]} shows the key"]
            return True
    return False


def _messages(runs: dict[tuple[str, ...], Run], truth: dict[tuple[str, ...], Run]) -> dict[tuple[str, ...], list[str]]:
    """Collect what each command says beyond the truth's: its exit code, and notes."""
    messages: dict[tuple[str, ...], list[str]] = {}
    for question, run in runs.items():
        exits = [f"exits {run.code}"] if run.code not in (0, truth[question].code) else []
        messages[question] = exits + [
            note for note in sorted(run.notes - truth[question].notes) if " changed, " not in note
        ]
    return messages


def _differences(
    different: list[tuple[str, ...]], runs: dict[tuple[str, ...], Run], truth: dict[tuple[str, ...], Run]
) -> list[str]:
    differences = []
    for question in different:
        is_, was = runs[question].figures, truth[question].figures
        keys = [key for key in {**was, **is_} if was.get(key) != is_.get(key)]
        name = " ".join(question[:3])
        differences += [f"{name} {'/'.join(key)}: {is_.get(key)} for {was.get(key)}"[:240] for key in keys[:2]]
        differences.append(f"{name}: {len(keys)} rows differ")
    return differences


def _heals(
    runner: Runner, words: tuple[str, ...], questions: tuple[tuple[str, ...], ...], truth: dict[tuple[str, ...], Run]
) -> bool:
    """Whether clean syncs, two and four hours later, bring the truth."""
    for hours in (2, 4):
        runner.later(hours)
        runner.command(*words)
        if all(runner.command(*question).figures == truth[question].figures for question in questions):
            return True
    return False


def _judge_limits(runner: Runner, endpoint: Endpoint, fault: Fault, result: Result) -> None:
    """Limits are asked and shown at once: either as they are, or with a word."""
    words = (*endpoint.command, "--format", "csv")
    sync = ("sync", "--since", "2026-11-27", "--without-claude-code")
    truth = runner.truth(sync, (words,))
    run = runner.spoiled(endpoint, fault, words, runner.clean_ledger(sync, (words,)), result)
    if run is None:
        result.verdict = "not-asked"
        return
    result.codes = {"limits": run.code}
    if _broken({words: run}, result):
        return
    complete = len(run.out.splitlines()) == len(truth[words].out.splitlines())
    shorter = set(run.out.splitlines()) < set(truth[words].out.splitlines()) and len(run.out.splitlines()) > 1
    if shorter and fault.kind in ("rows", "transport"):
        result.verdict = "ok-right"  # a shorter list, an empty one too, is the API's own word; no earlier one is kept
        return
    if run.out == truth[words].out or (complete and fault.kind not in ("rows", "envelope", "currency")):
        result.verdict = "ok-right"  # or another value of one limit, which is the API's own word
        return
    result.said = [f"exits {run.code}"] * (run.code != 0) + sorted(run.notes - truth[words].notes)[:5]
    shown = set(run.out.splitlines()) ^ set(truth[words].out.splitlines())
    result.seen = sorted(shown)[:4]
    result.verdict = "ok-said" if result.said else "WRONG"
