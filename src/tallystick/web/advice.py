"""Advice: what needs attention: the words, and the page of the command that they end with."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tallystick.catalog import CATALOG, entry
from tallystick.core.text import safe
from tallystick.query.report import Form
from tallystick.web.address import WHERE, Address

COMMAND = re.compile(r"(?P<words>.*): tallystick (?P<command>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at, and where; `url` is empty where no page shows it."""

    words: str
    url: str = ""


def advice(text: str) -> Advice:
    """Return what a text says, and the page that shows what the command at its end shows."""
    match = COMMAND.fullmatch(text)
    if match and (address := address_of(match["command"])):
        return Advice(safe(match["words"]), address.url)
    return Advice(safe(text))


def address_of(command: str) -> Address | None:
    """Return the address that asks what a command without its `tallystick` asks; None where it is no report."""
    try:
        name, *words = shlex.split(command)
    except ValueError:
        return None
    if name not in {listed.name for listed in CATALOG}:
        return None
    flags = {parameter.flag: parameter for parameter in entry(name).report.parameters}
    pairs = []
    for flag, text in zip(words[::2], words[1::2], strict=False):
        if not (parameter := flags.get(flag)):
            return None
        if parameter.form is Form.WHERE:
            dimension, _, value = text.partition("=")
            pairs.append((f"{WHERE}{dimension}", value))
        else:
            pairs.append((parameter.name, text))
    return Address(name, tuple(pairs))
