"""Controls: what a page offers to change of a question, from what its report can be asked with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.address import FILTER, VALUE, WHERE, Address
from tallystick.catalog import entry
from tallystick.core.dimensions import TIMES, canonical
from tallystick.core.filter import EXCEPT
from tallystick.query.report import Form, Parameter

FIRST = ("team", "workspace", "key", "actor", "model", "kind")
"""Dimensions that are offered before all others."""
SHOWN = 10
"""Names of a switch that stand open; the others are folded."""
SPANS = {"7d": "7 days", "30d": "30 days", "3m": "3 months", "ytd": "this year"}
"""Words for `since` that are offered, and how they read."""
MONTHS = {"mtd": "this month", "last-month": "last month"}
"""Words for `month` that are."""
LABELS = {"by": "Group by", "show": "Also show", "compare": "Compare with", "half": "Only"}
NONE = {"compare": "nothing", "by": "no time"}


@dataclass(frozen=True, slots=True)
class Control:
    """One field: its name in the address, what stands in it, what it can be."""

    name: str
    label: str
    help: str
    form: Form
    text: str
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a switch, and the address with it, or without it where it is chosen of several."""

    label: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """Choices of which one holds, or of which `several` can; `folded` are further ones."""

    label: str
    help: str
    choices: tuple[Choice, ...]
    folded: tuple[Choice, ...] = ()
    several: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its words, the address without it, and the one that takes what this leaves out."""

    words: str
    remove: str
    turn: str


@dataclass(frozen=True, slots=True)
class Controls:
    """The switches, fields and filters of a question; `complete`: nothing that the report needs is missing.

    `others` are the names and texts that a form of the fields keeps, `dimensions` what a filter can be on.
    """

    switches: tuple[Switch, ...]
    fields: tuple[Control, ...]
    chips: tuple[Chip, ...]
    others: tuple[tuple[str, str], ...]
    dimensions: tuple[str, ...]
    complete: bool


def controls(address: Address, names: Mapping[tuple[str, str], str] | None = None) -> Controls:
    """Return the controls of a question; `names` are those of the ids of its filters."""
    parameters = entry(address.report).report.parameters
    fields = tuple(_control(parameter, address) for parameter in parameters if _is_field(parameter))
    known = {control.name for control in fields}
    dimensions = next((parameter.choices for parameter in parameters if parameter.form is Form.WHERE), ())
    return Controls(
        tuple(_switches(parameters, address)),
        fields,
        tuple(_chips(address, names or {})),
        tuple(pair for pair in address.pairs if pair[0] not in known),
        tuple(sorted(dimensions, key=_rank)),
        all(address.texts(parameter.name) for parameter in parameters if parameter.required),
    )


def written(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of a form, the dimension and the value of a further filter as one."""
    listed = list(pairs)
    parts = dict(listed)
    yield from (pair for pair in listed if pair[0] not in {FILTER, VALUE})
    if parts.get(FILTER) and parts.get(VALUE):
        yield WHERE + parts[FILTER], parts[VALUE]


def _is_field(parameter: Parameter) -> bool:
    """Whether a parameter is written by hand: whatever else is chosen."""
    is_chosen = parameter.form in {Form.WHERE, Form.FLAG, Form.CHOICE}
    return not is_chosen and not (parameter.form is Form.NAMES and parameter.choices)


def _control(parameter: Parameter, address: Address) -> Control:
    text = address.text(parameter.name)
    default = parameter.default if isinstance(parameter.default, str | int) else ""
    if text is None:
        text = default if isinstance(default, str) else ""
    placeholder = str(default or parameter.metavar)
    return Control(parameter.name, parameter.name.replace("_", " "), parameter.help, parameter.form, text, placeholder)


