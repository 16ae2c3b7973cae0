"""Anomalies: findings of ledgers that are written by hand, so that what is planted is known to the cent."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.spending import DAYS_OF, FIRST, RATE, SINCE, USUAL, Tokens, ledger, rows_of, steady
from support.written_ledger import charge
from tallystick.address import Address
from tallystick.core.money import total
from tallystick.core.time import DAY, Window, midnight
from tallystick.errors import InvalidQuestion, LedgerError, UnknownName
from tallystick.outlook.anomalies.cells import Cell, Cells, DailySums
from tallystick.outlook.anomalies.detection import Detector
from tallystick.outlook.anomalies.episode import State
from tallystick.outlook.anomalies.series import Measure, Series
from tallystick.outlook.anomalies.survey import Survey, minimum_of
from tallystick.web.finding_view import finding_course


def loop(day: date) -> int:
    """A key that runs away for two days."""
    return USUAL["key0"](day) * (12 if date(2026, 8, 18) <= day <= date(2026, 8, 19) else 1)


def test_a_key_that_runs_away_is_one_finding(tmp_path: Path) -> None:
    """A runaway key is one finding, of the key alone, with the days and dollars that are its own."""
    [row] = ledger(tmp_path, rows_of(USUAL | {"key0": loop}, DAYS_OF)).anomalies(SINCE).rows
    assert (row["level"], row["subject"], row["since"], row["until"]) == ("key", "key0", "2026-08-18", "2026-08-19")
    assert (row["state"], row["cause"], row["seen"]) == ("ended", "more use", "2026-08-18")
    days = (date(2026, 8, 18), date(2026, 8, 19))
    extra = sum(USUAL["key0"](day) * 11 for day in days) * RATE
    assert row["spent"] == sum(loop(day) for day in days) * RATE
    assert abs(row["above"] - extra) < extra / 20  # type: ignore[operator]


@pytest.mark.parametrize(("times", "days", "evidence"), [(1.6, 1, "thin"), (1.6, 2, "clear"), (2, 1, "clear")])
def test_evidence_is_clear_by_size_or_by_a_day_more(tmp_path: Path, times: float, days: int, evidence: str) -> None:
    """Five deviations of one day are clear evidence from five times the minimum on, of less once they go on a day."""
    dear = {date(2026, 8, 18) + DAY * index for index in range(days)}
    risen = {"key0": lambda day: round(USUAL["key0"](day) * (times if day in dear else 1))}
    [row] = ledger(tmp_path, rows_of(USUAL | risen, DAYS_OF)).anomalies(SINCE).rows
    assert (row["seen"], row["until"], row["evidence"]) == ("2026-08-18", str(max(dear)), evidence)


def test_shares_add_up_exactly(tmp_path: Path) -> None:
    """Above is volume, model mix, token mix and price, to the last place; so are the parts of the explanation."""
    book = ledger(tmp_path, rows_of(USUAL | {"key0": loop}, DAYS_OF))
    [row] = book.anomalies(SINCE).rows
    names = ("volume", "model_mix", "token_mix", "price")
    assert sum(row[name] for name in names) == row["above"]  # type: ignore[misc]
    assert row["spent"] - row["expected"] == row["above"]  # type: ignore[operator]
    page = book.anomaly(str(row["finding"]))
    for section in page.sections[1:]:  # the first has the days around it
        assert section.table
        assert (
            total([amount for line in section.table.rows if isinstance(amount := line["above"], Decimal)])
            == row["above"]
        )


def test_a_day_that_was_not_read_is_no_day_of_a_finding(tmp_path: Path) -> None:
    """Within a finding a day that nothing is known of is left out, not 0 dollars; a chart has it as absent."""
    unread = date(2026, 8, 19)
    days = range(18, 21)
    away = {"key0": lambda day: USUAL["key0"](day) * (12 if day in {date(2026, 8, each) for each in days} else 1)}
    rows = [row for row in rows_of(USUAL | away, DAYS_OF) if row["day"] != unread]
    book = ledger(tmp_path, rows, unread=[unread])
    [row] = book.anomalies(SINCE).rows
    assert (row["since"], row["until"]) == ("2026-08-18", "2026-08-20")
    document = book.anomaly(str(row["finding"]))
    [table] = [section.table for section in document.sections if section.title == "Each day"]
    assert table
    assert [entry["day"] for entry in table.rows] == ["2026-08-18", "2026-08-20"]
    assert table.totals["above"] == row["above"]
    course = finding_course(document, Address("anomaly"), unread + DAY * 30)
    assert course
    own = slice(course.flags[0].first, course.flags[0].last + 1)
    assert [slot.state == "absent" for slot in course.slots[own]] == [False, True, False]
    assert [amount is None for amount in course.series[0].amounts[own]] == [False, True, False]
    assert [index in course.expected for index in range(own.start, own.stop)] == [True, False, True]


def test_a_finding_stands_between_its_usual_days(tmp_path: Path) -> None:
    """The days around a finding are the four weeks before it to two weeks after it, each as its charges have it."""
    book = ledger(tmp_path, rows_of(USUAL | {"key0": loop}, DAYS_OF))
    [row] = book.anomalies(SINCE).rows
    around = next(section.table for section in book.anomaly(str(row["finding"])).sections if section.chart)
    assert around
    assert [entry["day"] for entry in around.rows] == [str(date(2026, 7, 21) + DAY * day) for day in range(28 + 2 + 14)]
    for entry in around.rows:
        day = date.fromisoformat(str(entry["day"]))
        assert entry["spent"] == loop(day) * RATE
        assert (entry["expected"] is not None) == (day in {date(2026, 8, 18), date(2026, 8, 19)})


@pytest.mark.long
def test_a_quiet_constant_series_has_no_finding(tmp_path: Path) -> None:
    """Where nothing changes there is nothing to tell, however small the minimum."""
    constant = {name: (lambda _: 1_000_000) for name in USUAL}
    assert not ledger(tmp_path, rows_of(constant, DAYS_OF)).anomalies(SINCE, minimum="0.01").rows


@pytest.mark.long
def test_weekends_are_no_news(tmp_path: Path) -> None:
    """A key that is used less on weekends is not news on Mondays, nor after a week of holidays."""

    def holidays(day: date) -> int:
        return USUAL["key0"](day) // (8 if date(2026, 8, 10) <= day <= date(2026, 8, 16) else 1)

    keys = {
        name: (lambda day, tokens=tokens: holidays(day) * tokens(day) // USUAL["key0"](day))
        for name, tokens in USUAL.items()
    }
    assert not ledger(tmp_path, rows_of(keys, DAYS_OF)).anomalies(SINCE).rows


def broken_cache(usual: Tokens, broken: Collection[date]) -> list[dict[str, Any]]:
    """Charges of a key that reads nine tenths of its tokens from the cache, and none on some days."""
    lines = []
    for day in DAYS_OF:
        tokens = 10 * usual(day)
        parts = {
            "cache_read": (0 if day in broken else tokens * 9 // 10, RATE / 10),
            "uncached_input": (tokens if day in broken else tokens // 10, RATE),
        }
        lines += [
            charge(day, key="key0", kind=kind, quantity=count, billed=count * rate, priced=count * rate)
            for kind, (count, rate) in parts.items()
            if count
        ]
    return lines


@pytest.mark.long
def test_a_broken_cache_is_said(tmp_path: Path) -> None:
    """Where tokens are no longer read from the cache, that is the first cause, and the hit rates stand beside it."""
    rows = rows_of({name: tokens for name, tokens in USUAL.items() if name != "key0"}, DAYS_OF)
    broken = [day for day in DAYS_OF if day >= date(2026, 8, 20)]
    book = ledger(tmp_path, [*rows, *broken_cache(USUAL["key0"], broken)])
    [row] = book.anomalies(SINCE).rows
    assert (row["subject"], row["since"], row["cause"]) == ("key0", "2026-08-20", "cache missed")
    figures = {figure.heading.name: figure for figure in book.anomaly(str(row["finding"])).figures}
    assert (figures["cache hit rate"].cell, figures["cache hit rate"].note) == (0, "90.0 % before")


def test_a_cache_that_breaks_for_days_is_clear(tmp_path: Path) -> None:
    """A cache that breaks for four days is clear evidence, though they come to the minimum on the last alone."""
    rows = rows_of({name: tokens for name, tokens in USUAL.items() if name != "key0"}, DAYS_OF)
    broken = [date(2026, 8, 17) + DAY * index for index in range(4)]
    lines = broken_cache(lambda day: USUAL["key0"](day) // 216, broken)
    [row] = ledger(tmp_path, [*rows, *lines]).anomalies(SINCE).rows
    assert (row["subject"], row["since"], row["cause"]) == ("key0", "2026-08-17", "cache missed")
    assert (row["seen"], row["until"], row["evidence"]) == ("2026-08-20", "2026-08-20", "clear")


@pytest.mark.long
def test_a_price_that_rises_is_of_the_model(tmp_path: Path) -> None:
    """A price that rises for all keys of a model is one finding of the model, and its dollars are price."""
    rows = rows_of(USUAL, DAYS_OF, model="claude-opus-5-5")
    raised = [
        row | {"billed": row["billed"] * Decimal("1.25")} if row["day"] >= date(2026, 8, 20) else row for row in rows
    ]
    other = rows_of({"other": steady(4_000_000, "other")}, DAYS_OF, model="claude-haiku-5-5")
    [row] = ledger(tmp_path, [*raised, *other]).anomalies(SINCE).rows
    assert (row["level"], row["subject"], row["since"], row["cause"]) == (
        "model",
        "claude-opus-5-5",
        "2026-08-20",
        "price rose",
    )
    assert abs(row["price"] - row["above"]) < row["above"] / 20  # type: ignore[operator]


def test_a_price_that_comes_back_is_no_rise(tmp_path: Path) -> None:
    """A day on which many requests were refused, and so less was billed for the same tokens, makes no later rise."""
    rows = rows_of(USUAL, DAYS_OF, model="claude-opus-5-5")
    refused = [
        row | {"billed": row["billed"] * Decimal("0.75")} if row["day"] == date(2026, 8, 20) else row for row in rows
    ]
    assert ledger(tmp_path, refused).anomalies(SINCE).rows == []


@pytest.mark.long
def test_a_new_key_that_spends_a_lot_says_so(tmp_path: Path) -> None:
    """A new key is news where it spends much, and says that it has no history; after a fortnight it is usual."""

    def launch(day: date) -> int:
        return USUAL["key1"](day) if day >= date(2026, 8, 20) else 0

    [row] = ledger(tmp_path, rows_of(USUAL | {"launch": launch}, DAYS_OF)).anomalies(SINCE).rows
    assert (row["subject"], row["cause"], row["state"]) == ("launch", "new, no history", "new level")
    assert (row["expected"], row["until"]) == (0, "2026-09-02")


@pytest.mark.long
def test_several_keys_that_change_together_are_one(tmp_path: Path) -> None:
    """Where most keys of a workspace rise on the same day, the finding is of what they share."""

    def doubled(tokens: Tokens) -> Tokens:
        return lambda day: tokens(day) * (3 if day >= date(2026, 8, 20) else 1)

    [row] = (
        ledger(tmp_path, rows_of({name: doubled(tokens) for name, tokens in USUAL.items()}, DAYS_OF))
        .anomalies(SINCE)
        .rows
    )
    assert row["level"] in {"model", "workspace"}
    assert "6 together" in str(row["cause"])


@pytest.mark.long
def test_an_event_makes_it_expected(tmp_path: Path) -> None:
    """What an [[event]] of the settings covers is expected; what is larger than it says is news."""
    rows = rows_of(USUAL | {"key0": loop}, DAYS_OF)
    text = '[[event]]\nreason = "load test"\nkey = "key0"\nday = [2026-08-18, 2026-08-19]\nfactor = "{}"\n'
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    [row] = ledger(tmp_path / "a", rows, text=text.format(12)).anomalies(SINCE).rows
    assert (row["state"], row["reason"]) == ("expected", "load test")
    [row] = ledger(tmp_path / "b", rows, text=text.format(2)).anomalies(SINCE).rows
    assert row["state"] == "ended"


@pytest.mark.long
def test_an_acknowledged_finding_is_expected(tmp_path: Path) -> None:
    """What somebody acknowledged is expected from then on, under its id, whoever asks; what comes later is news."""

    def again(day: date) -> int:
        return loop(day) * (12 if day == date(2026, 9, 7) else 1)

    book = ledger(tmp_path, rows_of(USUAL | {"key0": again}, DAYS_OF))
    first, second = sorted(book.anomalies(SINCE).rows, key=lambda row: str(row["since"]))
    with pytest.raises(InvalidQuestion, match="reason is empty"):
        book.acknowledge(str(first["finding"]), " ")
    book.acknowledge(str(first["finding"])[:6], "load test")
    after = {row["finding"]: row for row in book.anomalies(SINCE).rows}
    assert (after[first["finding"]]["state"], after[first["finding"]]["reason"]) == ("expected", "load test")
    assert after[second["finding"]]["state"] == second["state"]
    (book.path / "acknowledgements.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(LedgerError, match="not as it was written"):
        book.anomalies(SINCE)


@pytest.mark.long
def test_status_and_summary_tell_it(tmp_path: Path) -> None:
    """What lasts or ended in the last week needs attention on the first screen; a summary lists its month's."""

    def lately(day: date) -> int:
        return USUAL["key0"](day) * (12 if date(2026, 9, 5) <= day <= date(2026, 9, 7) else 1)

    book = ledger(tmp_path, rows_of(USUAL | {"key0": lately}, DAYS_OF))
    [row] = book.anomalies(SINCE).rows
    first = book.status().facts["attention"][0]
    assert first.startswith("Key key0: ")
    assert first.endswith(f"USD above usual on 5 to 7 Sep, more use: tallystick anomaly {row['finding']}")
    [section] = [section for section in book.summary("mtd").sections if section.title == "Anomalies"]
    assert section.table
    assert [entry["finding"] for entry in section.table.rows] == [row["finding"]]


