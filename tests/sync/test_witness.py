from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from support.records import records
from support.simulated_truth import COUNTED
from support.wire import Clock, days_ago
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.report_tables import COST, USAGE_DAY, USAGE_HOUR
from tallystick.ledger import Ledger
from witness.contract_server import COUNTERS, ContractServer

SINCE, UNTIL = date(2026, 10, 25), days_ago(-1)
TODAY = days_ago(0)


@pytest.mark.long
def test_an_independent_server_is_read_to_the_last_token_and_cent(path: Path) -> None:
    """What a server written by others from the contract alone says it used and billed is what the ledger holds."""
    with ContractServer(TODAY, days=40, refuse_every=7) as server:
        clock = Clock(datetime(2026, 11, 22, 15, 30, tzinfo=UTC))
        book = Ledger(path, clock)
        with Client(Credential(server.key), clock=clock, base_url=server.url) as client:
            done = book.sync(str(SINCE), client=client)
            book.sync("2026-11-18", client=client, grain="hour")
            assert book.sync(str(SINCE), client=client).days == 0
        assert done.moved == done.gaps == {}
        usage, hours, cost = (records(path, table) for table in (USAGE_DAY, USAGE_HOUR, COST))
        truth = server.tokens(SINCE, UNTIL)
        assert [sum(row[name] for row in usage) for name in COUNTED] == [truth[name] for name in COUNTERS]
        truth = server.tokens(date(2026, 11, 18), UNTIL)
        assert [sum(row[name] for row in hours) for name in COUNTED] == [truth[name] for name in COUNTERS]
        assert sum((row["billed"] for row in cost), Decimal(0)) == server.total_usd(SINCE, TODAY)
        by_workspace: dict[str, Decimal] = {}
        for row in cost:
            by_workspace[row["workspace"]] = by_workspace.get(row["workspace"], Decimal(0)) + row["billed"]
        truly = server.usd_by_workspace(SINCE, TODAY)
        assert by_workspace == {name or "default": amount for name, amount in truly.items()}
