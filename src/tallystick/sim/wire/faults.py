"""Faults: everything that can go wrong on the way, by name (reports-api 8 item 9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from http import HTTPStatus

from tallystick.sim.wire import fault_effects as effects, novelties
from tallystick.sim.wire.alteration import HALF
from tallystick.sim.wire.answer import Answer
from tallystick.sim.wire.query import Query

SLOW = 30.0
"""Seconds that a slow answer takes."""

_ACTIVITY = "/usage_report/claude_code"
_OLDER = ("/usage_report/messages", "/cost_report")
_HALVES = {
    "cost": ("/cost_report", "/analytics/cost"),
    "usage": ("/usage_report/messages", "/analytics/usage"),
}
_TEXT = {"content-type": "text/html"}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

_SIGN_IN = b"<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"
_OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'

# three codes of SDK 2.13 and 2.14 (drift); the texts are invented
_UNAVAILABLE = {
    "authorization_check_unavailable": "The authorization of this request could not be checked.",
    "change_outcome_unknown": "Whether the change was made is not known.",
    "workspace_created_incomplete": "The workspace was created, and is not complete.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with an answer: `spoil` gives what is sent in its place.

    `kind` says on which requests: `any`, `report` (usage and cost of both dialects), `data` (these and the Claude Code
    report), `cost`, `usage`, `cursor` (a report asked with a page token), `more` (a report with a page to come), and
    `newer` or `newer-more`, the same of the newer dialect alone. Only these are counted. A fault of one day is of that
    so many days back, `age`, where its spec names none. `names` are values that a filter takes for others while the
    fault is there: what answers say can be asked for.
    """

    name: str
    help: str
    kind: str
    spoil: effects.Effect
    age: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def concerns(self, answer: Answer, query: Query) -> bool:
        """Whether the fault can befall this answer."""
        if self.kind == "any":
            return True
        newer = effects.is_newer(query)
        theirs = newer or (query.path.endswith(_OLDER) and not self.kind.startswith("newer"))
        theirs = theirs or (self.kind == "data" and query.path.endswith(_ACTIVITY))
        if answer.status != HTTPStatus.OK or not theirs:
            return False
        match self.kind.removeprefix("newer-"):
            case "cost" | "usage" as half:
                return query.path.endswith(_HALVES[half])
            case "cursor":
                return query.one("page") is not None
            case "more":
                return bool(json.loads(answer.body)["has_more"])
        return True


