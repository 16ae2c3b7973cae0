"""Components: what is installed with tallystick and its extras, by the metadata of this environment, and from npm."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
VENDORED = ROOT / "src" / "tallystick" / "web" / "static" / "vendor.toml"
NAME = "tallystick"
_CLASSIFIER = "License :: OSI Approved :: "
_IDS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
}
"""How older metadata calls a licence, and how SPDX does."""


@dataclass(frozen=True, slots=True)
class Component:
    """A package: its name, version, licence as it states it, address, and `pypi` or `npm`."""

    name: str
    version: str
    licence: str
    address: str
    kind: str


def components() -> list[Component]:
    """Return every package that the product needs, by name, those of npm last; tallystick itself is none."""
    found: dict[str, Component] = {}
    waiting = [(NAME, frozenset({"all"}))]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        known = distribution(name)
        if name != NAME:
            found[name] = Component(name, known.version, _licence(known), _address(known), "pypi")
        waiting += _required(known, extras)
    with VENDORED.open("rb") as file:
        pins = tomllib.load(file)["file"]
    npm = [
        Component(
            pin["package"], pin["version"], pin["licence"], f"https://www.npmjs.com/package/{pin['package']}", "npm"
        )
        for pin in pins
    ]
    return [*sorted(found.values(), key=lambda component: component.name), *npm]


def _required(known: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """What a package needs here, and with which extras of that."""
    for line in known.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def _licence(known: Distribution) -> str:
    """The licence that a package states: as an expression, else by its classifiers, else in a short text."""
    if expression := known.metadata.get("License-Expression"):
        return str(expression)
    classified = [
        _IDS.get(name := text.removeprefix(_CLASSIFIER), name)
        for text in known.metadata.get_all("Classifier") or ()
        if text.startswith(_CLASSIFIER)
    ]
    stated = (known.metadata.get("License") or "").strip()
    stated = _IDS.get(stated, stated)
    try:
        return str(canonicalize_license_expression(stated))
    except (InvalidLicenseExpression, ValueError):
        return " AND ".join(classified) or (stated.splitlines() or ["not stated"])[0][:60]


def _address(known: Distribution) -> str:
    return f"https://pypi.org/project/{known.metadata['Name']}/"
