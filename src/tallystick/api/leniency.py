"""Leniency: an answer whose odd parts are left out, where they are beside the point (design rule 11).

A field with a default is beside the point: what does not fit it is left out, and an oddity says so. A field without a
default (an amount, a token count, a date) must fit, and so must every field of `Counters` that is there. A number
stands for its text where a text is expected, and text of any JSON for itself where a name is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, get_origin

import msgspec
import msgspec.inspect as shapes

from tallystick.api.body import DECODER as PLAIN
from tallystick.api.page import Page, unreadable

T = TypeVar("T")

MOST = 2**56
"""The largest count that is believed: 72 thousand million million. See DECISIONS.md."""
DEEPEST = 32
"""Levels of the deepest value that is kept of a field that is not known."""
_DIGITS = 40
"""Digits and zeros of the longest number whose exponent is written out."""


class Oddity(NamedTuple):
    """Something in an answer that does not fit and does not matter to the bill: where, and what was made of it."""

    field: str
    text: str


class Counters(msgspec.Struct):
    """Counts that are strict: each may be absent, and none may be there and odd."""


class Number:
    """A JSON number with a fraction or an exponent, as it is written.

    No dataclass: msgspec would write one as an object of its fields.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def __eq__(self, value: object) -> bool:
        return isinstance(value, Number) and value.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def integer(self) -> int | None:
        """The whole number that it is; None for one with a fraction."""
        amount = self._amount()
        return int(amount) if amount is not None and amount == amount.to_integral_value() else None

    @property
    def plain(self) -> str:
        """Its digits without an exponent; as it is written where they would be too many."""
        amount = self._amount()
        return self.text if amount is None else format(amount, "f")

    def _amount(self) -> Decimal | None:
        try:
            amount = Decimal(self.text)
        except InvalidOperation:
            return None
        _, digits, exponent = amount.as_tuple()
        return amount if len(digits) + abs(int(exponent)) <= _DIGITS else None


class Misfit(Exception):
    """A value that does not fit where it must."""


DECODER = msgspec.json.Decoder(float_hook=Number)
"""Decodes JSON with its numbers as they are written."""
ENCODER = msgspec.json.Encoder(enc_hook=lambda number: msgspec.Raw(number.text.encode()))
"""Encodes what was so decoded."""


def deep(value: Any) -> bool:
    """Whether a value is nested deeper than anything that the API describes, so that it is not kept."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def read(page: Page, shape: type[T], odd: set[Oddity] | None = None) -> T:
    """A page as `shape`; what was left out of it is added to `odd`.

    Raises UnexpectedResponse, with the field and its path, where a part that matters does not fit.
    """
    try:
        return fitted(page.body, shape, odd)
    except (Misfit, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(page, wrong) from None


def fitted(body: bytes, shape: type[T], odd: set[Oddity] | None = None, path: str = "$") -> T:
    """JSON as `shape`, as `read` does for a page; Misfit or DecodeError where it cannot be. `path`: where it stands."""
    result: T
    try:
        result = _decoder(shape).decode(body)
    except msgspec.ValidationError:
        result = _fit(DECODER.decode(body), _info(shape), path, set() if odd is None else odd)
    return result


def part(body: bytes, shape: type[T], path: str, odd: set[Oddity]) -> T:
    """A field that is beside the point, decoded apart from its page: as if it were absent where it does not fit."""
    try:
        return fitted(body, shape, odd, path) if body else shape()
    except Misfit:
        _note(odd, path, f"{_sort(DECODER.decode(body))} where {_wanted(_info(shape))} was expected; left out")
        return shape()


_decoder: Callable[[Any], msgspec.json.Decoder[Any]] = lru_cache(maxsize=64)(msgspec.json.Decoder)
_info: Callable[[Any], shapes.Type] = lru_cache(maxsize=64)(shapes.type_info)


def _fit(value: Any, kind: shapes.Type, path: str, odd: set[Oddity]) -> Any:
    """A value as its type wants it; Misfit where it cannot be."""
    fit: Callable[..., Any] = _FITS.get(type(kind)) or _fit_any
    return fit(value, kind, path, odd)


def _fit_list(value: Any, kind: shapes.ListType, path: str, odd: set[Oddity]) -> list[Any]:
    if not isinstance(value, list):
        raise _misfit(value, "a list", path)
    return [_fit(item, kind.item_type, f"{path}[{index}]", odd) for index, item in enumerate(value)]


def _fit_union(value: Any, kind: shapes.UnionType, path: str, odd: set[Oddity]) -> Any:
    """The one type of a union that is not null."""
    if value is None and kind.includes_none:
        return None
    [main] = (member for member in kind.types if not isinstance(member, shapes.NoneType))
    return _fit(value, main, path, odd)


def _fit_bool(value: Any, kind: shapes.BoolType, path: str, odd: set[Oddity]) -> bool:  # noqa: ARG001 - one of _FITS
    if not isinstance(value, bool):
        raise _misfit(value, "true or false", path)
    return value


def _fit_raw(value: Any, kind: shapes.RawType, path: str, odd: set[Oddity]) -> msgspec.Raw:  # noqa: ARG001 - as above
    return msgspec.Raw(ENCODER.encode(value))


def _fit_any(value: Any, kind: shapes.Type, path: str, odd: set[Oddity]) -> Any:  # noqa: ARG001 - as above
    return PLAIN.decode(ENCODER.encode(value))


def _fit_struct(value: Any, kind: shapes.StructType, path: str, odd: set[Oddity]) -> Any:
    if not isinstance(value, dict):
        raise _misfit(value, "an object", path)
    fields: dict[str, Any] = {}
    for field in kind.fields:
        field_path = f"{path}.{field.encode_name}"
        if field.encode_name not in value:
            if field.required:
                raise Misfit(f"Object missing required field `{field.encode_name}` - at `{path}`")
            continue
        field_value = value[field.encode_name]
        try:
            fields[field.name] = _fit_items(field_value, field, field_path, odd)
        except Misfit:
            if field.required or _strict(kind) or (field_value is not None and _strict(field.type)):
                raise
            _note(odd, field_path, f"{_sort(field_value)} where {_wanted(field.type)} was expected; left out")
    return kind.cls(**fields)


def _fit_items(value: Any, field: shapes.Field, path: str, odd: set[Oddity]) -> Any:
    """A field's value; a list that is beside the point does without the items that do not fit."""
    members = field.type.types if isinstance(field.type, shapes.UnionType) else (field.type,)
    item_type = next((member.item_type for member in members if isinstance(member, shapes.ListType)), None)
    if field.required or item_type is None or not isinstance(value, list):
        return _fit(value, field.type, path, odd)
    items = []
    for index, item in enumerate(value):
        try:
            items.append(_fit(item, item_type, f"{path}[{index}]", odd))
        except Misfit:
            _note(odd, f"{path}[]", f"{_sort(item)} where {_wanted(item_type)} was expected; left out")
    return items


