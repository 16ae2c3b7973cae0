"""Fault effects: what a fault does to an answer, in either dialect of the reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from tallystick.core.time import instant, text
from tallystick.sim.newer.analytics import Cursor
from tallystick.sim.wire.alteration import REPORTS, Alteration
from tallystick.sim.wire.answer import Answer, Refusal, refused
from tallystick.sim.wire.novelties import Body, rows_of
from tallystick.sim.wire.query import Query, read, written
from tallystick.sim.world import tariff
from tallystick.sim.world.world import World


@dataclass(frozen=True, slots=True)
class FaultContext:
    """What a fault may look at: the query, the time, the id of the request, and the world it may restate.

    `altered` answers the query anew while an alteration lasts, `elsewhere` as another organization would; `day` is
    the day that the fault concerns.
    """

    query: Query
    now: datetime
    request_id: str
    world: World
    altered: Callable[[Alteration], Answer]
    elsewhere: Callable[[], Answer]
    day: date = date.min


Effect = Callable[[Answer, FaultContext], Answer]


def error(status: int, message: str, code: str | None = None, **headers: str) -> Effect:
    """An error in the place of the answer, with its machine-readable code where there is one."""

    def spoil(_: Answer, context: FaultContext) -> Answer:
        answer = refused(Refusal(status, message, code), context.request_id)
        extra_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(answer, headers={**answer.headers, **extra_headers})

    return spoil


def stale_reset(answer: Answer, context: FaultContext) -> Answer:
    """Too many requests, until a time that is already past."""
    past = text(context.now - timedelta(seconds=20))
    return error(429, "Too many requests.", anthropic_ratelimit_requests_reset=past)(answer, context)


def edited(edit: Callable[[Body, FaultContext], None]) -> Effect:
    """The answer with its body edited in place."""

    def spoil(answer: Answer, context: FaultContext) -> Answer:
        body = json.loads(answer.body)
        edit(body, context)
        return replace(answer, body=json.dumps(body).encode())

    return spoil


def is_newer(query: Query) -> bool:
    """Whether a query is of the newer dialect, whose rows stand in no buckets."""
    return query.path.endswith(("/analytics/usage", "/analytics/cost"))


def no_token(body: Body, _: FaultContext) -> None:
    """A page to come, and no way to it."""
    body["next_page"] = None


def repeated_token(body: Body, context: FaultContext) -> None:
    """The next page is this page."""
    if is_newer(context.query):
        token = context.query.one("page")
        first = Cursor.of(token).first if token else 0
        body["next_page"] = Cursor.of(body["next_page"])._replace(first=first).token()
    else:
        body["next_page"] = _turned(body["next_page"], body["data"][0]["starting_at"])


def duplicate_bucket(body: Body, context: FaultContext) -> None:
    """The next page begins with what this page ends with."""
    if is_newer(context.query):
        body["next_page"] = Cursor.of(body["next_page"]).moved(-1).token()
    elif len(body["data"]) > 1:
        body["next_page"] = _turned(body["next_page"], body["data"][-1]["starting_at"])


def duplicate_row(body: Body, _: FaultContext) -> None:
    """The first row, twice."""
    rows = next((bucket["results"] for bucket in body["data"] if bucket.get("results")), body["data"])
    if rows and "results" not in rows[0]:
        rows.insert(0, rows[0])


def repeated_page(body: Body, context: FaultContext) -> None:
    """The next page is this page once more, under a token that nobody has seen."""
    repeated_token(body, context)
    body["next_page"] = written(f"{read(body['next_page'])} {context.request_id}")


def reworded(edit: Callable[[Body], None]) -> Effect:
    """The answer with a novelty in it."""
    return edited(lambda body, _: edit(body))


def under_200(body: bytes, content_type: str = "application/json") -> Effect:
    """Something that is no report, under the status 200."""
    return lambda *_: Answer(200, body, {"content-type": content_type})


def of_another_organization(_: Answer, context: FaultContext) -> Answer:
    """What another organization would be answered, its id in the header."""
    return context.elsewhere()


def amount(spoiled: Callable[[str], str]) -> Effect:
    """The first amount of the page, spoiled."""

    def edit(body: Body, _: FaultContext) -> None:
        for row in rows_of(body):
            cost = row.get("cost", row)
            cost["amount"] = spoiled(cost["amount"])
            return

    return edited(edit)


def lost(report: str = "", **options: Any) -> Effect:
    """The answer as it is while a part of a day is missing: in `usage` or `cost`, or in all reports."""
    reports = frozenset({report}) if report else REPORTS

    def spoil(_: Answer, context: FaultContext) -> Answer:
        return context.altered(Alteration(context.day, reports, **options))

    return spoil


def late_workspace(_: Answer, context: FaultContext) -> Answer:
    """The bill of one workspace of a day is missing: of the second, where most of the use is."""
    workspace = context.world.organization.workspaces[1].id
    return context.altered(Alteration(context.day, frozenset({"cost"}), workspace=workspace))


def late_model(_: Answer, context: FaultContext) -> Answer:
    """The bill of one model of a day is missing: of the one that the Opus users call."""
    model = tariff.current("opus", context.day).id
    return context.altered(Alteration(context.day, frozenset({"cost"}), model=model))


def lost_bucket(answer: Answer, context: FaultContext) -> Answer:
    """The bucket of a day is missing, or in the newer reports all rows of it."""
    body = json.loads(lost()(answer, context).body)
    body["data"] = [entry for entry in body["data"] if instant(entry["starting_at"]).date() != context.day]
    return replace(answer, body=json.dumps(body).encode())


def lost_bill(answer: Answer, context: FaultContext) -> Answer:
    """The cost report lacks the bucket of a day."""
    body = json.loads(lost("cost")(answer, context).body)
    body["data"] = [entry for entry in body["data"] if instant(entry["starting_at"]).date() != context.day]
    return replace(answer, body=json.dumps(body).encode())


def empty_list(body: Body, _: FaultContext) -> None:
    """Nothing at all, and nothing to come."""
    body |= {"data": [], "has_more": False, "next_page": None}


RESTATED = timedelta(days=9)
"""How old the day is that a restatement changes."""


def restated_day(answer: Answer, context: FaultContext) -> Answer:
    """The answer as it is; from now on a past day is another."""
    context.world.restate((context.now - RESTATED).date())
    return answer


def _turned(token: str, start: str) -> str:
    """The same page token for another bucket."""
    _, space, rest = read(token).partition(" ")
    return written(f"{start}{space}{rest}")
