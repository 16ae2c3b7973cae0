"""Whole processes: the demo, the simulator as a server, pipes and terminals."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.command import Run
from support.organization import CLOCK
from support.wire import KEY
from tallystick import Ledger
from tallystick.cli.demo import turn
from tallystick.sim import FAULTS, Simulator, World, serve

Tallystick = Callable[..., Run]
NOW = "2026-11-22T10:30:00Z"
BETA = "analytics-usage-cost-2026-08-24"


@pytest.mark.long
def test_the_demo_shows_an_organization(child: Tallystick, tallystick: Tallystick, tmp_path: Path) -> None:
    """Without a key the demo exits 0, shows under 25 lines of what its ledger has, and ends with commands that work."""
    ledger = tmp_path / "demo"
    run = child("demo", "--ledger", str(ledger))
    assert (run.code, run.err) == (0, "")
    assert "\x1b" not in run.out
    assert max(map(len, run.out.splitlines()[:-2])) <= 100  # the last two name a folder
    assert len(run.out.splitlines()) < 25
    now = datetime.now(UTC).isoformat()  # the demo lives in the present
    ask = {"TALLYSTICK_NOW": now}
    spend = tallystick("spend", "--format", "json", "--ledger", str(ledger), **ask).json
    assert Decimal(spend["totals"]["billed"]) == sum(Decimal(row["billed"]) for row in spend["rows"]) > 0
    largest = Decimal(spend["rows"][0]["billed"])
    month = tallystick("spend", "--by", "", "--since", "mtd", "--format", "json", "--ledger", str(ledger), **ask).json
    assert f"{largest:,.2f}" in run.out
    billed = month["totals"]["billed"]  # null on the first of a month, which is not billed yet
    assert billed is None or f"{Decimal(billed):,.2f}" in run.out
    [next_line] = [line for line in run.out.splitlines() if line.startswith("Next: ")]
    commands = [words.split() for words in next_line.removeprefix("Next: ").split("   ")]
    assert [words.pop(0) for words in commands] == ["tallystick"] * 3
    settings = str(ledger / "tallystick.toml")
    asks = {"TALLYSTICK_NOW": now, "TALLYSTICK_CONFIG": settings, "TALLYSTICK_LEDGER": ""}
    assert f"export TALLYSTICK_CONFIG={settings}" in run.out
    assert f"rm -r {ledger}" in run.out
    for words in commands:
        again = tallystick(*words, **asks)
        assert (again.code, again.err) == (0, "")
    assert "tallystick spend --by team" in run.out
    teams = tallystick("spend", "--by", "team", "--format", "json", **asks)
    assert {row["team"] for row in teams.json["rows"]} == {
        *("search", "platform", "engineering", "public", "research", "unowned")
    }


@pytest.mark.long
def test_the_demo_can_be_seen_again(child: Tallystick, tmp_path: Path) -> None:
    """A second demo in the one place of its ledger replaces the first."""
    home = {"XDG_DATA_HOME": str(tmp_path)}
    first, second = child("demo", **home), child("demo", **home)
    assert (first.code, second.code, second.err) == (0, 0, "")
    assert str(tmp_path / "tallystick" / "demo") in second.out


@pytest.mark.long
def test_the_demo_serves_what_it_wrote(child_environment: dict[str, str], tmp_path: Path) -> None:
    """Where TALLYSTICK_LEDGER names another ledger, the demo leaves that alone, and serves and names its own."""
    other = tmp_path / "other"
    environment = child_environment | {"TALLYSTICK_LEDGER": str(other), "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tallystick", "demo", "--serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout
        screen = ""
        while not (address := re.search(r"http://[\d.:]+\d", screen)):
            line = process.stdout.readline()
            assert line, screen
            screen += line
        page = httpx2.get(f"{address[0]}/?whole=1", timeout=60).text
        process.terminate()
    assert not other.exists()
    assert "No ledger yet" not in page
    assert "Month to date" in page
    assert "tallystick.toml TALLYSTICK_LEDGER=" in screen


def test_a_demo_waits_for_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two demos never make the one ledger at once: the second says that it waits, and begins when that one ends."""
    steps: list[str] = []

    def second() -> None:
        with turn(tmp_path / "demo"):
            steps.append("second")

    with turn(tmp_path / "demo"):
        waits = threading.Thread(target=second)
        waits.start()
        while not (words := capsys.readouterr().err):
            time.sleep(0.01)
        steps.append("first")
    waits.join()
    assert steps == ["first", "second"]
    assert words == "Another demo is being made here; waiting for it.\n"


