"""Faults: everything that can go wrong on the way, by name (reports-api 8 item 9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from tallystick.core.time import instant, text
from tallystick.sim.answer import Answer, refused
from tallystick.sim.query import Query, read, written
from tallystick.sim.world import World

SLOW = 30.0
"""Seconds that a slow answer takes."""

_TEXT = {"content-type": "text/html"}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fault may look at: the query, the time, the id of the request, and the world it may restate."""

    query: Query
    now: datetime
    request_id: str
    world: World


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with an answer: `spoil` gives what is sent in its place.

    `kind` says on which requests: `any`, `report` (usage and cost), `cost`, `cursor` (a report asked with a page
    token) or `more` (a report with a page to come). Only these are counted.
    """

    name: str
    help: str
    kind: str
    spoil: Callable[[Answer, Occasion], Answer]

    def concerns(self, answer: Answer, query: Query) -> bool:
        """Whether the fault can befall this answer."""
        if self.kind == "any":
            return True
        if answer.status != HTTPStatus.OK or not query.path.endswith(("/usage_report/messages", "/cost_report")):
            return False
        match self.kind:
            case "cost":
                return query.path.endswith("/cost_report")
            case "cursor":
                return query.one("page") is not None
            case "more":
                return bool(json.loads(answer.body)["has_more"])
        return True


def _error(status: int, message: str, **headers: str) -> Callable[[Answer, Occasion], Answer]:
    """An error in the place of the answer."""

    def spoil(_: Answer, occasion: Occasion) -> Answer:
        answer = refused(status, message, occasion.request_id)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(answer, headers={**answer.headers, **more})

    return spoil


def _stale_reset(answer: Answer, occasion: Occasion) -> Answer:
    past = text(occasion.now - timedelta(seconds=20))
    return _error(429, "Too many requests.", anthropic_ratelimit_requests_reset=past)(answer, occasion)


def _edited(edit: Callable[[dict[str, Any], Occasion], None]) -> Callable[[Answer, Occasion], Answer]:
    """The answer with its body edited in place."""

    def spoil(answer: Answer, occasion: Occasion) -> Answer:
        body = json.loads(answer.body)
        edit(body, occasion)
        return replace(answer, body=json.dumps(body).encode())

    return spoil


def _no_token(body: dict[str, Any], _: Occasion) -> None:
    body["next_page"] = None


def _turned(token: str, start: str) -> str:
    """The same page token for another bucket."""
    _, space, fingerprint = read(token).partition(" ")
    return written(f"{start}{space}{fingerprint}")


def _repeated_token(body: dict[str, Any], _: Occasion) -> None:
    body["next_page"] = _turned(body["next_page"], body["data"][0]["starting_at"])


def _duplicate_bucket(body: dict[str, Any], _: Occasion) -> None:
    if len(body["data"]) > 1:
        body["next_page"] = _turned(body["next_page"], body["data"][-1]["starting_at"])


def _extra_fields(body: dict[str, Any], _: Occasion) -> None:
    body["data_quality"] = {"score": 97}
    for bucket in body["data"]:
        bucket["bucket_label"] = "simulated"
        for row in bucket["results"]:
            row["carbon_grams"] = "0.0125"
            if row.get("cost_type") == "code_execution":
                row["cost_type"] = "quantum_execution"


def _amount(spoiled: Callable[[str], str]) -> Callable[[Answer, Occasion], Answer]:
    """The first amount of the page, spoiled."""

    def edit(body: dict[str, Any], _: Occasion) -> None:
        for bucket in body["data"]:
            for row in bucket["results"]:
                row["amount"] = spoiled(row["amount"])
                return

    return _edited(edit)


def _stale_yesterday(body: dict[str, Any], occasion: Occasion) -> None:
    for bucket in body["data"]:
        if instant(bucket["ending_at"]).date() == occasion.now.date():
            bucket["results"] = []


def _missing_yesterday(body: dict[str, Any], occasion: Occasion) -> None:
    body["data"] = [bucket for bucket in body["data"] if instant(bucket["ending_at"]).date() != occasion.now.date()]


RESTATED = timedelta(days=9)
"""How old the day is that `restated-day` changes."""


def _restated_day(answer: Answer, occasion: Occasion) -> Answer:
    occasion.world.restate((occasion.now - RESTATED).date())
    return answer


FAULTS = (
    Fault("429", "too many requests, with retry-after", "any", _error(429, "Too many requests.", retry_after="2")),
    Fault("429-bare", "too many requests, without retry-after", "any", _error(429, "Too many requests.")),
    Fault("429-stale-reset", "too many requests, with a reset time already past", "any", _stale_reset),
    Fault("500", "internal error", "any", _error(500, "Internal server error.")),
    Fault("502-html", "bad gateway, a page of HTML from the edge", "any", lambda *_: Answer(502, _HTML, _TEXT)),
    Fault("503", "service unavailable", "any", _error(503, "Service unavailable.")),
    Fault("504", "timed out on the server", "any", _error(504, "The request timed out.")),
    Fault("529", "overloaded", "any", _error(529, "Overloaded.")),
    Fault("slow", f"the answer takes {SLOW:.0f} seconds", "any", lambda answer, _: replace(answer, delay=SLOW)),
    Fault(
        "reset",
        "the connection closes in the middle of the answer",
        "any",
        lambda answer, _: replace(answer, cut=len(answer.body) // 2),
    ),
    Fault(
        "truncated-json",
        "a complete answer that ends in the middle of its JSON",
        "any",
        lambda answer, _: replace(answer, body=answer.body[: len(answer.body) // 2]),
    ),
    Fault("has-more-without-token", "has_more is true, next_page is null", "more", _edited(_no_token)),
    Fault("repeated-token", "next_page leads to the same page again", "more", _edited(_repeated_token)),
    Fault("duplicate-bucket", "the next page begins with this page's last bucket", "more", _edited(_duplicate_bucket)),
    Fault("extra-fields", "unknown fields, and an unknown cost_type", "report", _edited(_extra_fields)),
    Fault("bad-amount-blank", "an amount is an empty string", "cost", _amount(lambda _: "")),
    Fault("bad-amount-exponent", "an amount is written with an exponent", "cost", _amount(lambda _: "1e3")),
    Fault("negative-amount", "an amount is below zero", "cost", _amount(lambda amount: f"-{amount}")),
    Fault("stale-yesterday", "the cost of yesterday is an empty bucket", "cost", _edited(_stale_yesterday)),
    Fault("missing-yesterday", "the cost report lacks the bucket of yesterday", "cost", _edited(_missing_yesterday)),
    Fault("restated-day", f"after this answer, the day {RESTATED.days} days back grows", "report", _restated_day),
    Fault("forget-cursor", "a page token has expired: 410", "cursor", _error(410, "The cursor has expired.")),
    Fault("stale-cursor", "a page token is refused: 400", "cursor", _error(400, "page: not a valid page token.")),
)
"""Every fault, in the order in which help lists them."""


class Trouble:
    """A fault and how often it strikes, from a spec such as `429:3`.

    `name` or `name:once` strikes the first request that it concerns, `name:always` each, `name:3` every third, and
    `name:@3` only the third. Raises ValueError for an unknown name or another rhythm.
    """

    def __init__(self, spec: str) -> None:
        name, _, rhythm = spec.partition(":")
        matching = [fault for fault in FAULTS if fault.name == name]
        if not matching:
            raise ValueError(f"no fault {name!r}; there are {', '.join(fault.name for fault in FAULTS)}")
        rhythm = {"": "@1", "once": "@1", "always": "1"}.get(rhythm, rhythm)
        number = rhythm.removeprefix("@")
        if not number.isdecimal() or int(number) < 1:
            raise ValueError(f"{spec!r}: how often is `once`, `always`, `3` (every third) or `@3` (only the third)")
        self.fault = matching[0]
        self._only = rhythm != number
        self._number = int(number)
        self._seen = 0

    def befall(self, answer: Answer, occasion: Occasion) -> Answer:
        """The answer, spoiled if its turn has come."""
        if not self.fault.concerns(answer, occasion.query):
            return answer
        self._seen += 1
        strikes = self._seen == self._number if self._only else self._seen % self._number == 0
        return self.fault.spoil(answer, occasion) if strikes else answer
