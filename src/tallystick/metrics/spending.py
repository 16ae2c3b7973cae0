"""Spending: what was billed and used today, yesterday and in the month so far, and who is behind an id."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tallystick.metrics.metric import Metric, Sample, Samples, Unit
from tallystick.metrics.questions import TOP, WINDOWS, Questions, label

MODEL, KIND = "gen_ai.request.model", "gen_ai.token.type"
"""Labels that the semantic conventions of OpenTelemetry for GenAI have names for."""
WINDOW = "window"
NAMED = ("workspace", "key")
"""What has ids, with names on a series of their own."""
_TOTAL = "total_tokens"


def _billed(questions: Questions) -> Iterator[Sample]:
    for window in WINDOWS:
        for row in questions.ask("spend", by="", since=window):
            if row["billed"] is not None:
                yield (window,), row["billed"]


def _billed_by(dimension: str) -> Samples:
    def samples(questions: Questions) -> Iterator[Sample]:
        for window in WINDOWS:
            for row in questions.ask("spend", by=dimension, since=window, top=TOP):
                if row["billed"] is not None:
                    yield (window, label(row[dimension])), row["billed"]

    return samples


def _names(dimension: str) -> Samples:
    def samples(questions: Questions) -> Iterator[Sample]:
        names = {
            label(row[dimension]): label(row.get(f"{dimension}_name") or row[dimension])
            for window in WINDOWS
            for row in questions.ask("spend", by=dimension, since=window, top=TOP)
        }
        yield from (((value, name), 1) for value, name in names.items())

    return samples


def _unbilled(questions: Questions) -> Iterator[Sample]:
    """Use without a bill: of today by the day's own row, of the month by the whole."""
    today = f"{questions.reader.context().now:%Y-%m-%d}"
    days = {str(row["day"]): row["not_billed_yet"] for row in questions.ask("forecast", by="day")}
    months = [row["not_billed_yet"] for row in questions.ask("forecast")]
    for window, amount in (("today", days.get(today)), *(("mtd", month) for month in months)):
        if isinstance(amount, Decimal):
            yield (window,), amount


def _tokens(questions: Questions) -> Iterator[Sample]:
    for window in WINDOWS:
        table = questions.table("usage", by="model", since=window, top=TOP)
        if table is None:
            continue
        kinds = [head.name for head in table.headings if head.unit == "tokens" and head.name != _TOTAL]
        for row in table.rows:
            for kind in kinds:
                count = row[kind]
                if isinstance(count, int):
                    yield (window, label(row["model"]), kind), count


METRICS = (
    Metric(
        "tallystick.cost",
        "Billed in US dollars, before credits and taxes, of the days whose bill is in the ledger.",
        "spend --by ''",
        _billed,
        (WINDOW,),
        Unit.USD,
    ),
    *(
        Metric(
            f"tallystick.{dimension}.cost",
            f"Billed by {dimension} in US dollars; the {TOP} largest of each window, the rest as other.",
            f"spend --by {dimension} --top {TOP}",
            _billed_by(dimension),
            (WINDOW, MODEL if dimension == "model" else dimension),
            Unit.USD,
        )
        for dimension in ("model", "workspace", "team", "key")
    ),
    Metric(
        "tallystick.unbilled.cost",
        "Use without a bill so far, at list price, in US dollars.",
        "forecast --by day",
        _unbilled,
        (WINDOW,),
        Unit.USD,
    ),
    Metric(
        "tallystick.usage",
        "Tokens used by model and kind; the five kinds add up to all.",
        f"usage --by model --top {TOP}",
        _tokens,
        (WINDOW, MODEL, KIND),
        Unit.TOKENS,
    ),
    *(
        Metric(
            f"tallystick.{dimension}",
            f"Name of each {dimension} id that has a series.",
            f"spend --by {dimension} --top {TOP}",
            _names(dimension),
            (dimension, "name"),
            info=True,
        )
        for dimension in NAMED
    ),
)
