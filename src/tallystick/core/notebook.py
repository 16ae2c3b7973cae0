"""Notebook: what a notebook shows of an answer, and frames of libraries that may not be installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tallystick.errors import InvalidQuestion


def html(answer: object) -> str:
    """Return the answer as HTML; its writer is imported by name, for values know nothing of formats."""
    page: str = import_module("tallystick.formats.notebook").as_notebook(answer)
    return page


def library(name: str) -> Any:
    """Return a library of data frames; raise InvalidQuestion where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise InvalidQuestion(
            f"This needs {name}, which is not installed.", f"Run pip install {name}, or take to_arrow()."
        ) from None
