"""Owner rules: each with what each caught, or what is wrong with them."""

from __future__ import annotations

from tallystick.core.question import Table
from tallystick.query.context import Context
from tallystick.query.owners import rules
from tallystick.query.report import WINDOW, Days, Form, Parameter, Report
from tallystick.query.strictness import Strictness
from tallystick.reports.owner_check import check as checked, problems


def _ask(context: Context, check: bool, days: Days) -> Table:
    question = context.question("owners", (), days)
    answer = checked if check else rules
    return context.warned(answer(context.engine, question, context.owners, context.now))


REPORT = Report(
    _ask,
    (
        Parameter("check", "List what nobody owns and rules that never match.", Form.FLAG, default=False),
        *WINDOW,
    ),
    "Each charge goes to the first rule that matches. Rules are set in tallystick.toml or owners.csv (`tallystick "
    "docs owners`).",
    strict=Strictness(
        {},
        "--check finds a problem",
        lambda table: "problem" in {heading.name for heading in table.headings} and problems(table),
        always=True,
    ),
    organizations=False,
)