def _switches(parameters: Sequence[Parameter], address: Address) -> Iterator[Switch]:
    names = {parameter.name for parameter in parameters}
    if days := [*_quick(names, address)]:
        yield Switch("Days", "The days that are asked about.", tuple(days))
    for parameter in parameters:
        label = LABELS.get(parameter.name, parameter.name.replace("_", " ").capitalize())
        if parameter.form is Form.NAMES and parameter.choices:
            yield from _names(parameter, label, address)
        elif parameter.form is Form.CHOICE:
            value = address.text(parameter.name) or parameter.default or ""
            texts = parameter.choices if parameter.default else ("", *parameter.choices)
            labels = {"": NONE.get(parameter.name, "all")}
            yield Switch(
                label,
                parameter.help,
                tuple(
                    Choice(labels.get(text, text), _with(address, parameter.name, text), text == value)
                    for text in texts
                ),
            )
    flags = [parameter for parameter in parameters if parameter.form is Form.FLAG]
    if flags:
        choices = []
        for parameter in flags:
            is_on = address.text(parameter.name) == "1"
            label = parameter.name.replace("_", " ")
            choices.append(Choice(label, _with(address, parameter.name, "" if is_on else "1"), is_on))
        yield Switch("Options", " ".join(parameter.help for parameter in flags), tuple(choices), several=True)


def _quick(names: Iterable[str], address: Address) -> Iterator[Choice]:
    bare = address.having("since").having("until").having("month")
    alone = address.text("until") is None
    for name, words in (("since", SPANS), ("month", MONTHS)):
        for word, label in words.items() if name in names else ():
            yield Choice(label, bare.having(name, word).url, alone and address.text(name) == word)


def _names(parameter: Parameter, label: str, address: Address) -> Iterator[Switch]:
    """The switch of what can be named, and one of the grains of time where there are any."""
    selection = chosen_names(parameter, address)
    grains = [name for name in parameter.choices if name in TIMES]
    others = sorted((name for name in parameter.choices if name not in TIMES), key=_rank)
    choices = []
    for name in others:
        names = [known for known in selection if known != name] if name in selection else [*selection, name]
        choices.append(Choice(name.replace("_", " "), _by(address, parameter, names), name in selection))
    is_open = [index < SHOWN or choice.chosen for index, choice in enumerate(choices)]
    yield Switch(
        label,
        parameter.help,
        tuple(choice for choice, is_visible in zip(choices, is_open, strict=True) if is_visible),
        tuple(choice for choice, is_visible in zip(choices, is_open, strict=True) if not is_visible),
        several=True,
    )
    if grains:
        rest = [name for name in selection if name not in TIMES]
        yield Switch(
            "Over time",
            "A row, and a column of the chart, for each hour, day, week or month.",
            tuple(
                Choice(grain or NONE["by"], _by(address, parameter, [*([grain] if grain else []), *rest]), is_chosen)
                for grain in ("", *grains)
                for is_chosen in [grain in selection if grain else len(rest) == len(selection)]
            ),
        )


def chosen_names(parameter: Parameter, address: Address) -> list[str]:
    """Return the names that an address gives of a parameter, its default where it gives none."""
    text = address.text(parameter.name)
    text = (parameter.default or "") if text is None else text
    names = text.split(",") if isinstance(text, str) else text
    return [canonical(name, parameter.choices) for name in names if name.strip()]


def _by(address: Address, parameter: Parameter, names: Sequence[str]) -> str:
    return address.having(parameter.name, *([",".join(names)] if names or parameter.default else [])).url


def _with(address: Address, name: str, text: str) -> str:
    return address.having(name, *([text] if text else [])).url


def _chips(address: Address, names: Mapping[tuple[str, str], str]) -> Iterator[Chip]:
    for written_name, text in address.filters:
        dimension, is_out = written_name.removesuffix(EXCEPT), written_name.endswith(EXCEPT)
        without = address.without(WHERE + written_name, text)
        turned = WHERE + dimension + ("" if is_out else EXCEPT)
        words = f"{dimension} {'is not' if is_out else 'is'} {names.get((dimension, text), text)}"
        yield Chip(words, without.url, without.having(turned, *without.texts(turned), text).url)


def _rank(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)
