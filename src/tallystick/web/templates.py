"""Templates: the pages' HTML, every text escaped."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tallystick.web.advice import linked
from tallystick.web.assets import asset

_CODE = re.compile(r"`([^`]+)`")


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader("tallystick.web"),
    )
    environment.globals["asset"] = asset
    environment.filters["linked"] = linked
    environment.filters["code"] = code
    return environment


def compile_all() -> None:
    """Compile every template; threads that first need one at the same time would each compile it."""
    for name in _environment().list_templates(["html"]):
        _environment().get_template(name)


def code(text: str) -> Markup:
    """Return a text with what stands between backticks as code; all of it escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def rendered(name: str, **values: Any) -> str:
    """Return a template with its values, each escaped."""
    return _environment().get_template(name).render(values)
