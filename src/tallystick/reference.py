"""The reference: every question of the catalog and every other command as a page of the documentation, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from tallystick.catalog import CATALOG, Entry, Group
from tallystick.cli import COMMANDS, cli
from tallystick.query.report import Form, Parameter

BAR = "\\|"
"""A bar within a cell of a table."""
_CONTEXT = click.Context(cli, info_name="tallystick", **cli.context_settings)
HEAD = """# Reference

Every command. Those with a column *Python* are questions of the catalog: `Ledger.ask(name, ...)` asks them with the
same parameters. Each question also takes `--format` (text, json, csv, ...), `--json`, `--output`, `--force`,
`--ledger`, `--config`, `--wide`, `--ids` and `--notes`; all but `limits` take `--as-of` and `--engine`, and
`limits` takes `--base-url`. This page is made from the catalog and the commands: `make golden`.
"""


def markdown() -> str:
    """Return the page."""
    parts = [HEAD]
    for group in Group:
        own = [(name, summary) for listed, name, summary, _ in COMMANDS if listed is group]
        entries = [entry for entry in CATALOG if entry.group is group]
        listed = [*own, *((entry.name, entry.summary) for entry in entries)]
        rows = [f"| [`{name}`](#{name}) | {summary} |" for name, summary in listed]
        parts.append("\n".join([f"\n## {group}\n", "| command | what it does |", "|---|---|", *rows, ""]))
        parts += [section for name, _ in own for section in _own(name, cli.get_command(_CONTEXT, name))]
        for entry in entries:
            parts.append(_section(entry))
            command = cli.get_command(_CONTEXT, entry.name)
            if isinstance(command, click.Group):
                for inner in command.list_commands(_CONTEXT):
                    parts += _own(f"{entry.name} {inner}", command.get_command(_CONTEXT, inner))
    return "".join(parts)


def _own(name: str, command: click.Command | None) -> Iterator[str]:
    """Yield the section of a command that is no question, then those of its own commands."""
    if command is None:
        return
    usage = " ".join(["tallystick", name, *command.collect_usage_pieces(_CONTEXT)])
    lines = [f"\n### {name}\n", f"`{usage}`\n", f"{cleandoc(command.help or '')}\n"]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        lines += ["| command line | meaning |", "|---|---|", *map(_described, options), ""]
    yield "\n".join(lines)
    if isinstance(command, click.Group):
        for inner in command.list_commands(_CONTEXT):
            yield from _own(f"{name} {inner}", command.get_command(_CONTEXT, inner))


def _described(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(_CONTEXT)}"
    default = f" Default: `{option.default}`." if option.show_default else ""
    return _line((f"`{', '.join(option.opts)}{value}`", f"{option.help or ''}{default}"))


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def _section(entry: Entry) -> str:
    report = entry.report
    lines = [f"\n### {entry.name}\n", *(f"{text}\n" for text in report.paragraphs)]
    if report.parameters:
        lines += ["| command line | Python | meaning |", "|---|---|---|", *map(_row, report.parameters), ""]
    if report.strict and not report.strict.always:
        lines.append(f"`--strict`: {report.strict.help}\n")
    if report.sql:
        lines.append("`--sql` shows the query that is asked, and `Ledger.query` returns it.\n")
    return "\n".join(lines)


def _row(parameter: Parameter) -> str:
    option = parameter.name.upper() if parameter.form is Form.ARGUMENT else parameter.flag
    default = f" Default: `{parameter.default}`." if parameter.default and isinstance(parameter.default, str) else ""
    usage = f"{option} {parameter.metavar or '|'.join(parameter.choices)}".strip()
    return _line((f"`{usage}`", f"`{parameter.name}`", f"{parameter.help}{default}"))
