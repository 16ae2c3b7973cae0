"""Bucket crowd: writers on two machines, shot now and then, and readers of one ledger in a bucket that fails at times.

cd tests && ../.venv/bin/python -m support.bucket_crowd 600
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

from buckets.test_turns import rows, writer_process
from support.bucket_server import ENVIRONMENT, BucketServer, bucket_server
from tallystick.errors import LedgerError

MACHINES = 2
"""How many write."""
PATIENCE = 300
"""Seconds after which a writer hangs."""


def write(server: BucketServer, folder: Path, machine: int, end: float, log: Counter[str]) -> None:
    """Let one machine commit a row at a time, until the time is over; a third of its writers are shot."""
    random = Random(machine)  # noqa: S311 - repeatable, not secret
    bucket = server.bucket(folder / f"{machine}", lease=5.0, patience=30.0)
    number = 0
    while time.monotonic() < end:
        number += 1
        process = writer_process(bucket, 10_000 * machine + number)
        if random.random() < 1 / 3:
            time.sleep(random.uniform(1, 6))
            process.kill()
        try:
            _, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            log["hung"] += 1
            continue
        log[{0: "committed", -9: "shot"}.get(process.returncode, f"failed: {errors[-300:]}")] += 1


def read(server: BucketServer, folder: Path, end: float, log: Counter[str]) -> None:
    """Ask again and again: each version has the rows that it had, and one more than the one before."""
    bucket = replace(server.bucket(folder / "reader"), patience=30.0)
    newest = 0
    while time.monotonic() < end:
        try:
            number, count = rows(bucket)
        except LedgerError as wrong:
            log[f"unanswered: {wrong.what[:80]}"] += 1
            continue
        log["wrong"] += number != count or number < newest
        newest = number
        log["read"] += 1


def main(seconds: float) -> None:
    """Let the crowd work so long, and print what came of it."""
    log = Counter[str]()
    random = Random(0)  # noqa: S311 - repeatable, not secret
    with tempfile.TemporaryDirectory() as name, bucket_server() as server:
        os.environ |= ENVIRONMENT | {"AWS_ENDPOINT_URL": server.url}
        server.fault = lambda _method, _key: 503 if random.random() < 1 / 20 else None
        folder, end = Path(name), time.monotonic() + seconds
        workers = [
            threading.Thread(target=write, args=(server, folder, index, end, log)) for index in range(1, MACHINES + 1)
        ]
        workers.append(threading.Thread(target=read, args=(server, folder, end, log)))
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        number, count = rows(replace(server.bucket(folder / "last"), patience=30.0))
    sys.stdout.write(f"version {number}, {count} rows\n" + "".join(f"{times} {what}\n" for what, times in log.items()))
    possible = log["committed"] <= count <= log["committed"] + log["shot"]
    sys.exit(bool(log["wrong"] or log["hung"] or number != count or not possible))


if __name__ == "__main__":
    main(float(sys.argv[1]))
