"""A report: one question that can be asked, what it can be asked with, and how it is answered.

Every face is made from it: the command and its options, the Python access, the tables of the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tallystick.core.causes import NOT_BILLED_YET
from tallystick.core.dimensions import TIMES
from tallystick.core.document import Answer
from tallystick.core.filter import Where as Filters
from tallystick.core.text import did_you_mean
from tallystick.core.time import Window
from tallystick.core.time_words import When
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from tallystick.core.question import Table
    from tallystick.query.strictness import Strictness


class Form(StrEnum):
    """How a parameter is written: on the command line as text, in Python as text or as the value itself."""

    TEXT = "text"
    COUNT = "count"
    FLAG = "flag"
    CHOICE = "choice"
    NAMES = "names"
    """Names with commas between them; in Python one name or several."""
    WHERE = "where"
    """DIMENSION=VALUE, repeated; in Python a mapping of dimensions to a value or several."""
    MANY = "many"
    """A text, repeated; in Python one or several."""
    ARGUMENT = "argument"
    """A text without an option before it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a report can be asked with: a keyword in Python, an option or an argument of the command.

    `option` is the option's name where it is not the keyword's. `choices` are what a text can be, or the names that
    can stand in NAMES and before the values of WHERE.
    """

    name: str
    help: str
    form: Form = Form.TEXT
    default: Any = None
    metavar: str = ""
    option: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return self.option or f"--{self.name.replace('_', '-')}"

    def value(self, word: Any) -> Any:
        """Return what the report takes for what was given; raise InvalidQuestion where it cannot be."""
        if word is None:
            return None
        if self.form is Form.CHOICE and word not in self.choices:
            hint = did_you_mean(word, self.choices) or f"It can be {', '.join(self.choices)}."
            raise InvalidQuestion(f"{self.flag} cannot be {word!r}.", hint)
        if self.form is Form.COUNT and word < 1:
            raise InvalidQuestion(f"{self.flag} keeps at least one row.", "Leave it out to see all.")
        if self.form is Form.NAMES:
            names = word.split(",") if isinstance(word, str) else word
            return tuple(name.strip() for name in names if name.strip())
        if self.form is Form.MANY:
            return (word,) if isinstance(word, str) else tuple(word)
        return word


DAYS = ("since", "until", "month")
Days = tuple[When | None, When | None, When | None]
"""The words for time of a question: since, until, month."""


COMPUTED = "Computed from the figures beside it."
"""Why no charge is behind a figure, where a report does not say."""
BEFORE = "_before"
"""What ends the name of a figure of the window that an answer is compared with."""


@dataclass(frozen=True, slots=True)
class ChargeSum:
    """The charges behind a figure of a report: it is the sum of a `column` of them, or computed from them without one.

    They are of one `half`, billed or used, as the report `charges` takes it, of both where it is empty; of some `kinds`
    and held to `where`, each where there are any. `before`: those of the window that is compared with; `both`: from the
    first day of either to the last. `days` gives their window by that of the question, where it is another.
    """

    column: str = ""
    half: str = ""
    kinds: tuple[str, ...] = ()
    before: bool = False
    both: bool = False
    where: tuple[tuple[str, str], ...] = ()
    days: Callable[[Window], Window] | None = None


NOT_BILLED = ChargeSum(half="used", where=(("cause", NOT_BILLED_YET),))
"""Use without a bill so far, at list price."""
Row = Mapping[str, Any]
"""A row of an answer, by column name."""
Behind = ChargeSum | Callable[[Row], ChargeSum]
"""The charges behind a figure: the same in every row, or by the row."""


@dataclass(frozen=True, slots=True)
class Report:
    """One question: `answer` takes a Context and the parameters by name, and gives a Table or a Document.

    `about` is what its help says after the summary of the catalog. `priced`: its figures depend on price lists, whose
    warnings are said. `strict` is what ends its command with 1. `api`: it asks the API, of the ledger as it is now.
    `sql` gives the query in place of the answer. `text_rows` is how many rows text shows where no `top` is asked for.
    `charges` are the charges behind a figure, held to the dimensions of its row and the filters of the question; of
    a report with `subjects` each row is told by these dimensions alone, whatever the question is held to. `no_charges`
    says of its other figures why no charge is behind them. `teams`: held to a team it shows that team's charges alone.
    `organizations`: it reads only what can be held to some organizations.
    `parts` gives the answer as Tables of some rows each, for formats that can write them one after the other; None
    where it is better asked whole. `nothing` says what a page says of an answer without rows.
    """

    answer: Callable[..., Answer]
    parameters: tuple[Parameter, ...] = ()
    about: str = ""
    priced: bool = True
    strict: Strictness | None = None
    api: bool = False
    charges: Mapping[str, Behind] = field(default_factory=dict)
    no_charges: str = COMPUTED
    subjects: tuple[str, ...] = ()
    teams: bool = False
    organizations: bool = True
    sql: Callable[..., str] | None = None
    text_rows: int | None = None
    parts: Callable[..., Iterator[Table] | None] | None = None
    nothing: str = "Nothing."

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What its help says after the summary."""
        ends = self.strict.help if self.strict and self.strict.always else ""
        return tuple(filter(None, (self.about, ends)))

    def values(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `answer` takes: every parameter's value, None being its default; the words for time as `days`.

        Raises InvalidQuestion for an unknown keyword.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for keyword in arguments:
            if keyword not in known:
                hint = did_you_mean(keyword, known) or f"It has {', '.join(known) or 'no parameters'}."
                raise InvalidQuestion(f"`{name}` has no parameter {keyword!r}.", hint)
        values = {
            keyword: parameter.value(parameter.default if arguments.get(keyword) is None else arguments[keyword])
            for keyword, parameter in known.items()
        }
        for keyword, parameter in known.items():
            if parameter.required and values[keyword] is None:
                raise InvalidQuestion(f"`{name}` needs {parameter.flag}.", parameter.help)
        if values.keys() >= {*DAYS}:
            values["days"] = tuple(values.pop(word) for word in DAYS)
        return values


def days(default: str = "the last 30 ended days") -> tuple[Parameter, ...]:
    """Return the parameters for the days that a report is of: since, until, month; `default` says which if none is."""
    return (
        Parameter(
            "since",
            f"First day, or a word for time: 2026-10-01, 2026-10, 7d (`tallystick --help`). By default {default}.",
            metavar="WHEN",
        ),
        Parameter("until", "Last day, included, or a word for time. By default now.", metavar="WHEN"),
        Parameter("month", "One month instead: 2026-10, last-month or mtd.", metavar="MONTH"),
    )


def narrowed_by(
    dimensions: Sequence[str] = (),
    about: str = "Only these names or ids: model=claude-opus-*, or key!=ci for all but one. May be repeated.",
    metavar: str = "DIM=VALUE[,DIM=VALUE]",
) -> Parameter:
    """Return the parameter for filters on these dimensions."""
    choices = tuple(name for name in dimensions if name not in TIMES)
    return Parameter("where", about, Form.WHERE, metavar=metavar, choices=choices)


WHERE = narrowed_by()
COMPARE = Parameter(
    "compare",
    "Add the figures of the window before, or of a year ago, and how they changed.",
    Form.CHOICE,
    choices=("previous", "year"),
)
TOP = Parameter("top", "The N largest rows, and the rest in one more.", Form.COUNT, metavar="N")
WINDOW = days()
Where = Filters | None
"""What dimensions are held to, where anything is."""


def by(
    default: Sequence[str], dimensions: Sequence[str] = (), about: str = "What to group by; '' for one row."
) -> Parameter:
    """Return the parameter for what to group by, among these dimensions."""
    return Parameter("by", about, Form.NAMES, ",".join(default), metavar="DIM[,DIM]", choices=tuple(dimensions))
