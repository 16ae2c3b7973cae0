"""Rounds: findings open once, end when their rule no longer sees them, and never by what is unknown."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.findings import after, opened
from support.spending import DAYS_OF, LAST, NOW, USUAL, ledger, rows_of
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.time import DAY
from tallystick.errors import InvalidQuestion, UnknownName
from tallystick.settings import Settings
from tallystick.store.tables import Tables
from tallystick.watch import record
from tallystick.watch.default_rules import RULES
from tallystick.watch.finding import Event, State, Step, findings
from tallystick.watch.judgement import Case, Judgement, judge, judge_all
from tallystick.watch.round import acknowledge, changes, look
from tallystick.watch.rule import Rule

DEAR = Rule("dear", "spend --by key --since 7d", "billed > 1", "{key} spent {billed} USD.", dollars="billed")
LATER = timedelta(minutes=15)
LATE = LAST - DAY * 3


def case(subject: str, level: str = "", dollars: Decimal | None = None) -> Case:
    """A case of a subject."""
    return Case(subject, level, subject, dollars, "", {})


def lived(*rounds: Judgement) -> list[tuple[str, Step]]:
    """What happens to findings over rounds of judgements of one rule."""
    events: list[Any] = []
    for number, judgement in enumerate(rounds):
        events += changes([judgement], findings(events), NOW + LATER * number, "w")
    return [(event.text or event.finding, event.step) for event in events]


def said(*cases: Case, unknown: str = "") -> Judgement:
    """What the rule says."""
    return Judgement(DEAR, cases, unknown)


def test_a_finding_opens_and_ends_once() -> None:
    """A case opens one finding however often it is seen; when it is gone, that ends; seen again, another opens."""
    steps = [step for _, step in lived(said(case("a")), said(case("a")), said(), said(), said(case("a")))]
    assert steps == [Step.OPENED, Step.RESOLVED, Step.OPENED]


def test_rows_of_one_subject_are_not_one_finding(tmp_path: Path) -> None:
    """A rule whose subject does not tell its rows apart is unknown and says so; it opens no finding for all of them."""
    judgement = judge(
        ledger(tmp_path, rows_of(USUAL, DAYS_OF)).context(),
        Rule("dear", "keys --since 7d", "billed > 0", "", subject=("status",)),
    )
    assert judgement.cases == ()
    assert "several rows of one subject" in judgement.unknown


@pytest.mark.parametrize("ask", ["forecast --by key", "spend --by key --top 2 --since 7d", "keys --top 2 --since 7d"])
def test_what_stands_for_no_value_is_no_subject(tmp_path: Path, ask: str) -> None:
    """A rule speaks of keys alone, not of the rest of others or what parts lack to the whole, and is sure of them."""
    column = "expected" if "forecast" in ask else "billed"
    context = ledger(tmp_path, rows_of(USUAL, DAYS_OF)).context()
    judgement = judge(context, Rule("dear", ask, f"{column} != 7", "", subject=("key",)))
    assert {json.loads(case.subject)["key"] for case in judgement.cases} <= {*USUAL}
    assert (bool(judgement.cases), judgement.unknown) == (True, "")


def test_rules_of_one_question_are_judged_by_one_answer(tmp_path: Path) -> None:
    """What several rules ask is asked once, and each says what it says alone."""
    context = ledger(tmp_path, rows_of(USUAL | {"late": lambda day: 10**6 if day > LATE else 0}, DAYS_OF)).context()
    assert any(judgement.cases for judgement in judge_all(context, RULES))
    assert [*judge_all(context, RULES)] == [judge(context, rule) for rule in RULES]
    ask = "spend --by key --since 7d"
    [first, second] = judge_all(context, [DEAR, replace(DEAR, name="none", when="billed > 1000000")])
    assert (DEAR.ask, len(first.cases), second.cases) == (ask, 7, ())


def test_a_rule_without_words_says_names(book: Ledger) -> None:
    """A finding of a rule that has no words of its own names its subject as people do, not by id."""
    judgement = judge(book.context(), Rule("dear", "spend --by workspace --since 7d", "billed > 1", ""))
    assert "dear: Production, as billed > 1." in [case.words for case in judgement.cases]


def test_what_is_unknown_ends_nothing() -> None:
    """Where a rule cannot tell, its findings stay open, and what it does see opens."""
    steps = [step for _, step in lived(said(case("a")), said(unknown="x"), said(case("b"), unknown="x"))]
    assert steps == [Step.OPENED, Step.OPENED]


def test_another_level_takes_the_place_of_one() -> None:
    """Of one subject only the present level is open; the one before it is superseded, not resolved."""
    steps = [step for _, step in lived(said(case("a", "50 %")), said(case("a", "80 %")), said())]
    assert steps == [Step.OPENED, Step.SUPERSEDED, Step.OPENED, Step.RESOLVED]


def test_of_several_rows_of_one_subject_the_largest_opens() -> None:
    """Rows of one subject and level are one finding, of the row with the most dollars, wherever it stands."""
    rows = [case("a", dollars=Decimal(amount)) for amount in (3, -9, 5)]
    [opened] = changes([said(*rows)], {}, NOW, "w")
    assert opened.dollars == -9


def test_a_level_that_is_back_says_so() -> None:
    """A figure that swings between two levels is news of each once; after a week, or resolved, it is news again."""
    events: list[Event] = []
    levels = ["80 %", "100 %", "80 %", "100 %", None, "80 %"]
    for number, level in enumerate(levels):
        judgement = said(*([case("a", level)] if level else []))
        events += changes([judgement], findings(events), NOW + LATER * number, "w")
    events += changes([said(case("a", "100 %"))], findings(events), NOW + LATER * len(levels) + DAY * 7, "w")
    opened = [event.facts["returned"] for event in events if event.step is Step.OPENED]
    assert opened == [False, False, True, True, True, False]


def test_what_begins_anew_is_another_finding() -> None:
    """What began after the last of its subject was told opens at once, beside it; each ends when it is gone."""
    first, second = (replace(case("a"), since=str(NOW.date() + DAY * days)) for days in (-1, 1))
    rounds = [said(first), said(first, second), said(second), said()]
    events: list[Event] = []
    for number, judgement in enumerate(rounds):
        events += changes([judgement], findings(events), NOW + DAY * number, "w")
    steps = [(event.facts.get("since", event.finding), event.step) for event in events]
    ids = [event.finding for event in events if event.step is Step.OPENED]
    assert steps == [
        (first.since, Step.OPENED),
        (second.since, Step.OPENED),
        (ids[0], Step.RESOLVED),
        (ids[1], Step.RESOLVED),
    ]
    assert not any(event.facts["returned"] for event in events if event.step is Step.OPENED)


def test_what_is_estimated_anew_is_the_same() -> None:
    """A beginning that moves by a day is the same finding; one that is gone for a while and back is not told again."""
    events: list[Event] = []
    for number, days in enumerate([0, -3, None, 0]):
        cases = [] if days is None else [replace(case("a"), since=str(NOW.date() + DAY * days))]
        events += changes([said(*cases)], findings(events), NOW + DAY * number, "w")
    opened = [event.facts["returned"] for event in events if event.step is Step.OPENED]
    assert opened == [False, True]


def test_findings_of_a_rule_that_is_gone_end() -> None:
    """A rule that the settings switch off leaves no finding open."""
    opened = [*changes([said(case("a"))], {}, NOW, "w")]
    [ended] = changes([], findings(opened), NOW + LATER, "w")
    assert (ended.finding, ended.step) == (opened[0].finding, Step.RESOLVED)


def test_a_watcher_writes_down_what_it_sees(tmp_path: Path) -> None:
    """A round writes its findings into the ledger, with exact dollars; the next one finds nothing new."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    tables = Tables(book.path)
    first = look(book, tables, [DEAR], NOW, "w")
    rows = {row["key"]: row["billed"] for row in book.spend(by=["key"], since="7d").rows}
    dear = {key: billed for key, billed in rows.items() if billed > 1}
    assert dear
    assert {finding.subject["key"]: finding.opened.dollars for finding in first.open} == dear
    assert look(book, tables, [DEAR], NOW + LATER, "w").events == ()
    assert {row["finding"] for row in book.ask("findings").rows} == {finding.id for finding in first.open}
    assert len(book.sql("SELECT * FROM findings").rows) == len(dear)


