from __future__ import annotations

import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from support.bucket_server import BucketServer
from support.cost_rows import ME, NOW, cost_of
from tallystick.core.report_tables import COST
from tallystick.errors import LedgerError, LedgerUnreachable
from tallystick.store.bucket import Bucket
from tallystick.store.engine import Engine
from tallystick.store.remote.objects import Objects
from tallystick.store.tables import Tables

DAY = date(2026, 1, 1)
TOTAL = "SELECT count(*) AS count, sum(billed) AS billed FROM ledger.cost"


def add(place: Bucket | Path, number: int) -> None:
    """Commit a row of its own day to a ledger."""
    with Tables(place).writing() as writer:
        writer.append(COST, cost_of((DAY + timedelta(days=number), "m", "1")))
        writer.archive.keep(b"page %d" % number)
        writer.commit(ME, f"{number}", NOW, {})


def rows(place: Bucket | Path) -> tuple[int, int]:
    """The newest version of a ledger, and how many rows of cost it has, each once."""
    tables = Tables(place)
    if not tables.exists():
        return 0, 0
    version = tables.newest_by_snapshot()
    [row] = Engine(tables, version).rows(TOTAL)
    assert row["count"] == (row["billed"] or 0), "no row twice"
    return version.number, row["count"]


def test_another_machine_reads_what_one_wrote(here: Bucket, there: Bucket) -> None:
    """What one machine commits another reads, and goes on from."""
    assert rows(there) == (0, 0)
    add(here, 1)
    assert rows(there) == (1, 1)
    add(there, 2)
    add(here, 3)
    assert rows(here) == rows(there) == (3, 3)
    for bucket in (here, there):
        archived = {path.name for path in (bucket.working / "pages").rglob("*.zst")}
        assert len(archived) == (3 if bucket is here else 2), "the writer has every page up to its own turn"


def test_nothing_is_sent_twice(server: BucketServer, here: Bucket) -> None:
    """A commit puts what is new alone: rows, pages and entries of logs once under their names."""
    for number in range(3):
        add(here, number)
    twice = {key.split("/")[1] for key, count in server.count("PUT").items() if count > 1}
    assert twice <= {"head", "lease", "conditions", "contents"}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.long
def test_a_writer_that_dies_anywhere(
    server: BucketServer, here: Bucket, there: Bucket, seed: int, tmp_path: Path
) -> None:
    """Readers stay with the state before, or have the state after; the next writer, anywhere, goes on from it."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    dying = replace(here, lease=2.0, patience=0.1)
    add(dying, 1)
    server.requests.clear()
    add(dying, 2)
    moment, before = random.randrange(1, len(server.requests)), len(server.requests)
    server.fault = lambda _method, _key: 503 if len(server.requests) > before + moment else None
    with pytest.raises(LedgerUnreachable):
        add(dying, 3)
    server.fault = lambda _method, _key: None
    state = rows(there)
    assert state in {(2, 2), (3, 3)}
    survivor = random.choice([dying, replace(there, lease=2.0)])
    add(survivor, 4)
    number, count = rows(server.bucket(tmp_path / "reader"))
    assert number == count, "a version for each row"
    assert count == state[1] + 1 or (survivor is dying and count == state[1] + 2), "what was not published, or not"


@pytest.mark.long
@pytest.mark.parametrize("step", ["ledger/cost/", "ledger/segments/", "ledger/head"])
def test_a_writer_that_wakes_up_late(server: BucketServer, here: Bucket, there: Bucket, step: str) -> None:
    """A writer that stood still while another took its turn commits nothing, though a put of it is under way."""
    add(here, 1)
    held, go_on = threading.Event(), threading.Event()

    def hold(method: str, key: str) -> int | None:
        if method == "PUT" and key.startswith(step) and not held.is_set():
            held.set()
            go_on.wait(60)
        return None

    server.fault = hold
    slow = writer_process(replace(here, lease=3.0), 2)
    assert held.wait(60)
    slow.send_signal(signal.SIGSTOP)
    add(replace(there, lease=3.0), 3)
    go_on.set()
    slow.send_signal(signal.SIGCONT)
    _, errors = slow.communicate(timeout=60)
    assert "LedgerError" in errors
    assert "commits nothing" in errors or "lost its turn" in errors
    assert rows(there) == (2, 2)
    add(here, 4)
    assert rows(there) == rows(here) == (3, 3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_a_writer_that_is_killed(server: BucketServer, here: Bucket, there: Bucket, seed: int) -> None:
    """A process that is shot while it writes leaves readers a state, and the next writer goes on."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    add(here, 1)
    killed, left = threading.Event(), random.randrange(2, 30)
    writers: list[subprocess.Popen[str]] = []

    def shoot(_method: str, _key: str) -> int | None:
        nonlocal left
        left -= bool(writers)
        if left == 0:
            writers[0].kill()
            killed.set()
        return None

    server.fault = shoot
    writers.append(writer_process(replace(here, lease=3.0), 2))
    writers[0].communicate(timeout=60)
    server.fault = lambda _method, _key: None
    before = rows(there)
    assert before in {(1, 1), (2, 2)}
    add(replace(random.choice([here, there]), lease=3.0), 3)
    number, count = rows(there)
    assert number == count
    assert count in {before[1] + 1, 3}


