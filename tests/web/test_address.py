"""An address is a question: as a page, a command and in Python."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, strategies as st

from tallystick.address import Address
from tallystick.errors import InvalidQuestion

TEXT = st.text(min_size=1, max_size=12)


def test_names_and_texts_become_what_the_report_takes() -> None:
    """Names of an address are the report's parameters, and `where.` begins a filter."""
    address = Address.of("spend", [("by", "day,team"), ("top", "5"), ("where.model!", "a"), ("where.model!", "b")])
    assert address.values == {"by": "day,team", "top": 5, "where": {"model!": ["a", "b"]}}


def test_an_empty_text_is_left_out_unless_it_replaces_a_default() -> None:
    """A field that was left empty asks nothing; an empty `by` asks for one row."""
    assert Address.of("spend", [("since", ""), ("by", "")]).pairs == (("by", ""),)


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "9" * 10])
def test_a_count_is_a_whole_number(text: str) -> None:
    """What is no whole number is refused with the name of the parameter."""
    with pytest.raises(InvalidQuestion, match="top"):
        _ = Address("spend", (("top", text),)).values


@given(st.sampled_from(["model", "key!"]), TEXT)
def test_a_command_has_every_filter_as_one_word(dimension: str, text: str) -> None:
    """Whatever a name holds, a shell reads the filter as one word."""
    words = shlex.split(Address("spend", ((f"where.{dimension}", text),)).command)
    assert words[:3] == ["tallystick", "spend", "--where"]
    assert words[3] == f"{dimension}={text}"
