"""The commands that ask the API: sync and check, and what they do when it says no, nothing, or something strange."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support.command import Run
from support.organization import CLOCK, Truth
from support.wire import KEY
from tallystick import Ledger
from tallystick.sim import Simulator, World, serve

Tallystick = Callable[..., Run]
PLAIN = "sk-ant-api03-simulated"
SINCE = ("--since", "2026-11-19")


@pytest.fixture
def simulator(golden_world: World) -> Simulator:
    """The small organization behind the real paths."""
    return Simulator(golden_world, clock=CLOCK.now)


@pytest.fixture
def there(simulator: Simulator) -> Iterator[dict[str, str]]:
    """The environment that leads to it."""
    with serve(simulator) as server:
        yield {"TALLYSTICK_BASE_URL": server.url, "ANTHROPIC_ADMIN_KEY": KEY, "TALLYSTICK_LEDGER": "mine"}


@contextmanager
def answering(status: int, body: bytes, kind: str = "application/json") -> Iterator[str]:
    """A server that always gives the same answer, whatever it is asked; `%KEY%` in it becomes the key that was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = body.replace(b"%KEY%", self.headers.get("x-api-key", "").encode())
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.long
def test_a_sync_is_quiet(tallystick: Tallystick, there: dict[str, str], truth: Truth) -> None:
    """Where there is no terminal, a sync that went well says so in one line; afterwards the ledger answers."""
    run = tallystick("sync", *SINCE, **there)
    assert (run.code, run.out, run.err.count("\n")) == (0, "", 1)
    assert "days changed" in run.err
    answer = tallystick("spend", "--since", "3d", "--format", "json", **there).json
    days = [CLOCK.now().date().replace(day=day) for day in (19, 21)]
    assert answer["totals"]["billed"].rstrip("0") == f"{truth.billed(*days):f}".rstrip("0")


@pytest.mark.long
def test_a_second_sync_makes_no_version(tallystick: Tallystick, there: dict[str, str]) -> None:
    """A re-read that changes nothing writes no version."""
    versions = []
    for _ in range(2):
        assert tallystick("sync", *SINCE, **there).code == 0
        versions.append(tallystick("spend", "--format", "json", **there).json["as_of"]["version"])
    assert versions[0] == versions[1] > 0


def test_a_plan_asks_nothing(tallystick: Tallystick, there: dict[str, str], simulator: Simulator) -> None:
    """`sync --plan` says requests, minutes and megabytes, sends no request, needs no key and makes no ledger."""
    run = tallystick("sync", *SINCE, "--plan", **{**there, "ANTHROPIC_ADMIN_KEY": ""})
    assert (run.code, run.err) == (0, "")
    assert simulator.calls == 0
    for word in ("cost by day, 2026-11-19 to 2026-11-21", "usage by day, 2026-11-19 to 2026-11-22", "requests", "meg"):
        assert word in run.out
    assert "a guess" in run.out
    tallystick("spend", **there).refused(6)


@pytest.mark.long
def test_a_plan_after_a_sync_is_measured(tallystick: Tallystick, there: dict[str, str], simulator: Simulator) -> None:
    """After a sync the plan is judged by what reading cost, and is near what the next sync then sends."""
    tallystick("sync", *SINCE, **there)
    run = tallystick("sync", *SINCE, "--plan", **there)
    assert "a guess" not in run.out
    planned = int(run.out.rpartition("about ")[2].split()[0])
    before = simulator.calls
    tallystick("sync", *SINCE, **there)
    assert planned // 2 <= simulator.calls - before <= planned * 2


def test_check_says_what_can_be_read(tallystick: Tallystick, there: dict[str, str], golden_world: World) -> None:
    """`check` names the organization, where the key came from, what it may read, and how fresh that is."""
    run = tallystick("check", **there)
    assert (run.code, run.err) == (0, "")
    newest = max(request.at for request in golden_world.requests(CLOCK.now().date()) if request.at < CLOCK.now())
    fresh = (f"newest hour with usage: {newest:%Y-%m-%d %H}:00 UTC", "newest day with cost: 2026-11-21")
    for word in ("Simulated & Daughters", "ANTHROPIC_ADMIN_KEY", "usage", "cost", *fresh):
        assert word in run.out
    assert KEY not in run.out


def test_check_says_what_a_key_may_beyond_need(tallystick: Tallystick, there: dict[str, str]) -> None:
    """`check` says of an Admin key that it can write; a key with `read:analytics` alone is enough to exit 0."""
    assert "create, change and delete keys" in tallystick("check", **there).out
    run = tallystick("check", **{**there, "ANTHROPIC_ADMIN_KEY": "sk-ant-api01-analytics"})
    assert (run.code, run.err) == (0, "")
    for word in ("analytics_cost   yes", "newest day with cost: 2026-11-21", "Nothing beyond what is needed"):
        assert word in run.out
    assert "api_key_scope_missing" not in run.out


def test_check_without_a_readable_dialect_exits_3(tallystick: Tallystick, there: dict[str, str]) -> None:
    """A key that can read neither dialect exits 3, whatever else it may read."""
    run = tallystick("check", **{**there, "ANTHROPIC_ADMIN_KEY": "sk-ant-api01-limits-simulated"})
    run.refused(3, "403", "organizations/me")


def test_limits(tallystick: Tallystick, there: dict[str, str], book: Ledger) -> None:
    """`limits` shows spend beside limits, `--rates` headroom; what may not be read is said; JSON is exact."""
    there = {**there, "TALLYSTICK_LEDGER": str(book.path)}
    answer = tallystick("limits", "--format", "json", **there).json
    organization_row = next(row for row in answer["rows"] if row["scope"] == "organization")
    assert Decimal(organization_row["spent"]) + Decimal(organization_row["remaining"]) == Decimal(
        organization_row["limit"]
    )
    assert any("Members' spend limits are not shown" in text for text in (answer["warnings"] + answer["notes"]))
    shown = tallystick("limits", "--rates", **there)
    assert (shown.code, shown.err) == (0, "")
    assert "output_tokens_per_minute" in shown.out


