from __future__ import annotations

import pytest

from tallystick.errors import ApiError, CursorExpired, Refused, UnexpectedResponse, Unreachable
from tallystick.sync.outcome import MOST_NAMED, Outcome


@pytest.mark.parametrize(
    ("failures", "code", "kind"),
    [
        ([Refused("no")], 3, Refused),
        ([Refused("no"), Refused("no")], 3, Refused),
        ([Refused("no"), CursorExpired("gone")], 3, Refused),
        ([Refused("no"), Unreachable("away")], 4, Unreachable),
        ([Unreachable("away"), UnexpectedResponse("odd")], 5, UnexpectedResponse),
        ([CursorExpired("gone"), CursorExpired("gone")], 3, CursorExpired),
    ],
)
def test_what_failed_has_one_name(failures: list[ApiError], code: int, kind: type[ApiError]) -> None:
    """A sync fails as its failures do where all are alike, else as the gravest of them; one is raised as it is."""
    outcome = Outcome(failures={f"window {number}": failure for number, failure in enumerate(failures)})
    assert outcome.exit_code == code
    with pytest.raises(ApiError) as raised:
        outcome.raise_failures()
    assert type(raised.value) is kind
    if len(failures) == 1:
        assert raised.value is failures[0]


def test_some_failures_are_named_and_the_rest_counted() -> None:
    """Of many windows that failed the first are named, and how many more there are is said."""
    outcome = Outcome(failures={f"window {number}": Refused(f"no {number}") for number in range(MOST_NAMED + 2)})
    with pytest.raises(Refused) as raised:
        outcome.raise_failures()
    assert f"{MOST_NAMED + 2} windows or lists could not be read: window 0: no 0; " in str(raised.value)
    assert "; and 2 more" in str(raised.value)


def test_a_sync_that_left_days_out_exits_with_1() -> None:
    """Without a failure nothing is raised; days that were left out are worth an exit code."""
    Outcome().raise_failures()
    assert Outcome().exit_code == 0
    assert Outcome(losses={"2026-11-20": "half"}).exit_code == 1
