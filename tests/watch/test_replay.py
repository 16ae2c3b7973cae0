"""Replay: what a rule would have said on past days, by what the ledger had then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from support.spending import DAYS_OF, LAST, NOW, USUAL, ledger, rows_of, steady
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.time import DAY
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store.tables import Tables
from tallystick.watch import record
from tallystick.watch.default_rules import RULES
from tallystick.watch.replay import replay, version_at
from tallystick.watch.rule import Rule

LOOP = LAST - DAY * 20
DEAR = Rule("dear", "spend --by key --since 7d", "billed > 200", "{key} spent {billed} USD.", dollars="billed")
TEXT = """
[[rule]]
name = "dear"
ask = "spend --by key --since 7d"
when = "billed > 200"
dollars = "billed"
[[rule]]
name = "headroom"
ask = "limits --rates"
when = "headroom < 20 %"
"""


def looped(folder: Path) -> Ledger:
    """A ledger of one version in which a key loops for a day."""
    loop = {"loop": lambda day: 60_000_000 if day == LOOP else steady(1_000_000)(day)}
    return ledger(folder, rows_of(USUAL | loop, DAYS_OF), text=TEXT)


def test_a_replay_says_from_when_until_when(tmp_path: Path) -> None:
    """A rule of the last seven days speaks of a loop from the day after it, for seven days, and writes nothing."""
    book = looped(tmp_path)
    [row] = book.rules("dear", since="60d").rows
    assert (row["since"], row["until"]) == (str(LOOP + DAY), str(LOOP + DAY * 8))
    assert row["dollars"] > 240
    assert record.events(Tables(book.path)) == []
    assert book.rules("dear", since=str(LOOP + DAY * 9)).rows == []


@pytest.mark.parametrize(("days", "opened"), [(1, []), (2, [str(LOOP + DAY)])])
def test_an_anomaly_is_told_once_it_is_no_chance(tmp_path: Path, days: int, opened: list[str]) -> None:
    """One day a little above the usual is told to nobody; a second one is, while it runs."""
    dear = {LOOP + DAY * index for index in range(days)}
    risen = {"key0": lambda day: round(USUAL["key0"](day) * (1.45 if day in dear else 1))}
    book = ledger(tmp_path, rows_of(USUAL | risen, DAYS_OF))
    assert book.anomalies("60d").rows
    assert [row["since"] for row in book.rules("anomaly", since="30d").rows] == opened


def test_days_before_the_first_version_are_judged_by_it(tmp_path: Path) -> None:
    """Where no version is so old, the answer says by which day's version it is judged."""
    book = looped(tmp_path)
    texts = [message.text for message in book.rules("dear", since="30d").messages]
    assert any(f"No version is older than {NOW.date()}" in text for text in texts)


def test_each_day_is_judged_by_its_own_version(tmp_path: Path) -> None:
    """What a later version added to a day is not known on the day before it was read."""
    before = LOOP + DAY * 3
    rows = rows_of(USUAL, [day for day in DAYS_OF if day < before])
    ledger(tmp_path, rows, datetime.combine(before, time(9), UTC))
    late = rows_of({"loop": lambda day: 60_000_000 if day == LOOP else 0}, DAYS_OF)
    same = [row for row in rows if row["day"] == LOOP]
    rest = rows_of(USUAL, [day for day in DAYS_OF if day >= before])
    book = ledger(tmp_path, [*rest, *same, *late], NOW, text=TEXT)
    assert book.rules("dear", since=str(LOOP)).rows == []
    versions = Tables(book.path).versions()
    numbers = [version_at(versions, datetime.combine(day, time(23), UTC)).number for day in (DAYS_OF[0], before, NOW)]
    assert numbers == [1, 1, 2]


def test_days_that_it_cannot_judge_are_named(tmp_path: Path) -> None:
    """A rule that needs a day which is absent is unknown on the days that need it, and says which these are."""
    gap = LAST - DAY * 10
    rows = [row for row in rows_of(USUAL, DAYS_OF) if row["day"] != gap]
    book = ledger(tmp_path, rows, unread=[gap])
    days = [gap - DAY, *(gap + DAY * number for number in range(1, 9))]
    replayed = replay(book.context(), replace(DEAR, when="billed > 100000"), days)
    assert [*replayed.unknown] == days[1:8]
    assert replayed.findings == []


def test_what_asks_the_api_is_not_replayed(tmp_path: Path) -> None:
    """Limits were never kept: a rule that asks for them is refused, and so is one that there is not."""
    book = ledger(tmp_path, [], text=TEXT)
    with pytest.raises(InvalidQuestion, match="asks the API"):
        book.rules("headroom")
    with pytest.raises(InvalidQuestion, match="no rule 'deer'") as refused:
        book.rules("deer")
    assert "dear" in refused.value.hint
    with pytest.raises(InvalidQuestion, match="needs a rule"):
        book.rules(since="7d")


def test_rules_say_where_they_come_from(tmp_path: Path) -> None:
    """The list has every rule in force, and whether it is built in, changed, or of the settings alone."""
    text = TEXT + '[[rule]]\nname = "anomaly"\nwhen = "above > 200"\n[[rule]]\nname = "unexplained"\noff = true\n'
    rows = {row["rule"]: row for row in ledger(tmp_path, [], text=text).rules().rows}
    assert {name: rows[name]["origin"] for name in ("new key", "anomaly", "dear")} == {
        "new key": "default",
        "anomaly": "changed",
        "dear": "settings",
    }
    assert "unexplained" not in rows
    assert "budget" not in rows, "there is none"
    assert rows["anomaly"]["when"] == "above > 200"


def test_tables_of_rules_that_cannot_hold_are_no_fault(tmp_path: Path) -> None:
    """Settings without budgets or owners may still grade or switch off the rules of these: they are not in force."""
    text = '[[rule]]\nname = "budget"\nseverity = "critical"\n[[rule]]\nname = "no owner"\noff = true\n'
    rows = ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=text).ask("rules").rows
    assert {"budget", "no owner"}.isdisjoint(row["rule"] for row in rows)
    assert len(rows) == len(RULES)


def test_a_ledger_without_a_version_has_no_past(tmp_path: Path) -> None:
    """Before the first sync has committed anything there is nothing to judge a rule by, and that is said."""
    tables = Tables(tmp_path / "ledger")
    with tables.writing():
        pass
    with pytest.raises(LedgerError, match="Nothing was committed"):
        Ledger(tables.root, SystemClock(NOW)).rules("anomaly")
