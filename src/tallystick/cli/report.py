"""The command of a report of the catalog, made from what the report can be asked with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from tallystick.catalog import Entry
from tallystick.cli import options
from tallystick.cli.files import free, stream
from tallystick.core.filter import where_of
from tallystick.core.time_words import names_month
from tallystick.query.report import Form, Parameter, Report
from tallystick.query.strictness import Strictness

Decorator = Callable[[Any], Any]


def command(entry: Entry, under: Mapping[str, click.Command] | None = None) -> click.Command:
    """Return the command that asks the report of an entry and writes its answer; `under` are commands after it."""
    report = entry.report

    def ask(
        form: str | None,
        output: str | None,
        force: bool,
        strict: bool = False,
        show_sql: bool = False,
        **arguments: Any,
    ) -> None:
        for parameter in report.parameters:
            if parameter.form is Form.WHERE:
                arguments[parameter.name] = where_of(arguments[parameter.name])
        answer_format = options.format_asked(form, output)
        free(output, force=force, text=answer_format.text or show_sql)  # before anything is read
        book = options.book(doubt=report.priced, asks=report.api)
        if show_sql:
            options.write(book.query(entry.name, **arguments), output, force=force)
            return
        if answer_format.rows and answer_format.text and (tables := book.parts(entry.name, **arguments)):
            stream(lambda file: options.send(tables, answer_format, file), output, force=force, text=True)
            return
        if report.text_rows and arguments["top"] is None and answer_format.name == "text":
            arguments["top"] = report.text_rows
        answer = book.ask(entry.name, **arguments)
        options.write(options.written(answer, form, output), output, force=force)
        if report.strict and (strict or report.strict.always) and report.strict.fails(answer):
            sys.exit(1)

    for decorate in reversed([added(report.parameters), *_shared(report)]):
        ask = decorate(ask)
    help_text = "\n\n".join((entry.summary, *report.paragraphs))
    if under:
        return _group(entry, ask, help_text, under)
    return click.command(entry.name, cls=ReportCommand, help=help_text, short_help=entry.summary)(ask)


def _group(entry: Entry, ask: Any, help_text: str, under: Mapping[str, click.Command]) -> click.Group:
    """A report that is asked where none of the commands under it is named."""

    def ask_or_pass(**arguments: Any) -> None:
        if click.get_current_context().invoked_subcommand is None:
            ask(**arguments)

    ask_or_pass.__click_params__ = ask.__click_params__  # type: ignore[attr-defined]
    group = click.group(entry.name, help=help_text, short_help=entry.summary, invoke_without_command=True)(ask_or_pass)
    for name, inner in under.items():
        group.add_command(inner, name)
    return group


class ReportCommand(click.Command):
    """A command that answers a month which stands without its option, as `close` takes it, with the option."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; a UsageError for words too many."""
        extra = super().parse_args(ctx, args)
        if extra and not ctx.resilient_parsing:
            has_month = any("--month" in parameter.opts for parameter in self.params)
            hint = f" Write --month {extra[0]}." if has_month and names_month(extra[0]) else ""
            ctx.fail(f"Got unexpected extra argument ({' '.join(extra)}).{hint}")
        return extra


def added(parameters: Sequence[Parameter]) -> Decorator:
    """Return what adds parameters to a command as options or arguments."""

    def add(ask: Any) -> Any:
        for parameter in reversed(parameters):
            ask = _option(parameter)(ask)
        return ask

    return add


def _shared(report: Report) -> list[Decorator]:
    """The options of every report, and those that some have."""
    sql = click.option("--sql", "show_sql", is_flag=True, help="Show the query instead of the answer.")
    return [
        options.form,
        *([sql] if report.sql else ()),
        *([strict_option(report.strict)] if report.strict and not report.strict.always else ()),
        options.output,
        options.force,
        *([] if report.api else [options.as_of, options.engine]),
        options.ledger,
        *([options.base_url] if report.api else ()),
        options.config,
    ]


def strict_option(strictness: Strictness) -> Decorator:
    """Return the option that ends a command with 1 where its answer is not as it should be."""
    return click.option("--strict", is_flag=True, help=strictness.help)


def _option(parameter: Parameter) -> Decorator:
    """A parameter as an option, or as an argument."""
    if parameter.form is Form.ARGUMENT:
        return click.argument(parameter.name, required=parameter.required)
    kind: dict[str, Any] = {"metavar": parameter.metavar or None}
    if parameter.form is Form.FLAG:
        kind = {"is_flag": True}
    elif parameter.form is Form.COUNT:
        kind["type"] = int
    elif parameter.form is Form.CHOICE:
        kind["type"] = options.Choice(parameter.choices)
    elif parameter.form in {Form.MANY, Form.WHERE}:
        kind["multiple"] = True
    if parameter.form in {Form.TEXT, Form.NAMES, Form.CHOICE} and isinstance(parameter.default, str):
        kind |= {"default": parameter.default, "show_default": True}
    return click.option(parameter.flag, parameter.name, help=parameter.help, required=parameter.required, **kind)
