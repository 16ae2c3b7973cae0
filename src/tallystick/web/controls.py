"""Controls: what a page offers to change of a question, from what its report can be asked with."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.catalog import entry
from tallystick.query.report import DAYS, Form, Parameter
from tallystick.web.address import WHERE, Address


@dataclass(frozen=True, slots=True)
class Control:
    """One field: its name in the address, what stands in it, what it can be."""

    name: str
    label: str
    help: str
    form: Form
    text: str
    choices: tuple[str, ...] = ()
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its words, and the address without it."""

    words: str
    remove: str


@dataclass(frozen=True, slots=True)
class Controls:
    """The fields and filters of a question; `complete`: nothing that the report needs is missing."""

    fields: tuple[Control, ...]
    times: tuple[Control, ...]
    chips: tuple[Chip, ...]
    can_filter: bool
    complete: bool


def controls(address: Address) -> Controls:
    """Return the controls of a question."""
    parameters = entry(address.report).report.parameters
    plain = [parameter for parameter in parameters if parameter.form is not Form.WHERE]
    fields = [_control(parameter, address) for parameter in plain]
    chips = tuple(
        Chip(_words(dimension, text), address.without(WHERE + dimension, text).url)
        for dimension, text in address.filters
    )
    return Controls(
        tuple(control for control in fields if control.name not in DAYS),
        tuple(control for control in fields if control.name in DAYS),
        chips,
        len(plain) < len(parameters),
        all(address.texts(parameter.name) for parameter in plain if parameter.required),
    )


def _control(parameter: Parameter, address: Address) -> Control:
    default = parameter.default if isinstance(parameter.default, str) else ""
    text = address.text(parameter.name)
    return Control(
        parameter.name,
        parameter.name.replace("_", " "),
        parameter.help,
        parameter.form,
        text if text is not None else default,
        parameter.choices,
        parameter.metavar,
    )


def _words(dimension: str, text: str) -> str:
    return f"{dimension.removesuffix('!')} {'is not' if dimension.endswith('!') else 'is'} {text}"
