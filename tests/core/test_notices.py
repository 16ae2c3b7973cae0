from __future__ import annotations

from tallystick.core import repeated, uncounted


def test_unknown_tokens_are_found_at_any_depth() -> None:
    """Whole numbers of tokens that no path knows are named by their path; zeros, truths and other fields are not."""
    usage = {
        "input_tokens": 5,
        "new_tokens": 7,
        "cache": {"new_tokens": 3, "input_tokens": 2, "ratio": 0.5},
        "no_tokens": 0,
        "has_tokens": True,
        "requests": 9,
    }
    assert uncounted.unknown_counters(usage, ("input_tokens",)) == {
        "new_tokens": 7,
        "cache.new_tokens": 3,
        "cache.input_tokens": 2,
    }


def test_the_notice_begins_with_the_count() -> None:
    """The text of a notice begins with its count, and names fields, or else what does not add up."""
    assert uncounted.text_of(0, ()).startswith("0 tokens ")
    assert uncounted.text_of(1_234, ("b_tokens", "a_tokens")).startswith("1,234 tokens ")
    assert uncounted.text_of(1_234, ("b_tokens", "a_tokens")).endswith("a_tokens, b_tokens.")
    assert "differs from the sum" in uncounted.text_of(1, ())
    assert [repeated.text_of(count).split()[0] for count in (0, 1_234)] == ["0", "1,234"]
