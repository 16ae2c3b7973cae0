"""What a fault is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faults.endpoints import Endpoint, Json
from faults.proxy import Answer, Change, Request, Wire


@dataclass(frozen=True)
class Fault:
    """One thing that can be wrong with an answer."""

    name: str
    kind: str
    change: Change
    when: str = "every"
    harmless: bool = False
    """Whether the figures must be right all the same: what is wrong is of the framing, a name, or over at once."""
    families: tuple[str, ...] = ()
    """Of which families of endpoints it can be; by default all."""
    telling: bool = False
    """Whether it must be said even where no figure changes: whose answer it is, what time the server has."""
    news: bool = False
    """Whether it is a truth of its own, that tallystick cannot know of: the figures follow it."""
    slow: bool = False
    """Whether it takes real time."""

    def suits(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint can have it."""
        return not self.families or endpoint.family in self.families


def of_wire(change: Callable[[Answer], Wire | None]) -> Change:
    """Spoil the framing of whatever is answered."""
    return lambda answer, _request, _endpoint: change(answer)


def of_body(change: Callable[[bytes], bytes]) -> Change:
    """Spoil the bytes of a body that would have been good."""

    def spoil(answer: Answer, _request: Request, _endpoint: Endpoint) -> Answer | None:
        return Answer(200, change(answer.body), answer.headers) if answer.status == 200 else None

    return spoil


def of_json(change: Callable[[Json, Request, Endpoint], Any]) -> Change:
    """Spoil what a good body says; None leaves it. A string is the new body as it stands."""

    def spoil(answer: Answer, request: Request, endpoint: Endpoint) -> Answer | None:
        if answer.status != 200:
            return None
        body = json.loads(answer.body)
        new = change(body, request, endpoint)
        if new is None:
            return None
        text = new if isinstance(new, str) else json.dumps(new)
        return Answer(200, text.encode("utf-8", "surrogatepass"), answer.headers)

    return spoil


def error(status: int, message: Any = "Spoiled on its way.", kind: Any = "api_error", **fields: Any) -> Answer:
    """Answer with an error as the contract writes it (reports-api.md 2.4)."""
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_proxy", **fields}
    return Answer(status, json.dumps(body).encode())


def instead(answer: Answer) -> Change:
    """Answer so, whatever was asked."""
    return lambda _answer, _request, _endpoint: answer
