"""Faults: everything that can go wrong on the way, by name (reports-api 8 item 9)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from http import HTTPStatus

from tallystick.sim import spoils
from tallystick.sim.answer import Answer
from tallystick.sim.query import Query

SLOW = 30.0
"""Seconds that a slow answer takes."""

_OLDER = ("/usage_report/messages", "/cost_report")
_TEXT = {"content-type": "text/html"}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with an answer: `spoil` gives what is sent in its place.

    `kind` says on which requests: `any`, `report` (usage and cost of both dialects), `cost`, `cursor` (a report asked
    with a page token), `more` (a report with a page to come), and `newer` or `newer-more`, the same of the newer
    dialect alone. Only these are counted.
    """

    name: str
    help: str
    kind: str
    spoil: spoils.Spoil

    def concerns(self, answer: Answer, query: Query) -> bool:
        """Whether the fault can befall this answer."""
        if self.kind == "any":
            return True
        newer = spoils.is_newer(query)
        theirs = newer or (query.path.endswith(_OLDER) and not self.kind.startswith("newer"))
        if answer.status != HTTPStatus.OK or not theirs:
            return False
        match self.kind.removeprefix("newer-"):
            case "cost":
                return query.path.endswith(("/cost_report", "/analytics/cost"))
            case "cursor":
                return query.one("page") is not None
            case "more":
                return bool(json.loads(answer.body)["has_more"])
        return True


FAULTS = (
    Fault(
        "429", "too many requests, with retry-after", "any", spoils.error(429, "Too many requests.", retry_after="2")
    ),
    Fault("429-bare", "too many requests, without retry-after", "any", spoils.error(429, "Too many requests.")),
    Fault("429-stale-reset", "too many requests, with a reset time already past", "any", spoils.stale_reset),
    Fault("500", "internal error", "any", spoils.error(500, "Internal server error.")),
    Fault("502-html", "bad gateway, a page of HTML from the edge", "any", lambda *_: Answer(502, _HTML, _TEXT)),
    Fault("503", "service unavailable", "any", spoils.error(503, "Service unavailable.")),
    Fault("504", "timed out on the server", "any", spoils.error(504, "The request timed out.")),
    Fault("529", "overloaded", "any", spoils.error(529, "Overloaded.")),
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
    Fault("has-more-without-token", "has_more is true, next_page is null", "more", spoils.edited(spoils.no_token)),
    Fault("repeated-token", "next_page leads to the same page again", "more", spoils.edited(spoils.repeated_token)),
    Fault(
        "duplicate-bucket",
        "the next page begins with this page's last bucket or row",
        "more",
        spoils.edited(spoils.duplicate_bucket),
    ),
    Fault("duplicate-row", "newer reports: a row is told twice", "newer", spoils.edited(spoils.duplicate_row)),
    Fault("extra-fields", "unknown fields, and unknown values of enums", "report", spoils.edited(spoils.extra_fields)),
    Fault("bad-amount-blank", "an amount is an empty string", "cost", spoils.amount(lambda _: "")),
    Fault("bad-amount-exponent", "an amount is written with an exponent", "cost", spoils.amount(lambda _: "1e3")),
    Fault("negative-amount", "an amount is below zero", "cost", spoils.amount(lambda amount: f"-{amount}")),
    Fault("stale-yesterday", "the cost of yesterday is an empty bucket", "cost", spoils.edited(spoils.stale_yesterday)),
    Fault(
        "missing-yesterday",
        "the cost report lacks the bucket of yesterday",
        "cost",
        spoils.edited(spoils.missing_yesterday),
    ),
    Fault(
        "restated-day",
        f"after this answer, the day {spoils.RESTATED.days} days back grows",
        "report",
        spoils.restated_day,
    ),
    Fault(
        "refreshed-midway",
        "newer reports: after this page the data is refreshed, and its page token gone",
        "newer-more",
        spoils.restated_day,
    ),
    Fault("forget-cursor", "a page token has expired: 410", "cursor", spoils.error(410, "The cursor has expired.")),
    Fault("stale-cursor", "a page token is refused: 400", "cursor", spoils.error(400, "page: not a valid page token.")),
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

    def befall(self, answer: Answer, occasion: spoils.Occasion) -> Answer:
        """The answer, spoiled if its turn has come."""
        if not self.fault.concerns(answer, occasion.query):
            return answer
        self._seen += 1
        strikes = self._seen == self._number if self._only else self._seen % self._number == 0
        return self.fault.spoil(answer, occasion) if strikes else answer
