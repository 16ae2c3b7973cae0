"""Picture: the Chart of a Section as SVG, drawn by Vega-Lite, without a network and the same on every machine.

Money becomes a float here and nowhere else: a coordinate on paper has a hundredth of a point, and nothing is ever
computed from it. What is read in a picture is text, made from the exact amount as in a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallystick.core.document import Section
from tallystick.core.question import Cell, Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown

FONT = "Libertinus Serif"
"""The font in typst; a web page sets its own over it. Nothing is measured: places come from counts of letters."""
WIDTH = 680
LETTER = 6.0
"""Points that a letter of 10 points takes, on the safe side."""
NAME = 34
"""Letters of a name in a picture; a longer one is shortened there, and is whole in the table."""
BARS = 40
COLUMNS = 400
"""More than these are no picture: the table says it better."""
INK, PALE = "#1d2a38", "#6b7783"
SHADES = ("#2f5d8a", "#a9c0d6", "#6f7f8f", "#d8c9a3")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, the words under it, and what it shows for those who cannot see it."""

    svg: str
    caption: str
    description: str


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place along the picture: its name, and for each series its coordinate (None: unknown) and its text."""

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]


def picture(section: Section) -> Picture | None:
    """The picture of a section; None where it has no chart, nothing known to draw, or too much for one picture."""
    if not (chart := section.chart) or not (table := section.table):
        return None
    slots = _slots(table, chart.along, chart.of, in_time=chart.kind == "columns")
    known = [value for slot in slots for value in slot.values if value is not None]
    if not known or len(slots) > (COLUMNS if chart.kind == "columns" else BARS):
        return None
    series = [safe(name) for name in chart.of]
    draw = _columns if chart.kind == "columns" else _bars
    units = {heading.unit for heading in table.headings if heading.name in chart.of and heading.unit}
    caption = ", ".join((" and ".join(series), *sorted(units))) + f", by {safe(chart.along)}."
    if len(known) < len(slots) * len(series):
        caption += " A ? is unknown, not zero." if any("?" in slot.texts for slot in slots) else ""
    readings = "; ".join(
        f"{slot.name} {' and '.join('unknown' if text == '?' else text for text in slot.texts)}"
        for slot in slots
        if any(slot.texts)
    )
    return Picture(_svg(draw(slots, series, known)), caption, f"{caption} {readings}.")


def _slots(table: Table, along: str, names: Sequence[str], *, in_time: bool) -> list[_Slot]:
    """The rows as places of the picture; in time, in its order, and with a place for each day that has no row."""
    headings = {heading.name: heading for heading in table.headings}
    rows = [(shown(row[along], headings[along]), row) for row in table.rows]
    slots = [
        _Slot(
            name,
            tuple(_coordinate(row[column]) for column in names),
            tuple("?" if row[column] is None else shown(row[column], headings[column]) for column in names),
        )
        for name, row in rows
    ]
    if not in_time or not all(_DAY.fullmatch(slot.name) for slot in slots):
        return slots
    have = {slot.name for slot in slots}
    absent = {str(day) for day in table.coverage.get("absent", ())} if slots else set()
    return sorted(
        [
            *slots,
            *(
                _Slot(day, (None,) * len(names), ("?" if day in absent else "",) * len(names))
                for day in _days(have, absent)
            ),
        ],
        key=lambda slot: slot.name,
    )


def _days(have: set[str], absent: set[str]) -> list[str]:
    """The days between the first and the last that are not there, and what the ledger does not have."""
    every = {day for day in have | absent if _DAY.fullmatch(day)}
    if not every:
        return []
    first, last = (date.fromisoformat(day) for day in (min(every), max(every)))
    days = (str(first + timedelta(days=count)) for count in range((last - first).days + 1))
    return [day for day in days if day not in have]


def _coordinate(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | Decimal) else None


def _columns(slots: list[_Slot], series: list[str], known: list[float]) -> dict[str, Any]:
    """Columns beside each other along time; each labelled where there is room, else the largest and the smallest."""
    count, height = len(slots), 190
    longest = max(len(text) for slot in slots for text in slot.texts)
    width = min(WIDTH - 96.0, count * 60.0 * (1 + len(series)))
    slot = width / count
    roomy = longest * LETTER <= slot / len(series)
    every = -(-int(max(len(column.name) for column in slots) * LETTER + 8) // max(int(slot), 1))
    low, high = min(0.0, *known), max(0.0, *known)
    room = (high - low or 1.0) * 0.12
    position = {"field": "place", "type": "ordinal", "axis": None, "scale": _band(count, 0.22)}
    offset = {"field": "series", "type": "ordinal", "scale": {"domain": list(range(len(series)))}}
    amount = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [low - room if low else 0.0, high + room if high else 0.0], "nice": False},
        "axis": {"tickCount": 4, "format": ",~f", "title": None, "grid": True} if not roomy else None,
    }
    zero = {"datum": 0, "type": "quantitative", "axis": amount["axis"]}
    labelled = [
        point
        for point in _points(slots)
        if point["value"] is not None and (roomy or point["value"] in {max(known), low})
    ]
    layers = [
        _layer(_drawn(slots), {"type": "bar"}, x=position, xOffset=offset, y=amount, color=_shade(series)),
        _rule(y=zero),
        *(
            _layer(
                [point for point in labelled if (point["value"] < 0) is below],
                _text(dy=11 if below else -5),
                x=position,
                xOffset=offset,
                y=amount,
                text={"field": "text"},
            )
            for below in (False, True)
        ),
        _layer(
            [point for point in _points(slots) if point["text"] == "?"],
            _text(dy=-6, color=PALE, fontWeight="bold"),
            x=position,
            xOffset=offset,
            y=zero,
            text={"field": "text"},
        ),
        _layer(
            [{"place": index, "text": _short(column.name)} for index, column in enumerate(slots) if index % every == 0],
            _text(color=PALE),
            x=position,
            y={"value": height + 14},
            text={"field": "text"},
        ),
    ]
    return _spec(layers, series, width=width, height=height, margin=56, below=26)


def _bars(slots: list[_Slot], series: list[str], known: list[float]) -> dict[str, Any]:
    """Bars under each other, each with its name at the left and its amount at its end."""
    names = max(min(max(len(slot.name) for slot in slots), NAME), 4) * LETTER + 14
    width = WIDTH - names - 8
    height = len(slots) * (22 if len(series) == 1 else 8 + 15 * len(series))
    low, high = min(0.0, *known), max(0.0, *known)
    room = (high - low or 1.0) * (max(len(text) for slot in slots for text in slot.texts) * LETTER + 10) / (width * 0.7)
    position = {"field": "place", "type": "ordinal", "axis": None, "scale": _band(len(slots), 0.28)}
    offset = {"field": "series", "type": "ordinal", "scale": {"domain": list(range(len(series)))}}
    amount = {
        "field": "value",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [low - room if low else 0.0, high + room], "nice": False},
    }
    zero = {"datum": 0, "type": "quantitative", "axis": None}
    points = _points(slots)
    layers = [
        _layer(_drawn(slots), {"type": "bar"}, y=position, yOffset=offset, x=amount, color=_shade(series)),
        _rule(x=zero),
        *(
            _layer(
                [
                    {**point, "value": point["value"] or 0.0}
                    for point in points
                    if ((point["value"] or 0.0) < 0) is below_zero
                ],
                _text(dx=-5 if below_zero else 5, align="right" if below_zero else "left"),
                y=position,
                yOffset=offset,
                x=amount,
                text={"field": "text"},
            )
            for below_zero in (False, True)
        ),
        _layer(
            [{"place": index, "text": _short(slot.name)} for index, slot in enumerate(slots)],
            _text(align="right"),
            y=position,
            x={"value": -8},
            text={"field": "text"},
        ),
    ]
    return _spec(layers, series, width=width, height=height, margin=names, below=4)


def _points(slots: list[_Slot]) -> list[dict[str, Any]]:
    return [
        {"place": index, "series": number, "value": value, "text": text}
        for index, slot in enumerate(slots)
        for number, (value, text) in enumerate(zip(slot.values, slot.texts, strict=True))
    ]


def _drawn(slots: list[_Slot]) -> list[dict[str, Any]]:
    return [point for point in _points(slots) if point["value"] is not None]


def _layer(values: list[dict[str, Any]], mark: dict[str, Any], **encoding: Any) -> dict[str, Any]:
    return {"data": {"values": values}, "mark": {**mark, "aria": False}, "encoding": encoding}


def _text(**properties: Any) -> dict[str, Any]:
    return {"type": "text", "fontSize": 10, "color": INK, "baseline": "middle", **properties}


def _rule(**encoding: Any) -> dict[str, Any]:
    return _layer([{}], {"type": "rule", "color": PALE, "strokeWidth": 0.8}, **encoding)


def _band(count: int, padding: float) -> dict[str, Any]:
    return {"domain": list(range(count)), "paddingInner": padding, "paddingOuter": padding / 2}


def _shade(series: list[str]) -> dict[str, Any]:
    places = list(range(len(series)))
    shades = [SHADES[index % len(SHADES)] for index in places]
    return {"field": "series", "type": "ordinal", "legend": None, "scale": {"domain": places, "range": shades}}


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _spec(
    layers: list[dict[str, Any]], series: list[str], *, width: float, height: float, margin: float, below: float
) -> dict[str, Any]:
    """The whole picture; several series are named above it, each after a square of its shade."""
    above = 8
    if len(series) > 1:
        above, offset = 28, 0.0
        for name, shade in zip(map(_short, series), SHADES * len(series), strict=False):
            square = {"type": "square", "size": 70, "color": shade, "opacity": 1}
            layers.append(_layer([{}], square, x={"value": offset + 4}, y={"value": -16}))
            words = _text(align="left", text=name)
            layers.append(_layer([{}], words, x={"value": offset + 14}, y={"value": -16}))
            offset += len(name) * LETTER + 34
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "autosize": {"type": "none"},
        "padding": {"left": margin, "right": WIDTH - margin - width, "top": above, "bottom": below},
        "width": width,
        "height": height,
        "background": None,
        "layer": [layer for layer in layers if layer["data"]["values"]],
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "aria": False,
                "domain": False,
                "ticks": False,
                "gridColor": "#e4e8ec",
                "labelColor": PALE,
                "labelFontSize": 10,
                "labelPadding": 6,
                "labelLimit": 0,
                "labelOverlap": False,
            },
        },
    }


def _svg(spec: dict[str, Any]) -> str:
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
    return svg
