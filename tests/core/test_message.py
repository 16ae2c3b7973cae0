"""Messages beside an answer: two kinds, the gravest warning first."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, strategies as st

from tallystick.core.message import Message, note, ordered, warning

MESSAGES = st.lists(
    st.builds(
        Message,
        st.sampled_from("abcdef"),
        st.booleans(),
        st.none() | st.decimals(-100, 100, places=2, allow_nan=False),
    )
)


def test_unknown_money_comes_first_then_the_most_dollars_then_notes() -> None:
    """Warnings of unknown money stand before those of known money, the most dollars first, and notes last as given."""
    messages = [
        note("provisional"),
        warning("19.00 USD", Decimal(19)),
        note("running"),
        warning("400.00 USD of credits", Decimal(-400)),
        warning("3 days absent"),
    ]
    texts = [message.text for message in ordered(messages)]
    assert texts == ["3 days absent", "400.00 USD of credits", "19.00 USD", "provisional", "running"]


@given(MESSAGES)
def test_each_text_stands_once_as_gravely_as_anyone_says_it(messages: list[Message]) -> None:
    """Every text is there exactly once, in one order whatever order it was said in, a warning where any is one."""
    shown = ordered(messages)
    assert sorted(message.text for message in shown) == sorted({message.text for message in messages})
    assert ordered(shown) == shown
    for message in shown:
        assert message.is_warning == any(each.is_warning for each in messages if each.text == message.text)
    kinds = [message.kind for message in shown]
    assert kinds == sorted(kinds, key=("warning", "note").index)
