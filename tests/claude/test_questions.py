"""Twenty questions that a person asks Claude, each answered by a call of one tool and held to the world's own truth.

No language model is at hand here: the calls are those that one would have to find. So this shows that the tools can
answer, and answer right; not that a model asks them well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from mcp.client import Client

from support.model import in_process
from support.organization import FIRST, NOW, TOKENS, Truth, days
from tallystick import Ledger
from tallystick.settings import Settings

pytestmark = pytest.mark.long
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 21))
OCTOBER = (FIRST, date(2026, 10, 31))
SAME = (FIRST, date(2026, 10, 21))
YESTERDAY = (date(2026, 11, 21),) * 2
OPUS = "claude-opus-5-5"
Reply = dict[str, Any]
ALL = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read")


@dataclass(frozen=True)
class Question:
    """A question, the call that answers it, what is read of the reply, and the truth."""

    words: str
    tool: str
    arguments: dict[str, Any]
    read: Callable[[Reply], object]
    truth: Callable[[Truth], object]


def rows(reply: Reply) -> list[dict[str, Any]]:
    """The rows of a reply, without the rest."""
    listed = [dict(zip(reply["columns"], row, strict=True)) for row in reply["rows"]]
    return [row for row in listed if "others" not in row.values()]


def total(name: str) -> Callable[[Reply], object]:
    """What reads a total: money as exact decimal."""
    return lambda reply: Decimal(str(reply["totals"][name]))


def largest(dimension: str, figure: str) -> Callable[[Reply], object]:
    """What reads the largest row: its name and figure."""

    def read(reply: Reply) -> object:
        row = max(rows(reply), key=lambda row: Decimal(str(row[figure] or 0)))
        return row[dimension], Decimal(str(row[figure]))

    return read


def first(figure: str, **held: str) -> Callable[[Reply], object]:
    """What reads a figure of the first row with these cells."""
    return lambda reply: Decimal(
        str(next(row[figure] for row in rows(reply) if all(row[name] == value for name, value in held.items())))
    )


def by_model(truth: Truth, span: tuple[date, date]) -> dict[str, Decimal]:
    """What each model was billed."""
    sums: dict[str, Decimal] = {}
    for day in days(*span):
        for request in truth.world.requests(day):
            sums[request.group.model] = sums.get(request.group.model, Decimal(0)) + request.cost()
    return sums


def most(amounts: Iterable[tuple[str, Decimal | int]]) -> tuple[str, Decimal]:
    """The largest, by name."""
    name, amount = max(amounts, key=lambda each: each[1])
    return name, Decimal(amount)


def billed_by_workspace(truth: Truth) -> tuple[str, Decimal]:
    """The workspace that was billed most in November."""
    listed = truth.world.organization.workspaces
    return most(
        ("default" if each.is_default else each.id, truth.billed(*NOVEMBER, workspace=each.id)) for each in listed
    )


def tokens(truth: Truth, span: tuple[date, date], *kinds: str, **held: Any) -> Decimal:
    """Tokens of these kinds, all of them by default."""
    sums = truth.tokens(*span, **held)
    return Decimal(sum(sums[kind] for kind in kinds or TOKENS))


def hit_rate(truth: Truth) -> Decimal:
    """What of the input of a model was read from the cache."""
    return tokens(truth, NOVEMBER, "cache_read", model=OPUS) / tokens(truth, NOVEMBER, *ALL, model=OPUS)


DAYS = {"since": "2026-11-01", "until": "2026-11-21"}
QUESTIONS = (
    Question(
        "What did October cost?", "spend", {"by": "", "month": "2026-10"}, total("billed"), lambda t: t.billed(*OCTOBER)
    ),
    Question(
        "What has this month cost so far?",
        "spend",
        {"by": "", "since": "mtd"},
        total("billed"),
        lambda t: t.billed(*NOVEMBER),
    ),
    Question(
        "What did yesterday cost?",
        "spend",
        {"by": "", "since": "yesterday"},
        total("billed"),
        lambda t: t.billed(*YESTERDAY),
    ),
    Question(
        "Which model cost most this month?",
        "spend",
        {"by": "model", **DAYS},
        largest("model", "billed"),
        lambda t: most(by_model(t, NOVEMBER).items()),
    ),
    Question(
        "Which workspace cost most this month?",
        "spend",
        {"by": "workspace", **DAYS},
        largest("workspace", "billed"),
        billed_by_workspace,
    ),
    Question(
        "Which day cost most this month?",
        "spend",
        {"by": "day", "top": 31, **DAYS},
        largest("day", "billed"),
        lambda t: most((str(day), t.billed(day, day)) for day in days(*NOVEMBER)),
    ),
    Question(
        "How much did the bill change against the same days of October?",
        "why",
        {**DAYS, "against": "2026-10-01..2026-10-21"},
        total("change"),
        lambda t: t.billed(*NOVEMBER) - t.billed(*SAME),
    ),
    Question(
        "How much did Opus 5.5 change?",
        "why",
        {**DAYS, "against": "2026-10-01..2026-10-21", "by": "model"},
        first("change", model=OPUS),
        lambda t: by_model(t, NOVEMBER)[OPUS] - by_model(t, SAME)[OPUS],
    ),
    Question(
        "Do price, volume and mix add up to the change?",
        "why",
        {**DAYS, "against": "2026-10-01..2026-10-21"},
        lambda r: sum(Decimal(r["totals"][name]) for name in ("price", "volume", "mix")),
        lambda t: t.billed(*NOVEMBER) - t.billed(*SAME),
    ),
    Question(
        "How many tokens did Opus 5.5 use this month?",
        "usage",
        {"by": "model", **DAYS},
        first("total_tokens", model=OPUS),
        lambda t: tokens(t, NOVEMBER, model=OPUS),
    ),
    Question(
        "How many tokens were written yesterday?",
        "usage",
        {"by": "", "since": "yesterday"},
        total("output"),
        lambda t: tokens(t, YESTERDAY, "output"),
    ),
    Question(
        "How many web searches this month?",
        "usage",
        {"by": "", **DAYS},
        total("web_searches"),
        lambda t: Decimal(t.tokens(*NOVEMBER)["web_searches"]),
    ),
    Question(
        "How many tokens today so far?",
        "usage",
        {"by": "", "since": "today"},
        total("total_tokens"),
        lambda t: tokens(t, (NOW.date(), NOW.date())),
    ),
    Question(
        "How many tokens went without a key?",
        "usage",
        {"by": "key", **DAYS, "top": 50},
        first("total_tokens", key="playground"),
        lambda t: tokens(t, NOVEMBER, key=None),
    ),
    Question(
        "Which workspace uses most tokens?",
        "usage",
        {"by": "workspace", **DAYS},
        largest("workspace", "total_tokens"),
        lambda t: most(
            ("default" if each.is_default else each.id, tokens(t, NOVEMBER, workspace=each.id))
            for each in t.world.organization.workspaces
        ),
    ),
    Question(
        "How much does the cache of Opus 5.5 hit?",
        "cache",
        {"by": "model", **DAYS, "where": {"model": OPUS}},
        lambda r: round(Decimal(r["totals"]["hit_rate"]), 9),
        lambda t: round(hit_rate(t), 9),
    ),
    Question(
        "Does caching pay?",
        "cache",
        {"by": "", **DAYS},
        lambda r: Decimal(r["totals"]["net"]) > 0,
        lambda t: tokens(t, NOVEMBER, "cache_read") > tokens(t, NOVEMBER, "cache_write_5m", "cache_write_1h"),
    ),
    Question(
        "Is the bill explained?",
        "ask",
        {"report": "reconcile", "values": DAYS},
        first("amount", cause="unexplained"),
        lambda _: Decimal(0),
    ),
    Question(
        "What did today cost?", "spend", {"by": "", "since": "today"}, lambda r: r["totals"]["billed"], lambda _: None
    ),
    Question(
        "How many days of this month lack a bill?",
        "ask",
        {"report": "days", "values": DAYS},
        lambda r: len([row for row in rows(r) if row["billed"] is None]),
        lambda _: 0,
    ),
)


def test_twenty_questions(book: Ledger, truth: Truth) -> None:
    """Each question has the world's own answer, to the last place, in a reply that is short."""
    settings = Settings.load(ledger=str(book.path), environment={"TALLYSTICK_NOW": NOW.isoformat()})

    async def asked(client: Client) -> list[Any]:
        return [
            (await client.call_tool(question.tool, question.arguments)).structured_content for question in QUESTIONS
        ]

    replies = in_process(settings, asked)
    answers = {
        question.words: (question.read(reply), question.truth(truth))
        for question, reply in zip(QUESTIONS, replies, strict=True)
    }
    assert len(answers) == 20
    assert {words: pair for words, pair in answers.items() if pair[0] != pair[1]} == {}


def test_nothing_is_invented(book: Ledger) -> None:
    """What nobody knows is refused or null: a model that is not there, a budget that is not set, a day to come."""
    settings = Settings.load(ledger=str(book.path), environment={"TALLYSTICK_NOW": NOW.isoformat()})

    async def asked(client: Client) -> None:
        gone = await client.call_tool("spend", {"where": {"model": "claude-nobody"}})
        assert gone.is_error
        assert (await client.call_tool("budgets", {})).is_error
        reply = await client.call_tool("spend", {"by": "day", "since": "2026-11-20", "until": "2026-11-22"})
        assert isinstance(reply.structured_content, dict)
        assert "2026-11-22" not in {row[0] for row in reply.structured_content["rows"]}
        assert any(
            "22 Nov" in text for text in (*reply.structured_content["warnings"], *reply.structured_content["notes"])
        )

    in_process(settings, asked)