@pytest.mark.long
def test_ids_are_stable_when_days_are_added(tmp_path: Path) -> None:
    """A finding has the same id on the day it is seen and a month later."""
    rows = rows_of(USUAL | {"key0": loop}, DAYS_OF)
    ids = []
    for name, day in (("a", date(2026, 8, 19)), ("b", date(2026, 8, 20)), ("c", date(2026, 9, 9))):
        (tmp_path / name).mkdir()
        known = [row for row in rows if row["day"] < day]
        book = ledger(tmp_path / name, known, datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        [row] = book.anomalies("30d").rows
        ids.append(row["finding"])
    assert len(set(ids)) == 1


@pytest.mark.long
def test_restated_days_are_no_news(tmp_path: Path) -> None:
    """Days that are restated by a few percent change the dollars of a finding, not its id, and make no other."""
    rows = rows_of(USUAL | {"key0": loop}, DAYS_OF)
    restated = [row | {"billed": row["billed"] * Decimal("1.03")} if row["day"].day % 5 == 0 else row for row in rows]
    restated = [row | {"priced": row["billed"], "quantity": round(row["billed"] / RATE)} for row in restated]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    [before] = ledger(tmp_path / "a", rows).anomalies(SINCE).rows
    [after] = ledger(tmp_path / "b", restated).anomalies(SINCE).rows
    assert before["finding"] == after["finding"]


def test_a_team_has_the_findings_of_what_it_owns(tmp_path: Path) -> None:
    """Held to a team, what stands out is of its keys alone; each is explained where it is asked for with the same."""
    rows = rows_of(USUAL | {"key0": loop}, DAYS_OF)
    rules = '[[owner]]\nteam = "a"\nkey = ["key0", "key1"]\n[[owner]]\nteam = "b"\nkey = ["key2"]\n'
    book = ledger(tmp_path, rows, text=rules)
    [row] = book.anomalies(SINCE, where={"team": "a"}).rows
    assert (row["level"], row["subject"]) == ("key", "key0")
    assert book.anomaly(str(row["finding"]), where={"team": "a"}).facts["subject"] == "key0"
    assert not book.anomalies(SINCE, where={"team": "b"}).rows
    with pytest.raises(UnknownName, match="no finding"):
        book.anomaly(str(row["finding"]), where={"team": "b"})


@pytest.mark.long
def test_wrong_questions(tmp_path: Path) -> None:
    """A minimum that is no amount and a finding that is not there are refused with what to write."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF[:30]), datetime(2026, 7, 1, 9, tzinfo=UTC))
    with pytest.raises(InvalidQuestion, match="not an amount"):
        book.anomalies(minimum="lots")
    with pytest.raises(InvalidQuestion, match="held to 'kind'"):
        book.anomalies(where={"kind": "output"})
    with pytest.raises(InvalidQuestion, match="No rule has the team 'search'"):
        book.anomalies(where={"team": "search"})
    with pytest.raises(UnknownName, match="no finding"):
        book.anomaly("00000000")


def cells_of(amounts: Mapping[str, list[float]]) -> Cells:
    """Cells of these dollars a day, a token each."""
    length = len(next(iter(amounts.values())))
    start = midnight(FIRST)
    zeros = [0.0] * length
    by_cell = {
        Cell("o", "w", key, "unattributed", "m"): DailySums(days, zeros, zeros, days, zeros, zeros)
        for key, days in amounts.items()
    }
    return Cells(Window(start, start + DAY * length), by_cell)


def entries(amounts: Mapping[str, list[float]], minimum: float) -> list[tuple[Any, ...]]:
    """What stands out, without its dollars."""
    cells = cells_of(amounts)
    survey = Survey(cells, [True] * cells.days, minimum, lambda _: None)
    return [(sighting.subject, sighting.start, sighting.end, sighting.state) for sighting in survey.sightings()]


AMOUNTS = st.lists(st.sampled_from([8.0, 9.0, 10.0, 11.0, 12.0, 30.0, 200.0]), min_size=60, max_size=90)


@given(AMOUNTS, AMOUNTS, st.sampled_from([0.125, 8.0, 1024.0]))
@settings(max_examples=25, deadline=None)
def test_scale_does_not_matter(first: list[float], second: list[float], scale: float) -> None:
    """All amounts and the minimum times a factor give the same findings."""
    length = min(len(first), len(second))
    amounts = {"a": first[:length], "b": second[:length]}
    scaled = {name: [amount * scale for amount in days] for name, days in amounts.items()}
    assert entries(amounts, 5.0) == entries(scaled, 5.0 * scale)


@given(AMOUNTS, AMOUNTS)
@settings(max_examples=25, deadline=None)
def test_the_order_of_cells_does_not_matter(first: list[float], second: list[float]) -> None:
    """Findings are the same whichever key is read first."""
    length = min(len(first), len(second))
    assert entries({"a": first[:length], "b": second[:length]}, 5.0) == entries(
        {"b": second[:length], "a": first[:length]}, 5.0
    )


@given(AMOUNTS)
@settings(max_examples=25, deadline=None)
def test_episodes_stay_where_they_began(amounts: list[float]) -> None:
    """An episode begins on the day on which it begins for whoever has read fewer days."""
    series = Series(Measure.SPEND, amounts, amounts, 0, 0.25)
    every = Detector(series, 5.0).episodes()
    part = replace(series, values=amounts[:50], dollars=amounts[:50])
    early = [(episode.start, episode.seen) for episode in Detector(part, 5.0).episodes()]
    assert early == [(episode.start, episode.seen) for episode in every if episode.seen < 50]


def monthly(late: float) -> list[float]:
    """Half a year of days that cost 100 or little more, and 900 on the last working day of a month, `late` in June."""
    ends = {date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 29)}
    days = [date(2026, 1, 1) + DAY * index for index in range(181)]
    sizes = dict.fromkeys(ends, 900.0) | {date(2026, 6, 30): late}
    return [sizes.get(day, 100.0) * (1 + index % 3 / 50) for index, day in enumerate(days)]


def test_what_rises_each_month_is_news_once() -> None:
    """A batch of each month's end is news the first time, and again where it is far larger or on another day."""

    def starts(amounts: list[float]) -> list[int]:
        return [episode.start for episode in Detector(Series(Measure.SPEND, amounts, amounts, 3, 0.25), 5.0).episodes()]

    assert starts(monthly(900.0)) == [29]
    assert starts(monthly(2500.0)) == [29, 180]
    assert starts([amount * (9 if index == 110 else 1) for index, amount in enumerate(monthly(900.0))]) == [29, 110]


def test_growth_is_seen_and_becomes_usual() -> None:
    """Slow growth is an episode; where it stops, its level is the usual one."""
    amounts = [100.0 * 1.03 ** max(0, min(day - 60, 30)) * (1 + day % 3 / 50) for day in range(160)]
    [episode] = Detector(Series(Measure.SPEND, amounts, amounts, 0, 0.25), 5.0).episodes()
    assert 60 <= episode.start <= 70
    assert episode.state is State.LEVEL


def test_slow_growth_is_told_from_the_minimum_on() -> None:
    """Growth by a third that costs 30 USD a day is told where the minimum is what three weeks of it cost, not five."""
    amounts = [100.0 * 1.03 ** max(0, min(day - 60, 10)) * (1 + day % 3 / 50) for day in range(120)]
    series = Series(Measure.SPEND, amounts, amounts, 0, 0.25)
    assert [episode.start for episode in Detector(series, 700.0).episodes()] == [64]
    assert not Detector(series, 1000.0).episodes()


def test_the_minimum_is_a_round_part_of_a_usual_day() -> None:
    """By default a finding costs 5 % of a usual day, rounded down to 1, 2 or 5 times a ten, and 1 USD at least."""
    assert [minimum_of(usual) for usual in (0, 30, 110, 1000, 9000)] == [1, 1, 5, 50, 200]


@pytest.mark.parametrize("seed", range(3))
def test_a_key_that_rises_twice_is_told_twice_and_nothing_else(seed: int) -> None:
    """What is explained of a key is taken out as it was found, so that its model and workspace tell nothing of it."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    by_cell = {}
    for number, mean in enumerate((100, 8, 8, 8, 8, 8, 8, 8)):
        rises = (90, 120) if not number else ()
        dollars = [
            mean * (0.2 if day % 7 > 4 else 1) * rng.lognormvariate(0, 0.08) * 1.8 ** sum(day >= rise for rise in rises)
            for day in range(150)
        ]
        nothing, spent = array("d", [0.0] * 150), array("d", dollars)
        cell = Cell("o", "w" if number < 4 else "v", f"key{number}", f"person{number}", "m")
        by_cell[cell] = DailySums(spent, nothing, spent[:], spent[:], spent[:], nothing[:])
    cells = Cells(Window(midnight(FIRST), midnight(FIRST + 150 * DAY)), by_cell)
    sightings = Survey(cells, [True] * 150, 5.0, lambda _: None).sightings()
    assert [(sighting.subject.id, sighting.start) for sighting in sightings] == [("key0", 90), ("key0", 120)]
