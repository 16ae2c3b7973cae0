"""Lines together: what was billed to several users at once, beside the same worked out line by line."""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.written_ledger import charge, sighting, written_ledger
from tallystick.core.filter import Filter
from tallystick.core.question import Question
from tallystick.core.time import Window
from tallystick.query.lines_together import billed_together
from tallystick.store.engine import Engine

FIRST = date(2026, 10, 24)
DAYS = 14
CHOICES = {
    "organization": ["o", "p"],
    "workspace": ["w", "v"],
    "key": ["k", "l", "m"],
    "actor": ["u", "unattributed"],
    "product": ["api", "unknown"],
    "model": ["claude-opus-5-5", "claude-haiku-5-5"],
    "kind": ["output", "web_search"],
    "method": ["allocated", "allocated", "reported"],
    "billed": [None, Decimal(1), Decimal("0.000000000001"), Decimal(-3)],
}


def written() -> list[dict[str, Any]]:
    """Charges of two weeks of two months: of most lines some days have one user and others several."""
    chance = random.Random(5)  # noqa: S311 - always the same
    return [
        charge(
            FIRST + timedelta(chance.randrange(DAYS)),
            **{name: chance.choice(values) for name, values in CHOICES.items()},
        )
        for _ in range(500)
    ]


@pytest.fixture(scope="module", params=["sums", "charges"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A ledger of these charges whose version states sums, or none."""
    names = [sighting("organization", id_, FIRST, organization=id_, name=id_) for id_ in CHOICES["organization"]]
    made = written_ledger(tmp_path_factory.mktemp("together"), written(), names)
    if request.param == "sums":
        assert made.version.has_months
        return made
    return Engine(made.tables, dataclasses.replace(made.version, contents={}))


def line_by_line(question: Question, user_dims: list[str]) -> Decimal:
    """The same, of each charge."""
    start, end = question.window.start.date(), question.window.end.date()
    lines = defaultdict(list)
    for row in written():
        if start <= row["day"] < end and row["method"] == "allocated" and row["billed"] is not None:
            model = "none" if row["kind"] == "web_search" else row["model"]
            lines[row["organization"], row["day"], row["workspace"], row["kind"], model].append(row)
    return sum(
        (
            row["billed"]
            for rows in lines.values()
            if any(len({row[name] for row in rows}) > 1 for name in user_dims)
            for row in rows
            if all(part.takes(row[name]) for name, part in question.where.items())
        ),
        Decimal(0),
    )


@pytest.mark.long
@settings(max_examples=60)
@given(
    days=st.tuples(st.integers(0, DAYS), st.integers(1, DAYS)),
    user_dims=st.sampled_from([["key"], ["actor"], ["key", "actor"]]),
    where=st.dictionaries(
        st.sampled_from(["organization", "workspace", "kind", "model", "key", "actor"]), st.integers(0, 1), max_size=2
    ),
)
def test_lines_of_several_users_are_those_of_their_days(
    engine: Engine, days: tuple[int, int], user_dims: list[str], where: dict[str, int]
) -> None:
    """Of whichever days and filters, each line of a day counts that has several users, and no other."""
    start = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(days[0])
    filters = {name: Filter.of(CHOICES[name][index]) for name, index in where.items()}
    question = Question("spend", Window(start, start + timedelta(days[1])), tuple(user_dims), filters)
    assert billed_together(engine, question, user_dims) == line_by_line(question, user_dims)


def test_a_line_of_one_user_alone_is_none(engine: Engine) -> None:
    """Both kinds of lines are there, so that the rule above can fail."""
    window = Window(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 11, 7, tzinfo=UTC))
    question = Question("spend", window, ("key",))
    allocated = [row["billed"] for row in written() if row["method"] == "allocated" and row["billed"] is not None]
    assert line_by_line(question, ["key"]) not in {Decimal(0), sum(allocated, Decimal(0))}
    assert billed_together(engine, question, ["key"]) == line_by_line(question, ["key"])
