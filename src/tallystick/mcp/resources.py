"""Resources: what a model can read before it asks: the reports, the columns of the ledger, the words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tallystick.catalog import CATALOG
from tallystick.core.time_words import EXAMPLES
from tallystick.mcp.listing import LEFT_OUT, OWN
from tallystick.store.views import VIEWS

GLOSSARY: Mapping[str, str] = {
    "billed": "what Anthropic charged, in US dollars, before credits and taxes",
    "list": "list price of what was used",
    "priced": "usage times our dated price list",
    "charge": "one line of the bill and who used it: when, model, kind of token, quantity, list, priced, billed",
    "reported, allocated": "billed given by the API at this level, or split exactly from a coarser line of the bill",
    "residual": "what the bill and the usage do not share, by named cause",
    "unexplained": "the part of that which fits no cause",
    "settled, provisional, running": "read 35 days or more after the day ended; may still change; not ended",
    "absent": "a day that is not in the ledger: unknown, never zero",
    "not billed yet": "use whose bill comes later, at list price",
    "kind": "uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_search, code_execution, ...",
    "variance": "volume (use), mix (dearer or cheaper models and kinds) and price; they add up to the change",
    "hit rate": "tokens read from the cache to all tokens of input",
    "low_80, high_80": "the range that holds the total in 80 % of cases",
    "anomaly": "what costs more than usual, by cause, with its dollars above expectation",
    "finding": "what a rule of `watch` saw, with a life: open, notified, acknowledged, expected, resolved",
    "others": "the row that sums what `top` leaves out",
    "default, playground, unowned": "workspace without an id; use without a key; charges of no team",
    "priority tier": "prepaid capacity: its use is in no bill",
    "version": "one committed state of the ledger",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A resource: its address, name, what it is, and what makes its text."""

    uri: str
    name: str
    about: str
    text: Callable[[], str]


def _reports() -> str:
    parts = ["Words for time, in UTC days, both ends included: " + ", ".join(EXAMPLES)]
    for listed in CATALOG:
        if listed.name in LEFT_OUT:
            continue
        report = listed.report
        tool = next((tool.name for tool in OWN if tool.report == listed.name), "ask")
        lines = [f"{listed.name} (tool {tool}): {listed.summary}", *(f"  {text}" for text in report.paragraphs)]
        for parameter in report.parameters:
            choices = f" [{', '.join(parameter.choices)}]" if parameter.choices else ""
            lines.append(f"  - {parameter.name} ({parameter.form}): {parameter.help}{choices}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _schema() -> str:
    parts = []
    for view in VIEWS:
        columns = [f"  {name} {kind}: {meaning}" for name, kind, meaning in view.columns]
        parts.append("\n".join([f"{view.name}: {view.meaning}", *columns]))
    return "\n\n".join(parts)


def _glossary() -> str:
    return "\n".join(f"{word}: {meaning}" for word, meaning in GLOSSARY.items())


PAGES = (
    Page("tallystick://reports", "reports", "Every report that a tool asks, with its parameters.", _reports),
    Page("tallystick://schema", "schema", "The views of the ledger and what each column means.", _schema),
    Page("tallystick://glossary", "glossary", "What the words of the answers mean.", _glossary),
)
