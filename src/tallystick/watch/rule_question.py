"""Rule question: a question of the catalog as it is written in a rule, the way the command line has it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tallystick.catalog import entry
from tallystick.core.filter import where_of
from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion
from tallystick.query.report import Form, Parameter, Report


@dataclass(frozen=True, slots=True)
class RuleQuestion:
    """A report and its parameters as keywords; `text` is how it is written."""

    text: str
    report: str
    values: dict[str, Any]

    @classmethod
    def read(cls, text: str) -> RuleQuestion:
        """Return the question of `spend --by key --since 7d`; raise InvalidQuestion where it cannot be asked."""
        try:
            name, *words = shlex.split(text) or [""]
        except ValueError as wrong:
            raise InvalidQuestion(f"{text!r} cannot be read: {wrong}.", "Close the quotes.") from None
        report = entry(name).report
        values = _values(name, report, iter(words))
        report.values(name, values)  # raises where one cannot be
        return cls(text, name, values)


def _values(name: str, report: Report, words: Iterator[str]) -> dict[str, Any]:
    arguments = [parameter for parameter in report.parameters if parameter.form is Form.ARGUMENT]
    options = {parameter.flag: parameter for parameter in report.parameters if parameter.form is not Form.ARGUMENT}
    values: dict[str, Any] = {}
    for word in words:
        flag, sign, rest = word.partition("=")
        if not word.startswith("--"):
            if not arguments:
                raise InvalidQuestion(f"`{name}` takes no {word!r}.", "Write a question as a command has it.")
            values[arguments.pop(0).name] = word
            continue
        if flag not in options:
            hint = did_you_mean(flag, options) or f"It has {', '.join(options)}."
            raise InvalidQuestion(f"`{name}` has no option {flag}.", hint)
        parameter = options[flag]
        text = rest if sign else "" if parameter.form is Form.FLAG else next(words, None)
        if text is None:
            raise InvalidQuestion(f"{flag} of `{name}` has no value.", parameter.help)
        _add(values, parameter, text)
    return values


def _add(values: dict[str, Any], parameter: Parameter, text: str) -> None:
    if parameter.form is Form.FLAG:
        values[parameter.name] = True
    elif parameter.form is Form.COUNT:
        values[parameter.name] = int(text) if text.isdecimal() else 0  # 0: the report says what it must be
    elif parameter.form is Form.MANY:
        values.setdefault(parameter.name, []).append(text)
    elif parameter.form is Form.WHERE:
        for dimension, texts in where_of([text]).items():
            values.setdefault(parameter.name, {}).setdefault(dimension, []).extend(texts)
    else:
        values[parameter.name] = text