def writer_process(bucket: Bucket, number: int) -> subprocess.Popen[str]:
    """A process that commits one row."""
    code = (
        "import sys; from pathlib import Path; from tallystick.store.bucket import Bucket; "
        "from buckets.test_turns import add; "
        "add(Bucket(sys.argv[1], Path(sys.argv[2]), lease=float(sys.argv[3])), int(sys.argv[4]))"
    )
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", code, bucket.url, str(bucket.cache), f"{bucket.lease}", f"{number}"],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_writers_take_turns(server: BucketServer, tmp_path: Path) -> None:
    """Writers on several machines at once lose nothing and double nothing."""
    wrong: list[BaseException] = []

    def work(index: int) -> None:
        try:
            for number in range(4):
                add(server.bucket(tmp_path / f"{index}"), 10 * index + number)
        except BaseException as fault:  # noqa: BLE001 - reported below
            wrong.append(fault)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert rows(server.bucket(tmp_path / "reader")) == (12, 12)


def test_a_store_that_ignores_conditions(server: BucketServer, here: Bucket) -> None:
    """It is refused before anything is written, unless the settings say that it may be used."""
    server.has_conditions = False
    with pytest.raises(LedgerError, match="ignores conditions"):
        add(here, 1)
    assert {key.partition("/")[2].partition("/")[0] for key in server.count("PUT")} == {"conditions"}
    add(replace(here, conditional=False), 1)
    assert rows(replace(here, conditional=False)) == (1, 1)


def test_a_server_that_fails_now_and_then(server: BucketServer, here: Bucket, there: Bucket) -> None:
    """Answers of 503 are asked again, and nothing is lost or doubled by it."""
    random = Random(1)  # noqa: S311 - repeatable, not secret
    server.fault = lambda _method, _key: 503 if random.random() < 0.15 else None
    patient = [replace(bucket, patience=20.0) for bucket in (here, there)]
    for number in range(4):
        add(patient[number % 2], number)
    assert rows(patient[0]) == rows(patient[1]) == (4, 4)


def test_an_answer_that_is_lost(server: BucketServer, here: Bucket, there: Bucket) -> None:
    """A put that came through, and whose answer did not, is no other writer's."""
    add(here, 1)
    lost: set[str] = set()

    def lose(method: str, key: str) -> bool:
        return method == "PUT" and key not in lost and not lost.add(key)  # type: ignore[func-returns-value]

    server.loses = lose
    add(here, 2)
    assert {"ledger/head", "ledger/lease"} <= lost
    server.loses = lambda _method, _key: False
    assert rows(there) == (2, 2)


def test_no_answer(here: Bucket) -> None:
    """Without a network a question says so, with the exit code of what cannot be reached."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with pytest.raises(LedgerUnreachable, match="does not answer") as wrong:
            rows(replace(here, patience=0.2))
    assert wrong.value.exit_code == 4


@pytest.mark.parametrize("address", ["", "localhost:9000"])
def test_an_address_that_is_none(here: Bucket, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of a store that cannot be one is said, not an internal error."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(LedgerError, match=r"AWS_ENDPOINT_URL|does not answer") as wrong:
        rows(replace(here, patience=0.1))
    assert here.url in str(wrong.value)


def test_a_slow_server(server: BucketServer, here: Bucket, there: Bucket) -> None:
    """Where each answer takes longer than a heartbeat has, turns are kept all the same."""
    server.lag = 0.2
    add(replace(here, lease=4.0), 1)
    add(replace(there, lease=4.0), 2)
    assert rows(here) == (2, 2)


@pytest.mark.parametrize("name", ["head", "lease"])
def test_what_is_no_ledger(here: Bucket, name: str) -> None:
    """Where something else stands under the names of a ledger, nothing is written over it."""
    Objects(here).put(name, b"somebody's")
    with pytest.raises(LedgerError, match="not that of a ledger"):
        add(here, 1)
    content = Objects(here).get(name)
    assert content
    assert content.data == b"somebody's"