def test_limits_that_may_not_be_read_exit_3(tallystick: Tallystick, there: dict[str, str]) -> None:
    """With a key that may read no limit the exit code is 3, and the scope that it lacks is named."""
    key = {"ANTHROPIC_ADMIN_KEY": "sk-ant-api01-analytics"}
    tallystick("limits", **{**there, **key}).refused(3, "read:spend_limits")
    tallystick("limits", "--rates", **{**there, **key}).refused(3, "Admin key")


@pytest.mark.parametrize(("key", "status"), [("sk-ant-admin01-other", "401"), (PLAIN, "403")])
@pytest.mark.parametrize("command", ["sync", "check"])
def test_a_refused_key_exits_3(
    tallystick: Tallystick, there: dict[str, str], command: str, key: str, status: str
) -> None:
    """A wrong key and one without rights exit 3 with the API's reason, its request-id, where the key came from."""
    run = tallystick(command, **{**there, "ANTHROPIC_ADMIN_KEY": key})
    run.refused(3, status, "req_", "ANTHROPIC_ADMIN_KEY")
    assert key not in run.err


def test_the_key_is_never_printed_though_the_api_repeats_it(tallystick: Tallystick) -> None:
    """An answer that repeats the key, or another one, is told without it."""
    body = {"type": "error", "error": {"type": "authentication_error", "message": "bad %KEY% and sk-ant-api03-another"}}
    with answering(401, json.dumps(body).encode()) as url:
        run = tallystick("sync", TALLYSTICK_BASE_URL=url, ANTHROPIC_ADMIN_KEY="my-secret-key", TALLYSTICK_LEDGER="mine")
    run.refused(3, "401", "bad ***")
    assert "my-secret-key" not in run.err
    assert "sk-ant-api03-another" not in run.err


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [
        "bad-amount-blank:always",
        "bad-amount-exponent:always",
    ],
)
def test_a_strange_answer_exits_5(tallystick: Tallystick, golden_world: World, fault: str) -> None:
    """An answer that breaks the contract exits 5, says which and where, and nothing of its window is kept."""
    with serve(Simulator(golden_world, clock=CLOCK.now, faults=[fault])) as server:
        there = {"TALLYSTICK_BASE_URL": server.url, "ANTHROPIC_ADMIN_KEY": KEY, "TALLYSTICK_LEDGER": "mine"}
        run = tallystick("sync", "--since", "2026-10-01", "--until", "2026-10-31", **there)
    run.refused(5, "request-id req_", "Nothing of this window was kept")
    assert KEY not in run.err
    spend = tallystick(
        "spend", "--since", "2026-10", "--until", "2026-10", "--format", "json", TALLYSTICK_LEDGER="mine"
    )
    assert spend.json["totals"]["billed"] is None


def test_a_page_of_html_exits_5(tallystick: Tallystick) -> None:
    """A page for people at the address of an API is a strange answer, with the address to correct."""
    with answering(200, b"<html>Welcome</html>", "text/html") as url:
        run = tallystick("check", TALLYSTICK_BASE_URL=url, ANTHROPIC_ADMIN_KEY=KEY)
    run.refused(5, "/v1/organizations/me")


@pytest.mark.parametrize(
    "url", ["http://api.example.invalid", "ftp://api.example.invalid", "api.anthropic.com", "https://"]
)
def test_an_address_that_a_key_must_not_go_to_exits_2(tallystick: Tallystick, url: str) -> None:
    """A key goes to HTTPS or to this machine; any other address is refused before anything is sent."""
    tallystick("check", "--base-url", url, ANTHROPIC_ADMIN_KEY=KEY).refused(2, url, "https://")


def test_a_gateway_is_not_given_the_admin_key(tallystick: Tallystick, there: dict[str, str]) -> None:
    """ANTHROPIC_BASE_URL is followed to this machine only; another host is named on the error stream and ignored."""
    run = tallystick("spend", ANTHROPIC_BASE_URL="https://gateway.example.invalid")
    assert run.code == 0
    assert "gateway.example.invalid" in run.err
    assert tallystick("check", ANTHROPIC_BASE_URL=there["TALLYSTICK_BASE_URL"], ANTHROPIC_ADMIN_KEY=KEY).code == 0


@pytest.mark.long
def test_nothing_that_listens_exits_4(child_environment: dict[str, str], tmp_path: Path) -> None:
    """Where nothing listens the exit code is 4 with the address, after the patience allowed; not a traceback."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{holder.getsockname()[1]}"
        # The patience is real; only the waiting is not: to sleep moves the stopwatch on.
        code = (
            "import time\nfrom tallystick.cli import main\nfrom tallystick.clock import SystemClock\nslept = [0.0]\n"
            "SystemClock.elapsed = lambda _: time.monotonic() + slept[0]\n"
            "SystemClock.sleep = lambda _, seconds: slept.__setitem__(0, slept[0] + seconds)\n"
            "main()\n"
        )
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", code, "sync", *SINCE],
            env=child_environment
            | {"TALLYSTICK_BASE_URL": url, "ANTHROPIC_ADMIN_KEY": KEY, "TALLYSTICK_LEDGER": str(tmp_path / "ledger")},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    Run(done.returncode, done.stdout, done.stderr).refused(4, url, "--base-url")
    assert KEY not in done.stderr
