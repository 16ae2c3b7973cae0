"""Link: the address of the page of the dashboard that has the answer to a question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tallystick.address import Address
from tallystick.watch.rule_question import RuleQuestion


def address(question: RuleQuestion) -> Address:
    """Return a question as an address has it."""
    return Address(question.report, tuple(_pairs(question.values)))


def _pairs(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            for dimension, texts in value.items():
                yield from ((f"{name}.{dimension}", text) for text in texts)
        elif isinstance(value, list):
            yield from ((name, text) for text in value)
        else:
            yield name, "1" if value is True else str(value)