def test_who_asks_after_the_demo_is_told_of_its_ledger(
    tallystick: Tallystick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no ledger but the demo's, the error has the line that asks that one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = tmp_path / "tallystick" / "demo"
    run = tallystick("status", TALLYSTICK_LEDGER="")
    run.refused(6, "There is no ledger")
    assert "TALLYSTICK_CONFIG" not in run.err
    folder.mkdir(parents=True)
    (folder / "tallystick.toml").touch()
    tallystick("status", TALLYSTICK_LEDGER="").refused(6, f"export TALLYSTICK_CONFIG={folder}/tallystick.toml")


@pytest.mark.long
def test_a_plan_ends_in_peace(child: Tallystick, book: Ledger) -> None:
    """A process that has read the ledger and ends at once exits 0, each time: nothing still reads behind it."""
    for _ in range(6):
        run = child("sync", "--plan", "--ledger", str(book.path), TALLYSTICK_NOW=NOW)
        assert (run.code, run.err) == (0, "")


def test_the_demo_leaves_another_ledger_alone(tallystick: Tallystick, book: Ledger, tmp_path: Path) -> None:
    """A ledger that holds a real organization does not get a simulated one poured into it."""
    copy = tmp_path / "mine"
    shutil.copytree(book.path, copy)
    tallystick("demo", "--ledger", str(copy)).refused(2, str(copy))


@contextlib.contextmanager
def serving(environment: dict[str, str], *options: str) -> Iterator[dict[str, str]]:
    """What `sim serve` says to export, while it runs; interrupted, it ends cleanly."""
    words = ["sim", "serve", "--port", "0", "--now", NOW, "--days", "70", "--keys", "16", "--seed", "3", *options]
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-W", "error", "-m", "tallystick", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert server.stdout
        banner = [server.stdout.readline() for _ in range(7)]
        urls = re.findall(r"http://127\.0\.0\.1:[0-9]+", banner[0])
        assert urls, banner
        exported = dict(re.findall(r"(?<=\s)([A-Z_]+)=(\S+)", "".join(banner)))
        assert exported == {"TALLYSTICK_NOW": NOW, "TALLYSTICK_BASE_URL": urls[0], "ANTHROPIC_ADMIN_KEY": KEY}
        yield exported
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=10)
    assert (server.returncode, err) == (0, ""), out


def response_of(exported: dict[str, str], path: str) -> Any:
    """What the simulator answers, whatever the status."""
    headers = {"x-api-key": KEY, "anthropic-version": "2026-10-21", "anthropic-beta": BETA}
    request = urllib.request.Request(  # noqa: S310 - this machine
        f"{exported['TALLYSTICK_BASE_URL']}/v1/organizations/{path}", headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - this machine
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


@pytest.mark.long
def test_the_simulator_serves_until_interrupted(child_environment: dict[str, str], tallystick: Tallystick) -> None:
    """`sim serve` says where it is and how to reach it, answers there, and ends cleanly when interrupted."""
    with serving(child_environment) as exported:
        assert response_of(exported, "me")["type"] == "organization"
        assert tallystick("check", **exported).code == 0


def test_another_organization_can_be_served(child_environment: dict[str, str]) -> None:
    """Keys and seats of Claude Code, a discount and its first day are as the flags say."""
    flags = ("--coding-keys", "1", "--seats", "2", "--discount", "500", "--discount-since", "2026-11-20")
    with serving(child_environment, *flags) as exported:
        coders = response_of(exported, "usage_report/claude_code?starting_at=2026-11-18&limit=1000")["data"]
        assert "claude-code-ci" in {row["actor"].get("api_key_name") for row in coders}
        seated = {row["actor"]["email_address"] for row in coders if row["customer_type"] == "subscription"}
        assert len(seated) == 2
        span = "starting_at=2026-11-19T00:00:00Z&ending_at=2026-11-21T00:00:00Z&time_bucket_width=1d&order_by=time"
        costs = [row["cost"] for row in response_of(exported, f"analytics/cost?{span}&order=asc")["data"]]
    times = [Decimal(cost["list_amount"]) / Decimal(cost["amount"]) for cost in costs]
    assert times == [1, 2]


def test_an_enterprise_can_be_served(child_environment: dict[str, str]) -> None:
    """With its flag it is a Claude Enterprise organization, discounted from its first day on."""
    with serving(child_environment, "--enterprise", "--discount", "500") as exported:
        refused = response_of(exported, "cost_report?starting_at=2026-11-01T00:00:00Z")["error"]
        (row,) = response_of(
            exported, "analytics/cost?starting_at=2026-10-01T00:00:00Z&ending_at=2026-10-05T00:00:00Z"
        )["data"]
    assert refused["details"]["error_code"] == "organization_type_not_supported"
    assert Decimal(row["cost"]["list_amount"]) == 2 * Decimal(row["cost"]["amount"]) > 0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--keys", "3"), "16 keys"),
        (("--days", "5"), "60 days"),
        (("--now", "noon"), "noon"),
        (("--now", "2026-11-22T10:30:00"), "zone"),
        (("--fault", "earthquake"), "earthquake"),
        (("--fault", "429:never"), "429:never"),
        (("--port", "99999"), "99999"),
        (("--coding-keys", "-1"), "-1 coding keys"),
        (("--seats", "4"), "0 to 3 seats"),
        (("--seats", "1", "--enterprise"), "no seats"),
        (("--discount", "125"), "125"),
        (("--discount-since", "2026-11-01"), "--discount"),
        (("--discount", "100", "--discount-since", "soon"), "soon"),
    ],
    ids=str,
)
def test_a_simulator_that_cannot_be_exits_2(tallystick: Tallystick, words: tuple[str, str], error: str) -> None:
    """Options that no simulator can have are asked wrongly: exit 2, and the reason."""
    tallystick("sim", "serve", *words).refused(2, error)