def test_a_past_version_is_not_watched(tmp_path: Path) -> None:
    """A ledger that is asked as of a version judges no rule and writes nothing."""
    path = ledger(tmp_path, rows_of(USUAL, DAYS_OF)).path
    settings = Settings.load(ledger=str(path), as_of="1", environment={})
    with pytest.raises(InvalidQuestion, match="past version"):
        Ledger.of(settings, clock=SystemClock(NOW)).watch()
    assert record.events(Tables(path)) == []


def test_absent_days_make_a_rule_unknown(tmp_path: Path) -> None:
    """A rule over days that are not in the ledger says which, and not that all is fine."""
    unread = NOW.date() - DAY * 3
    rows = [row for row in rows_of(USUAL, DAYS_OF) if row["day"] != unread]
    book = ledger(tmp_path, rows, unread=[unread])
    nothing = replace(DEAR, when="billed > 1000000")
    [judgement] = look(book, Tables(book.path), [nothing], NOW, "w").judgements
    assert judgement.cases == ()
    assert f"{unread.day} {unread:%b}" in judgement.unknown


def test_a_rule_that_cannot_be_asked_stops_no_other(tmp_path: Path) -> None:
    """A rule whose column is gone, or whose question has no answer, is unknown with why; the others are judged."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    gone, unanswered = (
        replace(DEAR, name="gone", when="biled > 1"),
        Rule("none", "diff --month 2026-01", "billed > 1", ""),
    )
    made = look(book, Tables(book.path), [gone, unanswered, DEAR], NOW, "w")
    unknown = {judgement.rule.name: judgement.unknown for judgement in made.judgements}
    assert "biled" in unknown["gone"]
    assert unknown["none"]
    assert unknown["dear"] == ""
    assert made.open


def test_findings_that_open_together_say_how_many() -> None:
    """Each finding of a rule is kept, however many open at once, and knows how many: they can be told as one."""
    cases = [case(f"key {number}") for number in range(3000)]
    opened = [*changes([said(*cases)], {}, NOW, "w")]
    assert len({event.finding for event in opened}) == len(cases)
    assert {event.facts["together"] for event in opened} == {len(cases)}
    assert [*changes([said(*cases)], findings(opened), NOW + LATER, "w")] == []


def test_what_ended_long_ago_is_not_read_again(tmp_path: Path) -> None:
    """A round reads what is open, expected or ended lately, however much was before; `findings --all` has the rest."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    tables = Tables(book.path)
    old, lately, still, planned = (opened(id_, NOW - DAY * 200) for id_ in ("old", "lately", "still", "planned"))
    ends = [after(event, Step.RESOLVED, NOW - DAY * 150) for event in (old, planned)]
    expected = after(planned, Step.EXPECTED, NOW - DAY * 199, text="each month")
    with tables.writing() as writer:
        record.write(writer, [old, ends[0]])
    assert record.recent(tables, NOW) == []
    with tables.writing() as writer:
        record.write(writer, [lately, still, planned, ends[1], after(lately, Step.RESOLVED, NOW - DAY), expected])
    assert {event.finding for event in record.recent(tables, NOW)} == {"lately", "still", "planned"}
    assert [row["finding"] for row in book.ask("findings").rows] == ["still"]
    assert {row["finding"] for row in book.ask("findings", every=True).rows} == {"old", "lately", "still", "planned"}


