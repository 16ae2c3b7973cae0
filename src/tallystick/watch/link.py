"""Link: the page of the dashboard that has the answer to a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from tallystick.watch.rule_question import RuleQuestion


def address(question: RuleQuestion) -> str:
    """Return the address of a question's page, without its host."""
    query = urlencode([*_pairs(question.values)], safe=",:*!-")
    return f"/ask/{quote(question.report, safe='')}{'?' if query else ''}{query}"


def _pairs(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            for dimension, texts in value.items():
                yield from ((f"{name}.{dimension}", text) for text in texts)
        elif isinstance(value, list):
            yield from ((name, text) for text in value)
        else:
            yield name, "1" if value is True else str(value)
