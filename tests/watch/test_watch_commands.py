"""The commands watch, notify, findings ack and serve --watch-every, as processes and in this one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from support.command import Tallystick
from support.spending import DAYS_OF, USUAL, ledger, rows_of
from support.webhook_receiver import Receiver
from tallystick import Ledger
from tallystick.watch_rounds import WatchRounds

PATIENCE = 120
RULE = """
[[rule]]
name = "dear"
ask = "spend --by key --since 7d"
when = "billed > 1"
dollars = "billed"
"""
SCREEN = '[[channel]]\nname = "screen"\nkind = "stdout"\n'


def hook(receiver: Receiver) -> str:
    """The settings of a channel to a receiver."""
    return (
        f'[[channel]]\nname = "ops"\nkind = "webhook"\nurl = "{receiver.url}"\nsecret = "the secret of the hook"\n'
        "allow_private = true\n"
    )


def options(book: Ledger) -> list[str]:
    """The flags that name a ledger and the settings beside it."""
    return ["--ledger", str(book.path), "--config", str(book.path.parent / "tallystick.toml")]


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[str], Queue[str]]]:
    """A process of the command line, and the lines of its output as they come."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TALLYSTICK", "ANTHROPIC"))
    }
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-u", "-m", "tallystick", *words],
        env=environment | {"TALLYSTICK_NOW": "2026-09-09T10:00:00Z"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: Queue[str] = Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        if process.stdout:
            process.stdout.close()


def until(lines: Queue[str], part: str) -> str:
    """The first line that holds a part, and those before it."""
    text = ""
    while part not in text:
        text += lines.get(timeout=PATIENCE)
    return text


def test_findings_are_acknowledged(tallystick: Tallystick, tmp_path: Path) -> None:
    """`findings ack` keeps who and why; a finding is named by the beginning of its key, and only one that is open."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=RULE + SCREEN)
    now = {"TALLYSTICK_NOW": "2026-09-09T10:00:00Z"}
    run = tallystick("watch", "--once", *options(book), **now)
    assert run.code == 0
    assert "told: 6 opened on screen." in run.out
    [first, second, *_] = [row["finding"] for row in book.ask("findings").rows]
    words = ["--reason", "a \x1b[31m launch", "--by", "ada", *options(book)]
    run = tallystick("findings", "ack", str(first)[:8], *words, **now)
    assert (run.code, run.err) == (0, f"{first} is acknowledged: a \\x1b[31m launch.\n")
    run = tallystick("findings", "ack", str(second), "--expected", *words, **now)
    assert f"{second} is expected" in run.err
    states = {row["finding"]: (row["state"], row["reason"]) for row in book.ask("findings").rows}
    assert states[first] == ("acknowledged", "a \x1b[31m launch")
    assert states[second] == ("expected", "a \x1b[31m launch")
    tallystick("findings", "ack", "zzz", *words, **now).refused(2, "No open finding begins with 'zzz'")
    tallystick("findings", "ack", first, "--reason", " ", *options(book), **now).refused(2, "reason is empty")


def test_a_channel_is_tried(tallystick: Tallystick, receiver: Receiver, tmp_path: Path) -> None:
    """`notify --test` sends one message that is of no ledger, and says what came of it; a wrong name is refused."""
    book = ledger(tmp_path, [], text=hook(receiver))
    config = options(book)[2:]
    run = tallystick("notify", "--test", "ops", *config)
    assert (run.code, run.err) == (0, "ops took a test message.\n")
    [delivery] = receiver.deliveries
    assert "test" in delivery.json["title"]
    receiver.answer = lambda _: 404
    run = tallystick("notify", "--test", "ops", *config)
    assert (run.code, run.out) == (1, "")
    assert "HTTP 404" in run.err
    tallystick("notify", "--test", "opps", *config).refused(2, "no channel 'opps'", "Did you mean ops?")
    assert book.ask("findings").rows == []


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_watch_ends_by_a_signal(number: signal.Signals, receiver: Receiver, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end a watch that pauses at once, with exit code 0, and what was decided was sent."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=RULE + hook(receiver))
    with running("watch", "--every", "1h", *options(book)) as (process, lines):
        until(lines, "told: 6 opened on ops.")
        time.sleep(0.2)
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    assert len(receiver.deliveries) == 1
    assert {row["state"] for row in book.ask("findings").rows} == {"notified"}


@pytest.mark.long
def test_a_signal_while_a_message_is_sent_lets_it_end(receiver: Receiver, tmp_path: Path) -> None:
    """SIGTERM during a message ends a watch after that message, whose outcome is written down."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=RULE + hook(receiver) + SCREEN)
    with running("watch", "--every", "1h", *options(book)) as (process, _):

        def terminate(_: object) -> int:
            process.terminate()
            time.sleep(0.3)
            return 200

        receiver.answer = terminate
        assert process.wait(PATIENCE) == 0
    steps = [row["step"] for row in book.sql("SELECT step FROM findings WHERE channel <> ''").rows]
    assert sorted(steps) == ["sending"] * 6 + ["sent"] * 6


@pytest.mark.long
def test_a_watch_survives_a_damaged_ledger(receiver: Receiver, tmp_path: Path) -> None:
    """A round over a ledger that cannot be read is said, and once it can the next round tells of what it sees."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=RULE + hook(receiver))
    away = tmp_path / "away"
    shutil.move(book.path / "versions", away)
    lines: list[str] = []
    rounds = WatchRounds(book._settings, book._clock, lines.append, lines.append)
    pauses = iter([away, None])

    def is_ended(seconds: float) -> bool:
        if not seconds:
            return False
        if path := next(pauses):
            shutil.move(path, book.path / "versions")
            return False
        return True

    rounds.stay(timedelta(hours=1), is_ended)
    assert "lost its versions" in lines[0]
    assert lines[0].startswith("failed: ")
    assert "told: 6 opened on ops." in lines
    assert len(receiver.deliveries) == 1


@pytest.mark.long
def test_a_dashboard_watches_beside(receiver: Receiver, tmp_path: Path) -> None:
    """`serve --watch-every` tells of findings while it serves, and ends with the dashboard."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=RULE + hook(receiver))
    with running("serve", "--port", "0", "--watch-every", "1m", *options(book)) as (process, lines):
        until(lines, "told: 6 opened on ops.")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    assert len(receiver.deliveries) == 1


def test_a_channel_that_cannot_be_ends_a_watch(tallystick: Tallystick, tmp_path: Path) -> None:
    """A channel of the settings that cannot be is an error at the start, not in every round."""
    book = ledger(tmp_path, [], text='[[channel]]\nname = "x"\nkind = "fax"\n')
    tallystick("watch", "--once", *options(book)).refused(2, "[[channel]] 1", "fax")
    tallystick("watch", "--every", "1h", *options(book)).refused(2, "[[channel]] 1", "fax")