def test_the_faults_are_listed(tallystick: Tallystick) -> None:
    """`sim serve --faults` lists every fault and how often it can strike, and serves nothing."""
    run = tallystick("sim", "serve", "--faults")
    assert run.code == 0
    for fault in FAULTS:
        assert f"{fault.name} " in run.out
        assert fault.help in run.out


@pytest.mark.long
def test_a_reader_that_goes_away_is_no_traceback(child_environment: dict[str, str], book: Ledger) -> None:
    """`tallystick ... | head` ends without a traceback when head has had enough."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [
            sys.executable,
            "-m",
            "tallystick",
            "sql",
            "SELECT * FROM usage",
            "--format",
            "csv",
            "--ledger",
            str(book.path),
        ],
        env=child_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.read(100)
    process.stdout.close()
    error_text = process.stderr.read().decode()
    process.stderr.close()
    process.wait(timeout=30)
    assert "Traceback" not in error_text
    assert "Exception" not in error_text


@pytest.mark.long
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_narrow_encoding_is_no_traceback(child: Tallystick, book: Ledger, encoding: str) -> None:
    """Where the output cannot hold a character, as in a file on Windows, it is replaced and every figure is there."""
    words = ("spend", "--by", "workspace", "--ledger", str(book.path))
    run = child(*words, PYTHONIOENCODING=encoding, PYTHONUTF8="0", TALLYSTICK_NOW=NOW)
    assert (run.code, run.err) == (0, "")
    assert f"{book.spend().totals['billed']:,.2f}" in run.out


@pytest.mark.long
def test_on_a_terminal_a_sync_says_what_it_did(
    child_environment: dict[str, str], golden_world: World, tmp_path: Path
) -> None:
    """On a terminal a sync shows its progress and ends with the days changed, rows, requests and the version."""
    ours, theirs = pty.openpty()
    with serve(Simulator(golden_world, clock=CLOCK.now)) as server:
        there = {"TALLYSTICK_BASE_URL": server.url, "ANTHROPIC_ADMIN_KEY": KEY, "TALLYSTICK_NOW": NOW, "TERM": "xterm"}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tallystick", "sync", "--since", "2026-11-20"],
            env=child_environment | there | {"TALLYSTICK_LEDGER": str(tmp_path / "ledger")},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        output = b""
        with contextlib.suppress(OSError):  # how the end of a terminal is read
            while some := os.read(ours, 4096):
                output += some
        os.close(ours)
        assert process.wait(timeout=30) == 0
    assert re.search(r"3 days changed, [0-9,]+ rows in [0-9]+ requests", output.decode()), output
    assert re.search(r", version [0-9]+\.", output.decode()), output
    assert len(output.decode().splitlines()[-1]) <= 80