def _fit_entries(value: Any, kind: shapes.DictType, path: str, odd: set[Oddity]) -> dict[str, Any]:
    """The values of an object; one that does not fit is unknown, or left out."""
    if not isinstance(value, dict):
        raise _misfit(value, "an object", path)
    entries = {}
    for name, item in value.items():
        try:
            entries[name] = _fit(item, kind.value_type, f"{path}.{name}", odd)
        except Misfit:
            _note(odd, f"{path}.{name}", f"{_sort(item)} where {_wanted(kind.value_type)} was expected; left out")
            if isinstance(kind.value_type, shapes.StructType):
                entries[name] = kind.value_type.cls()
    return entries


def _fit_count(value: Any, kind: shapes.IntType, path: str, odd: set[Oddity]) -> int:
    count = value.integer if isinstance(value, Number) else value
    if count is None or isinstance(count, bool) or not isinstance(count, int):
        raise _misfit(value, "a whole number", path)
    if (kind.ge is not None and count < kind.ge) or (kind.le is not None and count > kind.le):
        raise Misfit(f"Expected a count from {kind.ge} to {kind.le}, got {count} - at `{path}`")
    if count is not value:
        _note(odd, path, "a whole number written with a fraction or an exponent; taken as it is")
    return count


def _fit_text(value: Any, kind: shapes.StrType, path: str, odd: set[Oddity]) -> str:  # noqa: ARG001 - as above
    if isinstance(value, str):
        return value
    if isinstance(value, Number | int) and not isinstance(value, bool):
        _note(odd, path, "a number where a text was expected; read as it is written")
        return value.plain if isinstance(value, Number) else str(value)
    raise _misfit(value, "a text", path)


_FITS: Mapping[Any, Callable[..., Any]] = {
    shapes.StructType: _fit_struct,
    shapes.ListType: _fit_list,
    shapes.DictType: _fit_entries,
    shapes.UnionType: _fit_union,
    shapes.IntType: _fit_count,
    shapes.StrType: _fit_text,
    shapes.BoolType: _fit_bool,
    shapes.RawType: _fit_raw,
}
"""How a value is made to fit each sort of type."""


def _strict(kind: shapes.Type) -> bool:
    return isinstance(kind, shapes.StructType) and issubclass(get_origin(kind.cls) or kind.cls, Counters)


def _note(odd: set[Oddity], path: str, text: str) -> None:
    odd.add(Oddity(re.sub(r"\[\d+\]", "[]", path.removeprefix("$.")), text))


def _misfit(value: Any, kind: str, path: str) -> Misfit:
    return Misfit(f"Expected {kind}, got {_sort(value)} - at `{path}`")


def _sort(value: Any) -> str:
    """What sort of JSON a value is; never the value, which can be somebody's name."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
    return "a number"


def _wanted(kind: shapes.Type) -> str:
    if isinstance(kind, shapes.UnionType):
        return next(_wanted(member) for member in kind.types if not isinstance(member, shapes.NoneType))
    words = {
        shapes.StructType: "an object",
        shapes.DictType: "an object",
        shapes.ListType: "a list",
        shapes.IntType: "a count",
        shapes.BoolType: "true or false",
    }
    return words.get(type(kind), "a text")
