"""What one question may take: of time, of the readers, of rows and bytes; and what a reader gives back."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
import time
import weakref
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from support.wire import NOW
from tallystick.settings import Settings
from tallystick.store.batches import Limits, TooLarge
from tallystick.store.engine import OTHERS, Engine
from tallystick.store.tables import Tables
from tallystick.web.answers import ALL, LEAST, SMALL, Answers
from tallystick.web.application import application
from tallystick.web.explore import CELLS
from tallystick.web.grid import LETTERS
from tallystick.web.lanes import STATES, TimeLimit
from tallystick.web.readers import COUNT, LIMITS, Readers, VersionReader

from .conftest import ENVIRONMENT

ENDLESS = "SELECT sum(a.i * b.i + {}) FROM range(100000000) a(i), range(100000000) b(i)"
NUMBERS = "SELECT i FROM range({}) t(i)"
WIDE = NUMBERS.replace("i FROM", ", ".join(["i"] * 500) + " FROM")
TEXTS = "SELECT * FROM (SELECT repeat(chr(120), 9000) AS a), range(900) t(i)"
READERS = 50

pytestmark = pytest.mark.long


def open_engines() -> weakref.WeakSet[Engine]:
    """The engines of this process, whoever opened them."""
    gc.collect()
    return weakref.WeakSet(thing for thing in gc.get_objects() if isinstance(thing, Engine))


def settings(full: Path) -> Settings:
    """The settings of a dashboard of the full ledger."""
    return Settings.load(ledger=str(full), environment=ENVIRONMENT)


def sql(query: str) -> str:
    """The address of a query, without its ending."""
    return f"?query={quote(query, safe='')}"


def test_long_questions_hold_no_reader_up(full: Path) -> None:
    """While two questions without end are asked, 50 readers have their answers; each long one ends with its reason."""
    readers = Readers(settings(full), quick=1, seconds=2)
    visit = readers.visit()
    ended: list[str] = []

    async def asked(name: str, query: str) -> object:
        try:
            return await readers.ask(visit, query, lambda reader: reader.ask("sql", query=query))
        except TimeLimit as wrong:
            return wrong
        finally:
            ended.append(name)

    async def all_asked() -> list[object]:
        long = [asyncio.create_task(asked("long", ENDLESS.format(number))) for number in range(2)]
        await asyncio.sleep(0.1)
        quick = [asked("quick", f"SELECT {number}") for number in range(READERS)]
        await asyncio.gather(*quick)
        answers = await asyncio.gather(*long)
        await readers.close()
        return answers

    reasons = {str(reason).split("\n")[0] for reason in asyncio.run(all_asked())}
    assert reasons <= {"The answer takes longer than 2 seconds.", "Other long questions are being answered."}
    assert ended[-1] == "long"


def test_a_reader_gives_back_what_it_holds(full: Path) -> None:
    """A dashboard that ends interrupts what is asked, ends its threads, keeps no version open, and logs no error."""
    readers = Readers(settings(full))
    visit = readers.visit()
    engines: list[Engine] = []
    errors: list[object] = []
    begun = threading.Event()

    def endless(reader: VersionReader) -> object:
        engines.append(reader.engine())
        begun.set()
        return reader.ask("sql", query=ENDLESS.format(0))

    async def ended() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
        asked = asyncio.create_task(readers.ask(visit, "endless", endless))
        await asyncio.to_thread(begun.wait)
        await readers.close()
        asked.cancel()
        await asyncio.wait([asked])

    asyncio.run(ended())
    gc.collect()
    assert errors == []
    assert not [thread.name for thread in threading.enumerate() if "reader" in thread.name]
    with pytest.raises(Exception, match="Connection"):
        engines[0].rows("SELECT 1")


def test_what_is_kept_of_answers_has_an_end() -> None:
    """A dashboard keeps the last answers, up to a weight; one that is heavy by itself is not kept at all."""
    answers = Answers()
    made: list[int] = []

    async def work(number: int, letters: int) -> str:
        made.append(number)
        return "x" * letters

    async def asked() -> None:
        for number in [*range(100), 99, 0]:
            await answers.once(number, partial(work, number, 20 * SMALL - 40))
        for number in [*range(100, 100 + ALL // LEAST), 100]:
            await answers.once(number, partial(work, number, 1))
        for _ in range(2):
            await answers.once("heavy", partial(work, -1, 20 * SMALL + 40))

    asyncio.run(asked())
    assert made == [*range(100), 0, *range(100, 100 + ALL // LEAST), -1, -1]


def test_an_answer_that_fails_is_worked_out_again() -> None:
    """Who asks while an answer is worked out hears how it fails; who asks afterwards begins it anew."""
    answers = Answers()
    made: list[int] = []

    async def fails() -> None:
        made.append(1)
        await asyncio.sleep(0)
        raise ValueError

    async def asked() -> list[BaseException | None]:
        both = await asyncio.gather(*(answers.once("a", fails) for _ in range(2)), return_exceptions=True)
        return [*both, *await asyncio.gather(answers.once("a", fails), return_exceptions=True)]

    assert [type(each) for each in asyncio.run(asked())] == [ValueError] * 3
    assert len(made) == 2


def test_versions_that_passed_are_closed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the ledger moves, its readers hold a few versions open, and no thread more."""
    for wait in ("visits.LOOK", "visits.MOVE", "readers.LOOK"):
        monkeypatch.setattr(f"tallystick.web.{wait}", 0.01)
    others = open_engines()  # of tests before this one
    opened, threads = [], []
    with TestClient(application(settings(copy)), base_url="http://127.0.0.1") as client:
        for _ in range(8):
            before = client.get("/version").json()["state"]
            with Tables(copy).writing() as writer:
                writer.commit("o", "names", NOW, {})
            assert client.get("/ask/spend?by=team").status_code == 200
            assert client.get("/ledger").status_code == 200
            while client.get("/version").json()["state"] == before:
                time.sleep(0.01)
            opened.append(len(open_engines() - others))
            threads.append(threading.active_count())
    assert max(opened) <= (COUNT + 1) * STATES * (1 + OTHERS)
    for counts in (opened, threads):  # the last reader may open late; one more with each version is a leak
        assert max(counts[4:]) < max(counts[:4]) + 4


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        (NUMBERS.format(LIMITS.rows + 1), f"{LIMITS.rows:,} rows"),
        ("SELECT repeat('x', 1000000) FROM range(1000) t(i)", f"{LIMITS.size >> 20} MB"),
        (WIDE.format(100_000), "MB"),
    ],
)
def test_an_answer_has_an_end(dashboard: TestClient, query: str, limit: str) -> None:
    """An answer with too many rows, bytes or cells is refused in plain words, as a page and as a file."""
    page, file = (dashboard.get(f"/ask/sql{ending}{sql(query)}") for ending in ("", ".csv"))
    assert (page.status_code, file.status_code) == (200, 400)
    for text in (page.text, file.text):
        assert re.search(rf"The answer is larger than [\d,]*\s?{limit}\.", text)
        assert "The command line has no limit." in text
    assert dashboard.get(f"/ask/sql.csv{sql('SELECT 1')}").status_code == 200


