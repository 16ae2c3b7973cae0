"""Filters and the words for dimensions: how they are written, and what passes them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tallystick.core.dimensions import ALIASES, NAMED, NAMES, canonical
from tallystick.core.filter import Filter, filter_texts, filters, pattern, where_of
from tallystick.core.text import choose, did_you_mean
from tallystick.errors import InvalidQuestion
from tallystick.reports.claude_code import CLAUDE_CODE

TEXTS = st.text("ab*?.[]!^$\\\n", max_size=6)


@given(TEXTS, TEXTS)
def test_only_two_letters_are_wild(value: str, name: str) -> None:
    """`*` is any text and `?` one character; every other letter stands for itself."""

    def fits(remainder: str, right: str) -> bool:
        if not remainder:
            return not right
        if remainder[0] == "*":
            return any(fits(remainder[1:], right[cut:]) for cut in range(len(right) + 1))
        return bool(right) and remainder[0] in {"?", right[0]} and fits(remainder[1:], right[1:])

    wild = pattern(value)
    assert (wild is None) is not ({"*", "?"} & {*value})
    assert bool(wild and wild.fullmatch(name)) is (bool(wild) and fits(value, name))


@given(st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3), TEXTS)
def test_what_is_left_out_does_not_pass(values: list[str], without: list[str], name: str) -> None:
    """A filter takes what its values take less what is left out; without values it takes everything."""
    match = Filter(tuple(values)).takes(name)
    left_out = bool(without) and Filter(tuple(without)).takes(name)
    assert Filter(tuple(values), tuple(without)).takes(name) is (match and not left_out)
    assert Filter().takes(name)


def test_patterns_are_matched_in_either_case() -> None:
    """A pattern knows no case; a plain value is spelt as it is."""
    assert Filter.of("PROD*").takes("Production", "wrkspc_1")
    assert not Filter.of("production").takes("Production")


def test_filters_of_python() -> None:
    """Python names a dimension for what is wanted and with a `!` for what is left out; answers show the same."""
    where = {"model": "claude-*", "model!": ["claude-opus-5", "claude-opus-4-7"], "api_key!": "ci", "Keys": ["a", "b"]}
    made = filters(where)
    assert made == {
        "model": Filter(("claude-*",), ("claude-opus-5", "claude-opus-4-7")),
        "key": Filter(("a", "b"), ("ci",)),
    }
    assert filter_texts(made) == {
        "model": ["claude-*"], "model!": ["claude-opus-5", "claude-opus-4-7"], "key": ["a", "b"], "key!": ["ci"],
    }  # fmt: skip
    assert filters(filter_texts(made)) == made


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("model=a,key=b",), {"model": ["a"], "key": ["b"]}),
        (("model!=a,key = b", "key!=c"), {"model!": ["a"], "key": ["b"], "key!": ["c"]}),
        (("workspace=A, B,api_keys != x",), {"workspace": ["A, B"], "api_keys!": ["x"]}),
        (("workspace=A,b=c",), {"workspace": ["A,b=c"]}),
        (("workspace=!A",), {"workspace": ["!A"]}),
        (("model=claude-*,Cost-Center=1",), {"model": ["claude-*"], "Cost-Center": ["1"]}),
    ],
)
def test_filters_of_the_command_line(words: tuple[str, ...], expected: dict[str, list[str]]) -> None:
    """A comma before a dimension, by any of its words, begins another filter; any other belongs to a name."""
    assert where_of(words) == expected


@pytest.mark.parametrize("word", ["model", "model!", "=x", "!=x", "model=", "model!= ", ""])
def test_what_is_no_filter(word: str) -> None:
    """What is not DIM=VALUE or DIM!=VALUE is asked wrongly."""
    with pytest.raises(InvalidQuestion, match="DIM=VALUE"):
        where_of((word,))


@pytest.mark.parametrize(
    ("word", "name"),
    [
        *(("api_key", "key"), ("API_KEYS", "key"), ("api_key_id", "key"), ("user", "actor"), ("people", "actor")),
        *(
            ("date", "day"),
            ("days", "day"),
            ("service", "product"),
            ("cost-center", "cost_center"),
            ("Models", "model"),
        ),
        *(
            ("organisations", "organization"),
            ("service_tier", "tier"),
            ("inference_geo", "geo"),
            ("Month", "month"),
            ("Models", "model"),
        ),
        *(
            ("Models", "model"),
            ("cost_type", "cost_type"),
            ("colour", "colour"),
            ("speeds", "speed"),
            ("user_profile", "user_profile"),
        ),
    ],
)
def test_everyday_words_for_dimensions(word: str, name: str) -> None:
    """Aliases, plurals, hyphens, either case and the API's own fields name a dimension; other words stay."""
    assert canonical(word) == name


def test_a_word_means_what_a_report_knows() -> None:
    """Where a report calls it otherwise, the same words name that."""
    for word in ("user", "users", "actor", "person"):
        assert canonical(word, CLAUDE_CODE.dimensions) == "person"


def test_no_alias_hides_a_name() -> None:
    """No alias is a dimension of its own, and each leads to one."""
    assert not ALIASES.keys() & {*NAMES} - {name for name, meant in ALIASES.items() if name == meant}
    assert {*ALIASES.values()} <= {*NAMES}
    assert all(canonical(name) == name for name in (*NAMED, *NAMES))


def test_near_misses() -> None:
    """A near miss is answered with what was meant, in either case; where nothing is near, with all choices alone."""
    assert did_you_mean("modle", ["model", "kind"]) == "Did you mean model?"
    assert did_you_mean("PRODUCTON", ["Production"]) == "Did you mean Production?"
    assert did_you_mean("opus", ["claude-opus-5", "claude-opus-6"]) == "Did you mean claude-opus-5 or claude-opus-6?"
    assert did_you_mean("zzz", ["model"]) == did_you_mean("", ["model"]) == did_you_mean("x", []) == ""
    assert choose("zzz", ["model", "kind"]) == "Choose among model, kind."
