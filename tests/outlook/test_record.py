"""What a sync writes down of the outlook: findings that need not be detected anew, forecasts that are judged later."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.ledgers import client_of
from support.organization import CLOCK, FIRST as BEGINNING
from support.spending import DAYS_OF, NOW, USUAL, Tokens, ledger, rows_of, steady
from support.tables import message
from tallystick import Ledger
from tallystick.core.growing_tables import FORECASTS
from tallystick.core.question import Table
from tallystick.core.time import DAY, Window, midnight
from tallystick.outlook.anomalies.cells import cells
from tallystick.outlook.anomalies.detection import Detector
from tallystick.outlook.anomalies.findings_file import FILE, FindingsFile, digest_of
from tallystick.outlook.anomalies.ledger_findings import write_findings
from tallystick.outlook.anomalies.reach import reaches
from tallystick.outlook.anomalies.series import Measure, Series
from tallystick.outlook.forecast_record import record, write_synced
from tallystick.outlook.forecast_score import AHEAD
from tallystick.outlook.sync_record import write
from tallystick.sim import Simulator, World
from tallystick.store.tables import Tables
from tallystick.tally.owners import Owners

Rows = list[dict[str, Any]]
STEP = date(2026, 8, 20)


def times(factor: int, first: date, last: date, key: str = "key0") -> dict[str, Tokens]:
    """The usual keys, one of which uses so many times as much on some days."""
    return USUAL | {key: lambda day: USUAL[key](day) * (factor if first <= day <= last else 1)}


def together() -> dict[str, Tokens]:
    """Keys that all use three times as much from a day on."""
    return {key: lambda day, key=key: USUAL[key](day) * (3 if day >= STEP else 1) for key in USUAL}  # type: ignore[misc]


WORLDS: dict[str, Callable[[], Rows]] = {
    "quiet": lambda: rows_of(USUAL, DAYS_OF),
    "loop": lambda: rows_of(times(12, STEP, STEP + DAY), DAYS_OF),
    "active": lambda: rows_of(times(5, STEP, date.max), DAYS_OF),
    "together": lambda: rows_of(together(), DAYS_OF),
    "dearer": lambda: [
        row | ({"billed": row["billed"] * 2} if row["day"] >= STEP else {}) for row in rows_of(USUAL, DAYS_OF)
    ],
    "new": lambda: rows_of(USUAL | {"late": lambda day: 9_000_000 if day > date(2026, 8, 28) else 0}, DAYS_OF),
    "running": lambda: [
        *rows_of(USUAL, DAYS_OF),
        *rows_of({"key0": lambda _: 60_000_000}, [NOW.date()], billed=None, cause="not billed yet"),
    ],
}


@pytest.mark.long
@pytest.mark.parametrize("world", WORLDS)
def test_findings_are_the_same_from_the_file(world: str, tmp_path: Path) -> None:
    """What detection wrote down is what it would find anew, in each answer that asks for it."""
    text = '[[event]]\nreason = "Load test"\nkey = "key0"\nfrom = 2026-08-20\nuntil = 2026-08-22\n'

    def answers(book: Ledger) -> list[Any]:
        tables = [book.anomalies(), book.anomalies("2026-07-20"), book.anomalies("7d", where={"organization": "o"})]
        documents = [book.status(), book.summary("last-month"), book.summary("mtd")]
        parts = [
            (document.facts, [section.table and section.table.rows for section in document.sections])
            for document in documents
        ]
        return [(table.rows, table.totals, table.messages) for table in tables] + parts

    book = ledger(tmp_path, WORLDS[world](), text=text)
    book.records = False
    anew = answers(book)
    assert not (book.path / FILE).exists()
    write_findings(book.context())
    assert read(book).organizations
    assert answers(reopened(book)) == anew


def reopened(book: Ledger) -> Ledger:
    """The same ledger, of which nothing is asked yet."""
    return Ledger.of(book._settings, clock=book._clock)


def read(book: Ledger, owners: Owners | None = None) -> FindingsFile:
    """What the file has of the ledger as it is now."""
    context = book.context()
    return FindingsFile.read(book.path, digest_of(context.engine.version, owners or context.owners, context.now))


def test_cells_stand_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Floats are added up in one order, so that findings of the same charges are the same to the last digit."""
    keys = {f"key{number}": steady(5_000, f"{number}") for number in range(40)}
    book = ledger(tmp_path, rows_of(keys, DAYS_OF))
    read = cells(book.engine(), Window(midnight(DAYS_OF[0]), midnight(NOW.date())), {})
    assert len(read.by_cell) == len(keys)
    assert [*read.by_cell] == sorted(read.by_cell)
    assert [*read.lines] == sorted(read.lines)