def test_no_report_of_charges_is_without_end(full: Path) -> None:
    """The rows of our own queries are counted too: a list of every charge is refused."""
    tables = Tables(full)
    engine = Engine(tables, tables.newest(), Limits("1GB", 10, 1 << 20))
    with pytest.raises(TooLarge, match="larger than 10 rows"):
        engine.rows("SELECT * FROM charges")


def test_a_file_that_takes_minutes_is_not_written(dashboard: TestClient) -> None:
    """A PDF of so many rows is refused and names what can be had; a CSV of them is there."""
    asked = sql(NUMBERS.format(CELLS["pdf"] + 1))
    refused = dashboard.get(f"/ask/sql.pdf{asked}")
    assert refused.status_code == 400
    assert "a .pdf may have 50,000" in refused.text
    assert dashboard.get(f"/ask/sql.csv{asked}").text.count("\n") == CELLS["pdf"] + 2


def test_a_page_cuts_a_text_and_counts_its_rows(dashboard: TestClient) -> None:
    """A page of long texts and many columns stays small: texts end with an ellipsis, rows that are left out count."""
    page = dashboard.get(f"/ask/sql{sql(TEXTS)}").text
    assert "x" * LETTERS + "…" in page
    assert "x" * (LETTERS + 1) not in page
    wide = dashboard.get(f"/ask/sql{sql(WIDE.format(900))}").text
    assert wide.count("<tr") < 60
    assert "850" in wide
