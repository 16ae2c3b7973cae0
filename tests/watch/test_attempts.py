"""Attempts: what is sent again, when, and what never."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, strategies as st

from support.findings import MINUTE, START, after, opened
from tallystick.watch.attempts import BACK_OFF, LEASE, LONGEST, MOST_UNCERTAIN, Attempts, Standing
from tallystick.watch.finding import Event, Step

ONE = opened("a")


def alive(who: str) -> bool:
    """No watcher is dead but the one called so."""
    return who == "dead"


def attempt(number: int, minutes: float, *outcomes: Step, who: str = "w") -> list[Event]:
    """An attempt at a minute, and how it ended in the same minute."""
    when = START + MINUTE * minutes
    facts = {"message": "m"}
    return [after(ONE, step, when, attempt=number, who=who, facts=facts) for step in (Step.SENDING, *outcomes)]


def standing(events: list[Event], minutes: float) -> Standing:
    """Where it stands at a minute."""
    return Attempts.of(events).standing(START + MINUTE * minutes, alive)


def test_what_a_watcher_died_of_is_sent_once_more_and_never_again() -> None:
    """An attempt of a dead watcher is due again at once; after a second such one nothing is sent any more."""
    assert standing([], 0) is Standing.NEW
    assert standing(attempt(1, 0), 1) is Standing.UNDER_WAY
    assert standing(attempt(1, 0, who="dead"), 1) is Standing.DUE
    twice = attempt(1, 0, who="dead") + attempt(2, 1, who="dead")
    assert standing(twice, 1) is Standing.UNCERTAIN
    assert standing(twice, 99_999) is Standing.UNCERTAIN


def test_a_watcher_has_some_minutes() -> None:
    """What a watcher that may live does not end in its time is due again."""
    lease = LEASE / MINUTE
    assert standing(attempt(1, 0), lease - 1) is Standing.UNDER_WAY
    assert standing(attempt(1, 0), lease) is Standing.DUE


def test_what_was_sent_is_done() -> None:
    """Once it was taken it stands so, whatever was before or comes after."""
    for events in (
        attempt(1, 0, Step.SENT),
        attempt(1, 0) + attempt(2, 9, Step.SENT),
        attempt(1, 0, Step.SENT) + attempt(2, 9),
    ):
        assert standing(events, 99) is Standing.SENT


def test_what_is_refused_is_tried_at_longer_and_longer_intervals() -> None:
    """After each refusal the pause is longer, the last one is repeated, and after three days nothing is tried."""
    events: list[Event] = []
    minutes, pauses = 0.0, []
    for number in range(1, 100):
        events += attempt(number, minutes, Step.REFUSED)
        until = next((pause for pause in range(1, 400) if standing(events, minutes + pause) is Standing.DUE), 0)
        if not until:
            break
        assert standing(events, minutes + until - 1) in {Standing.WAITING, Standing.DUE}
        pauses.append(until)
        minutes += until
    assert pauses[:6] == [1, 5, 15, 60, 360, 360]
    assert timedelta(minutes=minutes) <= LONGEST < timedelta(minutes=minutes) + BACK_OFF[-1]
    assert standing(events, minutes + 10_000) is Standing.REFUSED


@given(st.lists(st.tuples(st.sampled_from(["dies", "hangs", "refused", "sent"]), st.integers(0, 5000)), max_size=40))
def test_never_more_than_two_may_have_arrived(lives: list[tuple[str, int]]) -> None:
    """However watchers die, hang and are refused, at most two attempts were not refused, and each has a new number."""
    events: list[Event] = []
    minutes = 0
    for life, pause in lives:
        minutes += pause
        attempts = Attempts.of(events)
        if attempts.standing(START + MINUTE * minutes, alive) not in {Standing.NEW, Standing.DUE}:
            continue
        outcomes = {"refused": [Step.REFUSED], "sent": [Step.SENT]}.get(life, [])
        events += attempt(attempts.next, minutes, *outcomes, who="dead" if life == "dies" else "w")
    numbers = [event.attempt for event in events if event.step is Step.SENDING]
    refused = [event for event in events if event.step is Step.REFUSED]
    assert len(numbers) == len({*numbers})
    assert len(numbers) - len(refused) <= MOST_UNCERTAIN
