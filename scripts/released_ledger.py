"""Make a small ledger of the present format, which every later release must read: tests/ledger/formats/FORMAT.tar.xz.

    python scripts/released_ledger.py

Once for each format, by the first release that writes it; a file that is there is left alone. What it prints are the
figures that tests/ledger/test_format.py holds it to.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from tallystick import Ledger
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.clock import SystemClock
from tallystick.sim import KEY, World, transport
from tallystick.store.format import CURRENT

FOLDER = Path(__file__).parents[1] / "tests" / "ledger" / "formats"
MOST = 200_000
"""Bytes that such a file may have."""
CLOCK = SystemClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


def main() -> int:
    """Make it, unless it is there."""
    path = FOLDER / f"{CURRENT}.tar.xz"
    if path.exists():
        print(f"{path} is there, and stays as the first release of its format wrote it.")
        return 1
    world = World(start=date(2026, 8, 1), end=date(2026, 11, 22), seed=7, keys=16, requests_per_key_day=3)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        ledger = Ledger(Path(name) / "ledger", CLOCK)
        with Client(Credential(KEY), clock=CLOCK, transport=transport(world, clock=CLOCK.now)) as client:
            ledger.sync("2026-10-01", "2026-11-02", source="reports", client=client)
        ledger.close("2026-10", provisional=True, without_owners=True, late=True, skip_earlier=True)
        print("versions", [row["version"] for row in ledger.log().rows])
        for what in ("spend", "usage", "months"):
            answer = ledger.ask(what, **({"since": "2026-10-01", "until": "2026-11-02"} if what != "months" else {}))
            print(what, answer.totals, answer.rows)
        for file in ("writer.lock", "snapshot"):
            (ledger.path / file).unlink(missing_ok=True)
        with tarfile.open(path, "w:xz") as archive:
            archive.add(ledger.path, "ledger")
    print(path.stat().st_size, "bytes")
    return int(path.stat().st_size > MOST)


if __name__ == "__main__":
    sys.exit(main())
