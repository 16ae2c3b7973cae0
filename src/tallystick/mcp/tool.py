"""Tool: one report of the catalog as a model calls it: what it takes, as JSON Schema, and the question that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.address import WHERE, Address
from tallystick.catalog import entry
from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion
from tallystick.query.report import Form, Parameter

TOP = 10
"""Rows of an answer where a call names no `top`; what is left is one more row."""
FULL = "full"
"""The argument that asks for every row, however long the answer gets."""
WORDS = {
    "since": "First day: 2026-10-01, 7d, mtd, last-month",
    "until": "Last day, included",
    "month": "As 2026-10, last-month, mtd",
    "by": "Dimensions, by commas: day, month, model, key, workspace, team, actor, kind",
    "where": 'Filters: {"model": "claude-opus-*"}; "key!" leaves out',
    "top": f"Rows, default {TOP}",
    "compare": "Add the window before, or of a year ago",
    "against": "What to compare with: 2026-09, or SINCE..UNTIL",
}
"""What is said of a parameter that several tools have, shorter than its help."""
TYPES = {Form.COUNT: "integer", Form.FLAG: "boolean", Form.WHERE: "object"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of one report. `about` is what a model reads; `parameters` are those of the report that it may name."""

    name: str
    about: str
    report: str
    parameters: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """What the tool takes, as JSON Schema."""
        by_name = {parameter.name: parameter for parameter in entry(self.report).report.parameters}
        properties = {name: _schema(by_name[name]) for name in self.parameters}
        required = [name for name in self.parameters if by_name[name].required]
        return _object(properties | {FULL: {"type": "boolean"}}, required)

    def address(self, arguments: Mapping[str, Any]) -> Address:
        """Return the question of a call; InvalidQuestion where it cannot be."""
        values = {name: value for name, value in arguments.items() if name != FULL}
        if unknown := {*values} - {*self.parameters}:
            word = min(unknown)
            hint = did_you_mean(word, self.parameters) or f"It has {', '.join((*self.parameters, FULL))}."
            raise InvalidQuestion(f"`{self.name}` has no parameter {word!r}.", hint)
        return question(self.report, arguments)


@dataclass(frozen=True, slots=True)
class AskTool(Tool):
    """The tool of all `reports` that have none of their own."""

    reports: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """What the tool takes: a report's name, and its parameters by name."""
        report = {"type": "string", "enum": [*self.reports]}
        values = {"type": "object", "description": "Its parameters; resource tallystick://reports lists them"}
        return _object({"report": report, "values": values, FULL: {"type": "boolean"}}, ["report"])

    def address(self, arguments: Mapping[str, Any]) -> Address:
        """Return the question of a call; InvalidQuestion where it cannot be."""
        report, values = arguments.get("report"), arguments.get("values") or {}
        if report not in self.reports or not isinstance(values, dict):
            hint = did_you_mean(str(report), self.reports) or f"Reports: {', '.join(self.reports)}."
            raise InvalidQuestion(f"`{self.name}` asks no report {report!r}.", hint)
        if unknown := {*arguments} - {"report", "values", FULL}:
            raise InvalidQuestion(f"`{self.name}` has no parameter {min(unknown)!r}.", "Put it into `values`.")
        return question(str(report), {**values, FULL: arguments.get(FULL)})


def question(report: str, arguments: Mapping[str, Any]) -> Address:
    """Return the question of a report with what a model wrote; of one that keeps the largest rows, the first few."""
    parameters = {parameter.name: parameter for parameter in entry(report).report.parameters}
    values = {name: value for name, value in arguments.items() if name != FULL and value is not None}
    if "top" in parameters and not arguments.get(FULL):
        values.setdefault("top", TOP)
    return Address.of(report, _pairs(values, parameters))


def _pairs(values: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> Iterator[tuple[str, str]]:
    """Give each argument as names and texts of an address."""
    for name, value in values.items():
        parameter = parameters.get(name)
        if parameter and parameter.form is Form.WHERE:
            if not isinstance(value, dict):
                raise InvalidQuestion("`where` is no object.", 'Write {"model": "claude-opus-*"}.')
            for dimension, texts in value.items():
                yield from ((f"{WHERE}{dimension}", str(text)) for text in _listed(texts))
        elif parameter and parameter.form is Form.NAMES:
            yield name, ",".join(map(str, _listed(value)))
        else:
            yield from ((name, _text(part)) for part in _listed(value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _schema(parameter: Parameter) -> dict[str, Any]:
    about = WORDS.get(parameter.name) or parameter.help.partition(".")[0].partition(";")[0]
    schema: dict[str, Any] = {"type": TYPES.get(parameter.form, "string"), "description": about}
    return schema | ({"enum": [*parameter.choices]} if parameter.form is Form.CHOICE else {})


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})
