"""Spoils: what a fault does to an answer, in either dialect of the reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tallystick.core.time import instant, text
from tallystick.sim.analytics import Cursor
from tallystick.sim.answer import Answer, Refusal, refused
from tallystick.sim.query import Query, read, written
from tallystick.sim.world import World

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fault may look at: the query, the time, the id of the request, and the world it may restate."""

    query: Query
    now: datetime
    request_id: str
    world: World


Spoil = Callable[[Answer, Occasion], Answer]


def error(status: int, message: str, **headers: str) -> Spoil:
    """An error in the place of the answer."""

    def spoil(_: Answer, occasion: Occasion) -> Answer:
        answer = refused(Refusal(status, message), occasion.request_id)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(answer, headers={**answer.headers, **more})

    return spoil


def stale_reset(answer: Answer, occasion: Occasion) -> Answer:
    """Too many requests, until a time that is already past."""
    past = text(occasion.now - timedelta(seconds=20))
    return error(429, "Too many requests.", anthropic_ratelimit_requests_reset=past)(answer, occasion)


def edited(edit: Callable[[Body, Occasion], None]) -> Spoil:
    """The answer with its body edited in place."""

    def spoil(answer: Answer, occasion: Occasion) -> Answer:
        body = json.loads(answer.body)
        edit(body, occasion)
        return replace(answer, body=json.dumps(body).encode())

    return spoil


def is_newer(query: Query) -> bool:
    """Whether a query is of the newer dialect, whose rows stand in no buckets."""
    return query.path.endswith(("/analytics/usage", "/analytics/cost"))


def no_token(body: Body, _: Occasion) -> None:
    """A page to come, and no way to it."""
    body["next_page"] = None


def repeated_token(body: Body, occasion: Occasion) -> None:
    """The next page is this page."""
    if is_newer(occasion.query):
        token = occasion.query.one("page")
        first = Cursor.of(token).first if token else 0
        body["next_page"] = Cursor.of(body["next_page"])._replace(first=first).token()
    else:
        body["next_page"] = _turned(body["next_page"], body["data"][0]["starting_at"])


def duplicate_bucket(body: Body, occasion: Occasion) -> None:
    """The next page begins with what this page ends with."""
    if is_newer(occasion.query):
        body["next_page"] = Cursor.of(body["next_page"]).moved(-1).token()
    elif len(body["data"]) > 1:
        body["next_page"] = _turned(body["next_page"], body["data"][-1]["starting_at"])


def duplicate_row(body: Body, _: Occasion) -> None:
    """The first row, twice."""
    body["data"] = [*body["data"][:1], *body["data"]]


def extra_fields(body: Body, _: Occasion) -> None:
    """Fields and enum values that no client has heard of, at every level."""
    body["data_quality"] = {"score": 97}
    for entry in body["data"]:
        entry["bucket_label"] = "simulated"
    for row in _rows(body):
        for part in (row, row.get("group"), row.get("usage"), row.get("cost")):
            if part is not None:
                part["carbon_grams"] = "0.0125"
        group = row.get("group", row)
        if group.get("cost_type") == "code_execution":
            group["cost_type"] = "quantum_execution"
        if group.get("product") == "claude_console":
            group["product"] = "claude_holodeck"
        if group.get("actor") and group["actor"]["type"] == "service_account_actor":
            group["actor"] = {"type": "robot_actor", "robot_id": group["actor"]["service_account_id"]}


def amount(spoiled: Callable[[str], str]) -> Spoil:
    """The first amount of the page, spoiled."""

    def edit(body: Body, _: Occasion) -> None:
        for row in _rows(body):
            cost = row.get("cost", row)
            cost["amount"] = spoiled(cost["amount"])
            return

    return edited(edit)


def stale_yesterday(body: Body, occasion: Occasion) -> None:
    """Nothing of yesterday, though its bucket is there where there are buckets."""
    for bucket in body["data"]:
        if "results" in bucket and instant(bucket["ending_at"]).date() == occasion.now.date():
            bucket["results"] = []
    if is_newer(occasion.query):
        missing_yesterday(body, occasion)


def missing_yesterday(body: Body, occasion: Occasion) -> None:
    """Nothing of yesterday."""
    yesterday = occasion.now.date() - timedelta(days=1)
    body["data"] = [entry for entry in body["data"] if instant(entry["starting_at"]).date() != yesterday]


RESTATED = timedelta(days=9)
"""How old the day is that a restatement changes."""


def restated_day(answer: Answer, occasion: Occasion) -> Answer:
    """The answer as it is; from now on a past day is another."""
    occasion.world.restate((occasion.now - RESTATED).date())
    return answer


def _rows(body: Body) -> Iterator[Body]:
    """The rows of a page, in buckets or not."""
    for entry in body["data"]:
        yield from entry.get("results", [entry])


def _turned(token: str, start: str) -> str:
    """The same page token for another bucket."""
    _, space, fingerprint = read(token).partition(" ")
    return written(f"{start}{space}{fingerprint}")