@pytest.mark.long
def test_watchers_at_once_open_each_finding_once(tmp_path: Path) -> None:
    """Several watchers that look at one ledger at the same time write each finding down once."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))

    def once(number: int) -> int:
        own = Ledger(book.path, SystemClock(NOW), settings=Settings.load(ledger=str(book.path), environment={}))
        return len(look(own, Tables(book.path), [DEAR], NOW, f"w{number}").events)

    with ThreadPoolExecutor(4) as pool:
        counts = [*pool.map(once, range(4))]
    opened = [event for event in record.events(Tables(book.path)) if event.step is Step.OPENED]
    assert len({event.finding for event in opened}) == len(opened) == sum(counts) > 0


def test_what_is_acknowledged_says_by_whom_and_why(tmp_path: Path) -> None:
    """An acknowledged finding keeps who and why, and ends as any other; an expected one is none again."""
    book = ledger(tmp_path, rows_of(USUAL, DAYS_OF))
    tables = Tables(book.path)
    first, second, *_ = look(book, tables, [DEAR], NOW, "w").open
    with pytest.raises(UnknownName, match="No open finding"):
        acknowledge(tables, "", NOW, "ada", "known")
    known = acknowledge(tables, first.id, NOW + LATER, "ada", "known")
    assert known.acknowledged
    assert (known.state, known.acknowledged.who, known.acknowledged.text) == (State.ACKNOWLEDGED, "ada", "known")
    acknowledge(tables, second.id[:8], NOW + LATER, "ada", "a launch", expected=True)
    high = replace(DEAR, when="billed > 1000000")
    assert not look(book, tables, [high], NOW + LATER * 2, "w").open
    again = {finding.opened.subject: finding.state for finding in look(book, tables, [DEAR], NOW + LATER * 3, "w").open}
    assert again[first.opened.subject] is State.OPEN
    assert again[second.opened.subject] is State.EXPECTED


def test_the_last_word_on_a_finding_counts() -> None:
    """What is known first and said to be planned later is expected, with the later reason; so the other way round."""
    [opened] = changes([said(case("a"))], {}, NOW, "w")
    for steps in ((Step.ACKNOWLEDGED, Step.EXPECTED), (Step.EXPECTED, Step.ACKNOWLEDGED)):
        events = [replace(opened, step=step, happened_at=NOW + LATER * at, text=step) for at, step in enumerate(steps)]
        [finding] = findings([opened, *events]).values()
        assert finding.acknowledged
        assert (finding.state, finding.acknowledged.text) == (State(steps[1]), steps[1])
