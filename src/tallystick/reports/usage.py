"""Usage: tokens and searches, by every dimension of the usage report and minute to month (reports-api 1.2)."""

from __future__ import annotations

from tallystick.core.dimensions import SUBJECTS, TERMS, TIMES
from tallystick.core.question import Kind
from tallystick.core.records import REQUESTS, TOKENS
from tallystick.query.pivot import Measure, Pivot
from tallystick.query.pivot_report import pivot_report
from tallystick.query.report import ChargeSum

DIMENSIONS = (*SUBJECTS, *(name for name in TERMS if name != "kind"), *TIMES[1:])
_FINER = "the ledger keeps usage by hour at the finest; `AdminAPI().usage(width='1m')` reads minutes."
_REQUESTS = "CASE WHEN count(*) = count(requests) THEN sum(requests) END"
_DROP_ORDERS = {"uncached_input": 1, "cache_read": 2, "output": 1, "cache_write_5m": 3, "cache_write_1h": 3}


def _used(*kinds: str) -> ChargeSum:
    return ChargeSum("quantity", "used", kinds)


_TOKENS = tuple(
    Measure(name, Kind.COUNT, "tokens", name, drop_order=_DROP_ORDERS[name], charges=_used(name)) for name in TOKENS
)

USAGE = Pivot(
    name="usage",
    money=False,
    dimensions=DIMENSIONS,
    by=("model",),
    measures=(
        *_TOKENS,
        Measure("total_tokens", Kind.COUNT, "tokens", " + ".join(TOKENS), charges=_used(*TOKENS)),
        Measure("web_searches", Kind.COUNT, "searches", "web_searches", drop_order=4, charges=_used("web_search")),
    ),
    order="total_tokens",
    more=(Measure("requests", Kind.COUNT, "requests", aggregate=_REQUESTS, charges=_used(REQUESTS)),),
    refused={"minute": _FINER},
)


REPORT = pivot_report(USAGE, zones=True)
