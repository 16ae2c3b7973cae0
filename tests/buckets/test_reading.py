from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from support.bucket_server import BucketServer
from support.cost_rows import ME, NOW, cost_of
from tallystick.core.report_tables import COST
from tallystick.errors import LedgerError
from tallystick.store.bucket import Bucket
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables

MONTHS = [date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)]


TOTAL = "SELECT sum(billed) AS billed FROM ledger.cost"


@pytest.fixture
def three_years(here: Bucket) -> Bucket:
    """A ledger of three years, a file a month."""
    with Tables(here).writing() as writer:
        writer.append(COST, cost_of(*((month, "m", "1") for month in MONTHS)))
        writer.commit(ME, "three years", NOW, {})
    return here


def fetched(server: BucketServer) -> set[str]:
    """The months of the files of cost that were fetched."""
    return {key.partition("month=")[2][:7] for key in server.count("GET") if "/cost/" in key and "part-" in key}


@pytest.mark.usefixtures("three_years")
def test_a_question_fetches_its_months_alone(server: BucketServer, there: Bucket) -> None:
    """Of a table the files of the months asked for are fetched, and once."""
    tables = Tables(there)
    assert tables.exists()
    engine = Engine(tables, tables.newest_by_snapshot())
    server.requests.clear()
    for _ in range(2):
        [row] = engine.rows(f"{TOTAL} WHERE month >= '2026-11' AND month <= '2026-12'")
        assert row["billed"] == 2
    assert fetched(server) == {"2026-11", "2026-12"}
    assert max(server.count("GET").values()) == 1
    [row] = engine.rows(f"{TOTAL} WHERE month = '2024-02'")
    assert row["billed"] == 1
    assert fetched(server) == {"2026-11", "2026-12", "2024-02"}, "a condition that nothing foresaw too"
    [row] = engine.rows(TOTAL)
    assert row["billed"] == len(MONTHS)


@pytest.mark.long
@pytest.mark.usefixtures("three_years")
def test_threads_that_fetch_one_file_read_it_whole(there: Bucket) -> None:
    """Whoever else fetches the same files at that moment, each reader reads them as they were written."""
    tables = Tables(there)
    assert tables.exists()
    version = tables.newest_by_snapshot()
    engines = [Engine(tables, version) for _ in range(8)]
    with ThreadPoolExecutor(len(engines)) as pool:
        for number in range(12):
            for path in there.reading.rglob("part-*.parquet"):
                path.unlink()
            query = f"{TOTAL} HAVING {number} = {number}"  # which no answer is known of
            answers = pool.map(lambda engine, query=query: engine.rows(query), engines)
            assert [row["billed"] for [row] in answers] == [len(MONTHS)] * len(engines)


def test_what_is_kept_has_a_bound(three_years: Bucket, there: Bucket) -> None:
    """What was not opened for longest goes; what is asked again is fetched again."""
    size = sum(path.stat().st_size for path in (three_years.working / "cost").rglob("part-*.parquet"))
    bounded = replace(there, most_bytes=size // 4)
    tables = Tables(bounded)
    assert tables.exists()
    engine = Engine(tables, tables.newest_by_snapshot())
    for month in (*MONTHS, *MONTHS):
        [row] = engine.rows(f"{TOTAL} WHERE month = '{month:%Y-%m}'")
        assert row["billed"] == 1
    kept = sum(path.stat().st_size for path in (bounded.reading / "cost").rglob("part-*.parquet"))
    assert kept <= size // 4 + size // len(MONTHS) * 3


@pytest.mark.usefixtures("three_years")
def test_a_damaged_object_answers_nothing(server: BucketServer, there: Bucket) -> None:
    """A file whose bytes are not those of the manifest is no part of an answer."""
    import obstore
    from obstore.store import from_url

    store = from_url(there.url, client_options={"allow_http": True})
    [name] = [key.removeprefix("ledger/") for key in server.count("PUT") if "/cost/" in key and "month=2026-12" in key]
    obstore.put(store, name, bytes(obstore.get(store, name).bytes())[:-1] + b"?")
    tables = Tables(there)
    assert tables.exists()
    engine = Engine(tables, tables.newest_by_snapshot())
    with pytest.raises(LedgerError, match="moved on"):
        engine.rows(f"{TOTAL} WHERE month >= '2026-12' AND month <= '2026-12'")
    with pytest.raises(LedgerError, match="moved on"):
        engine.rows(f"{TOTAL} WHERE month = '2026-12'")
