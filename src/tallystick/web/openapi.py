"""OpenAPI: what can be asked of the dashboard by a program, described from the catalog."""

from __future__ import annotations

from typing import Any

from tallystick import __version__
from tallystick.address import WHERE
from tallystick.catalog import CATALOG, Entry
from tallystick.core.dimensions import NAMES
from tallystick.core.filter import EXCEPT
from tallystick.query.report import Form, Parameter

_ERROR = {
    "type": "object",
    "required": ["error", "hint"],
    "properties": {"error": {"type": "string"}, "hint": {"type": "string"}},
}
_ANSWER = {
    "type": "object",
    "required": ["report", "warnings", "notes"],
    "properties": {
        "report": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "string"}},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
}


def description() -> dict[str, Any]:
    """Return the description: one address for each report, whose answer is JSON."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tallystick",
            "version": __version__,
            "description": "Every report as JSON. Another ending in the place of .json gives another format.",
        },
        "paths": {f"/ask/{entry.name}.json": {"get": _operation(entry)} for entry in CATALOG if not entry.report.api},
        "components": {
            "schemas": {"Answer": _ANSWER, "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(entry: Entry) -> dict[str, Any]:
    report = entry.report
    parameters = [described for parameter in report.parameters for described in _parameters(parameter)]
    return {
        "operationId": entry.name,
        "summary": entry.summary,
        "parameters": parameters,
        "responses": {
            "200": _response("The answer", "Answer"),
            "400": _response("The question cannot be", "Error"),
            "404": _response("The ledger has nothing of that name", "Error"),
            "414": {"description": "The address is too long"},
            "503": _response("The ledger cannot be read, or the answer takes too long", "Error"),
        },
    }


def _response(words: str, schema: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _parameters(parameter: Parameter) -> list[dict[str, Any]]:
    """A parameter as those of an address; a filter is one for each dimension and its opposite."""
    if parameter.form is Form.WHERE:
        schema = {"type": "array", "items": {"type": "string"}}
        names = [name for dimension in NAMES for name in (dimension, dimension + EXCEPT)]
        return [
            {"name": WHERE + name, "in": "query", "description": parameter.help, "schema": schema, "explode": True}
            for name in names
        ]
    schemas: dict[Form, dict[str, Any]] = {
        Form.COUNT: {"type": "integer", "minimum": 1, "maximum": 999_999_999},
        Form.FLAG: {"type": "string", "enum": ["0", "1"]},
        Form.CHOICE: {"type": "string", "enum": list(parameter.choices)},
        Form.MANY: {"type": "array", "items": {"type": "string"}},
    }
    return [
        {
            "name": parameter.name,
            "in": "query",
            "description": parameter.help,
            "required": parameter.required,
            "schema": schemas.get(parameter.form, {"type": "string"}),
        }
    ]
