"""Finding command: the command that shows what a finding is about, held to its subject and days."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tallystick.catalog import entry
from tallystick.core.question import Cell
from tallystick.core.time import DAY, Grain
from tallystick.core.time_words import window
from tallystick.errors import InvalidQuestion
from tallystick.query.report import Form, Report
from tallystick.watch.rule import TODAY, Rule
from tallystick.watch.rule_question import RuleQuestion

_HARMLESS = re.compile(r"[\w.:/ -]+")
"""A value that calls nobody in a chat, and stands for itself alone in a filter."""


def finding_command(rule: Rule, row: Mapping[str, Cell], subject: Mapping[str, str], now: datetime) -> str:
    """Return the command of a finding, without the program's name, as its rule has it; else the rule's question.

    Days that are named by words are those of now, for whoever reads it later.
    """
    cells = {**row, TODAY: str(now.date())}
    values = {name: str(cells[name]) for name in rule.command_columns}
    if not all(map(_HARMLESS.fullmatch, values.values())):
        return rule.ask
    text = rule.command.format_map({name: shlex.quote(value) for name, value in values.items()}) or rule.ask
    try:
        question = RuleQuestion.read(text)
        report = entry(question.report).report
        changes = _filters(report, question.values, subject) | _days(report, question.values, now)
        return RuleQuestion.read(_written(question.report, report, question.values | changes)).text
    except InvalidQuestion:
        return rule.ask


def _filters(report: Report, values: Mapping[str, Any], subject: Mapping[str, str]) -> dict[str, Any]:
    """The filters of a question, and the subject among what its report can be held to."""
    dimensions = {name for parameter in report.parameters if parameter.form is Form.WHERE for name in parameter.choices}
    where: dict[str, list[str]] = dict(values.get("where", {}))
    for name, value in subject.items():
        if name in dimensions and _HARMLESS.fullmatch(value):
            where.setdefault(name, [value])
    return {"where": where} if where else {}


def _days(report: Report, values: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """The days of a question by their dates; one that goes on until now has no end."""
    if "since" not in values:
        return {}
    days = window(values["since"], values.get("until"), now)
    dates = {"since": str(days.start.date())}
    if days.end <= Grain.DAY.floor(now) and any(parameter.name == "until" for parameter in report.parameters):
        dates["until"] = str((days.end - DAY).date())
    return dates


def _written(name: str, report: Report, values: Mapping[str, Any]) -> str:
    """A question as a command has it."""
    words = [name]
    for parameter in report.parameters:
        if (value := values.get(parameter.name)) is None:
            continue
        if parameter.form is Form.WHERE:
            texts = [f"{dimension}={text}" for dimension, entries in value.items() for text in entries]
        else:
            texts = value if isinstance(value, list) else [str(value)]
        flag = [] if parameter.form is Form.ARGUMENT else [parameter.flag]
        words += (
            flag if parameter.form is Form.FLAG else [word for text in texts for word in (*flag, shlex.quote(text))]
        )
    return " ".join(words)
