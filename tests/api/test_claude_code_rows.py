from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from support.scripted_api import KEY, FakeClock, Server, reply
from tallystick.api.claude_code import Placed, query, rows
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.leniency import Oddity
from tallystick.errors import UnexpectedResponse

DAY = date(2026, 10, 5)
TOKENS = {"input": 1, "output": 1, "cache_read": 0, "cache_creation": 0}


def placed(**row: Any) -> tuple[Placed, set[str]]:
    """A row of the report as it is read, and the fields of it that are odd."""
    given = {"date": f"{DAY}T00:00:00Z", "actor": {"type": "user_actor", "email_address": "ann@example.com"}} | row
    server = Server(reply(body=json.dumps({"data": [given], "has_more": False})))
    client = Client(Credential(KEY), clock=FakeClock(), transport=httpx2.MockTransport(server))
    odd: set[Oddity] = set()
    [made] = rows(client.get(query(DAY)), odd)
    return made, {oddity.field for oddity in odd}


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [(230, "2.30"), ("230", "2.30"), ("+230", "2.30"), ("2.3e2", "2.30"), (0, "0"), ("0.00000000001", "0")],
)
def test_an_estimate_is_cents(amount: object, dollars: str) -> None:
    """An estimate is a number of US cents, as number or text; what is finer than twelve places is rounded, and said."""
    made, odd = placed(
        model_breakdown=[{"model": "m", "tokens": TOKENS, "estimated_cost": {"currency": "USD", "amount": amount}}]
    )
    assert made.estimated == [Decimal(dollars)]
    assert bool(odd) == (amount == "0.00000000001")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        *(
            (text, "USD")
            for text in ("2_30", "\u0662", "NaN", "Infinity", "", " ", "many", "1,5", "-1", "1e99", "0x10")
        ),
        (True, "USD"),
        ([230], "USD"),
        (230, "EUR"),
    ],
)
def test_what_is_no_amount_is_unknown(amount: object, currency: str) -> None:
    """An estimate that is no amount of US cents is unknown, and named as odd; its row stays."""
    cost = {"currency": currency, "amount": amount}
    made, odd = placed(model_breakdown=[{"model": "m", "tokens": TOKENS, "estimated_cost": cost}])
    assert made.estimated == [None]
    assert odd


@pytest.mark.parametrize("cost", [None, {"currency": "USD", "amount": None}])
def test_an_estimate_that_is_not_told_is_unknown(cost: object) -> None:
    """An estimate that is null is unknown, and nothing is odd."""
    made, odd = placed(model_breakdown=[{"model": "m", "tokens": TOKENS, "estimated_cost": cost}])
    assert (made.estimated, odd) == ([None], set())


@pytest.mark.parametrize(
    "actor", [{"type": "user_actor"}, {"type": "api_actor", "api_key_name": ""}, {"type": "moon"}, None]
)
def test_a_row_of_nobody_stands_alone(actor: object) -> None:
    """A row without an e-mail or the name of a key stays, and is named as odd."""
    made, odd = placed(actor=actor)
    assert made.key is None
    assert "data[].actor" in odd


@pytest.mark.parametrize("text", ["2026-10-06T00:00:00Z", "2026-10-05T01:00:00Z", "some day", ""])
def test_a_row_of_another_day_is_refused(text: str) -> None:
    """A row of another day than was asked for, or of none, makes the answer a strange one."""
    with pytest.raises(UnexpectedResponse, match="where 2026-10-05 was asked for"):
        placed(date=text)