def test_a_question_that_detects_writes_down_what_it_finds(tmp_path: Path) -> None:
    """Of all that stands out, not of a part of it; where the file cannot be written the answer is the same."""
    book = ledger(tmp_path, WORLDS["loop"]())
    book.anomalies(where={"model": "*"})
    book.anomalies(minimum="5")
    assert not (book.path / FILE).exists()
    (book.path / FILE).mkdir()
    rows = reopened(book).anomalies().rows
    (book.path / FILE).rmdir()
    assert reopened(book).anomalies().rows == rows
    [detected] = read(book).organizations.values()
    assert {finding.id for finding in detected.findings} >= {row["finding"] for row in rows}
    assert rows


def test_the_file_counts_for_what_it_was_made_of(tmp_path: Path) -> None:
    """Of other charges, another day or other owners, or damaged, it counts for nothing; small ledgers have none."""
    book = ledger(tmp_path, WORLDS["loop"]())
    write(book.context(), "o")
    assert not (book.path / FILE).exists()
    write(book.context(), "o", large=1)
    assert read(book).organizations
    assert not read(book, Owners.read([{"team": "a", "key": "key0"}])).organizations
    assert not read(Ledger.of(book._settings, clock=book._clock.__class__(NOW + DAY))).organizations
    content = (book.path / FILE).read_bytes()
    (book.path / FILE).write_bytes(content[:-9])
    assert not read(book).organizations
    (book.path / FILE).write_bytes(content)
    more = ledger(tmp_path, rows_of(USUAL, [date(2026, 9, 8)], kind="cache_read"))
    assert not read(more).organizations


AMOUNTS = st.lists(st.sampled_from([None, 0.0, 0.5, 8.0, 9.0, 10.0, 12.0, 30.0, 200.0]), min_size=40, max_size=90)


