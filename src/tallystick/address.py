"""Address: a question as the address of a page, so that a link is a saved view; also as a command and as Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any
from urllib.parse import quote as escaped, urlencode

from tallystick.catalog import entry
from tallystick.core.filter import EXCEPT
from tallystick.errors import InvalidQuestion
from tallystick.query.report import Form, Parameter

WHERE = "where."
"""What begins the name of a filter in an address: `where.model=claude-opus-*`, `where.key!=ci`."""
CHART = "chart"
"""The name of the figure that a page draws; it is nothing that a report is asked with."""
FILTER, VALUE = "filter", "value"
"""The dimension and the value of a further filter, as the form of a page sends them."""
_FLAGS = {"1": True, "0": False}
_COUNT = re.compile(r"[0-9]{1,9}")
_EVERY = "9" * 9
"""More rows than any answer has."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A report of the catalog and what it is asked with, as the names and texts of an address, in its order."""

    report: str
    pairs: Pairs = ()

    @classmethod
    def of(cls, report: str, pairs: Iterable[tuple[str, str]]) -> Address:
        """Return the address of these names and texts; without what is empty where the default is no text."""
        defaults = {parameter.name: parameter.default for parameter in entry(report).report.parameters}
        arguments = tuple((name, text) for name, text in pairs if text or defaults.get(name))
        return cls(report, arguments)

    @property
    def question(self) -> Address:
        """The address without what is the page's alone."""
        return self.having(CHART)

    @property
    def path(self) -> str:
        """The path of its page, without what it is asked with."""
        return f"/ask/{escaped(self.report, safe='')}"

    @property
    def url(self) -> str:
        """The address of its page."""
        return self.file("")

    def file(self, ending: str) -> str:
        """Return the address of the answer as a file with that ending."""
        pairs = self.question.pairs if ending else self.pairs
        query = urlencode(pairs, safe=",:*!-")
        return f"{self.path}{'.' if ending else ''}{ending}{'?' if query else ''}{query}"

    def texts(self, name: str) -> tuple[str, ...]:
        """Return what is given of a name."""
        return tuple(text for known, text in self.pairs if known == name)

    def text(self, name: str) -> str | None:
        """Return the last text that is given of a name, None where there is none."""
        return next(iter(self.texts(name)[::-1]), None)

    def having(self, name: str, *texts: str) -> Address:
        """Return the address with these texts of a name in the place of those it has."""
        others = tuple(pair for pair in self.pairs if pair[0] != name)
        return replace(self, pairs=(*others, *((name, text) for text in texts)))

    def narrowed(self, dimension: str, value: str) -> Address:
        """Return the address held to a value of a dimension."""
        return self.having(WHERE + dimension, value)

    def without(self, name: str, text: str) -> Address:
        """Return the address without one text of a name."""
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair != (name, text)))

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """Each filter: its dimension, which `!` ends where the value is left out, and a value."""
        return tuple((name.removeprefix(WHERE), text) for name, text in self.pairs if name.startswith(WHERE))

    @property
    def where(self) -> dict[str, list[str]]:
        """The filters as Python writes them: the values of each dimension."""
        where: dict[str, list[str]] = {}
        for dimension, text in self.filters:
            where.setdefault(dimension, []).append(text)
        return where

    @property
    def values(self) -> dict[str, Any]:
        """What `Ledger.ask` takes; InvalidQuestion where a name is no parameter of the report, or a text no value."""
        values: dict[str, Any] = {}
        parameters = entry(self.report).report.parameters
        for parameter in parameters:
            if parameter.form is Form.WHERE:
                if self.where:
                    values[parameter.name] = self.where
            elif texts := self.texts(parameter.name):
                values[parameter.name] = _value(parameter, texts)
        filtered = any(parameter.form is Form.WHERE for parameter in parameters)
        known = {parameter.name for parameter in parameters}
        pairs = self.question.pairs
        values |= {
            name: text for name, text in pairs if name not in known and not (filtered and name.startswith(WHERE))
        }
        return values

    @property
    def command(self) -> str:
        """The command that gives the same answer."""
        return " ".join(("tallystick", self.report, *_words(self)))

    @property
    def python(self) -> str:
        """The expression that gives the same answer in Python."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"ledger.ask({self.report!r}{', ' if arguments else ''}{arguments})"


def _value(parameter: Parameter, texts: tuple[str, ...]) -> Any:
    """The value of a parameter that is written so in an address."""
    text = texts[-1]
    if parameter.form is Form.COUNT:
        if not _COUNT.fullmatch(text):
            raise InvalidQuestion(f"{parameter.name} is no count: {text!r}.", "Write a whole number, such as 10.")
        return int(text)
    if parameter.form is Form.FLAG:
        if text not in _FLAGS:
            raise InvalidQuestion(f"{parameter.name} cannot be {text!r}.", "Write 1, or leave it out.")
        return _FLAGS[text]
    if parameter.form is Form.NAMES:
        return ",".join(texts)
    return texts if parameter.form is Form.MANY else text


def _words(address: Address) -> Iterator[str]:
    """The words of a command after the report's name, each quoted for a shell."""
    values: Mapping[str, Any] = address.values
    for parameter in entry(address.report).report.parameters:
        if (value := values.get(parameter.name)) is None:
            continue
        if parameter.form is Form.WHERE:
            for dimension, text in address.filters:
                yield from (parameter.flag, quote(f"{dimension.removesuffix(EXCEPT)}{_sign(dimension)}{text}"))
        elif parameter.form is Form.ARGUMENT:
            yield quote(value)
        elif parameter.form is Form.FLAG:
            yield from (parameter.flag,) if value else ()
        else:
            for text in value if parameter.form is Form.MANY else (str(value),):
                yield from (parameter.flag, quote(text))


def _sign(dimension: str) -> str:
    return "!=" if dimension.endswith(EXCEPT) else "="


def every_row(address: Address) -> Address:
    """Return the question without the number of rows at which its report ends by itself, for a file."""
    parameters = entry(address.report).report.parameters
    limits = [parameter.name for parameter in parameters if parameter.form is Form.COUNT and parameter.default]
    for name in limits:
        if address.text(name) is None:
            address = address.having(name, _EVERY)
    return address