FAULTS = (
    Fault(
        "429",
        "too many requests, with retry-after",
        "any",
        effects.error(429, "Too many requests.", retry_after="2"),
    ),
    Fault("429-bare", "too many requests, without retry-after", "any", effects.error(429, "Too many requests.")),
    Fault("429-stale-reset", "too many requests, with a reset time already past", "any", effects.stale_reset),
    Fault("500", "internal error", "any", effects.error(500, "Internal server error.")),
    Fault("502-html", "bad gateway, a page of HTML from the edge", "any", lambda *_: Answer(502, _HTML, _TEXT)),
    Fault("503", "service unavailable", "any", effects.error(503, "Service unavailable.")),
    *(
        Fault(
            f"503-{code.replace('_', '-')}",
            f"the same, with the code {code}",
            "any",
            effects.error(503, text, code),
        )
        for code, text in _UNAVAILABLE.items()
    ),
    Fault("504", "timed out on the server", "any", effects.error(504, "The request timed out.")),
    Fault("529", "overloaded", "any", effects.error(529, "Overloaded.")),
    Fault("error-under-200", "an error object under the status 200", "data", effects.under_200(_OVERLOADED)),
    Fault("html-under-200", "a page of HTML under the status 200", "data", effects.under_200(_SIGN_IN, "text/html")),
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
    Fault(
        "has-more-without-token",
        "has_more is true, next_page is null",
        "more",
        effects.edited(effects.no_token),
    ),
    Fault(
        "repeated-token",
        "next_page leads to the same page again",
        "more",
        effects.edited(effects.repeated_token),
    ),
    Fault(
        "duplicate-bucket",
        "the next page begins with this page's last bucket or row",
        "more",
        effects.edited(effects.duplicate_bucket),
    ),
    Fault(
        "duplicate-row",
        "newer reports: a row is told twice",
        "newer",
        effects.edited(effects.duplicate_row),
    ),
    Fault(
        "repeated-row",
        "a row is told twice, in either dialect",
        "report",
        effects.edited(effects.duplicate_row),
    ),
    Fault(
        "repeated-page",
        "next_page leads to the same page again, under a new token",
        "more",
        effects.edited(effects.repeated_page),
    ),
    Fault(
        "extra-fields",
        "unknown fields, and unknown values of enums",
        "report",
        effects.reworded(novelties.extra_fields),
    ),
    Fault(
        "new-token-counter",
        "usage counts a lifetime of cache writes that is new",
        "usage",
        effects.reworded(novelties.token_counter),
    ),
    Fault(
        "new-cost-type",
        "code execution is billed as web_fetch, a new cost_type",
        "cost",
        effects.reworded(novelties.value("cost_type", "code_execution", "web_fetch")),
    ),
    Fault(
        "new-tier",
        "the tier flex is called batch_lite, a new one",
        "report",
        effects.reworded(novelties.value("service_tier", "flex", "batch_lite")),
        names={"batch_lite": "flex"},
    ),
    Fault(
        "new-actors",
        "newer reports: people are teams, a new type of actor",
        "newer",
        effects.reworded(novelties.actors),
    ),
    Fault(
        "undated-models",
        "models are called by their ids without a date",
        "report",
        effects.reworded(novelties.undated_models),
        names={alias: model for model, alias in novelties.ALIASES.items()},
    ),
    Fault(
        "undated-models-cost",
        "the same in cost alone: usage has ids with a date",
        "cost",
        effects.reworded(novelties.undated_models),
    ),
    Fault("bad-amount-blank", "an amount is an empty string", "cost", effects.amount(lambda _: "")),
    Fault("bad-amount-exponent", "an amount is written with an exponent", "cost", effects.amount(lambda _: "1e3")),
    Fault("negative-amount", "an amount is below zero", "cost", effects.amount(lambda amount: f"-{amount}")),
    Fault("stale-yesterday", "the cost of yesterday is an empty bucket", "cost", effects.lost("cost"), 1),
    Fault("missing-yesterday", "the cost report lacks the bucket of yesterday", "cost", effects.lost_bill, 1),
    Fault("late-bill", "a day is not billed yet: its bucket is empty", "cost", effects.lost("cost"), 1),
    Fault("late-bill-workspace", "Production is not billed yet for a day", "cost", effects.late_workspace, 1),
    Fault("late-bill-model", "the current Opus is not billed yet for a day", "cost", effects.late_model, 1),
    Fault("lost-usage", "the usage of a day is gone, its cost is there", "usage", effects.lost("usage"), 3),
    Fault("lost-bucket", "a day is missing in usage and cost", "report", effects.lost_bucket, 3),
    Fault("emptied", "a day that had data is empty, in usage, cost and Claude Code", "data", effects.lost(), 3),
    Fault("halved", "a day has nothing from 12:00 on, in the same three", "data", effects.lost(until=HALF), 3),
    Fault("empty-list", "an empty list in the place of all data", "data", effects.edited(effects.empty_list)),
    Fault("credit", "the bill of a day has a credit of 250 dollars", "cost", effects.lost("cost", credit=True), 3),
    Fault("other-organization", "the answer is another organization's", "report", effects.of_another_organization),
    Fault(
        "restated-day",
        f"after this answer, the day {effects.RESTATED.days} days back grows",
        "report",
        effects.restated_day,
    ),
    Fault(
        "refreshed-midway",
        "newer reports: after this page the data is refreshed, and its page token gone",
        "newer-more",
        effects.restated_day,
    ),
    Fault("forget-cursor", "a page token has expired: 410", "cursor", effects.error(410, "The cursor has expired.")),
    Fault(
        "stale-cursor",
        "a page token is refused: 400",
        "cursor",
        effects.error(400, "page: not a valid page token."),
    ),
)
"""Every fault, in the order in which help lists them."""


# of a day too, and older than the days that a spec may name: they strike once, as any other fault
_ONCE = ("stale-yesterday", "missing-yesterday")


class ScheduledFault:
    """A fault, its day and how often it strikes, from a spec such as `429:3` or `late-bill=2026-11-20:always`.

    `name` or `name:once` strikes the first request that it concerns, `name:always` each, `name:3` every third, and
    `name:@3` only the third. A fault of one day takes it behind `=`, and strikes each request where no rhythm is named:
    a day that is late is late however it is asked. Raises ValueError for an unknown name, another rhythm, or no day.
    """

    def __init__(self, spec: str) -> None:
        head, _, rhythm = spec.partition(":")
        name, equals, day = head.partition("=")
        matching = [fault for fault in FAULTS if fault.name == name]
        if not matching:
            raise ValueError(f"there is no fault {name!r}")
        self.fault = matching[0]
        if equals and self.fault.age is None:
            raise ValueError(f"{spec!r}: the fault {name} is not of one day")
        self._day = date.fromisoformat(day) if equals else None
        usual = "@1" if self.fault.age is None or name in _ONCE else "1"
        rhythm = {"": usual, "once": "@1", "always": "1"}.get(rhythm, rhythm)
        number = rhythm.removeprefix("@")
        if not number.isdecimal() or int(number) < 1:
            raise ValueError(f"{spec!r}: how often is `once`, `always`, `3` (every third) or `@3` (only the third)")
        self._only = rhythm != number
        self._number = int(number)
        self._seen = 0

    def apply(self, answer: Answer, context: effects.FaultContext) -> Answer:
        """The answer, spoiled if its turn has come."""
        if not self.fault.concerns(answer, context.query):
            return answer
        self._seen += 1
        strikes = self._seen == self._number if self._only else self._seen % self._number == 0
        if not strikes:
            return answer
        day = self._day or context.now.date() - timedelta(days=self.fault.age or 0)
        return self.fault.spoil(answer, replace(context, day=day))
