"""The reference: every question of the catalog as a page of the documentation, in Markdown."""

from __future__ import annotations

from tallystick.catalog import CATALOG, Entry, Group
from tallystick.query.report import Form, Parameter

BAR = "\\|"
"""A bar within a cell of a table."""
HEAD = """# Reference

Every question that a ledger can be asked: a command, and `Ledger.ask(name, ...)` in Python with the same parameters.
Every command also takes `--format` (text, json, csv, ...), `--output`, `--ledger`, `--config`, `--wide`, `--ids` and
`--notes`; all but `limits` take `--as-of`. This page is made from the catalog: `make golden`.
"""


def markdown() -> str:
    """Return the page."""
    groups = []
    for group in Group:
        entries = [entry for entry in CATALOG if entry.group is group]
        if entries:
            rows = [f"| [`{entry.name}`](#{entry.name}) | {entry.summary} |" for entry in entries]
            groups.append("\n".join([f"\n## {group}\n", "| question | answer |", "|---|---|", *rows, ""]))
            groups += map(_section, entries)
    return HEAD + "".join(groups)


def _section(entry: Entry) -> str:
    report = entry.report
    lines = [f"\n### {entry.name}\n", *([f"{report.about}\n"] if report.about else ())]
    if report.parameters:
        lines += ["| command line | Python | meaning |", "|---|---|---|", *map(_row, report.parameters), ""]
    if report.strict:
        lines.append(f"`--strict`: {report.strict}\n")
    if report.sql:
        lines.append("`--sql` shows the query that is asked, and `Ledger.query` returns it.\n")
    return "\n".join(lines)


def _row(parameter: Parameter) -> str:
    option = parameter.name.upper() if parameter.form is Form.ARGUMENT else parameter.flag
    default = f" Default: `{parameter.default}`." if parameter.default and isinstance(parameter.default, str) else ""
    shown = f"{option} {parameter.metavar or '|'.join(parameter.choices)}".strip()
    cells = (f"`{shown}`", f"`{parameter.name}`", f"{parameter.help}{default}")
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"
