"""Advice: what needs attention: the words, and the page of the command that they end with."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from markupsafe import Markup, escape

from tallystick.address import WHERE, Address
from tallystick.catalog import CATALOG, entry
from tallystick.core.dimensions import canonical
from tallystick.core.text import safe
from tallystick.query.report import Form, Parameter
from tallystick.web.links import SUBJECTS, finding, subject

_WITHIN = re.compile(r"`tallystick (?P<quoted>[^`]+)`|: tallystick (?P<last>[^`]+)\Z")
"""A command within a message: between backticks, or after a colon at its end."""
COMMAND = re.compile(r"(?P<words>.*): tallystick (?P<command>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at, and where; `url` is empty where no page shows it, `finding` where it is no finding.

    What has `ended` needs no attention any more.
    """

    words: str
    url: str = ""
    finding: str | None = None
    ended: bool = False


def advice(text: str) -> Advice:
    """Return what a text says, and the page that shows what the command at its end shows."""
    match = COMMAND.fullmatch(text)
    if match and (address := address_of(match["command"])):
        return Advice(safe(match["words"]), _page(address), address.text("finding"))
    return Advice(safe(text))


def address_of(command: str) -> Address | None:
    """Return the address that asks what a command without its `tallystick` asks; None where it is no report."""
    try:
        name, *words = shlex.split(command)
    except ValueError:
        return None
    if name not in {listed.name for listed in CATALOG}:
        return None
    parameters = entry(name).report.parameters
    flags = {parameter.flag: parameter for parameter in parameters}
    arguments = [parameter for parameter in parameters if parameter.form is Form.ARGUMENT]
    pairs = []
    while words:
        flag, equals, text = words.pop(0).partition("=")
        parameter = flags.get(flag)
        if parameter is None:
            if flag.startswith("-") or not arguments:
                return None
            pairs.append((arguments.pop(0).name, f"{flag}{equals}{text}"))
        elif parameter.form is Form.FLAG:
            pairs.append((parameter.name, "1"))
        elif equals or words:
            pairs.append(_pair(parameter, text if equals else words.pop(0)))
        else:
            return None
    return Address(name, tuple(pairs))


def _page(address: Address) -> str:
    """The page of the finding or of the key, model, ... that an address asks about, else the address itself."""
    if id_ := address.text("finding"):
        return finding(id_, address)
    dimension, value = canonical(address.text("dimension") or "", tuple(SUBJECTS)), address.text("value")
    return subject(dimension, value) if value and dimension in SUBJECTS else address.url


def _pair(parameter: Parameter, text: str) -> tuple[str, str]:
    """A parameter and its text as an address has them."""
    if parameter.form is not Form.WHERE:
        return parameter.name, text
    dimension, _, value = text.partition("=")
    return f"{WHERE}{dimension}", value


def linked(text: str) -> Markup:
    """Return a message as HTML: each command in it that a page shows leads there, all else is text."""
    parts = []
    end = 0
    for match in _WITHIN.finditer(text):
        name = "quoted" if match["quoted"] else "last"
        if address := address_of(match[name]):
            start, stop = match.span(name)
            start -= len("tallystick ")
            parts += [escape(text[end:start]), Markup('<a href="{}">{}</a>').format(_page(address), text[start:stop])]
            end = stop
    return Markup("").join([*parts, escape(text[end:])])