@given(AMOUNTS, AMOUNTS, st.sampled_from([*Measure]), st.sampled_from([1.0, 20.0, 90.0, 250.0]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_series_that_is_not_judged_has_no_episode(
    values: list[float | None], dollars: list[float | None], measure: Measure, minimum: float, new: bool
) -> None:
    """Whatever the days: a series that cannot reach the minimum has no episode, and its last day is no news."""
    length = min(len(values), len(dollars))
    spent = [amount or 0.0 for amount in dollars[:length]]
    watched = values[:length]
    if measure is Measure.SPEND:
        watched = [amount if value is not None else None for amount, value in zip(spent, watched, strict=True)]
    series = Series(measure, watched, spent, 0, 1e-12 if measure in {Measure.PRICE, Measure.CACHE} else 0.25)
    detector = Detector(series, minimum, 2 * minimum if new and measure is Measure.SPEND else None)
    if not reaches(series, minimum):
        assert not detector.episodes()
        assert measure is not Measure.SPEND or detector.running(length - 1, 0.5) is None


def forecasts(book: Ledger) -> Rows:
    """The forecasts that are written down."""
    tables = Tables(book.path)
    rows = tables.rows(FORECASTS).to_pylist() if (book.path / "forecasts").exists() else []
    return sorted(rows, key=lambda row: (row["scope"], row["first"], row["last"], row["version"]))


def test_a_sync_writes_forecasts_down(golden_world: World, tmp_path: Path) -> None:
    """A sync writes down its forecasts of the organization and its parts, once a day; nothing new, nothing written."""
    book = Ledger(tmp_path / "ledger", CLOCK)
    with client_of(Simulator(golden_world, clock=CLOCK.now)) as client:
        version = book.sync(f"{BEGINNING}", source="reports", client=client).version
        rows = forecasts(book)
        again = book.sync(f"{BEGINNING}", source="reports", client=client).version
    assert forecasts(book) == rows
    assert {row["version"] for row in rows} == {version, again}
    whole = [row for row in rows if row["scope"] == "{}"]
    assert sorted({(row["last"] - row["first"]).days + 1 for row in whole}) == sorted({*AHEAD, 30})
    assert {row["scope"][2:7] for row in rows if row["scope"] != "{}"} == {"model", "works"}
    [month] = [row for row in whole if row["first"].day == 1]
    [asked] = book.forecast().rows
    for name in ("expected", "low_80", "high_95"):
        assert month[name] == asked[name]
    assert forecasts(book) == rows
    book.rebuild(tmp_path / "rebuilt")
    assert forecasts(Ledger(tmp_path / "rebuilt", CLOCK)) == [row | {"version": 0} for row in forecasts(book)]


def test_a_forecast_that_is_asked_for_is_written_down_once(tmp_path: Path) -> None:
    """What is asked of a version on a day is written down once; as of another version, or while another writes, not."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    first = book.forecast().rows
    assert [row["maker"] for row in forecasts(book)] == ["question"]
    assert reopened(book).forecast().rows == book.forecast().rows == first
    assert len(forecasts(book)) == 1
    Ledger.of(book._settings, clock=book._clock, as_of="1").forecast(until="quarter")
    with Tables(book.path).writing():
        assert book.forecast(until="quarter").rows
    assert len(forecasts(book)) == 1
    reopened(book).forecast("key")
    assert len(forecasts(book)) == 1 + len(USUAL)


def test_a_forecast_by_day_is_written_down_as_that_of_its_period(tmp_path: Path) -> None:
    """No day is a scope: a forecast by day writes down the forecast of the period alone."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    assert len(book.forecast("day").rows) == 30
    assert [row["scope"] for row in forecasts(book)] == ["{}"]


def test_what_another_wrote_meanwhile_is_not_written_twice(tmp_path: Path) -> None:
    """Forecasts that another process writes between the look and the lock are in the ledger once."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    book.forecast()
    made = [row | {"last": row["last"] + DAY} for row in forecasts(book)]

    class Overtaken(Rows):
        """Rows that another writes while they are first looked at."""

        def __iter__(self) -> Any:
            if len(forecasts(book)) == 1:
                record(reopened(book).context(), made)
            return super().__iter__()

    record(book.context(), Overtaken(made))
    assert len(forecasts(book)) == 2


def test_forecasts_written_since_are_scored(tmp_path: Path) -> None:
    """A score in a ledger that is open counts what another wrote down since."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    assert message(book.forecast(score=True), "No forecast of this is written down yet")
    reopened(book).forecast()
    assert message(book.forecast(score=True), "Forecasts written down since", ": 1")
    reopened(book).forecast(until="quarter")
    assert message(book.forecast(score=True), "Forecasts written down since", ": 2")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root, to be another user")
def test_a_ledger_that_may_only_be_read_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may read a ledger and not write it is answered, and nothing is written down, wherever he stands."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    book.forecast()
    for path in (*book.path.rglob("*"), *(folder for folder in tmp_path.parents if "pytest" in str(folder)), tmp_path):
        path.chmod(0o644 if path.is_file() else 0o755)
    book.path.chmod(0o755)
    again = reopened(book)  # the other user may not be able to read our sources
    (private := tmp_path / "private").mkdir(0o700)
    monkeypatch.chdir(private)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError):
            (book.path / "newest").touch()
        assert again.forecast(until="quarter").rows[0]["expected"]
    finally:
        os.seteuid(0)
    assert len(forecasts(book)) == 1


def test_a_ledger_that_cannot_be_written_answers(tmp_path: Path) -> None:
    """Where forecasts cannot be written down they are answered as ever."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    (book.path / "forecasts").write_text("in the way")
    assert book.forecast().rows[0]["expected"]


def test_written_forecasts_are_scored(tmp_path: Path) -> None:
    """A forecast is judged when its days are known, by what was ahead alone, and one that is not is counted."""
    early = datetime(2026, 8, 20, 10, tzinfo=UTC)
    book = ledger(tmp_path, rows_of(USUAL, [day for day in DAYS_OF if day < early.date()]), early)
    write_synced(book.context(), "o")
    later = ledger(tmp_path, rows_of(USUAL, [day for day in DAYS_OF if early.date() <= day < date(2026, 9, 8)]))
    table = later.forecast(score=True)
    by_ahead = {row["days_ahead"]: row for row in table.rows}
    assert {ahead: row["forecasts"] for ahead, row in by_ahead.items()} == {1: 1, 7: 1, 14: 2, 28: 0}
    assert message(table, "since 2026-08-20: 5", "not judged: 1")
    [week] = [row for row in forecasts(later) if (row["last"] - row["first"]).days == 6 and row["scope"] == "{}"]
    came = later.spend("organization", since="2026-08-20", until="2026-08-26").totals["billed"]
    assert isinstance(came, Decimal)
    assert by_ahead[7]["error"] == abs(round((week["expected"] - came) / came, 4))
    assert by_ahead[7]["holds_95"] == (week["low_95"] <= came <= week["high_95"])
    assert [row["forecasts"] for row in later.forecast(score=True, where={"model": "CLAUDE-OPUS-5-5"}).rows] == [
        0,
        1,
        1,
        0,
    ]


def test_a_day_that_was_known_then_is_no_miss(tmp_path: Path) -> None:
    """Days restated since count where they were not known then, as days ahead and gaps, and nowhere else."""
    early, last = datetime(2026, 8, 30, 10, tzinfo=UTC), date(2026, 8, 31)
    gap = date(2026, 8, 12)
    month = [date(2026, 8, 1) + DAY * number for number in range(31)]
    flat = {"key0": lambda _: 2_500_000}
    before = rows_of(flat, [day for day in DAYS_OF if day < early.date() and day != gap])
    lost = [
        row | {"billed": None, "priced": None, "list": None} for row in rows_of(flat, [gap], cause="not billed yet")
    ]
    ledger(tmp_path, before + lost, early).forecast()
    restated = [row | {"billed": row["billed"] * 9 / 10} for row in rows_of(flat, month) if row["day"] < early.date()]
    book = ledger(tmp_path, [row for row in restated if row["day"] != gap] + rows_of(flat, [gap, *month[-2:]]))
    [row] = forecasts(book)
    assert (row["last"], row["days_ahead"], row["gaps"]) == (last, 3, f'["{gap}"]')
    [scored] = [row for row in book.forecast(score=True).rows if row["forecasts"]]
    assert (scored["days_ahead"], scored["error"], scored["bias"]) == (7, 0, 0)


def test_a_backtest_is_of_what_was_known_then(tmp_path: Path) -> None:
    """Days that were restated since are as they were in the version of their time, and versions that lack are named."""
    early = datetime(2026, 8, 20, 1, tzinfo=UTC)
    rows = rows_of(USUAL, DAYS_OF)
    ledger(tmp_path, [row | {"billed": row["billed"] / 2} for row in rows if row["day"] < early.date()], early)
    book = ledger(tmp_path, [row for row in rows if row["day"] < NOW.date()])

    def week(table: Table) -> Any:
        return table.rows[1]["bias"]

    then = book.forecast(past="2026-08-21")
    assert week(then) < Decimal("-0.4")
    assert message(then, "as they were known then")
    before = book.forecast(past="2026-08-06")
    assert message(before, "reach back to 2026-08-20", "3 of 5 days")
