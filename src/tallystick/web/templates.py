"""Templates: the pages' HTML, every text escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tallystick.web.advice import linked
from tallystick.web.assets import asset


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
    return environment


def rendered(name: str, **values: Any) -> str:
    """Return a template with its values, each escaped."""
    return _environment().get_template(name).render(values)
